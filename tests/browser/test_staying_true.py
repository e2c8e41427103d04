"""The explorer keeps what it says true to what it shows, and itself within reach: one network, one page for all tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.web.explored import Explored

from .conftest import png, watched
from .explored import convolutional, serving
from .support import rested, tab_to, until

pytest.importorskip("playwright.sync_api", reason="the page's tests need Playwright")


@pytest.fixture(scope="module")
def explored() -> Explored:
    """A network that has learned a little, and makes mistakes."""
    _, (x, y) = cs.datasets.digits.load_data()
    return Explored(convolutional(epochs=2), x[..., None], y, x[..., None], y, "digits")


@pytest.fixture(scope="module")
def explorer(explored: Explored) -> Iterator[str]:
    """Where its page is."""
    with serving(explored) as address:
        yield address


@pytest.fixture(scope="module")
def opened(start_browser: Callable[[], Any], running: list[Any], explorer: str) -> Iterator[Any]:
    """The page, opened once; the console must have nothing bad to say at the end."""
    if not (running and running[0].is_connected()):
        running[:] = [start_browser()]
    with watched(running[0]) as page:
        page.goto(explorer)
        page.wait_for_selector("html[data-ready=true]")
        yield page


@pytest.fixture
def page(opened: Any) -> Any:
    """The page as each test finds it: the network, and an image."""
    opened.set_viewport_size({"width": 1440, "height": 1000})
    go(opened, "image=3")
    opened.evaluate("scrollTo(0, 0)")
    return opened


def go(page: Any, fragment: str) -> None:
    """Change the address in the same tab."""
    page.evaluate(f"location.hash = {json.dumps(fragment)}")
    rested(page)


def focused(page: Any) -> str:
    """What the element with the focus is called."""
    return str(
        page.evaluate(
            "document.activeElement.getAttribute('aria-label') ?? (document.activeElement.id || document.activeElement.tagName)"
        )
    )


def test_an_address_changed_in_the_same_tab_changes_the_answer_too(page: Any, explored: Explored) -> None:
    predicted = explored.model.predict(explored.images, verbose=0).argmax(axis=1)
    for image in (3, 12, 25, 40):
        go(page, f"image={image}")
        until(page, f"document.querySelector('#verdict').textContent.startsWith('{predicted[image]}')")
        right = predicted[image] == explored.labels[image]  # type: ignore[index]
        assert page.locator("#truth").inner_text().startswith("That is right" if right else "That is wrong")


def test_what_stays_in_view_stays_below_the_bar_of_changes(page: Any) -> None:
    go(page, "image=3&layer=2&unit=5&off=1:0")
    page.set_viewport_size({"width": 1440, "height": 700})
    page.mouse.wheel(0, 600)
    until(page, "scrollY > 300")
    rested(page)
    for covered in ("#silence", "#inspector [aria-label=Close]", "#source .segments button"):
        on_top = f"(([box]) => document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2))([document.querySelector({json.dumps(covered)}).getBoundingClientRect()])"
        assert page.evaluate(f"document.querySelector({json.dumps(covered)}).contains({on_top})"), covered


def test_an_error_goes_when_a_good_file_comes(page: Any) -> None:
    page.locator("input[type=file]").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"no image"})
    page.wait_for_selector("#message.error:visible")
    good = png(np.arange(64, dtype=np.uint8).reshape(8, 8))
    page.locator("input[type=file]").set_input_files({"name": "b.png", "mimeType": "image/png", "buffer": good})
    until(page, "document.querySelector('#own').textContent.includes('b.png')")
    assert page.locator("#message").is_hidden()


def test_the_focus_stays_where_the_keyboard_left_it(page: Any) -> None:
    page.locator("#source .picture").nth(5).focus()
    name = focused(page)
    page.keyboard.press("Enter")
    rested(page)
    assert focused(page) == name
    assert page.locator("#source .picture[aria-pressed=true]").get_attribute("aria-label") == name
    go(page, "image=3&layer=4&unit=0")
    page.locator("#arithmetic button.cell").first.focus()
    page.keyboard.press("Enter")
    rested(page)
    assert page.evaluate("document.activeElement.closest('#inspector') !== null")
    page.locator("#inspector [aria-label=Close]").press("Enter")
    rested(page)
    assert focused(page) == "Network"
    go(page, "view=mistakes&image=3")
    cell = page.locator(".confusion button.wrong").last
    name = cell.get_attribute("aria-label")
    cell.press("Enter")
    rested(page)
    assert focused(page) == name


def test_each_image_is_announced(page: Any, explored: Explored) -> None:
    page.locator("#source .picture").nth(2).press("Enter")
    image = int(page.locator("#source .picture[aria-pressed=true]").get_attribute("aria-label").split()[1].rstrip(":"))
    predicted = explored.model.predict(explored.images[image : image + 1], verbose=0).argmax()
    said = f"Image {image}. The prediction is {predicted},"
    until(page, f"document.querySelector('#announce').textContent.startsWith({json.dumps(said)})")


@pytest.mark.parametrize("view", ["network", "mistakes"])
def test_the_skip_link_leads_to_what_is_shown(page: Any, view: str) -> None:
    go(page, f"view={view}&image=3")
    before = page.evaluate("location.hash")
    page.locator("a.skip").press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "MAIN"
    assert page.evaluate("location.hash") == before
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_back_leads_to_the_view_before(page: Any) -> None:
    for view in ("mistakes", "why"):
        page.locator(f"#view-{view}").click()
        rested(page)
    page.locator("#view-network").click()
    page.locator(".layer[data-position='1'] canvas").click(position={"x": 20, "y": 20})  # no step of its own
    for view in ("why", "mistakes", "network"):
        page.go_back()
        until(page, f"!document.querySelector('#{view}').hidden")
    page.go_forward()
    until(page, "!document.querySelector('#mistakes').hidden")
    rested(page)
    page.go_back()
    until(page, "!document.querySelector('#network').hidden")
    tab_to(page, "#view-network")
