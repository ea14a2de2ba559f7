"""Data as people have them: what becomes an array of numbers, and what gets an error that names the remedy.

A list, a tensor, a column or a table of pandas, nullable or not, means the numbers in it. What has no plain meaning
as numbers (words, dates, a sparse matrix, rows of unequal lengths) is refused; the remedy in the message works as it
stands. pandas, scipy and torch are recognized by their attributes, so that none of them is imported.
"""

from __future__ import annotations

from typing import Any

import numpy as np

REAL = "fiub"                          # the kinds of dtype that hold real numbers: float, int, unsigned, bool
_DAYS = 'np.timedelta64(1, "D")'


def as_array(name: str, value: Any) -> np.ndarray:
    """`value` as an array of whatever it holds; TypeError or ValueError where numpy cannot read it."""
    if hasattr(value, "toarray"):                        # numpy would make it the only entry of an array
        raise TypeError(f"expected {name} to be a dense array, got {type(value).__name__}: {_it(name)}.toarray() is "
                        "dense")
    if hasattr(value, "isna") and hasattr(value, "notna"):
        _check_missing(name, value)
    if _is_table(value):
        dtypes = [dtype for _, dtype in value.dtypes.items()]
        plain = len(set(dtypes)) == 1 and isinstance(dtypes[0], np.dtype)
        if not plain and all(_kind(dtype) in REAL for dtype in dtypes):
            return np.asarray(value.to_numpy(dtype=np.float64))
    try:
        return np.asarray(value)
    except ValueError as error:
        lengths = [len(row) if hasattr(row, "__len__") else 1 for row in value]
        other = next((i for i, length in enumerate(lengths) if length != lengths[0]), 0)
        found = f", {lengths[0]} in row 0 and {lengths[other]} in row {other}" if other else ""
        raise ValueError(f"expected {name} to be an array, got rows of unequal lengths{found}: cut or fill them to one "
                         "length, or remove them") from error
    except (TypeError, RuntimeError) as error:
        raise TypeError(f"expected {name} to be an array, got {type(value).__name__}, which numpy cannot read "
                        f"({error}): of a torch tensor take {_it(name)}.detach().cpu().numpy(), and of bfloat16 "
                        f"{_it(name)}.float() first") from error


def as_real(name: str, value: Any) -> np.ndarray:
    """`value` as an array of real numbers, in a dtype of its own."""
    array, wanted = as_array(name, value), f"expected {name} to be an array of real numbers, got"
    if _is_table(value):
        for column, dtype in value.dtypes.items():
            if _kind(dtype) not in REAL:
                raise TypeError(f"{wanted} dtype {dtype} in column {column!r}: "
                                f"{_column_remedy(_it(name), column, value)}")
    if array.dtype.kind in REAL:
        return array
    if array.ndim == 0:
        raise TypeError(f"{wanted} {type(value).__name__}")
    raise TypeError(f"{wanted} dtype {array.dtype}{_number_remedy(_it(name), array)}")


def _check_missing(name: str, value: Any) -> None:
    """ValueError where a column or a table of pandas has missing values, NaN among them."""
    x, missing = _it(name), np.asarray(value.isna())
    if not missing.any():
        return
    if missing.ndim == 1:
        raise ValueError(f"expected {name} without missing values, got {missing.sum()} of {len(missing)}: remove these "
                         f"rows, good = {x}.notna(), {x}[good], and the other of x and y likewise")
    column = value.columns[int(missing.any(axis=0).argmax())]
    filled = f"fill them, {x} = {x}.astype(float).fillna({x}.mean()), or " if x == "x" else ""
    raise ValueError(f"expected {name} without missing values, got {missing.sum()}, the first in column {column!r}: "
                     f"{filled}remove these rows, good = {x}.notna().all(axis=1), {x}[good], and the other of x and y "
                     "likewise")


def _is_table(value: Any) -> bool:
    return hasattr(value, "columns") and hasattr(getattr(value, "dtypes", None), "items")


def _kind(dtype: Any) -> str:
    return str(getattr(dtype, "kind", "O"))


def _it(name: str) -> str:
    """The variable that a remedy is written with."""
    return last if (last := name.split()[-1]) in ("x", "y") else "array"


def _is_read(array: np.ndarray) -> bool:
    """Whether each entry can be read as a number."""
    try:
        array.astype(float)
    except (TypeError, ValueError):
        return False
    return True


# Remedies -------------------------------------------------------------------------------------------------------

def _column_remedy(x: str, column: Any, table: Any) -> str:
    c, values, dtype = f"{x}[{column!r}]", np.asarray(table[column]), table.dtypes[column]
    if values.ndim > 1:
        return "several columns have this name; give each its own"
    first = values[0] if len(values) else None
    if _kind(dtype) == "M":
        return f"count days, {c} = ({c} - {c}.min()) / {_DAYS}"
    if _kind(dtype) == "m":
        return f"count days, {c} = {c} / {_DAYS}"
    if type(first).__name__ in ("date", "datetime", "Timestamp"):
        return f"{c} = pd.to_datetime({c}) makes dates of them"
    if isinstance(first, np.ndarray | list | tuple):
        return f"each entry is itself an array; np.stack({c}) makes one of them"
    if "category" not in str(dtype) and _is_read(values):
        return f"{c} = {c}.astype(float) reads its numbers"
    return (f"{x} = pd.get_dummies({x}) gives each word a column of 0 and 1; "
            f'{c} = pd.to_numeric({c}, errors="coerce") reads numbers, and makes NaN of words')


def _number_remedy(x: str, array: np.ndarray) -> str:
    kind = array.dtype.kind
    if kind == "M":
        return f": count days, ({x} - np.min({x})) / {_DAYS}"
    if kind == "m":
        return f": count days, {x} / {_DAYS}"
    if kind == "c":
        return f": np.hstack([np.real({x}), np.imag({x})]) holds both parts"
    if array.dtype.names is not None:
        return f": numpy.lib.recfunctions.structured_to_unstructured({x}) makes columns of its fields"
    if array.size and isinstance(array.flat[0], np.ndarray | list | tuple):
        return f": each entry is itself an array; np.stack({x}) makes one of them"
    if _is_read(array):
        return f": np.array({x}).astype(float) reads its numbers"
    first = next(one for one in array.flat if not _is_read(np.array([one], object)))
    return (f", {first!r} among them: a column j of words becomes columns of 0 and 1 by "
            f"{x}[:, [j]] == np.unique({x}[:, j]); remove a row or a column that has no numbers")


def label_error(y: np.ndarray, n: int, k: int) -> Exception:
    """What is wrong with labels of n examples and k classes that are not integers (n,)."""
    if y.dtype.kind in "iu":
        remedy = _label_remedy(y, n, k)
        return ValueError(f"expected labels y of shape ({n},), one per example, got {y.shape}{remedy}")
    return TypeError(f"expected integer class labels y, got dtype {y.dtype}{_label_remedy(y, n, k)}")


def _label_remedy(y: np.ndarray, n: int, k: int) -> str:
    if y.shape == (n, k) and y.dtype.kind in REAL:
        if not np.isin(y, (0, 1)).all():
            return ": real-valued targets need squared_error"
        if (y.sum(axis=1) == 1).all():
            return ": one-hot rows become labels with np.array(y).argmax(axis=1)"
        return ": rows with several 1s, or none, answer yes-or-no questions: use sigmoid_cross_entropy"
    if y.shape != (n,) and y.shape != (n, 1):
        return ""
    flat, it = y.ravel(), "np.array(y)" if y.ndim == 1 else "np.ravel(y)"
    if flat.dtype.kind in "iu":
        return ": one column becomes a vector with np.ravel(y)"
    if flat.dtype.kind == "b" or (flat.dtype.kind == "f" and (flat == np.trunc(flat)).all()):
        return f": convert with {it}.astype(int)"
    if flat.dtype.kind == "f" and np.isfinite(flat).all():
        return ": real-valued targets need squared_error"
    kinds = [type(one).__name__ for one in flat]
    if flat.dtype.kind == "f" or len(set(kinds)) > 1:
        usual = max(kinds, key=kinds.count)
        known = "np.isfinite(y)" if flat.dtype.kind == "f" else f"[isinstance(one, {usual}) for one in y]"
        return f": remove the rows without a label, known = {known}, x[known], np.array(y)[known]"
    return numbering("y" if y.ndim == 1 else it)


def range_error(y: np.ndarray, k: int) -> ValueError:
    """What is wrong with integer labels that are not all in 0 … k−1."""
    low, high = int(y.min()), int(y.max())
    if (low, high) == (1, k):
        remedy = ": number the classes from 0, np.array(y) - 1"
    elif len(np.unique(y)) > max(k, len(y) // 2):
        remedy = ": real-valued targets need squared_error"
    else:
        remedy = numbering("y") + (f"; or give the last layer {high + 1} outputs" if low >= 0 else "")
    return ValueError(f"expected labels in 0 … {k - 1} for {k} outputs, got {low} … {high}{remedy}")


def target_error(y: np.ndarray, n: int, k: int) -> ValueError:
    """What is wrong with targets y that have not the outputs' shape (n, k)."""
    remedy = ""
    if y.shape == (n,) and k == 1:
        remedy = ": one column is np.array(y)[:, None]"
    elif y.shape == (n,) and y.dtype.kind in "iub":
        remedy = (f": labels are what softmax_cross_entropy takes; np.eye({k})[np.array(y, int)] makes one-hot rows of "
                  "them")
    elif y.ndim == 1 or y.shape == (n, 1):
        remedy = ": give the last layer 1 output" + (" and y one column, np.array(y)[:, None]" if y.ndim == 1 else "")
    elif y.ndim == 2 and y.shape[0] == n:
        remedy = f": give the last layer {y.shape[1]} outputs"
    return ValueError(f"expected targets y of the outputs' shape ({n}, {k}), got {y.shape}{remedy}")


def yes_or_no_error(y: np.ndarray) -> TypeError:
    """What is wrong with labels y (n,) of one yes-or-no question that are not integers."""
    remedy = (": convert with np.array(y).astype(int), or pass probabilities as a column, np.array(y)[:, None]"
              if y.dtype.kind == "f" else numbering("y"))
    return TypeError(f"expected labels y (n,) to be integers 0 or 1, got dtype {y.dtype}{remedy}")


def probability_error(y: np.ndarray) -> ValueError:
    """What is wrong with y (n, k) outside [0, 1]."""
    low, high, different = y.min(), y.max(), np.unique(y)
    remedy = ("rescale targets, or use squared_error for real-valued ones" if len(different) != 2 else
              f"two classes become True and False with np.array(y) == {different[1]:g}")
    if len(different) > 2 and low >= 0 and high <= 255:
        remedy = f"pixels become numbers in [0, 1] by np.array(y) / {255 if high > 100 else f'{high:g}'}"
    return ValueError(f"expected y in [0, 1] (0 or 1 for labels), got {low:g} … {high:g}: {remedy}")


def numbering(y: str) -> str:
    """How labels of any kind become 0 … K−1."""
    return (f": number the classes with classes, y = np.unique({y}, return_inverse=True), and those of other data with "
            "np.searchsorted(classes, y); classes[net.predict(x)] gives them back")
