"""How soon the explorer's page of a network for photos shows something, and how soon it follows a click.

    pip install playwright            (and Chromium: apt install chromium)
    python -m benchmarks.explorer_photos
    python -m benchmarks.explorer_photos --file model.safetensors
    python -m benchmarks.explorer_photos --run runs/flowers-efficientnet-lite0-1

EfficientNet-Lite0 for 224×224×3 with drawn weights, or a model's file, with 60 test and 180 training images that are
noise: the speed does not depend on the numbers. Or a run on your own photos, with these. `open` is from Python's call
until the page shows a prediction, the browser running already; a click's time is from the click until nothing is
awaited any more. Nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

import convoscope as cs
from convoscope.cli.explore import load as load_explored
from convoscope.models.network import Network
from convoscope.web.explored import Explored
from convoscope.web.explorer import site
from convoscope.web.server import Server

SIDE, CLASSES = 224, 5
# Clicks, and returns the milliseconds until nothing is awaited.
CLICK = """
async (act) => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const begin = performance.now();
  new Function(act)();
  let calm = 0;
  let end = begin;
  while (calm < 4) {
    await frame();
    if (document.querySelector("[aria-busy=true]")) calm = 0;
    else if (calm++ === 0) end = performance.now();
  }
  return end - begin;
}
"""
SENT = "performance.getEntriesByType('resource').reduce((all, entry) => all + entry.transferSize, 0)"
PRESS = "document.querySelector({!r}).click()"
CHOOSE = "const s = document.querySelector({!r}); s.selectedIndex = {}; s.dispatchEvent(new Event('change'))"
CLICKS = {
    "another image": "[...document.querySelectorAll('.thumbnails [aria-pressed=false]')].at(-1).click()",
    "open the last block": PRESS.format(".block .fold"),
    "open the first block": "[...document.querySelectorAll('.block > .head .fold')].at(-1).click()",
    "switch a filter off": PRESS.format("#silence"),
    "switch it on": PRESS.format("#silence"),
    "Grad-CAM and features": PRESS.format("#view-why"),
    "Grad-CAM at an early layer": CHOOSE.format("#cam-layer", 40),
    "another class": CHOOSE.format("#why-class", 3),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", help="a model's file instead of drawn weights")
    parser.add_argument("--run", type=Path, help="a run's folder: its model and its photos")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium-headless-shell") or shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        print("This needs Chromium: apt install chromium.", file=sys.stderr)
        return 1
    model = cs.load_model(arguments.file) if arguments.file else lite0()
    flags = ["--disable-gpu", *(["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else [])]
    opened: list[float] = []
    clicks: dict[str, list[float]] = {name: [] for name in CLICKS}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        print(f"Chromium {browser.version}, load {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors")
        for _ in range(arguments.rounds):
            begin = time.perf_counter()
            explored = of_noise(model) if arguments.run is None else load_explored(arguments.run, None, None)
            with Server(site(explored), port=0) as server:
                threading.Thread(target=server.serve, daemon=True).start()
                page = browser.new_page(viewport={"width": 1440, "height": 1000})
                _open(page, f"{server.address}#image=0&layer=2&unit=5")
                opened.append(time.perf_counter() - begin)
                sent = page.evaluate(
                    "performance.getEntriesByType('resource').reduce((all, e) => all + e.transferSize, 0)"
                )
                if explored.training_images is not None:
                    explored.training_images.features.more(np.inf)
                page.wait_for_timeout(500)
                for name, act in CLICKS.items():
                    clicks[name].append(page.evaluate(f"({CLICK})({act!r})"))
                    page.wait_for_timeout(200)
                page.close()
                server.stop()
        browser.close()
    print(
        f"open: median {statistics.median(opened):.2f} s ({min(opened):.2f} to {max(opened):.2f}), "
        f"{sent / 1e6:.1f} MB sent"
    )
    for name, times in clicks.items():
        print(f"{name}: median {statistics.median(times):.0f} ms ({min(times):.0f} to {max(times):.0f})")
    print(f"Python: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000:.0f} MB at most")
    return 0


def _open(page: Any, address: str) -> None:
    page.goto(address)
    page.wait_for_selector("html[data-ready=true]")


def of_noise(model: Network) -> Explored:
    """A model with images that are noise."""
    rng = np.random.default_rng(0)
    x, train = (rng.integers(0, 256, (count, SIDE, SIDE, 3), np.uint8) for count in (60, 180))
    return Explored(model, x, np.arange(60) % CLASSES, train, np.arange(180) % CLASSES, title="photos")


def lite0() -> cs.Model:
    """EfficientNet-Lite0 with a head of five classes, without pretrained weights."""
    base = cs.applications.EfficientNetLite0(
        include_top=False, weights=None, input_shape=(SIDE, SIDE, 3), pooling="avg"
    )
    return cs.Model(base.inputs, cs.layers.Dense(CLASSES, activation="softmax")(base.outputs[0]))


if __name__ == "__main__":
    sys.exit(main())
