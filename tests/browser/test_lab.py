"""The filter lab in Chromium: every number that it shows is held to SciPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from convoscope import filters
from convoscope.web.lab import Start

from .conftest import png, sample, serving, watched
from .support import (
    choose,
    drop,
    numbers,
    output_shown,
    place,
    point,
    products,
    settled,
    sum_shown,
    summed,
    until,
    visit,
)

SOBEL = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]


def test_the_engine_runs_in_a_worker(page: Any) -> None:
    assert len(page.workers) == 1


def test_the_page_begins_with_the_photograph(browser: Any) -> None:
    with serving(Start()) as address, watched(browser) as page:
        visit(page, address)
        assert page.locator("#input-size").inner_text() == "512 × 512 × 3"
        assert page.locator("#sample option:checked").inner_text() == filters.samples.TITLES["photograph"]
        assert sum_shown(page) == summed(filters.samples.photograph(), SOBEL)[place(page)]


def test_a_changed_kernel_number_changes_the_arithmetic(page: Any) -> None:
    cell = page.get_by_label("Row 0, column 1", exact=True)
    cell.fill("2.5")
    cell.press("Enter")
    point(page, "#output-view", 7, 11, (28, 38))
    assert place(page) == (7, 11)
    kernel = np.array(SOBEL, float)
    kernel[0, 1] = 2.5
    assert sum_shown(page) == pytest.approx(summed(sample(), kernel)[7, 11], abs=0.01)
    red = sample()[7:10, 11:14, 0] * kernel
    assert products(page) == pytest.approx(list(red.ravel()), abs=0.06)


def test_dragging_a_number_changes_it(page: Any) -> None:
    box = page.get_by_label("Row 1, column 1", exact=True).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 24, steps=6)  # 8 pixels a step
    page.mouse.up()
    settled(page)
    assert page.get_by_label("Row 1, column 1", exact=True).input_value() == "3"
    expected = summed(sample(), np.array(SOBEL) + 3 * np.eye(3)[1][:, None] * np.eye(3)[1])
    assert sum_shown(page) == pytest.approx(expected[place(page)], abs=0.01)


def test_pointing_at_either_side_lights_the_other(page: Any) -> None:
    point(page, "#input-view", 5, 9, (30, 40))
    assert place(page) == (4, 8)
    assert sum_shown(page) == summed(sample(), SOBEL)[4, 8]
    point(page, "#output-view", 20, 3, (28, 38))
    assert place(page) == (20, 3)
    grid = page.locator("#output-grid canvas")
    box = grid.bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    settled(page)
    row, column = place(page)
    assert (row, column) != (20, 3)
    assert sum_shown(page) == summed(sample(), SOBEL)[row, column]


def test_a_corner_says_which_neighbours_are_missing(page: Any) -> None:
    point(page, "#input-view", 0, 0, (30, 40))
    assert page.locator("#products .missing").count() == 5
    assert "5 of 9 neighbours are missing" in page.locator("#arithmetic-note").inner_text()
    assert page.locator("#output-value").inner_text().startswith("none")


def test_stride_and_padding_change_size_formula_and_values(page: Any) -> None:
    choose(page, "#stride", "2")
    choose(page, "#padding", "1")
    assert page.locator("#output-size").inner_text() == "15 × 20"
    assert "(30 + 2 − 3) ÷ 2, rounded down, + 1 = 15" in page.locator("#formula").inner_text()
    expected = summed(sample(), SOBEL, padding=1, stride=2)
    assert expected.shape == (15, 20)
    point(page, "#output-view", 0, 0, (15, 20))
    assert page.locator("#products .padded").count() == 5
    assert sum_shown(page) == expected[0, 0]
    point(page, "#output-view", 8, 13, (15, 20))
    assert sum_shown(page) == expected[8, 13]
    point(page, "#input-view", 7, 7, (30, 40))
    assert "steps over" in page.locator("#arithmetic-note").inner_text()


def test_dilation_takes_pixels_further_apart(page: Any) -> None:
    choose(page, "#dilation", "2")
    wide = np.zeros((5, 5))
    wide[::2, ::2] = SOBEL
    point(page, "#output-view", 6, 6, (26, 36))
    assert sum_shown(page) == summed(sample(), wide)[6, 6]


def test_weight_bias_activation_and_clipping_follow_the_sum(page: Any) -> None:
    for field, value in (("#weight", "1/2"), ("#bias", "-10")):
        page.locator(field).fill(value)
        page.locator(field).press("Enter")
    choose(page, "#activation", "relu")
    page.locator("#clip").check()
    point(page, "#output-view", 10, 20, (28, 38))
    total = summed(sample(), SOBEL)[10, 20]
    assert sum_shown(page) == total
    assert output_shown(page) == np.rint(np.clip(total / 2 - 10, 0, 255))


def test_clipping_makes_whole_numbers_as_the_library_does(page: Any) -> None:
    choose(page, "#preset", "gaussian-3")
    page.locator("#weight").fill("1/48")
    page.locator("#weight").press("Enter")
    page.locator("#clip").check()
    made = filters.convolve(sample(), "gaussian-3", channels="sum", weight=1 / 3)
    for row, column in ((2, 3), (27, 1), (9, 30)):
        point(page, "#output-view", row, column, (28, 38))
        assert output_shown(page) == made[row, column, 0]
    assert "rounded" in page.locator("#equation").inner_text()


def test_colours_are_summed_and_can_have_numbers_of_their_own(page: Any) -> None:
    page.locator("#own-kernels").check()
    page.locator("#kernel-editor").get_by_role("button", name="Green").click()
    page.get_by_label("Row 1, column 1", exact=True).fill("9")
    page.get_by_label("Row 1, column 1", exact=True).press("Enter")
    settled(page)
    green = np.array(SOBEL)
    green[1, 1] = 9
    image = sample()
    expected = sum(summed(image[..., c : c + 1], [SOBEL, green, SOBEL][c]) for c in range(3))
    row, column = place(page)
    assert sum_shown(page) == expected[row, column]  # type: ignore[index]
    terms = page.locator("#equation .term b").all_inner_texts()
    assert numbers(terms[1])[0] == summed(image[..., 1:2], green)[row, column]
    assert page.locator("#part-colour").is_visible()


def test_a_pooling_after_the_filter_says_which_of_the_four_won(page: Any) -> None:
    page.locator("#add-pool").click()
    settled(page)
    assert page.locator("#output-size").inner_text() == "14 × 19"
    row, column = place(page)
    window = summed(sample(), SOBEL)[2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
    assert products(page) == list(window.ravel())
    assert page.locator("#products .wins b").inner_text().replace("−", "-") == f"{window.max():g}"
    page.get_by_role("button", name="Smallest").click()
    settled(page)
    assert output_shown(page) == window.min()
    page.get_by_role("button", name="Average").click()
    settled(page)
    assert output_shown(page) == pytest.approx(window.mean(), abs=0.01)


def test_a_chain_has_up_to_six_steps(page: Any) -> None:
    for count in range(2, 7):
        page.locator("#add-filter").click()
        until(page, f"document.querySelectorAll('.step').length === {count}")
    settled(page)
    assert page.locator(".step").count() == 6
    assert page.locator("#add-pool").is_disabled()
    page.get_by_role("button", name="Remove step 6").click()
    until(page, "document.querySelectorAll('.step').length === 5")


def test_a_step_that_does_not_fit_is_named_and_can_be_taken_away(page: Any, address: str) -> None:
    visit(page, f"{address}#image=lesson&step=pool;size=2")
    page.locator("#add-filter").click()
    page.wait_for_selector("#step-error:visible")
    assert "Step 2" in page.locator("#step-error").inner_text()
    page.get_by_role("button", name="Remove step 2").click()
    settled(page)
    assert page.locator("#step-error").is_hidden()
    assert output_shown(page) == 192


def test_playing_walks_along_the_scan_and_scrubbing_jumps(page: Any) -> None:
    page.locator("#scan").fill("0")
    settled(page)
    assert place(page) == (0, 0)
    page.locator("#step-forward").click()
    settled(page)
    assert place(page) == (0, 1)
    choose(page, "#speed", "20")
    page.locator("#play").click()
    until(page, "document.querySelector('#scan').value > 4")
    page.locator("#play").click()
    settled(page)
    stopped = place(page)
    page.wait_for_timeout(200)
    assert place(page) == stopped
    assert sum_shown(page) == summed(sample(), SOBEL)[stopped]
    page.locator("#scan").fill("100")
    settled(page)
    assert place(page) == (100 // 38, 100 % 38)


def test_a_dropped_image_is_filtered(page: Any) -> None:
    image = np.random.default_rng(3).integers(0, 256, (17, 23, 3), np.uint8)
    drop(page, "mine.png", png(image))
    until(page, "document.querySelector('#input-size').textContent.startsWith('17')")
    settled(page)
    point(page, "#output-view", 9, 4, (15, 21))
    assert sum_shown(page) == summed(image, SOBEL)[9, 4]
    page.locator("#grey").check()
    settled(page)
    grey = np.asarray(Image.fromarray(image).convert("L"))[..., None]
    assert page.locator("#input-size").inner_text() == "17 × 23"
    assert sum_shown(page) == summed(grey, SOBEL)[place(page)]


def test_an_image_is_taken_from_the_camera_and_the_camera_let_go(page: Any) -> None:
    page.locator("#camera").click()
    until(page, "document.querySelector('dialog[open] video')?.videoWidth > 0")
    page.get_by_role("button", name="Take image").click()
    until(page, "document.querySelector('#sample').selectedOptions[0]?.textContent === 'camera'")
    settled(page)
    assert page.locator("#input-size").inner_text() == "384 × 512 × 3"  # of 480 × 640
    assert page.locator("#input-scaled").inner_text() == "scaled down from 480 × 640"
    assert page.evaluate("document.querySelector('video').srcObject === null")


def test_a_camera_that_is_refused_is_said(page: Any) -> None:
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError')); }"
    )
    page.locator("#camera").click()
    page.wait_for_selector("#message:visible")
    assert "it was not allowed" in page.locator("#message").inner_text()


def test_a_drawing_is_an_image_and_travels_in_the_link(page: Any, address: str) -> None:
    page.locator("#draw").click()
    box = page.locator("#pad").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 180, box["y"] + 200, steps=8)
    page.mouse.up()
    page.locator("#use-drawing").click()
    until(page, "document.querySelector('#input-size').textContent === '28 × 28'")
    settled(page)
    shown = page.locator("#equation").inner_text()
    until(page, "location.hash.startsWith('#image=draw')")
    visit(page, page.url)
    assert page.locator("#input-size").inner_text() == "28 × 28"
    assert page.locator("#equation").inner_text() == shown


def test_a_shared_link_opens_the_same_state_with_parts_hidden_and_locked(page: Any, address: str) -> None:
    choose(page, "#stride", "3")
    point(page, "#output-view", 2, 5, (10, 13))
    expected = sum_shown(page)
    page.locator("#share").click()
    page.get_by_label("Hide: The chain").check()
    page.get_by_label("Lock: The kernel").check()
    link = page.locator("#share-link").input_value()
    visit(page, link)
    assert (place(page), sum_shown(page)) == ((2, 5), expected)
    assert page.locator("#chain").is_hidden()
    assert page.get_by_label("Row 0, column 0", exact=True).is_disabled()
    assert page.locator("#stride").input_value() == "3"


def test_a_link_to_somebodys_own_image_says_that_it_is_not_here(page: Any, address: str) -> None:
    visit(page, f"{address}#image=own:cat.png&step=pool")
    page.wait_for_selector("#message:visible")
    assert "not on this computer" in page.locator("#message").inner_text()
    assert page.locator("#input-size").inner_text() == "512 × 512 × 3"


def test_colours_of_signed_results_are_centred_on_zero(page: Any) -> None:
    values = summed(sample(), SOBEL)
    low, middle, high = page.locator("#legend .ends span").all_inner_texts()
    limit = max(-values.min(), values.max())
    assert numbers(low + " " + high) == [-limit, limit]
    assert middle == "0"
    assert numbers(page.locator("#stats").inner_text()) == [values.min(), values.max()]


def test_values_that_a_scale_cuts_off_are_counted(page: Any) -> None:
    choose(page, "#look", "image")
    values = summed(sample(), SOBEL)
    counts = numbers(page.locator("#clipped").inner_text().replace("below 0", "").replace("above 255", ""))
    assert counts == [(values < 0).sum(), (values > 255).sum()]


def test_numbers_are_kept_as_they_are_typed_and_words_are_answered(page: Any) -> None:
    cell = page.locator("#kernel input").first
    for text, number in (("1e9", "1000000000"), ("1e-9", "1e-9"), ("−1/3", "-0.3333333333333333")):
        cell.fill(text)
        cell.press("Enter")
        settled(page)
        assert page.locator("#kernel-text").evaluate("(field) => field.value").split(" ")[0] == number
    for text, words in (
        ("abc", "“abc” is not a number"),
        ("1e999", "“1e999” is not a number"),
        ("1e35", "up to 1e30, and 1e+35 is larger"),
    ):
        cell.fill(text)
        cell.press("Enter")
        assert words in page.locator("#message").inner_text()
        assert cell.get_attribute("aria-invalid") == "true"


def test_an_array_of_python_is_pasted_into_a_cell(page: Any) -> None:
    page.locator("#kernel input").first.evaluate(
        """(cell) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text", "np.array([[1, 2], [3, 4]], dtype=np.float32)");
            cell.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
        }"""
    )
    settled(page)
    assert [
        float(text) for text in page.locator("#kernel input").evaluate_all("(all) => all.map((one) => one.value)")
    ] == [1, 2, 3, 4]
