"""Take pictures of pages at all widths, light and dark, to look at: ``python tools/look_at_pages.py FOLDER KIND...``.

Each KIND is ``NAME=RUN`` (a run's folder; a model's file, with an .npz of the same name that holds x, y, x_train and
y_train; or two with a comma between, which are compared), ``gallery=RUNS`` (a folder of runs) or ``file=PAGE.html`` (a
page on the disk). FOLDER gets a picture for each page, width and scheme, and a contact sheet for each page. What can be
measured is printed: text below 12 pixels, text that is cut off, text over text, controls off the screen, and messages
in the console. Needs Playwright and Chromium.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from page_pictures import chromium
from PIL import Image
from playwright.sync_api import sync_playwright

from convoscope.cli.explore import load
from convoscope.web.explored import Explored
from convoscope.web.server import Server

WIDTHS = {360: 800, 768: 1024, 1366: 768, 1920: 1080}
SCHEMES = ("light", "dark")
SCENES = {
    "overview": "image=0",
    "layers": "view=network&image=0",
    "pixel": "view=network&image=0&layer={layer}&unit={unit}",
    "why": "view=why&image=0",
    "mistakes": "view=mistakes",
    "beside": "view=beside&image=0",
}
MEASURED = (Path(__file__).parent / "page_faults.js").read_text(encoding="utf-8")
_SHEET = 1000  # pixels: the height of a contact sheet's pictures


def main() -> int:
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = chromium(playwright)
        for told in sys.argv[2:]:
            name, _, place = told.partition("=")
            with opened(name, place) as (address, scenes):
                for scene, state in scenes.items():
                    take(browser, f"{address}#{state}" if state else address, f"{name}-{scene}", folder)
        browser.close()
    return 0


@contextmanager
def opened(name: str, place: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Serve what a KIND names; give its address, and the states in which it is looked at."""
    if name == "file":
        yield Path(place).resolve().as_uri(), {Path(place).stem: ""}
        return
    if name == "gallery":
        from convoscope.exhibition.page import site as gallery

        site, scenes = gallery(Path(place)), {"gallery": ""}
    else:
        from convoscope.web.explorer import site as explorer

        first, _, other = place.partition(",")
        explored = load(Path(first), None, None, Path(other) if other else None)
        kept = Path(first).with_suffix(".npz")
        if kept.exists():
            x, y, x_train, y_train = (np.load(kept)[each] for each in ("x", "y", "x_train", "y_train"))
            explored = Explored(explored.model, x, y, x_train, y_train, title=name)
        site, scenes = explorer(explored), _scenes(explored, bool(other))
    with Server(site, port=0) as server:
        threading.Thread(target=server.serve, daemon=True).start()
        yield server.address, scenes
        server.stop()


def _scenes(explored: Explored, compared: bool) -> dict[str, str]:
    """Return the states in which an explorer is looked at; the pixel is in the middle of the first convolution."""
    if compared:
        return {"beside": SCENES["beside"]}
    layers = explored.model.layers
    first = next((i for i, layer in enumerate(layers) if type(layer).__name__ == "Conv2D"), 0)
    height, width, channels = explored.model.graph.shape_of(first + 1)
    middle = (height // 2 * width + width // 2) * channels
    return {
        name: state.format(layer=first + 1, unit=middle)
        for name, state in SCENES.items()
        if name != "beside" and (explored.labels is not None or name != "mistakes")
    }


def take(browser: Any, address: str, name: str, folder: Path) -> None:
    """Take a page's pictures, and print what is wrong with each."""
    for scheme in SCHEMES:
        context = browser.new_context(color_scheme=scheme, viewport={"width": 1366, "height": 768})
        page = context.new_page()
        page.set_default_timeout(120_000)  # milliseconds: the machine may be busy
        page.on("console", lambda message: message.type in ("error", "warning") and print(f"{name}: {message.text}"))
        page.on("pageerror", lambda error: print(f"{name}: {error}"))
        for width, height in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            page.goto("about:blank")
            page.goto(address)
            if not address.startswith("file:"):
                page.wait_for_selector("html[data-ready=true]")
            page.wait_for_timeout(1500)  # what is looked at later is drawn later
            while page.evaluate("document.querySelector('[aria-busy=true]') !== null"):
                page.wait_for_timeout(100)
            page.screenshot(path=folder / f"{name}-{width}-{scheme}.png")
            if scheme == "light":
                page.screenshot(path=folder / f"{name}-{width}-whole.png", full_page=True)
            for fault in page.evaluate(MEASURED):
                print(f"{name}, {width}, {scheme}: {fault}", flush=True)
        context.close()
    _sheet(name, folder)


def _sheet(name: str, folder: Path) -> None:
    """Put a page's pictures into one: a row for each scheme."""
    rows = []
    for scheme in SCHEMES:
        taken = [Image.open(folder / f"{name}-{width}-{scheme}.png").convert("RGB") for width in WIDTHS]
        rows.append([each.resize((round(each.width * _SHEET / each.height), _SHEET)) for each in taken])
    sheet = Image.new("RGB", (sum(each.width + 10 for each in rows[0]), len(rows) * (_SHEET + 10)), "#808080")
    for row, pictures in enumerate(rows):
        left = 0
        for each in pictures:
            sheet.paste(each, (left, row * (_SHEET + 10)))
            left += each.width + 10
    sheet.save(folder / f"{name}-sheet.png")


if __name__ == "__main__":
    sys.exit(main())
