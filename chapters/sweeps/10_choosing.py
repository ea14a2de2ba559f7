"""Which initializer for which activation: digits, 2, 10 and 30 hidden layers, seven activations, six starts.

Layers have 64 units. A start is what draws the weights *and* the biases. "PyTorch" is the default of torch.nn.Linear
(both uniform in ±1/√fan_in), "Glorot" that of Keras (Glorot's uniform weights, zero biases), "LeCun" that of Flax
(variance 1/fan_in, zero biases; here untruncated). He's and orthogonal weights (gain 1) have zero biases, and
"for_activation" is what `theory.for_activation` gives for this activation and depth. Every layer is drawn by the same
rule, the output layer too, as happens where one gives a network a single initializer.

Inputs are the digits with every pixel standardized. Training is SGD with momentum 0.9 in batches of 32. The rows of the
training part from 1029 on, which are the handwriting of two other people, are held out: their error (`held_out`)
chooses the learning rate. `test` is the error on the test part, again other people. A net that diverged guesses.
Rates were narrowed by one seed: with ten layers 0.1 was worse by 3 points or more on the held-out part wherever a net
learned at all. With 30 layers 0.03 was left out to save time.
"""

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers, theory

WIDTH, EPOCHS, BATCH, HELD_OUT, GUESS = 64, 10, 32, 1029, 0.9
UNITS = {"relu": activations.relu, "leaky_relu": activations.leaky_relu(), "gelu": activations.gelu,
         "swish": activations.swish(), "tanh": activations.tanh, "sigmoid": activations.sigmoid,
         "selu": activations.selu}
STARTS = {"PyTorch": initializers.heuristic_uniform, "Glorot": initializers.glorot_uniform,
          "He": initializers.he_normal, "LeCun": initializers.lecun_normal, "orthogonal": initializers.orthogonal}
RATES = {2: [0.1, 0.03, 0.01, 0.003], 10: [0.03, 0.01, 0.003], 30: [0.01, 0.003, 0.001]}
GRID = [{"depth": depth, "activation": activation, "start": start, "rate": rate} for depth, rates in RATES.items()
        for activation in UNITS for start in [*STARTS, "for_activation"] for rate in rates]
SEEDS = range(5)


def uniform_bias(rng, shape):
    """PyTorch's biases: ±1/√fan_in. All layers here have the fan_in 64."""
    return initializers.uniform(rng, shape, low=-(WIDTH**-0.5), high=WIDTH**-0.5)


def built(activation, start, depth, seed):
    unit = UNITS[activation]
    if start == "for_activation":
        found = theory.for_activation(unit, depth=depth + 1)                 # the output layer has weights, too
        init, bias_init = found.weights, found.bias
    else:
        init, bias_init = STARTS[start], uniform_bias if start == "PyTorch" else initializers.zeros
    return mn.mlp([64, *[WIDTH] * depth, 10], activation=unit, init=init, bias_init=bias_init, rng=seed)


def parts():
    """Training, held-out and test part."""
    (x, y), test = datasets.standardized(datasets.digits())
    return (x[:HELD_OUT], y[:HELD_OUT]), (x[HELD_OUT:], y[HELD_OUT:]), test


def error(net, part):
    return float((net(part[0]).argmax(axis=1) != part[1]).mean())


def cell(*, depth, activation, start, rate, seed):
    train, held_out, test = parts()
    net, records = built(activation, start, depth, seed), []
    try:
        for record in mn.train(net, train, loss=losses.softmax_cross_entropy, epochs=EPOCHS, batch_size=BATCH,
                               optimizer=optimizers.SGD(rate, momentum=0.9), rng=seed):
            records.append(record)
    except mn.training.Diverged:
        return {"diverged": True, "held_out": GUESS, "test": GUESS, "loss": None, "epochs_to_90": None}
    arrived = [record.epoch for record in records if record.accuracy >= 0.9]
    return {"diverged": False, "held_out": error(net, held_out), "test": error(net, test), "loss": records[-1].loss,
            "epochs_to_90": arrived[0] if arrived else None}
