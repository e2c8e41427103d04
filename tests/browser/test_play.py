"""What the explorer plays, its keys, and what it prints: one page, with the keyboard alone where that is the point."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.explore import activations
from convoscope.web.explored import Explored

from .conftest import watched
from .explored import convolutional, serving
from .support import flaws, numbers, rested, tab_to, to_address, until, widths_needed

pytest.importorskip("playwright.sync_api", reason="the page's tests need Playwright")
IMAGE = 3
CONVOLUTION, POOLING, SECOND = 1, 2, 3  # the layers' positions


@pytest.fixture(scope="module")
def explored() -> Explored:
    _, (x, y) = cs.datasets.digits.load_data()
    return Explored(convolutional(epochs=2), x[..., None], y, x[..., None], y, "digits")


@pytest.fixture(scope="module")
def opened(living: Callable[[], Any], explored: Explored) -> Iterator[Any]:
    """The page, opened once; the console must have nothing bad to say at the end."""
    with serving(explored) as address, watched(living(), bypass_csp=True) as page:  # axe puts itself into the page
        page.goto(f"{address}#image={IMAGE}&view=network")
        page.wait_for_selector("html[data-ready=true]")
        until(page, "document.querySelector('#inspector h2').textContent")
        rested(page)
        yield page


@pytest.fixture
def page(opened: Any) -> Any:
    return opened


def go(page: Any, fragment: str) -> None:
    to_address(page, fragment)
    rested(page)


def values(explored: Explored, position: int) -> Any:
    """What a layer makes of the image, in Python."""
    return activations(explored.model, explored.images[IMAGE]).outputs[position][0]


def unit(explored: Explored, position: int, channel: int) -> str:
    """An address of the first value of a map (layers are counted from 1 there)."""
    return f"image={IMAGE}&view=network&layer={position + 1}&unit={channel}"


def drawn(page: Any) -> list[bool]:
    """Of each pixel of the chosen map, row by row, whether it is there."""
    found: list[bool] = page.evaluate(
        """() => {
            const canvas = document.querySelector("#inspector figure:not(.below) .pixels");
            const copy = document.createElement("canvas");
            [copy.width, copy.height] = [canvas.width, canvas.height];
            const context = copy.getContext("2d", { willReadFrequently: true });
            context.drawImage(canvas, 0, 0);
            const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
            return Array.from({ length: data.length / 4 }, (_, i) => data[4 * i + 3] > 0);
        }"""
    )
    return found


def at(page: Any) -> tuple[int, int, int]:
    """The row, the column and the number of the position that the play has come to."""
    row, column, number, _ = numbers(page.locator("#inspector .where").inner_text())
    return int(row), int(column), int(number)


def line(page: Any) -> str:
    return str(page.locator("#inspector .line").inner_text())


def test_the_page_opens_at_the_first_convolution_and_its_nine_products(page: Any, explored: Explored) -> None:
    assert page.locator("#inspector h2").inner_text().startswith("conv2d")
    assert "conv2d_1" not in page.locator("#inspector h2").inner_text()
    assert page.locator("#arithmetic .three figure").nth(2).locator(".cell").count() == 9
    made = values(explored, CONVOLUTION)
    shown = numbers(page.locator("#value b").inner_text())[0]
    assert shown == pytest.approx(np.abs(made).max(), rel=0.01)


def test_a_map_fills_by_the_keyboard_and_its_values_are_pythons(page: Any, explored: Explored) -> None:
    go(page, unit(explored, CONVOLUTION, 5))
    made = values(explored, CONVOLUTION)[..., 5]
    page.locator("#silence").focus()
    tab_to(page, "#inspector .player .primary")
    page.keyboard.press("Space")
    until(page, "Number(document.querySelector('#inspector .player input').value) >= 3")
    page.keyboard.press("Space")
    assert page.locator("#inspector .player .primary").inner_text() == "Play"
    rested(page)
    for key, by in (("ArrowRight", 1), ("ArrowLeft", -1), ("ArrowRight", 1)):
        before = at(page)[2]
        page.keyboard.press(key)
        rested(page)
        row, column, number = at(page)
        assert number == before + by
        assert drawn(page) == [True] * number + [False] * (made.size - number)
        assert numbers(line(page))[-1] == pytest.approx(made[row, column], abs=0.006)
        assert page.locator("#inspector .below figcaption").inner_text().endswith("rescaling")
    page.keyboard.press("End")
    rested(page)
    assert all(drawn(page))
    go(page, unit(explored, CONVOLUTION, 6))  # another map: nothing is left of the play
    assert all(drawn(page))
    assert page.locator("#inspector .below").is_hidden()


def test_pooling_shows_the_winner_whose_value_is_taken_over(page: Any, explored: Explored) -> None:
    go(page, unit(explored, POOLING, 2))
    made, below = values(explored, POOLING)[..., 2], values(explored, CONVOLUTION)[..., 2]
    page.locator("#inspector .player").get_by_label("One step forward").click()
    page.locator("#inspector .player input").fill("6")
    rested(page)
    row, column, _ = at(page)
    window = below[2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
    *four, most = numbers(line(page))
    np.testing.assert_allclose(four, window.ravel(), atol=0.006)
    assert most == max(four)
    assert most == pytest.approx(made[row, column], abs=0.006)


def test_a_neurons_terms_are_added_one_by_one(page: Any, explored: Explored) -> None:
    go(page, f"image={IMAGE}&view=network&layer=6&unit=4")
    forward = page.locator("#inspector .player").get_by_label("One step forward")
    for _ in range(3):
        forward.click()
    rested(page)
    assert page.locator("#inspector .where").inner_text() == "3 of 12 terms"
    assert page.locator("#arithmetic .shares li.waiting").count() == 7
    kernel = explored.model.layers[-1].weights[0][:, 4]
    products = values(explored, SECOND).ravel() * kernel
    largest = products[np.argsort(-np.abs(products), kind="stable")[:3]]
    assert numbers(line(page))[-1] == pytest.approx(largest.sum(), abs=0.002)


def test_less_motion_leaves_steps(page: Any, explored: Explored) -> None:
    go(page, unit(explored, CONVOLUTION, 1))
    page.emulate_media(reduced_motion="reduce")
    player = page.locator("#inspector .player")
    player.locator(".primary").wait_for(state="hidden")
    assert page.locator("#flow-play").is_hidden()
    player.get_by_label("One step forward").click()
    rested(page)
    assert at(page)[2] == 1
    page.emulate_media(reduced_motion="no-preference")
    player.locator(".primary").wait_for(state="visible")


def test_the_network_is_played_from_the_image_to_the_prediction(page: Any, explored: Explored) -> None:
    go(page, f"image={IMAGE}&view=network")
    speed = page.locator("#flow .field select")
    speed.select_option("0.5")
    page.locator("#flow-play").click()
    page.wait_for_selector(".layer.flow-now[data-position='-1']")
    assert page.locator("#tower .layer.flow-later").count() == len(explored.model.layers)
    assert page.locator(".layer[data-position='5'] .prediction").is_hidden()
    speed.select_option("4")
    until(page, "document.querySelector('#flow-play').textContent === 'Play'")
    until(page, "!document.querySelector('.flowing, .flow-later')")
    assert page.locator(".layer[data-position='5'] .prediction").is_visible()
    page.locator("#flow").get_by_label("One step back").click()
    assert page.locator("#flow .where").inner_text() == "flatten, 6 of 7"
    page.keyboard.press("Escape")
    assert page.locator(".flowing").count() == 0


def test_keys_are_listed_and_the_single_letter_can_be_switched_off(page: Any) -> None:
    presenting = "document.documentElement.hasAttribute('data-presenting')"
    page.locator("#keys").click()
    assert page.locator("dialog.keys kbd").first.inner_text() == "P"
    assert flaws(page) == []
    page.get_by_label("Single-key shortcuts").uncheck()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "keys"
    page.keyboard.press("p")
    assert not page.evaluate(presenting)
    page.reload()
    page.wait_for_selector("html[data-ready=true]")
    page.keyboard.press("p")
    assert not page.evaluate(presenting)
    page.locator("#keys").click()
    page.get_by_label("Single-key shortcuts").check()
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    until(page, presenting)
    page.keyboard.press("p")
    until(page, f"!{presenting}")


def test_nothing_is_wrong_with_the_page_while_it_plays(page: Any, explored: Explored) -> None:
    go(page, unit(explored, SECOND, 5))
    page.locator("#inspector .player").get_by_label("One step forward").click()
    page.locator("#flow").get_by_label("One step forward").click()
    rested(page)
    assert flaws(page) == []
    assert widths_needed(page, (360, 768, 1440)) == [360, 768, 1440]
    page.set_viewport_size({"width": 1440, "height": 1000})


@pytest.mark.parametrize("view", ["overview", "network", "why", "mistakes"])
def test_a_printed_sheet_has_model_image_and_answer_and_no_controls(page: Any, explored: Explored, view: str) -> None:
    go(page, f"image={IMAGE}&layer=4&unit=5&view={view}")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    sheet = page.locator("#sheet")
    assert sheet.locator("b").first.inner_text() == "digits"
    verdict = page.evaluate("document.querySelector('#verdict').textContent")
    assert page.evaluate("document.querySelector('#sheet h2').textContent") == verdict != ""
    assert sheet.locator(".prediction li:visible").count() == 5
    assert page.evaluate(
        """() => {
            const [own, copy] = ["#received", "#sheet canvas"].map((each) => document.querySelector(each));
            return own.toDataURL() === copy.toDataURL();
        }"""
    )
    for control in ("header", "#source", "#flow", "#inspector .controls", "#time", ".cam-controls", "#open-network"):
        assert page.locator(f"{control}:visible").count() == 0, control
    lying = """() => [...document.querySelectorAll("body *")].filter((each) => each.checkVisibility()
        && ["fixed", "sticky"].includes(getComputedStyle(each).position)).map((each) => each.className)"""
    assert page.evaluate(lying) == []
    if view == "network":
        box = {each: page.locator(each).bounding_box() for each in ("#sheet", "#inspector", "#tower")}
        assert box["#sheet"]["y"] < box["#inspector"]["y"] < box["#tower"]["y"]
        assert page.locator("#arithmetic #value").is_visible()
    page.emulate_media(media="screen")
    assert sheet.is_hidden()
