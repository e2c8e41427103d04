"""What a live page costs a training: seconds an epoch without it, with it but closed, and open in Chromium.

    pip install playwright            (and Chromium: apt install chromium)
    python -m benchmarks.live_page

The lesson's network, on random images of MNIST's size. The three ways take turns, each in a training of its own; what
counts is its second epoch, and the median of all rounds. Chromium runs without a screen, on the same processors as the
training. Nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

import convoscope as cs
from benchmarks import networks
from benchmarks.programs.keras_words import build, compile_model

WITHOUT, CLOSED, OPEN = "without a live page", "with one that nobody opens", "with one that is open"


class Clock(cs.callbacks.Callback):
    """Takes the time of each epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self._begin = 0.0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._begin = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seconds.append(time.perf_counter() - self._begin)


def fit(images: int, callbacks: Sequence[Any]) -> float:
    """Train two epochs, and return the seconds of the second."""
    draw = np.random.default_rng(1)
    x, y = draw.integers(0, 256, (images, 28, 28, 1)).astype(np.uint8), draw.integers(0, 10, images)
    model = build(cs, networks.LESSON, from_bytes=True)
    compile_model(model)
    clock = Clock()
    model.fit(x, y, epochs=2, verbose=0, callbacks=[*callbacks, clock])
    return clock.seconds[-1]


def live(*, paused: bool) -> Any:
    """Return a live page with some images."""
    draw = np.random.default_rng(2)
    x, y = draw.integers(0, 256, (500, 28, 28, 1)).astype(np.uint8), draw.integers(0, 10, 500)
    return cs.callbacks.LivePage(x, y, paused=paused, patience=None, port=0, browser=False)


def watched(browser: Any, images: int) -> float:
    """Train beside a page that is open from the first batch on."""
    found: list[float] = []
    with live(paused=True) as shown:
        thread = threading.Thread(target=lambda: found.append(fit(images, [shown])), daemon=True)
        thread.start()
        while shown.address is None:
            time.sleep(0.01)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"{shown.address}#image=0")
        page.wait_for_selector("html[data-ready=true]")
        page.locator("#live-pause").click()  # it waits for this
        while thread.is_alive():
            page.wait_for_timeout(50)
        page.close()
    return found[0]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=60_000)
    arguments = parser.parse_args()
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        print("This needs Chromium: apt install chromium.", file=sys.stderr)
        return 1
    flags = ["--disable-gpu", *(["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else [])]
    seconds: dict[str, list[float]] = {WITHOUT: [], CLOSED: [], OPEN: []}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        print(f"Chromium {browser.version}, load {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors")
        for _ in range(arguments.rounds):
            seconds[WITHOUT].append(fit(arguments.images, []))
            with live(paused=False) as unseen:
                seconds[CLOSED].append(fit(arguments.images, [unseen]))
            seconds[OPEN].append(watched(browser, arguments.images))
        browser.close()
    first = statistics.median(seconds[WITHOUT])
    for way, found in seconds.items():
        middle = statistics.median(found)
        print(f"an epoch {way}: {middle:.2f} s ({min(found):.2f} to {max(found):.2f}), {middle / first:.3f} of without")
    return 0


if __name__ == "__main__":
    sys.exit(main())
