"""Pictures of a page, as WebP files for the README and the guides. Needs Playwright and Chromium."""

from __future__ import annotations

import io
import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from convoscope.web.server import Server
from convoscope.web.site import Site

FOLDER = Path(__file__).parent.parent / "docs" / "images"
Scene = tuple[str, dict[str, Any]]  # the part of the address after #, and the browser's settings


def wide(scheme: str = "light", height: int = 900) -> dict[str, Any]:
    """Return the settings of a large screen."""
    return {"viewport": {"width": 1440, "height": height}, "color_scheme": scheme}


def phone(scheme: str = "light") -> dict[str, Any]:
    """Return the settings of a phone."""
    return {
        "viewport": {"width": 360, "height": 800},
        "color_scheme": scheme,
        "device_scale_factor": 2,
        "has_touch": True,
        "is_mobile": True,
    }


def chromium(playwright: Any) -> Any:
    """Start the system's Chromium."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    flags = ["--disable-gpu", *(["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else [])]
    return playwright.chromium.launch(executable_path=program, args=flags)


@contextmanager
def served(site: Site) -> Iterator[tuple[Any, str]]:
    """Serve a site, and yield a browser and the site's address."""
    with Server(site, port=0) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve, daemon=True).start()
        browser = chromium(playwright)
        yield browser, server.address
        browser.close()
        server.stop()


def opened(browser: Any, address: str, options: Mapping[str, Any], wait: int) -> Any:
    """Return a page that has been ready for `wait` milliseconds: what is below the fold is drawn later."""
    page = browser.new_context(**options).new_page()
    page.goto(address)
    page.wait_for_selector("html[data-ready=true]")
    page.wait_for_timeout(wait)
    return page


def take(
    site: Site, scenes: Mapping[str, Scene], wait: int = 600, pointers: Mapping[str, tuple[int, int]] | None = None
) -> None:
    """Write ``docs/images/NAME.webp`` for each scene, `wait` milliseconds after the page is ready.

    `pointers` gives the position of the mouse, in pixels, for the scenes that show it.
    """
    with served(site) as (browser, address):
        for name, (state, options) in scenes.items():
            page = opened(browser, f"{address}#{state}", options, wait)
            if pointers is not None and name in pointers:
                page.mouse.move(*pointers[name])
                page.wait_for_timeout(600)
            file = FOLDER / f"{name}.webp"
            Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(file, quality=88, method=6)
            print(f"{file}: {file.stat().st_size / 1000:.0f} kB")
