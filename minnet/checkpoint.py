"""Checkpoints: a network and its training in one file, from which a run goes on as if it had never stopped.

    net.save("digits.npz")                        net = mn.load("digits.npz")
    checkpoint.save(net, path, state=state, history=history, rng=rng)
    net, state, history, rng = checkpoint.load(path)

    fit(net, data, …, checkpoint="run.npz", resume=True)      # writes the file; run again, it goes on where it was cut

A run that was cut off and goes on ends in the same bits as one that was not: weights, running statistics, the
optimizer's vectors, the order of the batches and the noise are all in the file. The same holds for the loop

    for record in train(net, data, …, checkpoint="run.npz", resume=True): …

to which a run that goes on yields the records of the file first.

The file (storage/archive.py says how it is written and read) has these members; P numbers are learned, S are
statistics:

    header        JSON, below                               uint8
    params        `net.params` (P,)                         float32 or float64
    state         `net.state` (S,)                          the same
    optimizer.m   each vector of the optimizer's state (n,), n = P, or as many as `span` has   the same
    optimizer.decay_mask   what decays (n,)                 bool
    history       the records (epochs, 7), columns as in `history.Record`, NaN for None        float64

and the header has these keys, of which the first three are always there:

    format      "minnet checkpoint"
    version     1
    network     storage/description.py: layers and settings, names of activations and initializers, dtype
    optimizer   {"t": steps, "size": n, "vectors": ["m", "v"]}
    history     the number of epochs
    rng         {"bit_generator": "PCG64", "state": {…}, "seed": {"entropy", "spawn_key", "pool_size",
                "n_children_spawned"}}: numpy's state does not contain how many children were spawned
    run         the settings of `train`, which must be the same for a run that goes on

What is your own (an activation, an initializer, a layer's class) is in the file by its name only, so that reading runs
no code of the file: `load(path, own={"wave": wave})`. Gradients and what a forward pass keeps are not in the file.
"""

from __future__ import annotations

import math
import numbers
import os
from collections.abc import Callable, Mapping
from dataclasses import astuple, fields
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from minnet import checks
from minnet.history import History, Record
from minnet.layers import BatchNorm
from minnet.network import Network
from minnet.optimizers import Optimizer, State
from minnet.storage import archive, description
from minnet.storage.archive import CheckpointError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Checkpoint", "CheckpointError", "load", "load_network", "save"]

_COLUMNS = [field.name for field in fields(Record)]
_MASK = "decay_mask"


class Checkpoint(NamedTuple):
    """What a file holds. `state` and `rng` are None, and `history` is empty, where they were not saved."""

    network: Network
    state: State | None
    history: History
    rng: np.random.Generator | None


def save(net: Network, path: str | Path, *, state: State | None = None, history: History | None = None,
         rng: np.random.Generator | None = None) -> None:
    """Write the network to a file, and with it what training needs to go on: optimizer's state, records, generator.

    The file is replaced in one step: after a crash it is the old one or the new one. Raises TypeError for what cannot
    be written (an autoencoder or Boltzmann machine; a layer that is no dataclass; a generator other than those of
    `np.random.default_rng`), CheckpointError for numbers that are not finite and for two things of your own with one
    name, OSError where the disk or the folder does not take the file; then the old file is as it was.
    """
    _write(net, path, state, history, rng, {})


def load(path: str | Path, *, own: Mapping[str, Any] | None = None) -> Checkpoint:
    """Read a file that `save`, `net.save` or `fit(…, checkpoint=…)` has written, as (network, state, history, rng).

    own: what is your own, by name: activations, initializers and the classes of layers. Raises CheckpointError for a
    file that is damaged or no checkpoint, and where `own` lacks something; OSError where it cannot be opened.
    """
    own = {} if own is None else own
    with archive.reading(path) as file:
        header = file.header
        layers = description.layers_of(header["network"], own)
        dtype = checks.float_dtype(header["network"]["dtype"])
        arrays = file.arrays(_shapes(header, description.sizes(layers), dtype))
        net = Network.blank(layers, dtype)
        net.params, net.state = arrays["params"], arrays["state"]
        for layer in net.owners().values():
            if isinstance(layer, BatchNorm) and layer.running_var.min() < 0:
                raise CheckpointError(f"expected variances ≥ 0 in {layer!r}, got {layer.running_var.min():g}")
        vars(net).update(description.output_function(header["network"], own))
        generator = _generator(header["rng"]) if "rng" in header else None
        return Checkpoint(net, _state(header, arrays), _history(arrays), generator)


def load_network(path: str | Path, *, own: Mapping[str, Any] | None = None) -> Network:
    """`minnet.load(path)`: the network of a checkpoint; arguments and errors are those of `checkpoint.load`."""
    return load(path, own=own).network


# What `train` does with checkpoint=path ---------------------------------------------------------------------------

def keeper(path: str | Path, *, every: int, resume: bool, epochs: int, model: Any, state: State, history: History,
           rng: np.random.Generator, loss: Any, settings: dict[str, Any]) -> Callable[[], None]:
    """A function that writes the run to the file after each `every`-th epoch and after the last one.

    If resume=True and the file is there, model, state, history and rng are first filled from it. Raises CheckpointError
    where the file holds a run with other settings, and says which; or where it is there and resume=False.
    """
    every = checks.count("every", every)
    if not os.path.isdir(os.path.dirname(os.path.abspath(path))):
        raise FileNotFoundError(f"expected checkpoint in a folder that exists, got {path}: make the folder first")
    run = _settings_as_json(settings | {"loss": loss})
    _header(model, state, history, rng, run)                      # raises where the model cannot be written
    if os.path.exists(path):
        if not checks.boolean("resume", resume):
            raise CheckpointError(f"expected a new file, got {path}, which is there already: pass resume=True to go on "
                                  "where it ended, or give another name, or delete it")
        _go_on(path, epochs, model, state, history, rng, loss, run, settings["optimizer"])

    def keep() -> None:
        if len(history) % every == 0 or len(history) == epochs:
            _write(model, path, state, history, rng, run)

    return keep


def _go_on(path: str | Path, epochs: int, model: Network, state: State, history: History, rng: np.random.Generator,
           loss: Any, run: dict[str, Any], optimizer: Any) -> None:
    """Fill all from the file, in place: what the caller holds goes on too."""
    with archive.reading(path) as file:
        header, now = file.header, _header(model, state, history, rng, run)
        if "run" not in header:
            raise CheckpointError("expected a file written by fit or train, got one written by save, which does not "
                                  "say how training went on: use checkpoint.load")
        if different := _differences(_comparable(header), _comparable(now)):
            raise CheckpointError("expected the settings of the run in the file, got others: "
                                  f"{'; '.join(different)}. Take those of the file, or give another name")
        sizes = {"params": model.params.size, "state": model.state.size}
        arrays = file.arrays(_shapes(header, sizes, model.dtype))
        before, generator = _state(header, arrays), _generator(header["rng"])
        records = _history(arrays)
        checks.count("epochs", epochs, least=len(records))
        negative = [name for name in optimizer.squares if (before or {}).get(name, np.zeros(1)).min() < 0]
        if negative:
            raise CheckpointError(f"expected {negative[0]} in the optimizer's state to be ≥ 0: it averages squares")
        missing = (header["rng"]["seed"]["n_children_spawned"] - now["rng"]["seed"]["n_children_spawned"])
        if not 0 <= missing <= 2**16:
            raise CheckpointError("expected rng as it was when the run began, got one that has spawned other children: "
                                  "make a new one of the same seed")
    rng.bit_generator.state = generator.bit_generator.state
    rng.spawn(missing)
    model.params, model.state = arrays["params"], arrays["state"]
    if records:
        model.output_function = getattr(loss, "output_function", None)
    state.update(before or {})
    history.extend(records)


def _comparable(header: Mapping[str, Any]) -> dict[str, Any]:
    """What a run that goes on must agree in."""
    network, rng, run = header["network"], header["rng"], dict(header["run"])
    return run | {"layers": network["layers"], "dtype": network["dtype"],
                  "rng": [rng["bit_generator"], rng["seed"]["entropy"], rng["seed"]["spawn_key"]]}


def _settings_as_json(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by value where they are numbers, by checksum where they are data. Functions are compared by name and
    options, a schedule also by its factors; two losses of your own with one name cannot be told apart."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        if name in ("data", "validation"):
            arrays = () if value is None else (value.x, value.y, value.weights)
            found[name] = [_checksum(array) for array in arrays if array is not None]
        elif name == "optimizer":
            found[name] = _optimizer_as_json(value)
        elif name == "schedule":
            found[name] = [description.as_json(value, {}), _factors(value)]
        else:
            found[name] = description.as_json(value, {})
    return found


def _optimizer_as_json(value: Any) -> Any:
    """An optimizer by its settings, which may hold another optimizer and slices."""
    if isinstance(value, Optimizer):
        settings = {field.name: _optimizer_as_json(getattr(value, field.name)) for field in fields(value) if field.init}
        return {"class": type(value).__name__} | settings
    if isinstance(value, slice):
        return [value.start, value.stop]
    if isinstance(value, list | tuple):
        return [_optimizer_as_json(part) for part in value]
    return description.as_json(value, {})


def _factors(schedule: Callable[[int], float]) -> list[float]:
    """The schedule's factors at some steps, which tell apart two functions of one name; fewer where it raises."""
    found: list[float] = []
    for step in (0, 1, 2, 5, 10, 20, 50, 100, 1000, 10_000, 100_000):
        try:
            found.append(float(schedule(step)))
        except Exception:
            break
    return found


def _checksum(array: Any) -> str:
    """Shape, dtype and CRC-32 of the numbers, a few thousand rows at a time."""
    import zlib

    total = 0
    for start in range(0, len(array), 4096):
        total = zlib.crc32(np.ascontiguousarray(array[start:start + 4096]).data, total)
    return f"{array.dtype} {tuple(array.shape)}, checksum {total:08x}"


def _differences(before: Any, now: Any, name: str = "") -> list[str]:
    """["optimizer.learning_rate was 0.1 and is 0.2", …] for two JSON values."""
    if isinstance(before, dict) and isinstance(now, dict) and before.keys() == now.keys():
        return [line for key in before for line in _differences(before[key], now[key], f"{name}.{key}".lstrip("."))]
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        return [line for i, (old, new) in enumerate(zip(before, now, strict=True))
                for line in _differences(old, new, f"{name}[{i}]")]
    return [] if before == now else [f"{name} was {before} and is {now}"]


# The file ----------------------------------------------------------------------------------------------------------

def _write(net: Network, path: str | Path, state: State | None, history: History | None,
           rng: np.random.Generator | None, run: dict[str, Any]) -> None:
    arrays = {"params": net.params, "state": net.state}
    header = _header(net, state, history, rng, run)
    for name in header.get("optimizer", {}).get("vectors", []):
        arrays[f"optimizer.{name}"] = state[name]                                    # type: ignore[index]
    if state is not None:
        arrays[f"optimizer.{_MASK}"] = state[_MASK]
    if history is not None:
        rows = [[math.nan if value is None else value for value in astuple(record)] for record in history]
        arrays["history"] = np.array(rows, float).reshape(len(history), len(_COLUMNS))
    archive.write(path, header, arrays)


def _header(net: Any, state: State | None, history: History | None, rng: np.random.Generator | None,
            run: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(net, Network):
        raise TypeError(f"expected a Network, got {net!r}: a checkpoint holds networks only; keep the numbers of "
                        "another model with np.savez(path, params=model.params)")
    header: dict[str, Any] = {"network": description.describe(net)}
    if state is not None:
        vectors = sorted(state.keys() - {"t", _MASK})
        header["optimizer"] = {"t": checks.count("t in state", state["t"], least=0), "size": len(state[_MASK]),
                               "vectors": vectors}
        for name in vectors:
            if np.shape(state[name]) != state[_MASK].shape or state[name].dtype != net.dtype:
                raise TypeError(f"expected {name} in state to be a vector of {len(state[_MASK])} numbers in "
                                f"{net.dtype}, got {state[name]!r}")
    if history is not None:
        header["history"] = len(history)
    if rng is not None:
        header["rng"] = _generator_as_json(rng)
    return header | ({"run": run} if run else {})


def _shapes(header: Mapping[str, Any], sizes: Mapping[str, int], dtype: Any) -> archive.Shapes:
    """The members that a file with this header must have."""
    shapes: archive.Shapes = {name: ((size,), dtype) for name, size in sizes.items()}
    if "optimizer" in header:
        size = checks.count("the size of the optimizer's state", header["optimizer"]["size"])
        for name in header["optimizer"]["vectors"]:
            if not name.isidentifier() or name in ("t", _MASK):
                raise CheckpointError(f"expected names of vectors in the optimizer's state, got {name!r}")
            shapes[f"optimizer.{name}"] = (size,), dtype
        shapes[f"optimizer.{_MASK}"] = (size,), bool
    if "history" in header:
        shapes["history"] = (checks.count("history", header["history"], least=0), len(_COLUMNS)), np.float64
    return shapes


def _state(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> State | None:
    if "optimizer" not in header:
        return None
    t = checks.count("t", header["optimizer"]["t"], least=0)
    return {"t": t} | {name.removeprefix("optimizer."): array for name, array in arrays.items()
                       if name.startswith("optimizer.")}


def _history(arrays: Mapping[str, np.ndarray]) -> History:
    history = History()
    for row in arrays.get("history", np.zeros((0, len(_COLUMNS)))).tolist():
        epoch, step, loss, accuracy, held_loss, held_accuracy, seconds = row
        if not (epoch == len(history) + 1 and step.is_integer() and math.isfinite(loss) and math.isfinite(seconds)):
            raise CheckpointError(f"expected whole epochs and steps, a loss and seconds in history, got {row}")
        history.append(Record(int(epoch), int(step), loss, _or_none(accuracy), _or_none(held_loss),
                              _or_none(held_accuracy), seconds))
    return history


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value


# The generator -----------------------------------------------------------------------------------------------------

def _generator_as_json(rng: np.random.Generator) -> dict[str, Any]:
    kind, seed = type(rng.bit_generator).__name__, rng.bit_generator.seed_seq
    if kind not in ("PCG64", "PCG64DXSM") or not isinstance(seed, np.random.SeedSequence):
        raise TypeError(f"expected a generator as from np.random.default_rng(0), got one of {kind}: a checkpoint "
                        "cannot hold its state")
    entropy: Any = seed.entropy
    entropy = int(entropy) if isinstance(entropy, numbers.Integral) else [int(word) for word in entropy]
    return {"bit_generator": kind, "state": dict(rng.bit_generator.state),
            "seed": {"entropy": entropy, "spawn_key": [int(key) for key in seed.spawn_key],
                     "pool_size": seed.pool_size, "n_children_spawned": seed.n_children_spawned}}


def _generator(saved: Mapping[str, Any]) -> np.random.Generator:
    kinds = {"PCG64": np.random.PCG64, "PCG64DXSM": np.random.PCG64DXSM}
    seed, pool = saved["seed"], checks.count("pool_size", saved["seed"]["pool_size"], least=4)
    if pool > 64 or len(seed["spawn_key"]) > 2**10 or np.size(seed["entropy"]) > 2**10:
        raise CheckpointError("expected the seed of a generator, got a larger one")
    bits = kinds[saved["bit_generator"]](np.random.SeedSequence(
        seed["entropy"], spawn_key=seed["spawn_key"], pool_size=pool, n_children_spawned=seed["n_children_spawned"]))
    bits.state = saved["state"]
    rng = np.random.Generator(bits)
    if _generator_as_json(rng) != saved:
        raise CheckpointError("expected the state of a generator, got numbers that it cannot have")
    return rng
