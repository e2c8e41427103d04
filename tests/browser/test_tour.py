"""The guided tour: by keyboard alone, from a link, offered once; and a teacher's own, in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from convoscope.explore import activations
from convoscope.web.explored import Explored
from convoscope.web.explorer import offline, with_tour

from .conftest import watched
from .explored import convolutional, digits, serving
from .support import flaws, numbers, rested, settled, tab_to, until, visit

pytest.importorskip("playwright.sync_api", reason="the page's tests need Playwright")

#: Whether the card lies over what it points at.
COVERED = """() => {
    const [card, light] = [".tour", ".tour-light"].map((each) => document.querySelector(each).getBoundingClientRect());
    return card.left < light.right && card.right > light.left && card.top < light.bottom && card.bottom > light.top;
}"""
STEPS = [
    "image",
    "window",
    "products",
    "map",
    "relu",
    "pooling",
    "sums",
    "dense",
    "softmax",
    "prediction",
    "weights",
    "draw",
]
OWN = {
    "title": "Where is the stroke",
    "steps": [
        {
            "title": "A <b>seven</b>",
            "text": "It says {class}, {label} is right.",
            "show": {"image": 7},
            "point": "answer",
        },
        {
            "title": "Map two",
            "text": "{layer}, map {map}: {value}",
            "show": {"layer": "first convolution", "map": 2},
            "point": "map",
        },
        {"title": "A shortcut", "text": "Not here.", "show": {"layer": "first addition"}},
        {"title": "Why", "text": "Look at the regions.", "show": {"view": "why"}, "point": "heatmap", "seconds": 1},
    ],
}


@pytest.fixture(scope="module")
def explored() -> Explored:
    return digits(convolutional(epochs=2))


@pytest.fixture(scope="module")
def address(explored: Explored) -> Iterator[str]:
    with serving(explored) as address:
        yield address


@pytest.fixture(scope="module")
def page(living: Callable[[], Any], address: str) -> Iterator[Any]:
    """The page, opened once, for people who want it to be still; the console must say nothing bad."""
    with watched(living(), bypass_csp=True, reduced_motion="reduce") as page:  # axe puts itself into the page
        page.set_viewport_size({"width": 1366, "height": 768})
        go(page, f"{address}#image=7")
        yield page


def go(page: Any, address: str) -> None:
    visit(page, address)
    rested(page)


def said(page: Any) -> str:
    return str(page.locator("#tour-text").inner_text()).replace("\u00a0", " ")


def step(page: Any) -> str:
    return str(page.locator(".tour").get_attribute("data-step"))


def test_it_goes_from_begin_to_end_by_keyboard_alone(page: Any, explored: Explored) -> None:
    values = activations(explored.model, explored.images[7]).outputs
    assert page.locator(".tour-offer").count() == 0  # a link, and a test, want something else
    before = page.evaluate("location.hash")
    tab_to(page, "#tour")
    page.keyboard.press("Enter")
    met = []
    while True:
        until(page, "document.querySelector('#tour-title')?.textContent")
        settled(page)
        met.append(step(page))
        assert page.evaluate("document.activeElement.closest('.tour') !== null"), met[-1]
        assert not page.evaluate(COVERED), met[-1]
        if met[-1] == "products":
            assert numbers(said(page))[1] == pytest.approx(abs(values[1]).max(), abs=0.005)
        if met[-1] == "prediction":
            assert f"with {page.locator('.prediction .lit .score').inner_text()}." in said(page)
        if met[-1] == "draw":
            break
        page.keyboard.press("Enter")
        until(page, f"document.querySelector('.tour').dataset.step !== '{met[-1]}'")
    assert met == STEPS
    until(page, "location.hash.includes('&tour=draw')")
    page.keyboard.press("ArrowLeft")
    until(page, "document.querySelector('#tour-title').textContent === 'Where the weights come from'")
    assert "convoscope train digits --explore" in page.locator("#tour-more").inner_text()
    page.keyboard.press("ArrowLeft")
    until(page, "document.querySelector('#tour-title').textContent === 'The prediction'")
    page.keyboard.press("Escape")
    assert page.locator(".tour").count() == 0
    assert page.evaluate("document.activeElement.id") == "tour"
    tab_to(page, ".tour-offer .primary")
    page.keyboard.press("Enter")
    until(page, f"location.hash === '{before}'")


@pytest.mark.long
def test_a_link_begins_at_its_step_and_axe_finds_nothing(page: Any, address: str) -> None:
    go(page, f"{address}#image=23&tour=pooling")
    assert page.locator("#tour-title").inner_text() == "Pooling"
    assert flaws(page) == []
    page.emulate_media(color_scheme="dark")
    page.locator(".tour [aria-label='End the tour']").click()
    rested(page)
    assert flaws(page) == []
    page.emulate_media(color_scheme="light")
    go(page, f"{address}#image=23&tour=poling")
    assert "This tour has no step “poling”. It has: image, window," in page.locator("#message").inner_text()
    page.set_viewport_size({"width": 360, "height": 740})
    go(page, f"{address}#tour=2")
    assert page.locator("#tour-title").inner_text() == "A window slides over it"
    assert not page.evaluate(COVERED)
    page.set_viewport_size({"width": 1366, "height": 768})


def test_the_window_slides_and_the_tour_plays(browser: Any, address: str) -> None:
    """Offered at the first opening of a person's browser, never again; this one's motion is not reduced."""
    with watched(browser) as page:
        page.add_init_script("Object.defineProperty(Navigator.prototype, 'webdriver', { get: () => false })")
        page.goto(address)
        page.locator(".tour-offer .primary").click()
        until(page, "document.querySelector('.tour-light:not([hidden])')")
        page.locator(".tour .primary").click()
        until(page, "document.querySelector('#inspector .pair').textContent.includes('column 3')")
        until(page, "document.querySelector('#inspector .pair').textContent.includes('column 5')")
        page.locator(".tour").get_by_role("button", name="Play").click()
        assert page.locator(".tour").get_by_role("button", name="Pause").get_attribute("aria-pressed") == "true"
        page.locator("#facts").click()  # whoever looks around is not hurried
        assert page.locator(".tour").get_by_role("button", name="Play").get_attribute("aria-pressed") == "false"
        page.keyboard.press("Escape")
        visit(page, address)
        rested(page)
        assert page.locator(".tour-offer").count() == 0


def test_a_teachers_tour_is_shown_as_text_also_from_a_file(browser: Any, explored: Explored, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(offline(with_tour(explored, OWN)), encoding="utf-8")
    with watched(browser, reduced_motion="reduce") as page:
        go(page, f"{file.as_uri()}#tour=1")
        assert page.locator("#tour-title").inner_text() == "A <b>seven</b>"
        label = int(explored.labels[7]) if explored.labels is not None else None
        assert said(page).endswith(f", {label} is right.")
        page.locator(".tour .primary").click()
        until(page, "document.querySelector('#tour-title').textContent === 'Map two'")
        found = activations(explored.model, explored.images[7]).outputs[1][0, ..., 2]
        assert said(page).startswith(f"{explored.model.layers[1].name}, map 2: ")
        assert abs(numbers(said(page))[-1]) == pytest.approx(abs(found).max(), abs=0.005)
        page.locator(".tour").get_by_role(
            "button", name="Play"
        ).click()  # it goes on by itself, and leaves out what is not there
        page.locator(".tour .primary").click()
        until(page, "document.querySelector('#tour-title').textContent === 'Why'")
        until(page, "!document.querySelector('#why').hidden")
        assert page.locator(".tour .small").inner_text() == "Step 3 of 3"
