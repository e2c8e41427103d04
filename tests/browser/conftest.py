"""The page in a real browser: a server that lays the addresses out as the product does, and Chromium."""

from __future__ import annotations

import io
import json
import os
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

sync_api = pytest.importorskip("playwright.sync_api", reason="the page's tests need Playwright")

STATIC = Path(__file__).parents[2] / "src" / "convoscope" / "web" / "static"
POLICY = "default-src 'self'; img-src 'self' blob: data:; worker-src 'self' blob:"
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json"}
KERNELS = [
    {"name": "identity", "title": "Identity", "kernel": [[0, 0, 0], [0, 1, 0], [0, 0, 0]], "group": "basics"},
    {"name": "box-blur", "title": "Box blur", "kernel": [[1] * 3] * 3, "weight": 1 / 9, "group": "blur"},
    {"name": "sobel-x", "title": "Sobel x", "kernel": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], "group": "edges"},
]


def sample() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A small colour image without symmetry."""
    rows, columns = np.mgrid[0:30, 0:40]
    return np.stack([rows * 8, columns * 6, (rows * columns) % 251], axis=-1).astype(np.uint8)


def png(array: np.ndarray[Any, np.dtype[np.uint8]]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(array).save(file, "PNG")
    return file.getvalue()


class Laid(BaseHTTPRequestHandler):
    """The page's addresses: ./, static/..., data/..."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *args: Any, data: dict[str, tuple[str, bytes]]) -> None:
        self.data = data
        super().__init__(*args)

    def do_GET(self) -> None:
        path = self.path.split("?")[0].removeprefix("/")
        kind, body = self.data.get(path, ("", b""))
        file = STATIC / "lab" / "index.html" if path == "" else STATIC / path.removeprefix("static/")
        if not kind and (path == "" or path.startswith("static/")) and file.is_file():
            kind, body = TYPES[file.suffix], file.read_bytes()
        self.send_response(HTTPStatus.OK if kind else HTTPStatus.NOT_FOUND)
        self.send_header("Content-Type", kind or "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Where the page is."""
    kernels = [{"weight": 1, "bias": 0, "source": "by hand", "shows": "A filter.", **kernel} for kernel in KERNELS]
    samples = [{"name": "sample", "title": "Sample", "url": "data/sample.png"}]
    data = {
        "data/kernels.json": ("application/json", json.dumps(kernels).encode()),
        "data/samples.json": ("application/json", json.dumps(samples).encode()),
        "data/start.json": ("application/json", b'{"image": null, "state": null}'),
        "data/sample.png": ("image/png", png(sample())),
    }
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Laid, data=data))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium of the system."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("the page's tests need Chromium: apt install chromium")
    flags = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    flags += ["--disable-component-update", "--disable-sync"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        flags.append("--no-sandbox")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, headless=True, args=flags)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    """The page, ready; a test fails if the browser's console says anything bad."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, accept_downloads=True)
    opened = context.new_page()
    problems: list[str] = []
    opened.on("console", lambda message: message.type in ("error", "warning") and problems.append(message.text))
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.goto(address)
    opened.wait_for_selector("html[data-ready=true]")
    yield opened
    context.close()
    assert problems == []
