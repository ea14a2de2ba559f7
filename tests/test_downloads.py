"""Downloads against a server on this machine; nothing here leaves it."""

import gzip
import hashlib
import logging
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from minnet import datasets
from minnet.datasets import DataFileError
from minnet.storage import downloads

pytest.importorskip("pooch")
ROWS = 12, 5


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return header + array.astype(np.uint8).tobytes()


def small_files():
    """Four files as MNIST's, with few rows, and their arrays."""
    rng, arrays = np.random.default_rng(0), []
    for n in ROWS:
        arrays += [rng.integers(0, 256, (n, 28, 28)), rng.integers(0, 10, n)]
    files = [gzip.compress(idx(array), mtime=0) for array in arrays]
    return dict(zip(downloads.FILES, files, strict=True)), arrays


class Server(ThreadingHTTPServer):
    """Serves `files`; `fault` says what it does wrong, `asked` what it was asked for."""

    def __init__(self, files):
        self.files, self.fault, self.asked = files, None, []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.strip("/")
        self.server.asked.append(name)
        data, fault = self.server.files[name], self.server.fault
        if fault == "refused":
            self.send_error(403)
            return
        if fault == "wrong":
            data = data[:-1] + bytes([data[-1] ^ 1])
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        half = len(data) // 2
        self.wfile.write(data[:half])
        if fault != "truncated":
            self.wfile.write(data[half:])

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch, tmp_path):
    """A server, and a small "mnist" that comes from it; data is kept in tmp_path/data."""
    files, _ = small_files()
    with Server(files) as serving:
        thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        md5 = tuple(hashlib.md5(data).hexdigest() for data in files.values())
        monkeypatch.setattr(downloads, "SOURCES", {"mnist": downloads.Source((serving.url,), md5, ROWS)})
        monkeypatch.setenv("MINNET_DATA", str(tmp_path / "data"))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        logging.getLogger("pooch").setLevel(logging.WARNING)
        yield serving
        serving.shutdown()
        thread.join()


def kept(tmp_path):
    return sorted(path.name for path in (tmp_path / "data").rglob("*") if path.is_file())


def test_fetched_once_then_read_from_the_folder(server, tmp_path):
    data, (_, arrays) = datasets.mnist(download=True), small_files()
    for (x, y), images, labels in zip(data, arrays[::2], arrays[1::2], strict=True):
        assert (x.dtype, y.dtype) == (np.float32, np.int64)
        np.testing.assert_array_equal(x, images.reshape(-1, 784).astype(np.float32) / np.float32(255))
        np.testing.assert_array_equal(y, labels)
    assert server.asked == list(downloads.FILES)
    assert kept(tmp_path) == sorted(downloads.FILES)
    again = datasets.mnist()
    np.testing.assert_array_equal(again.train[0], data.train[0])
    datasets.mnist(download=True)
    assert len(server.asked) == 4


def test_nothing_is_fetched_unasked_and_the_error_says_what_to_do_by_hand(server, tmp_path):
    with pytest.raises(DataFileError) as caught:
        datasets.mnist()
    assert server.asked == []
    assert kept(tmp_path) == []
    name, text = downloads.FILES[0], str(caught.value)
    for part in (server.url + name, str(tmp_path / "data" / "mnist"), name, downloads.SOURCES["mnist"].md5[0],
                 "datasets.mnist(download=True)"):
        assert part in text


def test_files_put_there_by_hand(server, tmp_path):
    folder = tmp_path / "data" / "mnist"
    folder.mkdir(parents=True)
    for name, data in server.files.items():
        (folder / name).write_bytes(data)
    assert len(datasets.mnist().test[0]) == ROWS[1]
    assert server.asked == []


@pytest.mark.parametrize(("fault", "reason"), [("wrong", "MD5|hash"), ("truncated", "IncompleteRead|hash"),
                                               ("refused", "403")])
def test_faults_leave_nothing_behind_and_a_second_attempt_works(server, tmp_path, fault, reason):
    server.fault = fault
    with pytest.raises(DataFileError, match=rf"(?s)({reason}).*by hand"):
        datasets.mnist(download=True)
    assert kept(tmp_path) == []
    server.fault = None
    assert len(datasets.mnist(download=True).train[0]) == ROWS[0]


def test_no_server(server, monkeypatch, tmp_path):
    with Server({}) as other:                             # a port at which nobody listens, once it is closed
        url = other.url
    md5 = downloads.SOURCES["mnist"].md5
    monkeypatch.setitem(downloads.SOURCES, "mnist", downloads.Source((url,), md5, ROWS))
    with pytest.raises(DataFileError, match="could not fetch"):
        datasets.mnist(download=True)
    monkeypatch.setitem(downloads.SOURCES, "mnist", downloads.Source((url, server.url), md5, ROWS))
    assert len(datasets.mnist(download=True).train[0]) == ROWS[0]                # the second address serves


def test_interrupted_then_repeated(server, monkeypatch, tmp_path):
    """Ctrl-C in the third file: the first two are kept, and nothing of the third."""
    import requests

    def interrupted(self, *args, **kwargs):
        if "t10k-images" in self.url:
            yield b"half of it"
            raise KeyboardInterrupt
        yield self.raw.read()

    with monkeypatch.context() as patch:
        patch.setattr(requests.Response, "iter_content", interrupted)
        with pytest.raises(KeyboardInterrupt):
            datasets.mnist(download=True)
    assert kept(tmp_path) == sorted(downloads.FILES[:2])
    assert len(datasets.mnist(download=True).test[0]) == ROWS[1]
    assert server.asked == [*downloads.FILES[:3], *downloads.FILES[2:]]


def test_a_damaged_file_in_the_folder(server, tmp_path):
    datasets.mnist(download=True)
    path = tmp_path / "data" / "mnist" / downloads.FILES[1]
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(DataFileError, match="has another MD5"):
        datasets.mnist()
    assert len(datasets.mnist(download=True).train[1]) == ROWS[0]                # and fetched anew


def test_a_folder_that_cannot_be_made(server, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MINNET_DATA", str(tmp_path / "file" / "data"))
    with pytest.raises(DataFileError, match="MINNET_DATA"):
        datasets.mnist(download=True)


GOOD = idx(np.arange(24).reshape(4, 6))


@pytest.mark.parametrize(("data", "reason"), [
    (gzip.compress(GOOD)[:-9], "complete gzip"),
    (gzip.compress(GOOD)[:5], "complete gzip"),
    (gzip.compress(GOOD)[:12] + b"\xff" * 20, "complete gzip"),
    (GOOD, "complete gzip"),
    (b"", "idx file"),
    (gzip.compress(b""), "idx file"),
    (gzip.compress(b"\0\0\x0d" + GOOD[3:]), "idx file"),
    (gzip.compress(GOOD[:4] + b"\xff" * 8 + GOOD[12:]), "idx file"),
    (gzip.compress(idx(np.arange(24).reshape(6, 4))), "idx file"),
    (gzip.compress(GOOD[:-1]), "got only 23"),
    (gzip.compress(GOOD + bytes(10**7)), "got more"),
], ids=range(11))
def test_files_that_are_not_right(tmp_path, data, reason):
    path = tmp_path / "file.gz"
    path.write_bytes(data)
    with pytest.raises(DataFileError, match=reason):
        downloads.read_idx(path, (4, 6))


def test_labels_beyond_9(server, monkeypatch):
    server.files[downloads.FILES[3]] = data = gzip.compress(idx(np.full(ROWS[1], 10)))
    md5 = (*downloads.SOURCES["mnist"].md5[:3], hashlib.md5(data).hexdigest())
    monkeypatch.setitem(downloads.SOURCES, "mnist", downloads.Source((server.url,), md5, ROWS))
    with pytest.raises(DataFileError, match="labels 0 … 9, got 10"):
        datasets.mnist(download=True)


def test_without_pooch(monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "minnet\[data\]"'):
        datasets.fashion_mnist()


def test_the_published_checksums():
    """Four files each, and none twice."""
    every = [md5 for source in downloads.SOURCES.values() for md5 in source.md5]
    assert len(set(every)) == 8
    assert all(len(bytes.fromhex(md5)) == 16 for md5 in every)
    page = (Path(__file__).parent.parent / "datasets" / "README.md").read_text(encoding="utf-8")
    for file, mnist, fashion in zip(downloads.FILES, every[:4], every[4:], strict=True):
        assert f"| `{file}` | `{mnist}` | `{fashion}` |" in page
