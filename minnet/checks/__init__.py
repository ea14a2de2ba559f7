"""Checks of arguments, with errors that say what was expected, what came and what to do.

arguments    numbers, shapes, arrays, batches, models, losses
conversion   tables, labels and other data as people have them, and the remedies in their errors
training     the arguments of `train`
"""

from minnet.checks.arguments import (
    array,
    batch,
    boolean,
    count,
    counts,
    data,
    drawing_generator,
    finite,
    float_dtype,
    function,
    generator,
    loss,
    model,
    not_zero_in,
    number,
    numbers_in,
    one_of,
    pair,
    real,
    real_array,
    rows,
    shape,
    text,
    unmasked,
)

__all__ = ["array", "batch", "boolean", "count", "counts", "data", "drawing_generator", "finite", "float_dtype",
           "function", "generator", "loss", "model", "not_zero_in", "number", "numbers_in", "one_of", "pair",
           "real", "real_array", "rows", "shape", "text", "unmasked"]
