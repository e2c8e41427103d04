"""How the explorer looks at all widths: nothing cut, nothing over something else, nothing off the screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.web.explored import Explored

from .conftest import watched
from .explored import serving
from .support import rested, settled, visit
from .test_graphs import resnet20

# What tools/look_at_pages.py prints of a page, too.
FAULTS = (Path(__file__).parents[2] / "tools" / "page_faults.js").read_text(encoding="utf-8")
WIDTHS = (360, 768, 1366, 1920)
# Whether all of some elements lie beside each other, rather than below.
BESIDE = """(selector) => {
    const boxes = [...document.querySelectorAll(selector)].map((element) => element.getBoundingClientRect());
    return boxes.length > 1 && boxes.every(({ top, bottom }) => top < boxes[0].bottom && bottom > boxes[0].top);
}"""

# From now on keeps which parts of Mistakes were busy for a while.
WATCH_DIMMED = """() => {
    window.dimmed = new Set();
    const look = (changes) => {
        const busy = changes.map(({ target }) => target).filter(({ ariaBusy }) => ariaBusy === "true");
        for (const { id, className } of busy) window.dimmed.add(id || className);
    };
    const watched = { attributes: true, subtree: true };
    for (const id of ["evidence", "saliency"]) new MutationObserver(look).observe(document.getElementById(id), watched);
}"""


@pytest.fixture(scope="module")
def flowers() -> Iterator[str]:
    """A network for colour images whose classes have long names, and more than a thousand images of one of them."""
    layers = cs.layers
    model = cs.Sequential(
        [
            layers.Conv2D(6, 3, activation="relu", input_shape=(12, 12, 3)),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(8, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ],
        seed=5,
    )
    model.class_names = ["sunflowers", "dandelions", "forget-me-not", *(f"class {number}" for number in range(3, 10))]
    image = np.random.default_rng(3).random((1, 12, 12, 3)).astype(np.float32)
    images = np.concatenate([np.repeat(image, 1200, axis=0), np.random.default_rng(4).random((40, 12, 12, 3))])
    found = int(model.predict(image, verbose=0).argmax())
    labels = np.concatenate([np.full(1200, found), np.arange(40) % 10])
    explored = Explored(
        model, images.astype(np.float32), labels, images[-40:].astype(np.float32), labels[-40:], "flowers"
    )
    with serving(explored) as address:
        yield address


@pytest.mark.long
def test_nothing_is_cut_or_covered_at_any_width(browser: Any, flowers: str) -> None:
    states = ("image=0", "view=network&image=0&layer=1&unit=0", "view=why&image=1210", "view=mistakes")
    with watched(browser) as page:
        for state in states:
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 800})
                visit(page, f"{flowers}#{state}")
                rested(page)
                assert page.evaluate(FAULTS) == [], (state, width)


def test_the_header_has_room_for_all_views(browser: Any) -> None:
    layers = cs.layers
    one, other = (cs.Sequential([layers.Flatten(input_shape=(6, 6, 1)), layers.Dense(3)], seed=seed) for seed in (1, 2))
    images = np.random.default_rng(6).random((4, 6, 6, 1)).astype(np.float32)
    explored = Explored(one, images, np.arange(4) % 3, beside=Explored(other, images))
    with serving(explored) as address, watched(browser) as page:
        for width in (360, 768, 830, 900, 1000, 1050):
            page.set_viewport_size({"width": width, "height": 800})
            visit(page, f"{address}#view=beside&image=0")
            rested(page)
            assert page.evaluate(FAULTS) == []


def test_long_names_of_layers_in_branches_fit_on_a_telephone(browser: Any) -> None:
    images = np.random.default_rng(2).random((4, 32, 32, 3)).astype(np.float32)
    with serving(Explored(resnet20(), images, np.arange(4))) as address, watched(browser) as page:
        page.set_viewport_size({"width": 360, "height": 800})
        visit(page, f"{address}#view=network&image=0")
        rested(page)
        assert page.evaluate(FAULTS) == []


@pytest.fixture(scope="module")
def strokes() -> Iterator[str]:
    """A network for black and white images, whose kernels have numbers of two decimals."""
    layers, rng = cs.layers, np.random.default_rng(8)
    model = cs.Sequential(
        [layers.Conv2D(4, 3, activation="relu", input_shape=(12, 12, 1)), layers.Flatten(), layers.Dense(3)], seed=5
    )
    kernel = model.layers[0].weights[0]
    kernel[...] = -np.round(rng.uniform(0.1, 0.3, kernel.shape), 2)
    with serving(Explored(model, (rng.random((3, 12, 12, 1)) > 0.5).astype(np.float32), np.arange(3))) as address:
        yield address


def test_window_kernel_and_products_stand_on_one_line_of_a_laptop(browser: Any, strokes: str) -> None:
    with watched(browser) as page:
        page.set_viewport_size({"width": 1366, "height": 768})
        visit(page, f"{strokes}#view=network&image=0&layer=1&unit=0")
        rested(page)
        assert page.locator(".three .grid").count() == 3
        assert page.evaluate(BESIDE, ".three .grid")


def test_what_belongs_together_stands_side_by_side(browser: Any, flowers: str) -> None:
    with watched(browser) as page:
        page.set_viewport_size({"width": 1366, "height": 768})
        visit(page, f"{flowers}#view=network&image=0&layer=1&unit=0")
        rested(page)
        # The share of a long prediction goes below it, and begins where it begins.
        left = "(selector) => document.querySelector(selector).getBoundingClientRect().left"
        page.locator("#says").evaluate("(element) => (element.style.maxWidth = '90px')")
        assert page.evaluate(left, "#verdict .muted") == page.evaluate(left, "#verdict")
        visit(page, f"{flowers}#view=mistakes")
        page.locator("#matrix button.wrong").first.click()
        rested(page)
        assert page.evaluate(BESIDE, "#evidence .row-of")  # the network, and the untrained one
        page.set_viewport_size({"width": 360, "height": 800})
        settled(page)
        assert page.evaluate(BESIDE, "#evidence .row-of:first-child .heat")
        assert page.evaluate(BESIDE, "#saliency .saliency")


def test_what_shows_the_image_before_is_dimmed_until_it_shows_the_next(browser: Any, flowers: str) -> None:
    with watched(browser) as page:
        visit(page, f"{flowers}#view=mistakes")
        rested(page)
        page.evaluate(WATCH_DIMMED)
        before = page.locator("#evidence figcaption").all_inner_texts()
        page.locator("#matrix button.wrong[aria-pressed=false]").last.click()
        rested(page)
        assert page.locator("#evidence figcaption").all_inner_texts() != before
        assert set(page.evaluate("[...window.dimmed]")) >= {"evidence", "figures", "saliency", "side"}
