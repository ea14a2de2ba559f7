"""Initializers of the layer of the outputs: its weights under μP, its biases by the frequencies of the classes.

They have the form of those in initializers.py and are used from there: `initializers.mup_output`.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from minnet import checks
from minnet.initializers.definition import Initializer, fans, initializer, positive


@initializer(base_width=positive)
def mup_output(rng: np.random.Generator, shape: tuple[int, ...], *, base_width: float = 1.0) -> np.ndarray:
    """N(0, σ²) with σ = √base_width / fan_in: the weights of the outputs under μP.

    σ² is 1/fan_in at fan_in = base_width and falls as 1/fan_in², faster than LeCun's. Then a step of training changes
    the outputs as much in a wide network as in a narrow one, if the learning rates are μP's too (mup.py). All other
    layers keep the usual variance, a constant over fan_in, such as he_normal's.

    Keeps: the size of what training adds to the outputs, at any width; at the start they shrink as 1/√fan_in.
    Fails: without μP's learning rates; in a hidden layer, where the signal fades with width.
    Source: Yang, Hu et al. 2022, *Tensor Programs V*, Table 3: variance 1/fan_in² of the output weights.
    """
    fan_in, _ = fans(shape)
    return rng.normal(0.0, math.sqrt(base_width) / fan_in, shape)


def log_frequencies(y: Any) -> Initializer:
    """An initializer for the biases of the outputs: b_k = ln p_k, p_k the share of class k among the labels y (n,).

    `Dense(64, 10, bias_init=log_frequencies(y))`. Where the weights add little, softmax(b) = p: the loss starts at the
    entropy −Σ p_k ln p_k, what knowing the frequencies alone costs, and not at ln K; the first steps need not learn
    them. A single output is the yes-or-no one of sigmoid_cross_entropy: b = ln(p₁/p₀).

    Raises TypeError or ValueError where y holds no labels 0, 1, …; and, when it draws, where a label has no output, or
    an output no label, whose ln p would be −∞.
    Source: Lin, Goyal, Girshick, He & Dollár 2017 (RetinaNet), for a sigmoid output and a chosen p.
    """
    labels = np.asarray(checks.unmasked("y", y))
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or not labels.size:
        raise TypeError(f"expected labels y (n,), whole numbers, got {labels.dtype} of shape {labels.shape}")
    if labels.min() < 0:
        raise ValueError(f"expected labels ≥ 0, got {labels.min()}")
    return partial(_log_frequencies, counts=tuple(np.bincount(labels).tolist()))


def _log_frequencies(rng: np.random.Generator, shape: tuple[int, ...], *, counts: tuple[int, ...]) -> np.ndarray:
    outputs = checks.shape(shape)
    classes = 2 if outputs == (1,) else outputs[0]
    if len(outputs) != 1 or len(counts) != classes or 0 in counts:
        raise ValueError(f"expected each of the {classes} classes among the labels, for biases of shape {outputs}, got "
                         f"{' '.join(map(str, counts))} labels of class 0, 1, …: give only the classes that occur an "
                         "output, or set the bias by hand")
    b: np.ndarray = np.log(np.array(counts) / sum(counts))
    return b[1:] - b[:1] if outputs == (1,) else b
