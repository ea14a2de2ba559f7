"""One training step of a denoising autoencoder: tied weights, masking of a quarter, cross-entropy, plain SGD, batch 20.

Each step is written as users of the library write it, on the same data with a learning rate of 0.1, and draws its own
noise. As in steps.py, each call makes one step and returns its loss.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

Step = Callable[[], Any]
FAN_IN, UNITS, BATCH, RATE, LEARNING_RATE = 784, 400, 20, 0.25, 0.1


def data() -> np.ndarray:
    return np.random.default_rng(0).random((BATCH, FAN_IN)).astype(np.float32)


def minnet_step() -> Step:
    from minnet import losses, optimizers, pretraining
    x, rng = data(), np.random.default_rng(0)
    model = pretraining.Autoencoder(FAN_IN, UNITS, corruption=partial(pretraining.masking, rate=RATE), rng=0)
    optimizer = optimizers.SGD(LEARNING_RATE)
    state = optimizer.init(model.params)

    def step() -> float:
        value = model.gradient(x, x, losses.sigmoid_cross_entropy, rng=rng)
        optimizer.step(model.params, model.grads, state)
        return value

    return step


def pytorch_step(mode: str = "") -> Step:
    import torch
    from torch.nn import functional as F
    torch.manual_seed(0)
    x = torch.tensor(data())
    W = torch.nn.Parameter(torch.nn.init.xavier_uniform_(torch.empty(UNITS, FAN_IN)))
    b, c = torch.nn.Parameter(torch.zeros(UNITS)), torch.nn.Parameter(torch.zeros(FAN_IN))
    optimizer = torch.optim.SGD([W, b, c], lr=LEARNING_RATE, **({mode: True} if mode else {}))

    def step() -> Any:
        noisy = x * (torch.rand_like(x) >= RATE)
        z = F.linear(torch.sigmoid(F.linear(noisy, W, b)), W.t(), c)
        loss = F.binary_cross_entropy_with_logits(z, x, reduction="sum") / BATCH
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


STEPS = {"minnet": minnet_step, "PyTorch": pytorch_step, "PyTorch foreach": partial(pytorch_step, "foreach"),
         "PyTorch fused": partial(pytorch_step, "fused")}
