"""The exercises in a browser: solved with the keyboard alone, with what is said of mistakes, and the way to the lab."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from scipy import signal

from convoscope.web.exercises import site
from convoscope.web.server import Server

from .conftest import watched
from .support import flaws, numbers, output_shown, settled, tab_to, until, visit, widths_needed


@pytest.fixture(scope="module")
def place() -> Iterator[str]:
    with Server(site(), port=0) as server:
        thread = threading.Thread(target=server.serve, daemon=True)
        thread.start()
        yield server.address
        server.stop()
        thread.join()


@pytest.fixture
def shown(browser: Any, place: str) -> Iterator[Any]:
    with watched(browser) as page:
        visit(page, f"{place}#exercise=pixel&seed=12")
        yield page


def table(page: Any, number: int) -> Any:
    rows = page.locator(".numbers").nth(number).locator("tr").all()[1:]
    return np.array([numbers(" ".join(row.locator("td").all_inner_texts())) for row in rows])


def feedback(page: Any) -> str:
    return str(page.locator(".feedback").inner_text())


def test_an_exercise_is_solved_with_the_keyboard_and_explained_in_the_lab(shown: Any) -> None:
    page = shown
    image, kernel = table(page, 0), table(page, 1)
    bias = numbers(page.locator(".single .value").inner_text())[0]
    framed = page.locator(".numbers").first.locator("td.framed.edge-top.edge-left")
    row, column = framed.evaluate("(cell) => [cell.parentElement.rowIndex - 1, cell.cellIndex - 1]")
    right = signal.correlate2d(image, kernel, "valid")[row, column] + bias
    tab_to(page, "input.typed")
    page.keyboard.press("Enter")
    assert "Type a number." in feedback(page)
    page.keyboard.type(f"{right - bias:g}")
    page.keyboard.press("Enter")
    assert "Not yet. You left out the bias." in feedback(page)
    page.keyboard.press("Control+A")
    page.keyboard.type(f"{right:g}".replace("-", "−"))
    page.keyboard.press("Enter")
    assert "Right." in feedback(page)
    assert f"= {right:g}".replace("-", "−") in page.locator(".equation p").last.inner_text()
    assert page.locator("#progress").inner_text() == "1 of 17 exercises solved"
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="See every product in the filter lab").press("Enter")
    lab = opened.value
    lab.wait_for_selector("html[data-ready=true]")
    settled(lab)
    assert output_shown(lab) == right
    lab.close()
    tab_to(page, ".forward button")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "Which kernel made this picture?"
    page.go_back()
    until(page, "document.querySelector('.exercise h2').textContent === 'What will this pixel be?'")
    page.reload()
    page.wait_for_selector("html[data-ready=true]")
    assert page.locator("#progress").inner_text() == "1 of 17 exercises solved"
    page.get_by_role("button", name="Reset").click()
    page.locator("#forget").click()
    assert page.locator("#progress").inner_text() == "0 of 17 exercises solved"


def test_pixels_kernels_and_networks_are_answered_with_keys(shown: Any, place: str) -> None:
    page = shown
    visit(page, f"{place}#exercise=border&seed=1")
    tab_to(page, "button.cell")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.locator("button.cell[aria-pressed=true]").get_attribute("aria-label").startswith("Row 1, column 1:")
    visit(page, f"{place}#exercise=edit&seed=7")
    assert "differ" in page.locator(".beside .note").inner_text()
    for index, value in enumerate([-1, 0, 1] * 3):
        page.locator(".fields-row input").nth(index).fill(str(value))
    assert page.locator(".beside .note").inner_text() == "All pixels are the same."
    page.keyboard.press("Enter")
    assert "Right." in feedback(page)
    visit(page, f"{place}#exercise=network&seed=7")
    assert "A kernel of 7×7 does not fit into 5×5 pixels." in page.locator(".layers + .note").inner_text()
    page.get_by_label("kernel size").nth(2).fill("3")
    assert page.locator(".layers .shape").all_inner_texts()[5:] == ["3 × 3 × 64", "576", "10"]
    page.keyboard.press("Enter")
    assert "Right." in feedback(page)
    visit(page, f"{place}#exercise=size&seed=7")
    for _ in range(2):
        page.locator(".buttons button").nth(1).click()
    assert "that is why 28 becomes 26" in page.locator(".explanation").inner_text()
    page.locator("#share").click()
    page.get_by_label("A code that you were given").fill("pooling 3")
    page.keyboard.press("Enter")
    until(page, "location.hash === '#exercise=pooling&seed=3'")


@pytest.mark.long
def test_axe_finds_nothing_and_every_width_is_enough(shown: Any, place: str) -> None:
    for name in ("pixel", "kernel", "pooling", "network", "curves"):
        page = shown
        visit(page, f"{place}#exercise={name}&seed=12")
        page.emulate_media(color_scheme="dark" if name in ("pixel", "network", "curves") else "light")
        while page.locator(".buttons button").nth(1).is_visible():
            page.locator(".buttons button").nth(1).click()
        settled(page)
        assert flaws(page) == [], name
        assert widths_needed(page, (360, 1366)) == [360, 1366], name
