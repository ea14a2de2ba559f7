"""A submission in a process of its own, without network, with limits, that can write to one temporary folder only.

On Linux the process gets namespaces of its own (`unshare`, for which no rights are needed where the system allows user
namespaces): no network, no sight of other processes, every file system read-only but a temporary one in memory, which
is gone afterwards; the submissions cannot be opened. Memory, processor time, number of processes and size of files are
limited. Where there are no namespaces (macOS, some containers) the limits remain, and the folder and the network are
not closed; on Windows only the time limit remains. `isolation()` says in a sentence what holds here.

A submission can still read what the account that grades can read, and use minnet, where the right functions are.
"""

import contextlib
import json
import math
import os
import pickle
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from minnet.coursework import Wrong
from minnet.coursework.limits import TooLong, limited
from minnet.coursework.remote import decode, receive, send

ROOT = Path(__file__).parent.parent
STARTING = 120.0                               # seconds for Python and IPython to start, on a busy machine
PROCESSES = 64                                 # at a time, of one submission
NAMESPACES = ["unshare", "--user", "--map-root-user", "--net", "--ipc", "--pid", "--fork", "--kill-child", "--mount"]
# The shell stays process 1 of the namespace: when it is killed, all are. The inner `unshare --user` gives up the right
# to mount, so that nothing can be undone.
CLOSE = r"""
mount -t tmpfs -o size=256m none "$1" && mount -t tmpfs -o size=64m none /dev/shm && mount -t proc none /proc || exit 9
{hidden}
while read -r _ point _; do
  case "$point" in "$1"|/proc*|/dev/shm) ;; *) mount -o remount,bind,ro "$point" 2>/dev/null ;; esac
done < /proc/self/mounts
cd "$1" && shift && unshare --user -- "$@"
exit $?
"""


@cache
def namespaces() -> bool:
    """Whether this system lets an ordinary account make namespaces."""
    if not sys.platform.startswith("linux") or shutil.which("unshare") is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([*NAMESPACES, "--", "sh", "-c", CLOSE.format(hidden=""), "sh", folder, "true"],
                              capture_output=True)
    return done.returncode == 0


def isolation() -> str:
    """What holds for a submission on this system."""
    if namespaces():
        bound = f"files and processes (at most {PROCESSES})"
        if os.getuid() == 0:                                   # the kernel counts no processes for root
            bound = "files (but not the number of processes, since root graded: use another account)"
        return ("each submission ran without network and without sight of other processes; it could write to a "
                f"temporary folder in memory only; limited were memory, time, {bound}")
    if os.name == "posix":
        return ("memory and time were limited; there are no namespaces on this system, so that the network and other "
                "folders were open to the submissions: grade inside a container")
    return "time was limited; memory, network and folders were not: grade inside a container or under Linux"


class Submission:
    """The cells of one submission, run in a process that is started again where one of them does not end."""

    def __init__(self, cells: list[str], *, hidden: list[Path], megabytes: int, seconds: float) -> None:
        self.cells, self.hidden, self.megabytes, self.seconds = cells, hidden, megabytes, seconds
        self.notes: dict[int, str] = {}                       # of a cell that raised an error, or did not end
        self.left_out: set[int] = set()
        self.allow(math.inf)
        self.process: subprocess.Popen[bytes] | None = None
        self.folder = tempfile.mkdtemp(prefix="minnet-grade-")

    def allow(self, seconds: float) -> None:
        """From now on the calls of functions may take so long together; a call after that raises Wrong."""
        self.allowed, self.left = seconds, seconds

    def close(self) -> None:
        """End the process, and remove its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop(self) -> None:
        """End the process and all that it started."""
        if self.process is None:
            return
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            stream.close()
        self.process = None

    def ask(self, *request: Any, seconds: float | None = None) -> dict[str, Any]:
        """The answer to one request. Raises Wrong where none comes in time, or nothing that can be read."""
        seconds = seconds or self.seconds
        process = self.process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        number = secrets.randbits(60)
        message = pickle.dumps((number, request))

        def exchange() -> Any:
            send(process.stdin, message)
            found = json.loads(receive(process.stdout))
            if not isinstance(found, dict) or found.pop("number", None) != number:
                raise ValueError("no answer to this request")
            return found

        try:
            found: dict[str, Any] = limited(exchange, seconds)
        except TooLong:
            self.stop()
            raise Wrong(f"stopped after {seconds:g} seconds. Does a loop never end?") from None
        except (EOFError, OSError):
            self.stop()
            raise Wrong("it ended the process that ran it, or used more memory or time than there is") from None
        except (ValueError, RecursionError):
            self.stop()
            raise Wrong("what came back cannot be read") from None
        return found

    def start(self) -> None:
        """Start the process and run the cells, but for those that did not end before."""
        while self.process is None:
            self._spawn()
            self.ask("run", "", seconds=STARTING)
            for number, cell in enumerate(self.cells):
                if number in self.left_out:
                    continue
                try:
                    found = self.ask("run", cell)
                except Wrong as wrong:
                    self.notes[number] = str(wrong)
                    self.left_out.add(number)
                    break
                if isinstance(found.get("error"), str):
                    self.notes[number] = found["error"]

    def _spawn(self) -> None:
        closed = namespaces()
        command = [sys.executable, "-s", "-m", "minnet.coursework.remote", str(self.megabytes),
                   str(int(20 * self.seconds)), str(PROCESSES if closed else 0)]
        if closed:
            hide = "\n".join(f"mount --bind /dev/null {shlex.quote(str(file))}" for file in self.hidden)
            command = [*NAMESPACES, "--", "sh", "-c", CLOSE.format(hidden=hide), "sh", self.folder, *command]
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "SYSTEMROOT") if name in os.environ}
        environment = kept | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1") | {
            "PYTHONPATH": str(ROOT), "HOME": self.folder, "TMPDIR": self.folder, "IPYTHONDIR": self.folder,
            "MPLCONFIGDIR": self.folder, "MPLBACKEND": "Agg", "PYTHONDONTWRITEBYTECODE": "1", "TQDM_DISABLE": "1"}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment,
                                        stderr=subprocess.DEVNULL, cwd=self.folder,
                                        start_new_session=os.name == "posix", bufsize=0)

    def function(self, name: str) -> Callable[..., Any] | None:
        """The submission's function (or value) of this name as a function here; None where it has none."""
        self.start()
        found = self.ask("look", name)
        if "missing" in found:
            return None
        if "callable" not in found:
            value = read(found)
            return lambda *_: value

        def call(*arguments: Any) -> Any:
            import numpy as np

            self.start()
            if self.left <= 0:
                raise Wrong(f"stopped: its calls took more than {self.allowed:g} seconds together")
            begin = time.monotonic()
            answer = self.ask("call", name, arguments)
            self.left -= time.monotonic() - begin
            if isinstance(answer.get("wrong"), str):
                raise Wrong(answer["wrong"])
            value = read(answer)
            try:
                for generator, state in zip((one for one in arguments if isinstance(one, np.random.Generator)),
                                            answer["states"], strict=True):
                    generator.bit_generator.state = state
                for array, changed in zip((one for one in arguments if isinstance(one, np.ndarray)),
                                          answer["arrays"] or (), strict=False):
                    array[...] = decode(changed)
            except (KeyError, ValueError, TypeError):
                raise Wrong("what came back cannot be read") from None
            return value

        return call


def read(answer: dict[str, Any]) -> Any:
    """The value in an answer. Raises Wrong where there is none."""
    try:
        return decode(answer["value"])
    except Exception:
        said = answer.get("wrong")
        raise Wrong(said if isinstance(said, str) else "what came back cannot be read") from None
