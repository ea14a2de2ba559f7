"""For each initializer: the predicted distribution, and the same call in Keras, PyTorch and JAX. One `Row` in `ROWS`.

A row predicts the distribution of a single entry of W and the singular values of W. Its expressions for the other
frameworks draw from the same distribution. Their variables are the initializer's own options (gain, mode, …), fan_in,
fan_out, and sigma, the standard deviation before truncation (`Law.sigma`). Where they are used:

    Keras      kernel_initializer=…        the kernel has the shape (fan_in, fan_out), as in minnet
    PyTorch    W = layer.weight            has the shape (fan_out, fan_in); under torch.no_grad()
    JAX        …(key, (fan_in, fan_out))   as in minnet

The tests evaluate every expression and compare its draws with minnet's. `reference.card` shows one row beside a drawn
matrix, `reference.parity` shows all rows.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Law:
    """The distribution of a single entry of W."""

    form: str                    # normal, truncated, uniform, fixed (not random), unknown (no formula), or sphere: a
                                 # coordinate of a random point on a sphere in `dimension` dimensions
    mean: float = 0.0
    std: float = 0.0
    cut: float = math.inf        # a truncated normal ends at ±cut · sigma
    dimension: int = 0
    filled: float = 1.0          # the share of entries that are not 0; `form` describes these

    @property
    def sigma(self) -> float:
        """The standard deviation of the normal before truncation, or of the entries that are not 0; else std."""
        k = self.cut
        if self.form != "truncated":
            return self.std / math.sqrt(self.filled)
        return self.std / math.sqrt(1 - k * math.sqrt(2 / math.pi) * math.exp(-k * k / 2) / math.erf(k / math.sqrt(2)))

    def density(self, w: np.ndarray) -> np.ndarray | None:
        """The density at w of an entry that is not 0; None if the distribution has no density."""
        n, s = self.dimension, self.sigma
        if self.form in ("fixed", "unknown") or s == 0 or (self.form == "sphere" and n < 2):
            return None
        t = (np.asarray(w, np.float64) - self.mean) / s
        if self.form == "uniform":
            return np.where(abs(t) <= math.sqrt(3), 1 / (2 * math.sqrt(3) * s), 0.0)
        if self.form == "sphere":                 # proportional to (1 − w²/r²)^((n − 3)/2), r the sphere's radius
            r = math.sqrt(n)
            log = math.lgamma(n / 2) - math.lgamma((n - 1) / 2) - math.log(math.sqrt(math.pi) * r * s)
            inside = np.clip(1 - (t / r) ** 2, 1e-300, None)
            return np.where(abs(t) < r, np.exp(log + (n - 3) / 2 * np.log(inside)), 0.0)
        kept = math.erf(self.cut / math.sqrt(2))
        return np.where(abs(t) <= self.cut, np.exp(-t * t / 2) / (kept * s * math.sqrt(2 * math.pi)), 0.0)


Lines = tuple[tuple[float, int], ...]             # singular values with their multiplicity, (value, count)


@dataclass(frozen=True)
class Row:
    """One initializer: its expressions in other frameworks, and the prediction for the matrices that it draws.

    `law` and `lines` are functions of fan_in, fan_out and the options.
    """

    keras: str                   # "None" if the framework has no such initializer
    pytorch: str
    jax: str
    differs: str                 # how the frameworks' functions and defaults differ from minnet's
    law: Callable[..., Law]
    lines: Callable[..., Lines] | None = None     # singular values, largest first; None for independent entries, whose
                                                  # singular values follow Marchenko and Pastur

    def calls(self, values: dict[str, Any]) -> dict[str, str | None]:
        """The expressions with values in place of variables: {"Keras": "keras.initializers.Constant(0.3)", …}."""
        given = {"Keras": self.keras, "PyTorch": self.pytorch, "JAX": self.jax}
        texts = {name: ast.unparse(_Fill(values).visit(ast.parse(call, mode="eval"))) for name, call in given.items()}
        return {name: None if text == "None" else text for name, text in texts.items()}


class _Fill(ast.NodeTransformer):
    """Replaces variables by values, and evaluates arithmetic without variables: 2 / (1 + 0.5**2) becomes 1.6."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = {name: value.item() if isinstance(value, np.generic) else value for name, value in values.items()}

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return _as_expression(self.values[node.id]) if node.id in self.values else node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        has_names = any(isinstance(part, ast.Name) for part in ast.walk(node))
        return node if has_names else _as_expression(_value(node))

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        return self.visit(node.body if _value(self.visit(node.test)) else node.orelse)


def _as_expression(value: Any) -> ast.expr:
    """A value as an expression; a negative number is −(number), so that (−0.5)² keeps its parentheses."""
    negative = isinstance(value, int | float) and value < 0
    return ast.UnaryOp(ast.USub(), ast.Constant(-value)) if negative else ast.Constant(value)


def _value(node: ast.expr) -> Any:
    """The value of an expression without variables."""
    return eval(ast.unparse(node), {"__builtins__": {}})


# The laws ------------------------------------------------------------------------------------------------------

def constant_lines(value: float, fan_in: int, fan_out: int) -> Lines:
    """The singular values of a constant matrix, which has rank 1: |value| √(fan_in · fan_out), and zeros."""
    return _with_zeros((abs(value) * math.sqrt(fan_in * fan_out), 1 if value else 0), fan_in, fan_out)


def _with_zeros(line: tuple[float, int], fan_in: int, fan_out: int) -> Lines:
    """One singular value with its multiplicity; all others are 0."""
    zeros = min(fan_in, fan_out) - line[1]
    return tuple((value, count) for value, count in (line, (0.0, zeros)) if count)


def _glorot(form: str) -> Callable[..., Law]:
    return lambda fan_in, fan_out, gain: Law(form, std=gain * math.sqrt(2 / (fan_in + fan_out)))


def _he(form: str) -> Callable[..., Law]:
    return lambda fan_in, fan_out, negative_slope, mode: Law(
        form, std=math.sqrt(2 / (1 + negative_slope**2) / {"fan_in": fan_in, "fan_out": fan_out}[mode]))


def _lecun(form: str, scale: float = 1) -> Callable[..., Law]:
    return lambda fan_in, fan_out: Law(form, std=math.sqrt(scale / fan_in))


def _scaled(fan_in: int, fan_out: int, scale: float, mode: str, distribution: str) -> Law:
    n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]
    cut = 2.0 if distribution == "truncated_normal" else math.inf
    return Law(distribution.removesuffix("_normal"), std=math.sqrt(scale / n), cut=cut)


def _truncated(fan_in: int, fan_out: int, mean: float, std: float, cut: float, corrected: bool) -> Law:
    shrinkage = 1 if corrected else 1 / Law("truncated", std=1, cut=cut).sigma
    return Law("truncated", mean, std * shrinkage, cut)


def _random_walk(fan_in: int, fan_out: int, units: str) -> Law:
    g = math.exp(0.5 / fan_in) if units == "linear" else 2**0.5 * math.exp(1.2 / (max(fan_in, 6) - 2.4))
    return Law("normal", std=g / math.sqrt(fan_in))


def _eye(fan_in: int, fan_out: int, gain: float) -> Law:
    longer = max(fan_in, fan_out)                 # one entry in each row or column of this length is not 0
    return Law("fixed", gain / longer, abs(gain) * math.sqrt((1 - 1 / longer) / longer), filled=1 / longer)


def _halves(fan_in: int, fan_out: int, position: str) -> tuple[int, int]:
    return fan_in // (1 if position == "first" else 2), fan_out // (1 if position == "last" else 2)


def _mirrored(fan_in: int, fan_out: int, position: str, gain: float) -> Law:
    longer = max(_halves(fan_in, fan_out, position))
    return Law("sphere", std=gain / math.sqrt(longer), dimension=longer)


def _mirrored_lines(fan_in: int, fan_out: int, position: str, gain: float) -> Lines:
    rank = min(_halves(fan_in, fan_out, position))
    return _with_zeros((gain * (2 if position == "hidden" else math.sqrt(2)), rank), fan_in, fan_out)


def _siren(fan_in: int, fan_out: int, position: str, omega: float) -> Law:
    end = 1 / fan_in if position == "first" else math.sqrt(6 / fan_in) / omega
    return Law("uniform", std=end / math.sqrt(3))


def _hadamard(fan_in: int, fan_out: int) -> np.ndarray:
    """ZerO's matrix by Sylvester's rule: the entry (i, j) of H_m is −1 where i & j has an odd number of ones."""
    m = math.ceil(math.log2(fan_out))
    signs = [[(-1) ** (i & j).bit_count() for j in range(fan_out)] for i in range(fan_in)]
    return np.array(signs) * 2 ** (0.5 - m / 2)


def _zero(fan_in: int, fan_out: int) -> Law:
    if fan_in >= fan_out:
        return _eye(fan_in, fan_out, 1.0)
    W = _hadamard(fan_in, fan_out)
    return Law("fixed", float(W.mean()), float(W.std()))


def _zero_lines(fan_in: int, fan_out: int) -> Lines:
    """All 1 for the identity, all √2 where fan_out is a power of two; else those of the corner, one by one."""
    if fan_in >= fan_out:
        return ((1.0, fan_out),)
    if fan_out.bit_count() == 1:
        return ((math.sqrt(2), fan_in),)
    return tuple((value, 1) for value in np.linalg.svd(_hadamard(fan_in, fan_out), compute_uv=False).tolist())


# The table -----------------------------------------------------------------------------------------------------

_TRUNCATED = ("truncated at two standard deviations, with the same variance: minnet's variance_scaling(…, "
              "distribution='truncated_normal').")

_ENDS = "-(3**0.5) * sigma, 3**0.5 * sigma"               # of a uniform distribution

ROWS: dict[str, Row] = {
    "zeros": Row(
        "keras.initializers.Zeros()", "torch.nn.init.zeros_(W)", "jax.nn.initializers.zeros", "",
        lambda fan_in, fan_out: Law("fixed", 0.0), lambda fan_in, fan_out: constant_lines(0, fan_in, fan_out)),
    "ones": Row(
        "keras.initializers.Ones()", "torch.nn.init.ones_(W)", "jax.nn.initializers.ones", "",
        lambda fan_in, fan_out: Law("fixed", 1.0), lambda fan_in, fan_out: constant_lines(1, fan_in, fan_out)),
    "constant": Row(
        "keras.initializers.Constant(value)", "torch.nn.init.constant_(W, value)",
        "jax.nn.initializers.constant(value)", "",
        lambda fan_in, fan_out, value: Law("fixed", value),
        lambda fan_in, fan_out, value: constant_lines(value, fan_in, fan_out)),
    "normal": Row(
        "keras.initializers.RandomNormal(mean, std)", "torch.nn.init.normal_(W, mean, std)",
        "jax.nn.initializers.normal(std) if mean == 0 else "
        "lambda key, shape, dtype=float: mean + std * jax.random.normal(key, shape, dtype)",
        "The default standard deviation is 1 here and in PyTorch, 0.05 in Keras, 0.01 in JAX.",
        lambda fan_in, fan_out, mean, std: Law("normal", mean, std)),
    "uniform": Row(
        "keras.initializers.RandomUniform(low, high)", "torch.nn.init.uniform_(W, low, high)",
        "lambda key, shape, dtype=float: jax.random.uniform(key, shape, dtype, low, high)",
        "The defaults are [−1, 1) here, [0, 1) in PyTorch, [−0.05, 0.05) in Keras. JAX' own uniform(scale) draws from "
        "[0, scale), which is not centred; its default scale is 0.01.",
        lambda fan_in, fan_out, low, high: Law("uniform", (low + high) / 2, (high - low) / math.sqrt(12))),
    "truncated_normal": Row(
        "keras.initializers.TruncatedNormal(mean, sigma) if cut == 2 else None",
        "torch.nn.init.trunc_normal_(W, mean, sigma, mean - cut * sigma, mean + cut * sigma)",
        "jax.nn.initializers.truncated_normal(sigma, lower=-cut, upper=cut) if mean == 0 else "
        "lambda key, shape, dtype=float: mean + sigma * jax.random.truncated_normal(key, -cut, cut, shape, dtype)",
        "All three take the standard deviation before truncation (here: corrected=False): Keras' default 0.05 gives "
        "weights of standard deviation 0.0440. PyTorch's limits are absolute, by default −2 and 2: they truncate "
        "nothing if the standard deviation is small. Keras on PyTorch draws at most four times: one weight in 233,000 "
        "is beyond the limits.",
        _truncated),
    "lecun_normal": Row(
        'keras.initializers.VarianceScaling(1, "fan_in", "untruncated_normal")',
        'torch.nn.init.kaiming_normal_(W, nonlinearity="linear")',
        'jax.nn.initializers.variance_scaling(1, "fan_in", "normal")',
        f"Keras' LecunNormal and JAX' lecun_normal are {_TRUNCATED}", _lecun("normal")),
    "lecun_uniform": Row(
        "keras.initializers.LecunUniform()", 'torch.nn.init.kaiming_uniform_(W, nonlinearity="linear")',
        "jax.nn.initializers.lecun_uniform()", "", _lecun("uniform")),
    "heuristic_uniform": Row(
        'keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")',
        "torch.nn.init.kaiming_uniform_(W, a=math.sqrt(5))",
        'jax.nn.initializers.variance_scaling(1 / 3, "fan_in", "uniform")',
        "The default of torch.nn.Linear, which draws its biases in the same way.", _lecun("uniform", 1 / 3)),
    "glorot_normal": Row(
        'keras.initializers.VarianceScaling(gain**2, "fan_avg", "untruncated_normal")',
        "torch.nn.init.xavier_normal_(W, gain=gain)",
        'jax.nn.initializers.variance_scaling(gain**2, "fan_avg", "normal")',
        f"Keras' GlorotNormal and JAX' glorot_normal are {_TRUNCATED}", _glorot("normal")),
    "glorot_uniform": Row(
        "keras.initializers.GlorotUniform() if gain == 1 else "
        'keras.initializers.VarianceScaling(gain**2, "fan_avg", "uniform")',
        "torch.nn.init.xavier_uniform_(W, gain=gain)",
        "jax.nn.initializers.glorot_uniform() if gain == 1 else "
        'jax.nn.initializers.variance_scaling(gain**2, "fan_avg", "uniform")',
        "The default of Keras' Dense.", _glorot("uniform")),
    "he_normal": Row(
        'keras.initializers.VarianceScaling(2 / (1 + negative_slope**2), mode, "untruncated_normal")',
        "torch.nn.init.kaiming_normal_(W, a=negative_slope, mode=mode)",
        'jax.nn.initializers.variance_scaling(2 / (1 + negative_slope**2), mode, "normal")',
        f"Keras' HeNormal and JAX' he_normal are {_TRUNCATED}", _he("normal")),
    "he_uniform": Row(
        'keras.initializers.HeUniform() if (negative_slope, mode) == (0, "fan_in") else '
        'keras.initializers.VarianceScaling(2 / (1 + negative_slope**2), mode, "uniform")',
        "torch.nn.init.kaiming_uniform_(W, a=negative_slope, mode=mode)",
        'jax.nn.initializers.he_uniform() if (negative_slope, mode) == (0, "fan_in") else '
        'jax.nn.initializers.variance_scaling(2 / (1 + negative_slope**2), mode, "uniform")', "", _he("uniform")),
    "variance_scaling": Row(
        "keras.initializers.VarianceScaling(scale, mode, "
        '"untruncated_normal" if distribution == "normal" else distribution)',
        'torch.nn.init.uniform_(W, -3**0.5 * sigma, 3**0.5 * sigma) if distribution == "uniform" else '
        'torch.nn.init.normal_(W, 0, sigma) if distribution == "normal" else '
        "torch.nn.init.trunc_normal_(W, 0, sigma, -2 * sigma, 2 * sigma)",
        "jax.nn.initializers.variance_scaling(scale, mode, distribution)",
        "In Keras 'normal' means 'truncated_normal', its default. PyTorch has no such function: compute sigma "
        "yourself.", _scaled),
    "random_walk": Row(
        "keras.initializers.RandomNormal(0, sigma)", "torch.nn.init.normal_(W, 0, sigma)",
        "jax.nn.initializers.normal(sigma)", "No framework has it: compute sigma = g/√fan_in yourself.",
        _random_walk),
    "kumar_normal": Row(
        'keras.initializers.VarianceScaling(1 / (slope**2 * (1 + value**2)), "fan_in", "untruncated_normal")',
        "torch.nn.init.normal_(W, 0, sigma)",
        'jax.nn.initializers.variance_scaling(1 / (slope**2 * (1 + value**2)), "fan_in", "normal")',
        "No framework has it by this name.",
        lambda fan_in, fan_out, value, slope: Law("normal", std=1 / slope / math.sqrt(fan_in + fan_in * value**2))),
    "siren": Row(
        f"keras.initializers.RandomUniform({_ENDS})", f"torch.nn.init.uniform_(W, {_ENDS})",
        f"lambda key, shape, dtype=float: jax.random.uniform(key, shape, dtype, {_ENDS})",
        "No framework has it: compute the ends yourself.", _siren),
    "nguyen_widrow": Row(
        "None", "None", "None", "No framework has it; MATLAB's initnw draws the biases with the weights.",
        lambda fan_in, fan_out: Law("unknown", std=0.7 * fan_out ** (1 / fan_in) / math.sqrt(fan_in))),
    "caffe_xavier": Row(
        'keras.initializers.VarianceScaling(1, mode, "uniform")', f"torch.nn.init.uniform_(W, {_ENDS})",
        'jax.nn.initializers.variance_scaling(1, mode, "uniform")',
        "Keras' and JAX' Glorot initializers and PyTorch's xavier_uniform_ have the mean of both fans.",
        lambda fan_in, fan_out, mode: _scaled(fan_in, fan_out, 1, mode, "uniform")),
    "fixup": Row(
        'keras.initializers.VarianceScaling(2 * blocks ** (-1 / (layers - 1)), "fan_in", "untruncated_normal")',
        "torch.nn.init.normal_(W, 0, sigma)",
        'jax.nn.initializers.variance_scaling(2 * blocks ** (-1 / (layers - 1)), "fan_in", "normal")',
        "No framework has it by this name.",
        lambda fan_in, fan_out, blocks, layers: Law(
            "normal", std=math.sqrt(2 / fan_in / blocks ** (1 / (layers - 1))))),
    "gpt2_residual": Row(
        "keras.initializers.RandomNormal(0, sigma)", "torch.nn.init.normal_(W, 0, sigma)",
        "jax.nn.initializers.normal(sigma)", "No framework has it by this name.",
        lambda fan_in, fan_out, sums, std: Law("normal", std=std * sums**-0.5)),
    "mup_output": Row(
        "keras.initializers.RandomNormal(0, sigma)", "torch.nn.init.normal_(W, 0, sigma)",
        "jax.nn.initializers.normal(sigma)",
        "The package mup for PyTorch divides the outputs by a multiple of the width instead.",
        lambda fan_in, fan_out, base_width: Law("normal", std=math.sqrt(base_width / fan_in**2))),
    "orthogonal": Row(
        "keras.initializers.Orthogonal(gain)", "torch.nn.init.orthogonal_(W, gain)",
        "jax.nn.initializers.orthogonal(gain)", "",
        lambda fan_in, fan_out, gain: Law("sphere", std=gain / math.sqrt(max(fan_in, fan_out)),
                                          dimension=max(fan_in, fan_out)),
        lambda fan_in, fan_out, gain: ((gain, min(fan_in, fan_out)),)),
    "identity": Row(
        "keras.initializers.Identity(gain)", "torch.nn.init.eye_(W).mul_(gain)",
        "lambda key, shape, dtype=float: gain * jax.numpy.eye(*shape, dtype=dtype)",
        "PyTorch's eye_ has no gain; JAX has no such initializer.",
        _eye, lambda fan_in, fan_out, gain: ((abs(gain), min(fan_in, fan_out)),)),
    "zero_hadamard": Row("None", "None", "None", "No framework has it.", _zero, _zero_lines),
    "sparse": Row(
        "None", "torch.nn.init.sparse_(W.T, (fan_in - connections - 0.5) / fan_in, std)", "None",
        "PyTorch's W is (fan_out, fan_in): sparse_(W, …) without .T limits the connections of each input, not of each "
        "unit. It takes the share of zeros and rounds their number up (hence the 0.5); its default standard deviation "
        "is 0.01.",
        lambda fan_in, fan_out, connections, std: Law("normal", std=std * math.sqrt(connections / fan_in),
                                                      filled=connections / fan_in)),
    "looks_linear": Row(
        "None", "None", "None", "No framework has it.", _mirrored, _mirrored_lines),
}
