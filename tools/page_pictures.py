"""Pictures of a page, as WebP files for the README. Needs Playwright and Chromium."""

from __future__ import annotations

import io
import os
import shutil
import threading
from collections.abc import Mapping
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
    """Return the settings of a telephone."""
    return {
        "viewport": {"width": 360, "height": 800},
        "color_scheme": scheme,
        "device_scale_factor": 2,
        "has_touch": True,
        "is_mobile": True,
    }


def take(site: Site, scenes: Mapping[str, Scene], wait: int = 600) -> None:
    """Write ``docs/images/NAME.webp`` for each scene, `wait` milliseconds after the page is ready."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    flags = ["--disable-gpu", *(["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else [])]
    with Server(site, port=0) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        for name, (state, options) in scenes.items():
            page = browser.new_context(**options).new_page()
            page.goto(f"{server.address}#{state}")
            page.wait_for_selector("html[data-ready=true]")
            page.wait_for_timeout(wait)  # what is looked at later is drawn later
            file = FOLDER / f"{name}.webp"
            Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(file, quality=88, method=6)
            print(f"{file}: {file.stat().st_size / 1000:.0f} kB")
        browser.close()
        server.stop()
