"""What a newcomer meets: words at what is seen, a tour that follows one pixel and hides nothing, exercises after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convoscope.web.explored import Explored
from convoscope.web.explorer import offline, with_tour

from .conftest import watched
from .explored import convolutional, digits, serving
from .support import flaws, rested, settled, until, visit

pytest.importorskip("playwright.sync_api", reason="the page's tests need Playwright")

SIZES = [(1366, 768), (1920, 1080), (360, 740)]
#: What the card lies over of the places that a step speaks of, and whether what it points at is seen as a whole.
HIDDEN = """() => {
    const boxOf = (selector) => document.querySelector(selector)?.getBoundingClientRect();
    const [card, light] = [boxOf(".tour"), document.querySelector(".tour-light").hidden ? null : boxOf(".tour-light")];
    const across = (box) => Math.min(card.right, box.right) - Math.max(card.left, box.left);
    const down = (box) => Math.min(card.bottom, box.bottom) - Math.max(card.top, box.top);
    const { step } = document.querySelector(".tour").dataset;
    const spoken = { draw: [".pad", ".overview-answer"], prediction: [".overview-answer"], softmax: [".softmax"] };
    const boxes = [light, ...(spoken[step] ?? []).map(boxOf)].filter(Boolean);
    const [pad, answer] = [".pad", ".overview-answer"].map(boxOf);
    const hides = step === "draw" && innerWidth <= 820 && answer.top < pad.bottom;
    const over = boxes.filter((box) => across(box) > 1 && down(box) > 1);
    const whole = step === "softmax" ? boxOf(".softmax") : null;
    const low = innerWidth > 820 ? innerHeight : card.top;
    const cut = whole !== null && (whole.top < 0 || whole.bottom > low);
    const said = [...(cut ? ["cut"] : []), ...(hides ? ["the answer hides the pad"] : [])];
    return [...said, ...over.map((box) => JSON.stringify([box, card]))];
}"""
#: The distances from what is lit to its light, on all four sides.
PADDING = """() => {
    const light = document.querySelector(".tour-light").getBoundingClientRect();
    const box = document.querySelector("#arithmetic > .equation").getBoundingClientRect();
    return [box.left - light.left, box.top - light.top, light.right - box.right, light.bottom - box.bottom];
}"""
TOUR = {
    "title": "Edges first",
    "steps": [{"title": "The first map", "text": "Map {map}.", "show": {"layer": "first convolution"}, "point": "map"}],
    "exercises": [{"kind": "number", "title": "Why not <b>8</b>?", "text": "How wide is the last map?", "answer": 6}],
}


@pytest.fixture(scope="module")
def explored() -> Explored:
    return digits(convolutional(epochs=1))


@pytest.fixture(scope="module")
def address(explored: Explored) -> Iterator[str]:
    with serving(explored) as address:
        yield address


@pytest.fixture(scope="module")
def page(living: Callable[[], Any], address: str) -> Iterator[Any]:
    with watched(living(), bypass_csp=True, reduced_motion="reduce") as page:
        yield page


def go(page: Any, address: str) -> None:
    visit(page, address)
    rested(page)


@pytest.mark.parametrize("size", SIZES, ids=[f"{width}x{height}" for width, height in SIZES])
def test_the_tour_follows_one_pixel_and_its_card_hides_nothing(page: Any, address: str, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    go(page, f"{address}#image=7&tour=1")
    followed, part = {}, None
    while True:
        until(page, "document.querySelector('#tour-title')?.textContent")
        settled(page)
        step = page.locator(".tour").get_attribute("data-step")
        until(page, f"({HIDDEN})().length === 0")
        if step in ("window", "products", "map", "relu", "pooling"):
            followed[step] = page.evaluate("document.querySelector('#inspector h2').textContent.match(/map \\d+/)[0]")
        if step == "relu":
            assert page.evaluate(PADDING) == pytest.approx([8] * 4, abs=1)
            assert " stays " in page.locator("#tour-text").inner_text()
        if step == "sums":
            part = page.locator(".shares [aria-pressed=true] .what").inner_text()
        if step == "draw":
            break
        page.locator(".tour .primary").click()
        until(page, f"document.querySelector('.tour').dataset.step !== '{step}'")
    assert len(followed) == 5
    assert set(followed.values()) == {part}


def test_the_overview_says_what_is_seen_and_opens_the_maps_that_have_no_room(page: Any, explored: Explored) -> None:
    page.set_viewport_size({"width": 1366, "height": 560})
    labels = explored.labels
    assert labels is not None
    assert explored.found is not None
    with serving(explored) as address:
        wrong = int(np.flatnonzero(explored.found.predicted != labels)[0])
        go(page, f"{address}#image={wrong}")
        assert page.locator(".answer-title").inner_text() == "Probability of each class"
        assert page.locator(".overview-way").inner_text().startswith("From left to right: the image, ")
        assert page.locator(".corners").inner_text() == "classified wrongly"
        assert page.locator(".thumbnails .wrong").count() > 0
        assert flaws(page) == []
        rest = page.locator(".overview-rest").last
        assert rest.inner_text().split(" ", 1)[1] in ("more map", "more maps", "more")
        rest.focus()
        page.keyboard.press("Enter")
        until(page, "!document.querySelector('#network').hidden")
        settled(page)
        opened = page.evaluate("document.activeElement.closest('.layer').dataset.position")
        last = max(i for i, layer in enumerate(explored.model.layers) if layer.output_shape[-1] == 12 and i < 4)
        assert int(opened) == last
        canvas = page.locator(f".layer[data-position='{last}'] .maps")
        rows, columns = (int(canvas.get_attribute(f"data-{name}")) for name in ("rows", "columns"))
        assert rows * columns >= 12


@pytest.mark.long
def test_exercises_of_a_tour_open_above_the_page_from_a_server_and_from_a_file(
    browser: Any, explored: Explored, tmp_path: Path
) -> None:
    toured = with_tour(explored, TOUR)
    file = tmp_path / "page.html"
    file.write_text(offline(toured), encoding="utf-8")
    with serving(toured) as address:
        for place in (address, file.as_uri()):
            with watched(browser, bypass_csp=True, reduced_motion="reduce") as page:
                go(page, f"{place}#image=7&tour=1")
                page.locator("#tour-more button").click()
                frame = page.frame_locator(".practice iframe")
                frame.locator("#exercise h2").wait_for()
                assert frame.locator("#exercise h2").inner_text() == "Why not <b>8</b>?"
                assert frame.locator("#topics h2").first.inner_text() == "Edges first"
                frame.locator("#exercise input").fill("6")
                frame.locator("#exercise [type=submit]").click()
                frame.locator(".feedback.right").wait_for()
                assert flaws(page, iframes=False) == []
                page.get_by_role("button", name="Close the exercises").click()
                assert page.locator(".practice").count() == 0
                offer = page.locator(".tour-offer .primary")
                assert offer.inner_text() == "Do the exercise"
                offer.click()
                frame.locator("#exercise h2").wait_for()
