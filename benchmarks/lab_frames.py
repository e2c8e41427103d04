"""How many results a second the filter lab's page shows while a number of the kernel changes.

    pip install playwright            (and Chromium: apt install chromium)
    python -m benchmarks.lab_frames

The sample photograph, 512×512×3, under a 3×3 kernel whose middle is changed in every frame, as the arrow keys do it. A
result counts once its pixels are put on the page; the browser gives at most one frame each 16.7 ms. Chromium runs
without a screen and paints with the processor. Nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import threading
from itertools import pairwise
from typing import Any

from convoscope.web.lab import Start, site
from convoscope.web.server import Server

# What a round does in the page: it returns the times, in milliseconds, of frames and of results.
ROUND = """
async (seconds) => {
  const cell = document.querySelector("#kernel input[data-row='1'][data-column='1']");
  const context = document.querySelector("#output-view .pixels").getContext("2d");
  const [frames, results] = [[], []];
  context.putImageData = function (...given) {
    CanvasRenderingContext2D.prototype.putImageData.apply(this, given);
    results.push(performance.now());
  };
  const end = performance.now() + 1000 * seconds;
  await new Promise((done) => {
    const frame = (now) => {
      frames.push(now);
      const key = frames.length % 2 ? "ArrowUp" : "ArrowDown";
      cell.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
      if (now < end) requestAnimationFrame(frame);
      else done();
    };
    requestAnimationFrame(frame);
  });
  delete context.putImageData;
  return { frames, results };
}
"""
CASES = {
    "three results and their sum": "step=convolve;kernel=-1,0,1/-2,0,2/-1,0,1;channels=sum",
    "channels kept apart": "step=convolve;kernel=0,-1,0/-1,5,-1/0,-1,0",
    "and a pooling after it": "step=convolve;kernel=-1,0,1/-2,0,2/-1,0,1;channels=sum&step=pool",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of a round")
    arguments = parser.parse_args()
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        print("This needs Chromium: apt install chromium.", file=sys.stderr)
        return 1
    flags = ["--disable-gpu", *(["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else [])]
    with Server(site(Start()), port=0) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        print(f"Chromium {browser.version}, load {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors")
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        for name, steps in CASES.items():
            measured = [_round(page, f"{server.address}#image=photograph&{steps}", arguments.seconds)
                        for _ in range(arguments.rounds)]  # fmt: skip
            print(f"{name}: {_line(measured)}")
        browser.close()
        server.stop()
    return 0


def _round(page: Any, address: str, seconds: float) -> dict[str, list[float]]:
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_selector("html[data-ready=true]")
    page.evaluate(f"({ROUND})(0.5)")  # until the browser has compiled what is run often
    times: dict[str, list[float]] = page.evaluate(f"({ROUND})({seconds})")
    return times


def _line(rounds: list[dict[str, list[float]]]) -> str:
    rates = [1000 * (len(times["results"]) - 1) / (times["results"][-1] - times["results"][0]) for times in rounds]
    gaps = sorted(after - before for times in rounds for before, after in pairwise(times["results"]))
    return (
        f"median {statistics.median(rates):.1f} results a second ({min(rates):.1f} to {max(rates):.1f}), "
        f"{statistics.median(gaps):.1f} ms from one to the next, {gaps[int(0.95 * len(gaps))]:.1f} ms in 95 of 100"
    )


if __name__ == "__main__":
    sys.exit(main())
