"""The gradient in 50 tanh layers, measured and in theory, as the size σ_w of the weights passes the edge of chaos."""

from pathlib import Path
from typing import Any

import numpy as np

import minnet as mn
from chapters.animations import film
from minnet import activations, datasets, diagnostics, initializers, losses, theory

LAYERS, WIDTH, NETS = 50, 100, 5
SIZES = np.linspace(0.8, 1.8, 26)
EDGE = 1.0                                      # of tanh without biases: χ(0) = σ_w² = 1


def network(sigma: float, seed: int, layers: int = LAYERS) -> mn.Network:
    init = initializers.variance_scaling(scale=sigma**2)
    return mn.mlp([64, *[WIDTH] * layers, 10], activation=activations.tanh, init=init, rng=seed)


def measured(sigma: float, layers: int = LAYERS, nets: int = NETS) -> np.ndarray:
    """rms of δ in each hidden layer, divided by that of the last one: (nets, layers)."""
    x, y = datasets.digits().train
    profiles = [diagnostics.profile(network(sigma, seed, layers), x[:200], y[:200], losses.softmax_cross_entropy)
                for seed in range(nets)]
    return np.array([profile.delta[:-1] / profile.delta[-2] for profile in profiles])


def predicted(sigma: float, layers: int = LAYERS) -> np.ndarray:
    """The same in theory, (layers,): going back to layer l, δ² is multiplied by χ(q_l) = σ_w² E[f′(√q_l u)²]."""
    field = theory.MeanField(activations.tanh, sigma**2)
    x = datasets.digits().train[0][:200]
    q = [sigma**2 * float(np.square(x, dtype=np.float64).mean())]           # no tanh before the first layer
    while len(q) < layers:
        q.append(field.variance(q[-1]))
    factors = [field.chi(value) for value in q[:-1]]                        # of the layers 1, 2, …, layers − 1
    return np.sqrt(np.append(np.cumprod(factors[::-1])[::-1], 1))


def write(folder: Path = film.HERE, sizes: np.ndarray = SIZES, layers: int = LAYERS, nets: int = NETS) -> Path:
    """The frames go up in σ_w. The ratio in each title is the median of the networks."""
    points = [measured(sigma, layers, nets) for sigma in sizes]
    lines = [predicted(sigma, layers) for sigma in sizes]

    def draw(figure: Any, i: int) -> None:
        ax = figure.add_axes((0.11, 0.15, 0.86, 0.72))
        places = np.arange(1, layers + 1)
        ax.semilogy(places, points[i].T, "o", color="0.45", markersize=3)
        ax.semilogy(places, lines[i], color="#0072b2", linewidth=2)
        ax.axhline(1, color="0.7", linewidth=0.8, linestyle=":")
        ratio = float(f"{np.median(points[i][:, 0]):.2g}")
        side = "below the edge of chaos" if sizes[i] < EDGE - 0.01 else (
            "above the edge of chaos" if sizes[i] > EDGE + 0.01 else "at the edge of chaos")
        ax.set(title=f"σ_w = {sizes[i]:.2f}, {side}. Gradient of layer 1/layer {layers}: {ratio:g}",
               xlabel="layer (the gradient goes from right to left)", ylabel="gradient (rms of δ)", ylim=(1e-6, 1e4),
               xlim=(0, layers + 1))
        ax.text(0.98, 0.93, f"marks: {nets} networks    line: theory", transform=ax.transAxes, ha="right", va="top")

    return film.write("edge", draw, len(sizes), folder=folder)
