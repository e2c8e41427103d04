"""Record the README's moving picture, ``docs/images/explorer.webp``: ``python tools/make_moving_picture.py RUN``.

RUN is a run of the lessons' network, for example the ``cnn-2`` that ``tools/make_explorer_images.py`` trains. The
picture shows the explorer's overview with a map pointed at, then the window that slides over the map below while the
output fills. Needs Playwright (``pip install playwright``) and Chromium (``apt install chromium``).
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from page_pictures import FOLDER, opened, served
from PIL import Image, ImageDraw

from convoscope.cli.explore import load
from convoscope.web.explorer import site

FILE = FOLDER / "explorer.webp"
SIZE, SHOWN = (1280, 720), (960, 540)  # the page, and the picture: width, height
LARGEST = 1_500_000  # bytes: everybody who opens the README loads it
IMAGE = 0  # an ankle boot
# Where the pointer begins, and the maps that it comes to: of the second pooling, and of the first convolution.
START, MAPS, STEPS = (160.0, 600.0), ((796.0, 335.0), (431.0, 537.0)), 8
# The arrow that people know, since screenshots have no pointer. Its tip is at (0, 0).
ARROW = ((0, 0), (0, 22), (5, 17), (9, 26), (13, 24), (9, 16), (16, 16))
Frame = tuple[Image.Image, int]  # what is seen, and for how many milliseconds


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    options = {"viewport": {"width": SIZE[0], "height": SIZE[1]}, "color_scheme": "light"}
    with served(site(load(Path(sys.argv[1]), None, None, None))) as (browser, address):
        page = opened(browser, f"{address}#image={IMAGE}", options, 8000)  # until the test accuracy is there
        frames = [*overview(page), *window(page)]
    first, *others = (image for image, _ in frames)
    durations = [milliseconds for _, milliseconds in frames]
    first.save(
        FILE, save_all=True, append_images=others, duration=durations, loop=0, quality=72, method=6, minimize_size=True
    )
    size = FILE.stat().st_size
    print(f"{FILE}: {len(frames)} frames, {sum(durations) / 1000:.1f} s, {size / 1000:.0f} kB")
    return 0 if size <= LARGEST else 1


def overview(page: Any) -> Iterator[Frame]:
    """Move the pointer from the image to one map after another, and click the last."""
    place = START
    yield shot(page, place), 900
    for goal in MAPS:
        for step in range(1, STEPS + 1):
            x, y = (a + (b - a) * step / STEPS for a, b in zip(place, goal, strict=True))
            page.mouse.move(x, y)
            if step == STEPS:
                page.wait_for_timeout(700)  # until what belongs to the map is lit
            yield shot(page, (x, y)), 2000 if step == STEPS else 80
        place = goal
    page.mouse.click(*place)
    page.mouse.move(5, 5)
    page.wait_for_timeout(2500)


def window(page: Any) -> Iterator[Frame]:
    """Let the window of the map slide, from its first value to its last: slowly first, then many values at a time."""
    slider = page.locator("#inspector .player input")
    last = int(slider.get_attribute("max"))
    slow = range(330, 342)  # the front of the boot
    for number in [*slow, *range(slow.stop, last, 26), last]:
        slider.fill(str(number))
        page.wait_for_timeout(250)
        yield shot(page, None), 250 if number in slow else 100
    yield shot(page, None), 1500


def shot(page: Any, pointer: tuple[float, float] | None) -> Image.Image:
    """Return the page as it is, with a pointer if there is one."""
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    if pointer is not None:
        arrow = [(pointer[0] + x, pointer[1] + y) for x, y in ARROW]
        ImageDraw.Draw(image).polygon(arrow, fill="black", outline="white", width=2)
    return image.resize(SHOWN, Image.Resampling.LANCZOS)


if __name__ == "__main__":
    sys.exit(main())
