"""How soon the explorer's page follows a drawing, and how many frames a second it shows while the pointer is over maps.

    pip install playwright            (and Chromium: apt install chromium)
    python -m benchmarks.explorer_frames

The lesson's network, 28×28×1 with two convolutions of 64 filters, as it is before training: its speed does not depend
on its numbers. Drawing: points are drawn 100 ms apart, and a time is from the pointer's event to the end of the frame
that has everything redrawn, the answer included. Hovering: the pointer is on another pixel of the chosen map in every
frame, whose arithmetic is written out anew; in the overview it crosses all maps on a curve. The browser gives at most
one frame each 16.7 ms. First paint: from the request for the page until the browser paints the first text of it, and
until all of the overview is computed and drawn. Chromium runs without a screen and paints with the processor. Nothing
else should run meanwhile.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import threading
import time
from itertools import pairwise
from typing import Any

import numpy as np

import convoscope as cs
from convoscope.web.explored import Explored
from convoscope.web.explorer import site
from convoscope.web.server import Server

SIZE = 28  # of the images
DRAWN = 40  # points in a round
PAUSE = 100  # ms between two of them

# Draws points, the pen being down already; returns for each the milliseconds until all was redrawn and on the screen.
DRAWING = """
async ([points, pause]) => {
  const pad = document.querySelector("#pad");
  const context = document.querySelector("#received").getContext("2d"); // what is drawn last
  const times = [];
  for (const [x, y] of points) {
    await new Promise((done) => setTimeout(done, pause));
    const box = pad.getBoundingClientRect();
    const redrawn = new Promise((done) => {
      context.putImageData = function (...given) {
        delete context.putImageData;
        context.putImageData(...given);
        requestAnimationFrame(() => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => done(performance.now());
          port2.postMessage(0); // comes once the frame is done
        });
      };
    });
    const begin = performance.now();
    const place = { clientX: box.left + x * box.width, clientY: box.top + y * box.height };
    pad.dispatchEvent(new PointerEvent("pointermove", { ...place, buttons: 1, bubbles: true }));
    times.push((await redrawn) - begin);
  }
  return times;
}
"""
# Moves over the chosen map, to another pixel in every frame; returns the times at which the page was drawn anew.
HOVERING = """
async ([seconds, size]) => {
  const stage = document.querySelector("#inspector .stage[role=application]");
  const context = document.querySelector("#inspector .pixels").getContext("2d");
  const results = [];
  context.putImageData = function (...given) {
    CanvasRenderingContext2D.prototype.putImageData.apply(this, given);
    results.push(performance.now());
  };
  const end = performance.now() + 1000 * seconds;
  await new Promise((done) => {
    let step = 0;
    const frame = (now) => {
      const box = stage.getBoundingClientRect();
      const [row, column] = [Math.floor(step / size) % size, step % size];
      const clientX = box.left + ((column + 0.5) * box.width) / size;
      const clientY = box.top + ((row + 0.5) * box.height) / size;
      stage.dispatchEvent(new PointerEvent("pointermove", { clientX, clientY, bubbles: true }));
      step++;
      if (now < end) requestAnimationFrame(frame);
      else done();
    };
    requestAnimationFrame(frame);
  });
  delete context.putImageData;
  return results;
}
"""
# Crosses the overview on a curve that comes to all columns; returns the times of all frames.
CROSSING = """
async (seconds) => {
  const stage = document.querySelector(".overview-stage");
  const results = [];
  const begin = performance.now();
  await new Promise((done) => {
    const frame = (now) => {
      results.push(now);
      const box = stage.getBoundingClientRect();
      const turn = (now - begin) / 1000;
      const clientX = box.left + box.width * (0.5 + 0.49 * Math.sin(1.1 * turn));
      const clientY = box.top + box.height * (0.5 + 0.49 * Math.sin(2.7 * turn));
      stage.dispatchEvent(new PointerEvent("pointermove", { clientX, clientY, bubbles: true }));
      if (now - begin < 1000 * seconds) requestAnimationFrame(frame);
      else done();
    };
    requestAnimationFrame(frame);
  });
  return results;
}
"""
# The milliseconds from the request for the page to its first paint.
PAINTED = """
async () => {
  const entries = () => performance.getEntriesByName("first-contentful-paint");
  while (!entries().length) await new Promise((done) => setTimeout(done, 5));
  return entries()[0].startTime;
}
"""
MAPS = {"the first convolution": (1, 26), "the second convolution": (3, 11)}  # layer in the address, its maps' size


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of a round of hovering")
    arguments = parser.parse_args()
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        print("This needs Chromium: apt install chromium.", file=sys.stderr)
        return 1
    flags = ["--disable-gpu", *(["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else [])]
    with Server(site(lesson()), port=0) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        print(f"Chromium {browser.version}, load {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors")
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        print(f"the page: {_first(page, server.address, arguments.rounds)}")
        rounds = [_cross(page, server.address, arguments.seconds) for _ in range(arguments.rounds)]
        print(f"hovering over the overview: {_rates(rounds)}")
        drawn = [_draw(page, server.address) for _ in range(arguments.rounds)]
        print(f"a drawn point: {_delays(drawn)}")
        for name, (layer, size) in MAPS.items():
            rounds = [_hover(page, f"{server.address}#image=0&layer={layer}&unit=0", arguments.seconds, size)
                      for _ in range(arguments.rounds)]  # fmt: skip
            print(f"hovering over a map of {name}: {_rates(rounds)}")
        browser.close()
        server.stop()
    return 0


def lesson() -> Explored:
    """Return the lesson's network, and some images of its size."""
    layers = cs.layers
    model = cs.Sequential(
        [
            layers.Conv2D(64, 3, activation="relu", input_shape=(SIZE, SIZE, 1)),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ],
        seed=0,
    )
    images = np.random.default_rng(0).integers(0, 256, (20, SIZE, SIZE, 1)) / 255
    return Explored(model, images, np.arange(20) % 10, title="lesson")


def _open(page: Any, address: str) -> None:
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_selector("html[data-ready=true]")


def _first(page: Any, address: str, rounds: int) -> str:
    painted, ready = [], []
    for _ in range(rounds):
        page.goto("about:blank")
        begin = time.perf_counter()
        page.goto(f"{address}#image=0")
        page.wait_for_selector("html[data-ready=true]")
        ready.append(1000 * (time.perf_counter() - begin))
        painted.append(page.evaluate(PAINTED))
    return f"first paint after {statistics.median(painted):.0f} ms, all drawn after {statistics.median(ready):.0f} ms"


def _cross(page: Any, address: str, seconds: float) -> list[float]:
    _open(page, f"{address}#image=0")
    page.evaluate(f"({CROSSING})(0.5)")
    times: list[float] = page.evaluate(f"({CROSSING})({seconds})")
    return times


def _draw(page: Any, address: str) -> list[float]:
    _open(page, f"{address}#source=draw&layer=3&unit=0")
    box = page.locator("#pad").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 5)
    page.mouse.down()
    turns = np.linspace(0, 4 * np.pi, DRAWN)
    points = np.stack([0.5 + 0.25 * np.sin(turns), 0.5 - 0.3 * np.cos(turns / 2)], axis=1).tolist()
    page.evaluate(f"({DRAWING})({[points[:5], PAUSE]})")  # until the browser has compiled what is run often
    times: list[float] = page.evaluate(f"({DRAWING})({[points, PAUSE]})")
    page.mouse.up()
    return times


def _hover(page: Any, address: str, seconds: float, size: int) -> list[float]:
    _open(page, address)
    page.evaluate(f"({HOVERING})({[0.5, size]})")
    times: list[float] = page.evaluate(f"({HOVERING})({[seconds, size]})")
    return times


def _delays(rounds: list[list[float]]) -> str:
    times = sorted(time for each in rounds for time in each)
    return (
        f"redrawn after {statistics.median(times):.1f} ms in the median, {times[int(0.95 * len(times))]:.1f} ms in 95 "
        f"of 100, {times[-1]:.1f} ms at worst, of {len(times)} points"
    )


def _rates(rounds: list[list[float]]) -> str:
    rates = [1000 * (len(times) - 1) / (times[-1] - times[0]) for times in rounds]
    gaps = sorted(after - before for times in rounds for before, after in pairwise(times))
    return (
        f"median {statistics.median(rates):.1f} frames a second ({min(rates):.1f} to {max(rates):.1f}), "
        f"{statistics.median(gaps):.1f} ms from one to the next, {gaps[int(0.95 * len(gaps))]:.1f} ms in 95 of 100"
    )


if __name__ == "__main__":
    sys.exit(main())
