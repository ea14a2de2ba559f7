"""Submissions of chapter 04's handout: right, blank, wrong in ten ways, that hang, that crash, and that attack.

An answer is the source of an exercise's answer cell, {"04-2": source}; `expected` are the points.

"""

import json
import re
from collections.abc import Callable
from typing import Any

from chapters import handout

CHAPTER, ALL = "04", 17                              # points


def notebook(answers: dict[str, str], edit: Callable[[Any], None] = lambda notebook: None) -> str:
    """A filled-in handout: the model answers, but for those given."""
    made = handout.notebook(CHAPTER, nbgrader=True)
    for cell in made.cells:
        cell.source = re.sub(r"\n### BEGIN HIDDEN TESTS.*", "", cell.source, flags=re.DOTALL)
        id = cell.metadata["nbgrader"]["grade_id"]
        if id.endswith("-solution") and id.removesuffix("-solution") in answers:
            cell.source = answers[id.removesuffix("-solution")]
    edit(made)
    return json.dumps(made)


def glorot(body: str) -> dict[str, str]:
    """An answer to 04.2."""
    return {"04-2": "import numpy as np\ndef my_glorot(rng, shape):\n    n, m = shape\n    return " + body}


def first(source: str) -> dict[str, str]:
    """Something that is done before 04.1's answer, which is right."""
    return {"04-1": source + """
import numpy as np
def geometric(n, m):
    return 3 ** 0.5 / (n * m) ** 0.25, (n / m) ** 0.5, (m / n) ** 0.5
"""}


def no_tests(notebook):
    notebook.cells = [cell for cell in notebook.cells if not cell.metadata["nbgrader"]["grade"]]


def edited_tests(notebook):
    for cell in notebook.cells:
        if cell.metadata["nbgrader"]["grade"]:
            cell.source = f'print("{cell.source[7:11]}: right")'
            cell.metadata["nbgrader"]["points"] = 100


def no_metadata(notebook):
    for cell in notebook.cells:
        cell.metadata = {}


WRONG = {
    "deviation as bound": ("rng.uniform(-(2 / (n + m)) ** 0.5, (2 / (n + m)) ** 0.5, shape)",
                           "a third of the variance"),
    "before 2010": ("rng.uniform(-n**-0.5, n**-0.5, shape)", "before 2010"),
    "fan_in": ("rng.uniform(-(3 / n) ** 0.5, (3 / n) ** 0.5, shape)", "where is fan_out"),
    "fan_out": ("rng.uniform(-(3 / m) ** 0.5, (3 / m) ** 0.5, shape)", "are the axes swapped"),
    "seed inside": ("np.random.default_rng(1).uniform(-(6 / (n + m)) ** 0.5, (6 / (n + m)) ** 0.5, shape)",
                    "a seed inside"),
    "own generator": ("np.random.uniform(-(6 / (n + m)) ** 0.5, (6 / (n + m)) ** 0.5, shape)", "generator of your own"),
    "normal": ("rng.normal(0, (2 / (n + m)) ** 0.5, shape)", "normal and not uniform"),
    "positive": ("rng.uniform(0, (6 / (n + m)) ** 0.5, shape)", "all weights are positive"),
    "shape": ("rng.uniform(-(6 / (n + m)) ** 0.5, (6 / (n + m)) ** 0.5, (m, n))", "(fan_out, fan_in)"),
    "error": ("rng.uniform(-undefined, 1, shape)", "NameError"),
}
ATTACKS = {
    "writes files": first("""
import os
for folder in ("/", "/tmp", "/var/tmp", os.path.expanduser("~"), os.getcwd(), HERE):
    try:
        open(os.path.join(folder, "left_behind.txt"), "w").write("here")
    except OSError:
        pass
"""),
    "opens sockets": first("""
import socket
try:
    socket.create_connection(("127.0.0.1", PORT), timeout=3).sendall(b"secret")
except OSError:
    pass
"""),
    "edits the tests": ({"04-2": "my_glorot = None"}, edited_tests),
    "removes the tests": ({"04-2": "my_glorot = None"}, no_tests),
    "rewrites check": {"04-2": """
import sys, minnet.coursework, minnet.coursework.checking as c
e = sys.modules["minnet.coursework.exercises"]
minnet.coursework.check = c.check = lambda *a, **k: print("right")
c.judge = c.equal = lambda *a, **k: True
object.__setattr__(e.exercise("04.2"), "right", lambda rng, shape: 0)
object.__setattr__(e.exercise("04.2"), "mistakes", ())
def my_glorot(rng, shape): return 0
"""},
    "forges answers": {"04-2": """
import os, struct
for fd in range(3, 64):
    try:
        text = b'{"value": true, "wrong": null, "callable": true}'
        os.write(fd, struct.pack("<Q", len(text)) + text)
    except OSError:
        pass
"""},
    "sends a pickle": {"04-2": """
class Evil:
    def __reduce__(self): return print, ("unpickled",)
def my_glorot(rng, shape): return Evil()
"""},
    "equal to all": {"04-2": """
class Equal:
    shape = dtype = 1
    def __eq__(self, other): return True
def my_glorot(rng, shape): return Equal()
"""},
    "kills its parent": first("""
import os, signal
for pid in (os.getppid(), 1):
    try: os.kill(pid, signal.SIGKILL)
    except OSError: pass
"""),
    "removes its folder": first("import os, shutil\nshutil.rmtree(os.getcwd(), ignore_errors=True)"),
    "reads the others": first("""
import os
try:
    found = open(OTHER).read()
    assert not found
except OSError:
    pass
"""),
    "exits": {"04-2": "import sys\nsys.exit(0)"},
    "exits hard": {"04-2": "import os\nos._exit(0)"},
    "hangs": {"04-2": "while True: pass"},
    "hangs when called": {"04-2": "def my_glorot(rng, shape):\n    while True: pass"},
    "sleeps in C": {"04-2": "def my_glorot(rng, shape):\n    import time; time.sleep(1e6)"},
    "takes all memory": {"04-2": """
def my_glorot(rng, shape):
    import numpy as np
    kept = []
    while True: kept.append(np.ones(10**8))
"""},
    "sends too much": {"04-2": "def my_glorot(rng, shape):\n    import numpy as np\n    return np.zeros(5 * 10**7)"},
    "leaves a daemon": first("""
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(600)
    os._exit(0)
"""),
    "forks without end": {"04-2": "import os\nwhile True:\n    try: os.fork()\n    except OSError: break"},
}


def all_submissions() -> dict[str, str]:
    """Every submission as the text of a notebook, by name."""
    blank = {id.replace(".", "-"): "" for id in handout.sources(CHAPTER)}
    found = {"right": notebook({}), "blank": json.dumps(handout.notebook(CHAPTER)), "empty cells": notebook(blank),
             "no metadata": notebook({}, no_metadata), "no notebook": "{}", "no json": "PK\x03\x04"}
    found |= {f"wrong {name}": notebook(glorot(body)) for name, (body, _) in WRONG.items()}
    for name, attack in ATTACKS.items():
        found[name] = notebook(*attack) if isinstance(attack, tuple) else notebook(attack)
    return found


RIGHT = {"right", "no metadata", "writes files", "opens sockets", "kills its parent", "removes its folder",
         "reads the others", "leaves a daemon"}
NOTHING = {"blank", "empty cells", "no notebook", "no json"}


def expected(name: str) -> int:
    """The points of a submission: 04.2 is worth 3."""
    return ALL if name in RIGHT else 0 if name in NOTHING else ALL - 3
