"""Kills, Ctrl-C, full disks and hostile files: samples of the campaigns, each in a process of its own."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

import minnet as mn
from minnet import mlp
from minnet.checkpoint import CheckpointError
from tests.test_checkpoint import RUNS, numbers, run, small

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork and POSIX signals")


def campaign(name, tmp_path, *arguments):
    """The rows of the table that a campaign prints, without the first cell, by the first cell."""
    done = subprocess.run([sys.executable, "-m", f"tests.campaigns.{name}", *arguments], cwd=ROOT, capture_output=True,
                          text=True, env=os.environ | {"TMPDIR": str(tmp_path)})
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines()[2:] if line.startswith("|")]
    return {row[0]: row[1:] for row in rows}


def test_hostile_files_are_refused(tmp_path):
    found = campaign("hostile_files", tmp_path, "--files", "504", "--per-child", "84")
    assert len(found) == 15
    assert found["all"][0] == "504"
    assert found["all"][3] == "0"
    assert all(int(row[1]) > 0 for row in found.values()), "a class without a refused file is not hostile"


def test_killed_and_interrupted_runs_go_on(tmp_path):
    found = campaign("faults", tmp_path, "--kills", "10", "--interrupts", "5")
    assert {name: (row[0], row[2]) for name, row in found.items()} == {
        "SIGKILL in fit": ("10", "0"), "Ctrl-C in fit": ("5", "0"), "Ctrl-C in greedy_pretrain": ("5", "0"),
        "Ctrl-C in sweep": ("5", "0")}


# The disk ------------------------------------------------------------------------------------------------------------

@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 kB, and a function that makes it read-only."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(*options):
        return subprocess.run(["mount", "-t", "tmpfs", *options, "none", str(folder)], capture_output=True, text=True)

    try:
        done = mount("-o", "size=64k")
    except OSError as error:
        pytest.skip(f"no mount: {error}")
    if done.returncode:
        pytest.skip(f"mounting is not permitted here: {done.stderr.strip()}")
    yield folder, lambda: mount("-o", "remount,ro")
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_leaves_the_old_file(small_disk):
    folder, _ = small_disk
    path = folder / "net.npz"
    small().save(path)
    before = path.read_bytes()
    big = mlp([100, 200, 10], activation="relu", rng=0)
    with pytest.raises(OSError, match=r"net\.npz could not be written, and is as it was .*a disk with space") as caught:
        big.save(path)
    assert caught.value.errno == errno.ENOSPC
    assert path.read_bytes() == before
    assert list(folder.iterdir()) == [path]
    small(rng=1).save(path)                                         # what was begun takes no space


def test_a_run_on_a_disk_that_becomes_full_goes_on_elsewhere(small_disk, tmp_path):
    folder, _ = small_disk
    path, whole = folder / "run.npz", run(**RUNS["plain"])
    run(path, epochs=2, **RUNS["plain"])
    with open(folder / "other", "wb") as file, pytest.raises(OSError, match="No space"):
        file.write(bytes(2**20))
    before = path.read_bytes()
    with pytest.raises(OSError, match="could not be written"):
        run(path, resume=True, **RUNS["plain"])
    assert path.read_bytes() == before
    (tmp_path / "run.npz").write_bytes(before)
    net, history = run(tmp_path / "run.npz", resume=True, **RUNS["plain"])
    assert net.params.tobytes() == whole[0].params.tobytes()
    assert numbers(history) == numbers(whole[1])


def test_a_disk_that_is_read_only(small_disk):
    folder, make_read_only = small_disk
    small().save(folder / "net.npz")
    make_read_only()
    with pytest.raises(OSError, match="folder that exists and can be written") as caught:
        small(rng=1).save(folder / "net.npz")
    assert caught.value.errno == errno.EROFS
    assert mn.load(folder / "net.npz").params.tobytes() == small().params.tobytes()


def test_a_folder_that_is_read_only(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may write into every folder")
    small().save(tmp_path / "net.npz")
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(PermissionError, match="folder that exists and can be written"):
            small(rng=1).save(tmp_path / "net.npz")
    finally:
        tmp_path.chmod(0o755)
    assert mn.load(tmp_path / "net.npz").params.tobytes() == small().params.tobytes()


def test_a_file_that_may_not_grow(tmp_path):
    """A limit on the size of files stands for a full disk where nothing can be mounted."""
    code = f"""
import resource, signal
from minnet import mlp
small, big = (mlp([n, n, 4], activation="relu", rng=0) for n in (4, 100))
small.save({str(tmp_path / "net.npz")!r})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    big.save({str(tmp_path / "net.npz")!r})
except OSError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert "net.npz could not be written, and is as it was (File too large)" in done.stdout
    assert done.stderr == ""
    assert [path.name for path in tmp_path.iterdir()] == ["net.npz"]
    assert mn.load(tmp_path / "net.npz").fan_in == 4


def test_a_file_that_a_kill_has_cut_is_refused(tmp_path):
    """Had the file been written in place, a kill would leave this."""
    small().save(tmp_path / "net.npz")
    content = (tmp_path / "net.npz").read_bytes()
    for cut in range(0, len(content), 97):
        (tmp_path / "net.npz").write_bytes(content[:cut])
        with pytest.raises(CheckpointError, match="no checkpoint of minnet, or is damaged"):
            mn.load(tmp_path / "net.npz")
