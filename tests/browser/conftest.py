"""The page in a real browser: the product's own server, and Chromium."""

from __future__ import annotations

import io
import os
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from convoscope.utils import set_random_seed
from convoscope.web.lab import Start, site
from convoscope.web.server import Server

from .support import PATIENCE

_HERE = Path(__file__).parent
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",  # a camera that shows a test image,
    "--use-fake-ui-for-media-stream",  # and a person who allows it
)


def sample() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A small colour image without symmetry."""
    rows, columns = np.mgrid[0:30, 0:40]
    return np.stack([rows * 8, columns * 6, (rows * columns) % 251], axis=-1).astype(np.uint8)


def png(array: np.ndarray[Any, np.dtype[np.uint8]]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(array).save(file, "PNG")
    return file.getvalue()


@contextmanager
def serving(start: Start, policy: str | None = None, ancestors: Iterable[str] = ()) -> Iterator[str]:
    """Serve the lab as ``convoscope lab`` does, or with another policy or in more frames, and give its address."""
    with Server(site(start), port=0) as server:
        server.policy = server.policy if policy is None else policy
        server.allow(ancestors=ancestors)
        thread = threading.Thread(target=server.serve, daemon=True)
        thread.start()
        yield server.address
        server.stop()
        thread.join()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run a test of this folder once more where it fails.

    A browser, a server and a test that share two cores with other tests may meet in an order that nobody foresaw. The
    summary lists such a test as RERUN: it is a fault, of the page or of the test, and to be mended; yet the answer of
    20,000 other tests need not wait for it. What always fails, fails.
    """
    if not config.pluginmanager.hasplugin("rerunfailures"):
        return
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Where the page is, with a small image."""
    with serving(Start("sample.png", sample())) as place:
        yield place


@pytest.fixture(scope="session")
def start_browser() -> Iterator[Callable[..., Any]]:
    """How to start the system's Chromium; its headless shell, where that is installed, takes two thirds of the time."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="the page's tests need Playwright")
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip("the page's tests need Chromium: apt install chromium")
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_api.sync_playwright() as playwright:

        def start(*more: str) -> Any:
            browser = playwright.chromium.launch(
                executable_path=program, headless=True, args=[*FLAGS, *root, *more], timeout=1000 * PATIENCE
            )
            browser.new_context, browser.new_page = patient(browser.new_context), patient(browser.new_page)
            return browser

        yield start


@pytest.fixture(scope="session")
def living(start_browser: Callable[[], Any]) -> Iterator[Callable[[], Any]]:
    """How to get the one browser for all tests, and another after a test in which it crashed: that test alone fails."""
    browsers: list[Any] = []

    def get() -> Any:
        if not (browsers and browsers[-1].is_connected()):
            browsers.append(start_browser())
        return browsers[-1]

    yield get
    for browser in browsers:
        browser.close()


@pytest.fixture
def browser(living: Callable[[], Any]) -> Any:
    """The browser."""
    return living()


def patient(make: Callable[..., Any]) -> Callable[..., Any]:
    """Have the contexts or pages that a browser makes wait as long as a busy machine may take, not half a minute."""

    def made(**options: Any) -> Any:
        opened = make(**options)
        opened.set_default_timeout(1000 * PATIENCE)
        return opened

    return made


@pytest.fixture(autouse=True, scope="module")
def seeded() -> None:
    """The same weights in every run: what the page must show does not depend on chance."""
    set_random_seed(0)


@contextmanager
def watched(browser: Any, **options: Any) -> Iterator[Any]:
    """Open an empty page; it is an error if the browser's console says anything bad meanwhile."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, accept_downloads=True, **options)
    opened = context.new_page()
    problems: list[str] = []
    opened.on("console", lambda message: message.type in ("error", "warning") and problems.append(message.text))
    opened.on("pageerror", lambda error: problems.append(str(error)))
    yield opened
    context.close()
    assert problems == []


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    """The page, ready."""
    with watched(browser) as opened:
        opened.goto(address)
        opened.wait_for_selector("html[data-ready=true]")
        yield opened
