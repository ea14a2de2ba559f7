"""Checkpoints that are damaged or made to do harm: what reading them does.

    python -m tests.campaigns.hostile_files                        10,500 files, each in a process of its own
    python -m tests.campaigns.hostile_files --files 500 --per-child 50

Each file is read in a forked child with 1 GiB of address space and 10 seconds, in which an audit hook forbids what
reading needs no right to: unpickling, exec, starting programs, opening a file for writing, renaming, removing, sockets.
The outcomes that are allowed:

    refused     CheckpointError
    loaded      a network that computes; for damage to the bytes (flipped, truncated, spliced) in the original's numbers

Every other outcome (another error, a crash, too much time or memory, a forbidden event, a file that appears anywhere)
is a failure. It is listed with its class and number, and the command ends with 1. The files are made from seeds: class
and number determine them. Linux and macOS.
"""

from __future__ import annotations

import argparse
import copy
import io
import json
import os
import pickle
import resource
import signal
import sys
import tempfile
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from minnet import activations, checkpoint, fit, initializers, layers, losses, mlp, optimizers, schedules
from minnet.network import Network

MEMORY, SECONDS = 2**30, 10
FORBIDDEN = {"pickle.find_class", "exec", "os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "os.rename",
             "os.remove", "os.mkdir", "os.rmdir", "os.symlink", "os.link", "os.truncate", "os.chmod", "socket.connect",
             "socket.bind", "ctypes.dlopen", "shutil.rmtree"}
Members = dict[str, bytes]


# Files that are right ----------------------------------------------------------------------------------------------

def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(20, 3)).astype(np.float32), rng.integers(0, 4, 20)


def network(kind: int) -> Network:
    if kind == 0:
        return mlp([3, 4, 4], activation="tanh", rng=0, dtype=np.float64)
    return Network([layers.Dense(3, 6, activations.leaky_relu(0.1), initializers.normal(std=0.2)), layers.BatchNorm(6),
                    layers.PReLU(6), layers.Dropout(0.2), layers.Dense(6, 4, init=initializers.orthogonal),
                    layers.LayerNorm(4)], rng=1)


def trained(kind: int, path: Path, **settings: Any) -> Network:
    net, (x, y) = network(kind), data()
    if kind == 2:                                                          # no training in the file
        fit(net, (x, y), loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(0.1), epochs=1, rng=0)
        net.save(path)
    else:
        fit(net, (x, y), loss=losses.softmax_cross_entropy, optimizer=optimizers.Adam(), epochs=3, rng=2, batch_size=8,
            checkpoint=path, validation=(x, y), schedule=partial(schedules.cosine, steps=20), **settings)
    return net


class Corpus:
    """Three right files: their bytes, their members, and the numbers that reading them must give."""

    def __init__(self, folder: Path) -> None:
        self.files, self.members, self.numbers = [], [], set()
        for kind in range(3):
            net = trained(kind, path := folder / f"right{kind}.npz")
            self.files.append(path.read_bytes())
            with zipfile.ZipFile(path) as file:
                self.members.append({name: file.read(name) for name in file.namelist()})
            self.numbers.add((net.params.tobytes(), net.state.tobytes()))


# How they are made wrong -------------------------------------------------------------------------------------------

def packed(members: list[tuple[str, bytes]] | Members, compression: int = zipfile.ZIP_STORED) -> bytes:
    target = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(target, "w", compression) as file:
        warnings.simplefilter("ignore")                                    # of duplicated names
        for name, content in members.items() if isinstance(members, dict) else members:
            file.writestr(name, content)
    return target.getvalue()


def npy(array: Any, **options: Any) -> bytes:
    target = io.BytesIO()
    np.lib.format.write_array(target, np.asanyarray(array), **options)
    return target.getvalue()


def raw_npy(header: str, content: bytes = b"") -> bytes:
    text = header.encode("latin1", "replace")
    return b"\x93NUMPY\x01\x00" + min(len(text), 65535).to_bytes(2, "little") + text + content


def with_header(members: Members, header: Any) -> Members:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return members | {"header.npy": npy(np.frombuffer(text, np.uint8))}


def header_of(members: Members) -> Any:
    return json.loads(np.load(io.BytesIO(members["header.npy"])).tobytes())


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) within a JSON value."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    return [(value, key) for key in keys] + [place for key in keys for place in places(value[key])]


def pick(rng: np.random.Generator, choices: Any) -> Any:
    return list(choices)[rng.integers(len(choices))]


WILD = [None, True, -1, 0, 1, 2, 7, 2**31, 2**63, 2**64, -2**63, 10**30, 10**400, 0.5, -0.5, 1e308, 1e-308, "", "relu",
        "a", "__class__", "\0", "..", [], {}, [[]], [None] * 5, {"": 0}, {"layer": "Dense"}, {"own": "x"},
        {"activation": "relu"}, {"initializer": "constant"}, {"activation": "elu", "options": {"alpha": -1}},
        "x" * 10**5]
NAMES = ["os.system", "__import__('os').system('touch canary')", "eval", "Layer", "Network", "object", "type", "dense",
         "Denze", "../Dense", "", "ALL", "_relu", "named", "softmax", "__init__", "Dense\0", "д", "partial", "1"]


class Canary:
    """Unpickled, it makes a file."""

    def __reduce__(self) -> Any:
        return os.system, ("touch canary",)


def flipped(rng: Any, corpus: Corpus) -> bytes:
    content = bytearray(pick(rng, corpus.files))
    for place in rng.integers(0, len(content), rng.integers(1, 9)):
        content[place] ^= 1 << int(rng.integers(8))
    return bytes(content)


def truncated(rng: Any, corpus: Corpus) -> bytes:
    content = pick(rng, corpus.files)
    cut = int(rng.integers(0, len(content)))
    return [content[:cut], content[cut:], content[:cut] + bytes(len(content) - cut),
            content[:cut] + content[cut + 1:]][rng.integers(4)]


def spliced(rng: Any, corpus: Corpus) -> bytes:
    one, two = pick(rng, corpus.files), pick(rng, corpus.files)
    i, j = int(rng.integers(len(one))), int(rng.integers(len(two)))
    if rng.random() < 0.5:
        return one[:i] + two[j:]
    members, others = pick(rng, corpus.members), pick(rng, corpus.members)
    return packed({name: pick(rng, [content, others.get(name, content)]) for name, content in members.items()})


def pickled(rng: Any, corpus: Corpus) -> bytes:
    if rng.random() < 0.2:
        return pickle.dumps(Canary(), protocol=int(rng.integers(6)))
    members = dict(pick(rng, corpus.members))
    name = pick(rng, members)
    holder = np.empty(pick(rng, [(), (1,), (2, 2)]), object)
    holder.fill(Canary())
    content = [npy(holder), pickle.dumps(Canary()), npy(np.zeros(3)) + pickle.dumps(Canary()),
               raw_npy("{'descr': '|O', 'fortran_order': False, 'shape': (3,), }\n", pickle.dumps(Canary()))]
    return packed(members | {pick(rng, [name, name, "extra.npy", "extra.pkl"]): pick(rng, content)})


def shapes(rng: Any, corpus: Corpus) -> bytes:
    members = dict(pick(rng, corpus.members))
    odd = [-1, -2**63, 2**31, 2**62, 2**63, 10**30, 0, 1, 10**9, 10**18]
    if rng.random() < 0.5:
        header = header_of(members)
        numbers = [(box, key) for box, key in places(header) if isinstance(box[key], int)]
        for box, key in [numbers[k] for k in rng.integers(0, len(numbers), rng.integers(1, 4))]:
            box[key] = pick(rng, odd)
        return packed(with_header(members, header))
    name = pick(rng, members)
    shape = pick(rng, [f"({pick(rng, odd)},)", f"({pick(rng, odd)}, {pick(rng, odd)})", "()", f"({'9' * 5000},)",
                       "None", f"({'1, ' * 40})", "(True,)", "(1.5,)", f"{'(' * 90}1{')' * 90}", "(1,)*10**9", "[3]"])
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n"
    return packed(members | {name: raw_npy(header, bytes(int(rng.integers(0, 200))))})


def dtypes(rng: Any, corpus: Corpus) -> bytes:
    members = dict(pick(rng, corpus.members))
    name = pick(rng, members)
    array = np.load(io.BytesIO(members[name]))
    kind = pick(rng, ["<f2", ">f4", ">f8", "<f8", "<f4", "<i4", "<u8", "|i1", "<c8", "<c16", "|S4", "<U3", "|V7", "<m8",
                      "|b1", "f4,f4", "|u1", "<f16"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = np.zeros(array.shape, kind) if kind in ("f4,f4", "|V7") else array.astype(kind)
        content = npy(other, allow_pickle=False, version=pick(rng, [None, (1, 0), (2, 0), (3, 0)]))
    if rng.random() < 0.2:
        order = pick(rng, [True, 3])
        content = raw_npy(f"{{'descr': {pick(rng, NAMES)!r}, 'fortran_order': {order}, 'shape': (3,), }}\n", bytes(12))
    if rng.random() < 0.1 and "optimizer.decay_mask.npy" in members:
        name = "optimizer.decay_mask.npy"
        content = members[name][:-5] + bytes([2, 0, 255, 1, 7])
    return packed(members | {name: content})


def bombs(rng: Any, corpus: Corpus) -> bytes:
    members = dict(pick(rng, corpus.members))
    name, kind = pick(rng, [*members, "extra.npy"]), rng.integers(4)
    method = pick(rng, [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    if kind == 0:                                                          # everything compressed, nothing larger
        return packed(members, method)
    if kind == 1:                                                          # 30 MB of zeros in 30 kB
        count = int(rng.integers(10**6, 3 * 10**7))
        head = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({count},), }}\n"
        return packed(members | {name: raw_npy(head, bytes(count))}, zipfile.ZIP_DEFLATED)
    content = bytearray(packed(members))
    start = content.rindex(b"PK\x01\x02") if kind == 2 else content.index(b"PK\x01\x02")
    lie = int(pick(rng, [2**31, 2**32 - 2, len(content) * 2, len(content) - 100])).to_bytes(4, "little")
    content[start + 20:start + 28] = lie + lie                             # both sizes in the central directory
    if rng.random() < 0.5:                                                 # and the place: one member over another
        content[start + 42:start + 46] = int(rng.integers(0, len(content))).to_bytes(4, "little")
    return bytes(content)


def paths(rng: Any, corpus: Corpus) -> bytes:
    members = dict(pick(rng, corpus.members))
    name = pick(rng, members)
    trick = pick(rng, ["../canary.npy", "../../canary", "/tmp/minnet_canary.npy", "C:\\canary.npy", "..\\canary.npy",
                       f"../{name}", f"./{name}", f"/{name}", f"{name}/", "a/" * 500, "n" * 5000, f"{name}\0.png",
                       "CON", "~/canary", "$HOME/canary", "header.npy/../canary", "params", "\u202eypn.redaeh", " "])
    if rng.random() < 0.5:
        return packed(members | {trick: members[name]})
    if rng.random() < 0.3:
        header = header_of(members)
        header["network"]["layers"][0]["layer"] = trick
        return packed(with_header(members, header))
    return packed([(trick if other == name else other, content) for other, content in members.items()])


def duplicates(rng: Any, corpus: Corpus) -> bytes:
    members = list(pick(rng, corpus.members).items())
    kind = rng.integers(4)
    if kind == 0:
        members.append(pick(rng, members))
    elif kind == 1:
        members.pop(rng.integers(len(members)))
    elif kind == 2:
        members.append((f"{pick(rng, NAMES)}.npy", npy(np.zeros(3, np.float32))))
    else:
        one = rng.integers(len(members))
        members[one] = (members[one][0].removesuffix(".npy").upper(), members[one][1])
    rng.shuffle(members)
    return packed(members)


def names(rng: Any, corpus: Corpus) -> bytes:
    members = dict(pick(rng, corpus.members))
    header = header_of(members)
    words = [(box, key) for box, key in places(header["network"]) if isinstance(box[key], str)]
    box, key = pick(rng, words)
    if rng.random() < 0.5:
        box[key] = pick(rng, NAMES)
    elif isinstance(box, dict):
        box[pick(rng, NAMES)] = box.pop(key)
    if rng.random() < 0.3 and "optimizer" in header:
        header["optimizer"]["vectors"] = [pick(rng, [*NAMES, "m", "t", "decay_mask"]) for _ in range(2)]
    if rng.random() < 0.2:
        header["network"]["layers"][0]["own"] = pick(rng, [True, "os", 1])
    return packed(with_header(members, header | {"padding": 0} if rng.random() < 0.1 else header))


def not_finite(rng: Any, corpus: Corpus) -> bytes:
    members = dict(pick(rng, corpus.members))
    floats = [name for name in members if name not in ("header.npy", "optimizer.decay_mask.npy")
              and len(members[name]) > 128]
    name = pick(rng, floats)
    array = np.load(io.BytesIO(members[name]))
    array.reshape(-1)[rng.integers(0, array.size, rng.integers(1, 4))] = pick(rng, [np.nan, np.inf, -np.inf])
    return packed(members | {name: npy(array)})


def bad_json(rng: Any, corpus: Corpus) -> bytes:
    members = dict(pick(rng, corpus.members))
    header = header_of(members)
    text = json.dumps(header)
    kind = rng.integers(4)
    if kind == 0:                                                          # a value replaced, removed or doubled
        for _ in range(rng.integers(1, 4)):
            box, key = pick(rng, places(header))
            box[key] = copy.deepcopy(pick(rng, WILD))
        sys.set_int_max_str_digits(0)
        return packed(with_header(members, header))
    cut = int(rng.integers(1, len(text)))
    if kind == 1:
        text = pick(rng, [text[:cut], text[:cut] + text[cut + 1:], text[:cut] + pick(rng, "{}[],:\"\\0") + text[cut:],
                          text + text, text[:-1] + ', "version": 1}', "[" * 10**5, '{"a":' * 10**5, "", "null", "[]",
                          "0", f'{{"format": {"9" * 5000}}}', text.replace("1", "NaN", 1),
                          text.replace("0.", "1e999", 1), "\ufeff" + text])
        return packed(with_header(members, text.encode()))
    content = bytearray(text.encode())
    content[cut % len(content)] = int(rng.integers(256))
    return packed(with_header(members, bytes(content) if kind == 2 else text.encode("utf-16")[:cut]))


def generators(rng: Any, corpus: Corpus) -> bytes:
    members = dict(corpus.members[rng.integers(2)])
    header = header_of(members)
    for _ in range(rng.integers(1, 4)):
        box, key = pick(rng, places(header["rng"]))
        box[key] = pick(rng, [-1, 0, 2**32, 2**64, 2**128, 2**200, 10**9, 0.5, "MT19937", "PCG64", "Philox", None, [],
                              {}, [1] * 5000, [2**40], [-1], True])
    return packed(with_header(members, header))


def others(rng: Any, corpus: Corpus) -> bytes:
    size = int(rng.integers(0, 3000))
    return pick(rng, [b"", rng.bytes(size), b"PK\x03\x04" + rng.bytes(size), b"PK\x05\x06" + bytes(18), bytes(size),
                      npy(np.zeros(size)), b"\x89PNG\r\n" + rng.bytes(size), json.dumps(WILD[:20]).encode(), packed({}),
                      packed({"header.npy": b""}), packed({"header.npy": rng.bytes(size)}),
                      packed(corpus.members[0]) + rng.bytes(size), rng.bytes(size) + packed(corpus.members[0])])


CLASSES: dict[str, Callable[[Any, Corpus], bytes]] = {
    "bits flipped": flipped, "truncated": truncated, "spliced": spliced, "pickles inside": pickled,
    "absurd shapes": shapes, "wrong dtypes": dtypes, "compressed bombs": bombs, "path tricks": paths,
    "members twice or missing": duplicates, "unknown names": names, "NaN parameters": not_finite,
    "JSON gone wrong": bad_json, "generators": generators, "other files": others}
DAMAGED = ("bits flipped", "truncated")                 # must be refused, or give the original's numbers


# Reading them ------------------------------------------------------------------------------------------------------

class Forbidden(BaseException):
    pass


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event in FORBIDDEN or (event == "open" and set(str(arguments[1] or "")) & set("wax+")):
        raise Forbidden(f"{event} {arguments}"[:200])


def outcome(name: str, path: Path, number: int, numbers: set[tuple[bytes, bytes]]) -> str:
    """What reading this file does; every fourth file is also handed to a run that wants to go on."""
    try:
        loaded = checkpoint.load(path)
        net = loaded.network
        with np.errstate(all="ignore"):
            net(np.zeros((2, net.fan_in or 3)))
        if loaded.rng is not None:
            loaded.rng.random()
            loaded.rng.spawn(1)
        if name in DAMAGED and (net.params.tobytes(), net.state.tobytes()) not in numbers:
            return "other numbers"
        result = "loaded"
    except checkpoint.CheckpointError:
        result = "refused"
    except Forbidden as event:
        return f"forbidden: {event}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:200]
    if number % 4 == 0:
        try:
            trained(number // 4 % 2, path, resume=True)
        except checkpoint.CheckpointError:
            pass
        except Forbidden as event:
            if result == "refused" or "tmp" not in str(event):             # a run that goes on may write its file
                return f"forbidden when a run goes on: {event}"
        except Exception as error:
            return f"when a run goes on, {type(error).__name__}: {error}"[:200]
    return result


def read_in_a_child(batch: list[tuple[str, int, Path]], numbers: set[tuple[bytes, bytes]]) -> list[str]:
    """The outcomes of these files in one child. Where it dies, the list ends with how."""
    sys.stdout.flush()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        sys.addaudithook(_audit)
        for name, number, path in batch:
            signal.alarm(SECONDS)
            line = outcome(name, path, number, numbers).replace("\n", " ")
            os.write(writing, line.encode("utf-8", "replace")[:2000] + b"\n")
        os._exit(0)
    os.close(writing)
    with open(reading, encoding="utf-8", errors="replace") as pipe:
        found = pipe.read().splitlines()
    _, status = os.waitpid(child, 0)
    if len(found) < len(batch):
        died = os.waitstatus_to_exitcode(status)
        found.append("more than 10 seconds" if died == -signal.SIGALRM else f"died with {died}")
    return found


def run(files: int, per_child: int) -> tuple[dict[str, Counter[str]], list[str]]:
    """Outcomes by class, and a line for each failure."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in CLASSES}
    failures = []
    with tempfile.TemporaryDirectory() as root:
        sandbox, made = Path(root) / "a" / "b", Path(root) / "files"
        sandbox.mkdir(parents=True)
        made.mkdir()
        os.chdir(sandbox)
        corpus = Corpus(made)
        for kind in range(3):                                              # so that a child imports nothing
            assert outcome("bits flipped", made / f"right{kind}.npz", kind, corpus.numbers) == "loaded"
        wanted = [(name, number) for number in range(-(-files // len(CLASSES))) for name in CLASSES][:files]
        while wanted:
            batch = []
            for name, number in wanted[:per_child]:
                path = made / f"{list(CLASSES).index(name)}_{number}.npz"
                rng = np.random.default_rng([list(CLASSES).index(name), number])
                path.write_bytes(CLASSES[name](rng, corpus))
                batch.append((name, number, path))
            results = read_in_a_child(batch, corpus.numbers)
            for (name, number, _), result in zip(batch, results, strict=False):
                if any(sandbox.iterdir()) or sorted(os.listdir(root)) != ["a", "files"]:
                    result = "a file appeared"
                counts[name][result if result in ("refused", "loaded") else "failed"] += 1
                if result not in ("refused", "loaded"):
                    failures.append(f"{name} {number}: {result}")
            for _, _, path in batch:
                path.unlink()
            if len(os.listdir(made)) != 3:
                failures.append(f"files appeared: {os.listdir(made)}")
            wanted = wanted[len(results):]
        os.chdir("/")
    return counts, failures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=10_500)
    parser.add_argument("--per-child", type=int, default=1)
    options = parser.parse_args()
    warnings.simplefilter("ignore")                                        # zipfile warns of names that it finds twice
    counts, failures = run(options.files, options.per_child)
    print("| class | files | refused | loaded | failed |\n|---|---|---|---|---|")
    for name, found in counts.items():
        print(f"| {name} | {found.total()} | {found['refused']} | {found['loaded']} | {found['failed']} |")
    total = sum(counts.values(), Counter())
    print(f"| all | {total.total()} | {total['refused']} | {total['loaded']} | {total['failed']} |")
    print(*failures[:200], sep="\n")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
