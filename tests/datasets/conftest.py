from __future__ import annotations

import gzip
import http.server
import struct
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

NAMES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


def idx_bytes(array: NDArray[np.uint8]) -> bytes:
    """A uint8 IDX file by hand, so that the loaders are not tested with our own writer."""
    return bytes([0, 0, 8, array.ndim]) + b"".join(struct.pack(">I", n) for n in array.shape) + array.tobytes()


@pytest.fixture
def arrays() -> dict[str, NDArray[np.uint8]]:
    """Five images to train with and three to test with, of MNIST's size, under the published names."""
    random = np.random.RandomState(7)
    return {
        NAMES[0]: random.randint(0, 256, (5, 28, 28)).astype(np.uint8),
        NAMES[1]: np.array([9, 0, 3, 3, 1], np.uint8),
        NAMES[2]: random.randint(0, 256, (3, 28, 28)).astype(np.uint8),
        NAMES[3]: np.array([2, 9, 0], np.uint8),
    }


@pytest.fixture
def packed(arrays: dict[str, NDArray[np.uint8]]) -> dict[str, bytes]:
    """The same as the bytes of four gzipped files."""
    return {name: gzip.compress(idx_bytes(array)) for name, array in arrays.items()}


@pytest.fixture
def put(packed: dict[str, bytes]) -> Callable[..., Path]:
    """Put the four files into a folder; ``without`` leaves some away, ``unpacked`` writes them without gzip."""

    def put(folder: Path, without: tuple[str, ...] = (), unpacked: bool = False) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in packed.items():
            if name not in without:
                (folder / (name.removesuffix(".gz") if unpacked else name)).write_bytes(
                    gzip.decompress(data) if unpacked else data
                )
        return folder

    return put


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, no ``CONVOSCOPE_DATA`` and no proxy between us and the loopback server."""
    for variable in ("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    for variable in ("CONVOSCOPE_DATA", "KERAS_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("no_proxy", "*")
    from convoscope.datasets.locate import cache_dir

    folder = cache_dir()
    assert folder is not None
    return folder


class Server(http.server.ThreadingHTTPServer):
    """Files on the loopback address; what it does wrong is in the first folder of the address.

    ``/ok/`` answers ranges, ``/no-range/`` ignores them, ``/cut/`` closes the connection after half of what was
    asked for, ``/wrong-range/`` answers another range than was asked for, ``/other/`` sends other bytes, ``/longer/``
    and ``/endless/`` too many, with their length and without, ``/page/`` a web page, ``/silent/`` nothing for a while,
    ``/stalls/`` half and then nothing, ``/nothing/`` only headers, ``/moved/`` sends on to ``/ok/``,
    ``/slow/`` takes a second, and a number is the status to answer.
    """

    daemon_threads = True

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = files
        self.asked: list[tuple[str, str | None]] = []  # paths and ranges
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def at(self, *manners: str) -> list[str]:
        return [f"{self.url}/{manner}/" for manner in manners]

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that hang up: that is what is tested."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        path = urllib.parse.urlsplit(self.path).path  # a proxy is asked for whole addresses
        manner, name = path.lstrip("/").split("/")
        asked = self.headers["Range"]
        self.server.asked.append((self.path, asked))
        data = self.server.files[name]
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and manner != "no-range" else 0
        if manner == "silent":
            time.sleep(1)
        if manner == "other":
            data = bytes(len(data))
        if manner in ("longer", "endless"):
            data += b"!"
        if manner == "page":
            data, start = b"<html>Please log in</html>", 0
        if manner.isdigit():
            self.send_error(int(manner))
        elif start and start >= len(data):
            self.send_error(416)
        elif manner == "moved":
            self.send_response(302)
            self.send_header("Location", f"/ok/{name}")
            self.end_headers()
        else:
            self._send(manner, data, start)

    def _send(self, manner: str, data: bytes, start: int) -> None:
        self.send_response(206 if start else 200)
        if start:
            first = start - 1 if manner == "wrong-range" else start
            self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
        if manner != "endless":
            self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        rest = data[start:]
        if manner == "nothing":
            rest = b""
        if manner in ("cut", "stalls"):
            rest = rest[: len(rest) // 2]
        if manner == "slow":
            for i in range(20):
                self.wfile.write(rest[i * len(rest) // 20 : (i + 1) * len(rest) // 20])
                self.wfile.flush()
                time.sleep(0.05)
        else:
            self.wfile.write(rest)
        if manner == "stalls":
            self.wfile.flush()
            time.sleep(1)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the tests' output clean."""


@pytest.fixture
def server(packed: dict[str, bytes]) -> Iterator[Server]:
    server = Server({**packed, "big.bin": np.random.RandomState(3).bytes(300_000)})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
