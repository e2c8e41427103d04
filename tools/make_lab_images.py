"""Take the README's pictures of the filter lab's page: ``python tools/make_lab_images.py``.

Needs Playwright (``pip install playwright``) and Chromium (``apt install chromium``), and writes
``docs/images/lab-*.webp``.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
import threading
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from convoscope.web.lab import Start, site
from convoscope.web.server import Server

FOLDER = Path(__file__).parent.parent / "docs" / "images"
SOBEL = "step=convolve;kernel=-1,0,1/-2,0,2/-1,0,1"
SCENES: dict[str, tuple[str, dict[str, Any]]] = {
    "lab-light": (
        f"image=photograph&{SOBEL};channels=sum&at=255,255",
        {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    ),
    "lab-dark": (
        f"image=drawing&{SOBEL};activation=relu&step=pool&show=1&at=5,3",
        {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"},
    ),
    "lab-phone": (
        f"image=four&{SOBEL}&at=4,4",
        {"viewport": {"width": 360, "height": 800}, "color_scheme": "light", "device_scale_factor": 2,
         "has_touch": True, "is_mobile": True},
    ),
}  # fmt: skip


def main() -> int:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    flags = ["--disable-gpu", *(["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else [])]
    with Server(site(Start()), port=0) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        for name, (state, options) in SCENES.items():
            page = browser.new_context(**options).new_page()
            page.goto(f"{server.address}#{state}")
            page.wait_for_selector("html[data-ready=true]")
            page.wait_for_timeout(600)  # what is looked at later is drawn later
            file = FOLDER / f"{name}.webp"
            Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(file, quality=88, method=6)
            print(f"{file}: {file.stat().st_size / 1000:.0f} kB")
        browser.close()
        server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
