"""The lab's page for everybody: by keyboard alone, read out, on a phone, and when the input is bad."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from .conftest import png, sample
from .support import (
    choose,
    drop,
    flaws,
    output_shown,
    place,
    point,
    settled,
    sum_shown,
    summed,
    tab_to,
    until,
    visit,
    widths_needed,
)

SOBEL = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]


def test_a_chain_is_made_and_read_with_the_keyboard_alone(page: Any) -> None:
    tab_to(page, "#preset")
    page.keyboard.type("Laplacian")
    tab_to(page, "#padding")
    page.keyboard.press("ArrowDown")
    tab_to(page, "#play")
    tab_to(page, "#scan")
    page.keyboard.press("Home")
    page.keyboard.press("End")
    settled(page)
    laplacian = [[0, 1, 0], [1, -4, 1], [0, 1, 0]]
    assert place(page) == (29, 39)
    assert sum_shown(page) == summed(sample(), laplacian, padding=1)[29, 39]
    tab_to(page, "#add-pool")
    page.keyboard.press("Enter")
    settled(page)
    assert page.locator("#output-size").inner_text() == "15 × 20"
    row, column = place(page)
    window = summed(sample(), laplacian, padding=1)[2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
    assert output_shown(page) == window.max()
    tab_to(page, "#export")
    page.keyboard.press("Enter")
    assert 'mode="max"' in page.locator("#python-code").input_value()
    page.keyboard.press("Escape")


def test_windows_and_numbers_are_moved_with_the_keyboard_alone(page: Any) -> None:
    tab_to(page, "#input-view .stage")
    before = place(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    settled(page)
    assert place(page) == (before[0] - 10, before[1] + 1)
    tab_to(page, "#kernel input[data-row='0'][data-column='0']")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    settled(page)
    kernel = np.array(SOBEL)
    kernel[0, 0] = 1
    assert sum_shown(page) == summed(sample(), kernel)[place(page)]
    page.keyboard.press("Control+A")
    page.keyboard.type("4")
    page.keyboard.press("Tab")
    settled(page)
    kernel[0, 0] = 4
    assert sum_shown(page) == summed(sample(), kernel)[place(page)]
    tab_to(page, "#scan")
    here = place(page)
    page.keyboard.press("ArrowRight")
    settled(page)
    assert place(page) == (here[0], here[1] + 1)
    tab_to(page, "#output-grid canvas")
    page.keyboard.press("ArrowDown")
    settled(page)
    assert place(page) == (here[0] + 1, here[1] + 1)
    until(page, "document.querySelector('#announce').textContent.startsWith('Output row')")


def test_a_dialog_takes_the_focus_and_escape_gives_it_back(page: Any) -> None:
    page.locator("#share").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "share"


def test_a_drawing_can_be_made_with_keys(page: Any) -> None:
    page.locator("#draw").focus()
    page.keyboard.press("Enter")
    page.locator("#pad").focus()
    for key in ("Space", "ArrowLeft", "Space", "ArrowUp", "Space"):
        page.keyboard.press(key)
    page.locator("#use-drawing").press("Enter")
    until(page, "document.querySelector('#input-size').textContent === '28 × 28'")


@pytest.mark.long
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(page: Any, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    for view in ("filter", "share", "export", "camera", "draw", "pooling"):
        if view == "pooling":
            page.locator("#add-pool").click()
        elif view != "filter":
            page.locator(f"#{view}").click()
            page.wait_for_selector("dialog[open]")
        settled(page)
        assert flaws(page) == [], view
        page.keyboard.press("Escape")


def test_the_page_fits_every_width(page: Any) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    for add in ("#add-filter", "#add-pool", "#add-filter"):
        page.locator(add).click()
    settled(page)
    assert widths_needed(page, (360, 768, 1024, 1440, 1920)) == [360, 768, 1024, 1440, 1920]


def test_the_colours_can_be_switched_and_stay_so(page: Any, address: str) -> None:
    page.emulate_media(color_scheme="light")
    assert page.locator("html").get_attribute("data-theme") == "light"
    page.locator("#theme").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    visit(page, address)
    assert page.locator("html").get_attribute("data-theme") == "dark"


def said(page: Any) -> str:
    """What the page says to a person."""
    page.wait_for_selector("#message:visible")
    return str(page.locator("#message").inner_text())


def test_a_file_that_is_no_image_is_refused_by_name(page: Any) -> None:
    drop(page, "notes.txt", b"hello", "text/plain")
    assert "“notes.txt” is not an image" in said(page)
    assert page.locator("#input-size").inner_text() == "30 × 40 × 3"


def test_an_image_of_a_hundred_megapixels_is_refused_with_its_size(page: Any) -> None:
    file = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(file, "PNG")
    drop(page, "huge.png", file.getvalue())
    assert "10000×10000 pixels, 100 megapixels" in said(page)


def test_a_large_image_is_scaled_and_that_is_said(page: Any) -> None:
    drop(page, "large.png", png(np.zeros((600, 1024, 3), np.uint8)))
    assert "1024×600 pixels was scaled to 512×300" in said(page)


def test_an_image_of_one_pixel_fits_no_window_until_it_is_padded(page: Any) -> None:
    drop(page, "dot.png", png(np.full((1, 1, 3), 200, np.uint8)))
    page.wait_for_selector("#step-error:visible")
    assert "3×3 pixels and the image has only 1×1" in page.locator("#step-error").inner_text()
    choose(page, "#padding", "same")
    assert page.locator("#step-error").is_hidden()
    assert page.locator("#output-size").inner_text() == "1 × 1"


def test_a_kernel_of_words_is_refused(page: Any) -> None:
    cell = page.get_by_label("Row 0, column 0", exact=True)
    cell.fill("two")
    cell.press("Enter")
    assert "“two” is not a number" in said(page)
    page.locator("summary").click()
    page.locator("#kernel-text").fill("1 2; three 4")
    page.locator("#kernel-text").press("Enter")
    assert "“three” in row 2 is not a number" in page.locator("#kernel-text-error").inner_text()


def test_a_kernel_of_even_size_works_and_says_where_its_pixel_is(page: Any) -> None:
    page.get_by_role("button", name="2 by 2").click()
    assert "has no centre cell" in said(page)
    settled(page)
    assert page.locator("#output-size").inner_text() == "29 × 39"
    point(page, "#output-view", 3, 3, (29, 39))
    assert sum_shown(page) == summed(sample(), [[0, 2], [0, 1]])[3, 3]  # what is left of Sobel's


def test_a_window_larger_than_the_image_is_refused_with_both_sizes(page: Any) -> None:
    drop(page, "small.png", png(np.zeros((5, 6), np.uint8)))
    page.get_by_role("button", name="7 by 7").click()
    page.wait_for_selector("#step-error:visible")
    assert "7×7 pixels and the image has only 5×6" in page.locator("#step-error").inner_text()
