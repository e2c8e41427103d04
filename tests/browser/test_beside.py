"""Two networks side by side in Chromium: a convolutional one, and one without convolution and softmax."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.explore import activations
from convoscope.web.explored import Explored
from convoscope.web.explorer import offline

from .conftest import watched
from .explored import convolutional, plain, serving
from .support import flaws, numbers, until, visit

pytest.importorskip("playwright.sync_api", reason="the page's tests need Playwright")


@pytest.fixture(scope="module")
def pair() -> Explored:
    _, (x, y) = cs.datasets.digits.load_data()
    images = x[..., None]
    return Explored(convolutional(), images, y, title="deep", beside=Explored(plain(), images, y, title="flat"))


@pytest.fixture(scope="module")
def address(pair: Explored) -> Iterator[str]:
    with serving(pair) as place:
        yield place


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    with watched(browser) as opened:
        show(opened, address, "view=beside&image=3")
        yield opened


def show(page: Any, address: str, fragment: str) -> None:
    visit(page, f"{address}#{fragment}")
    until(page, "document.querySelector('#both')?.textContent")


def probabilities(model: cs.Sequential, image: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.asarray(model.predict(image[None], verbose=0)[0])


def test_both_answers_are_predicts_and_logits_are_called_scores(page: Any, pair: Explored) -> None:
    assert pair.beside is not None
    image = pair.images[3]
    a, b = probabilities(pair.model, image), probabilities(pair.beside.model, image)
    for letter, scores in (("A", a), ("B", b)):
        column = page.locator(f"[data-side={letter}]")
        assert column.locator(".prediction li.lit .class").inner_text().startswith(str(scores.argmax()))
    shown = numbers(page.locator("[data-side=A] .prediction li.lit .score").inner_text())[0]
    assert shown == pytest.approx(100 * a.max(), abs=0.11)
    shown = numbers(page.locator("[data-side=B] .prediction li.lit .score").inner_text())[0]
    assert shown == pytest.approx(b.max(), abs=0.06)
    assert "score" in page.locator("#both").inner_text()
    assert f"{len(pair.beside.model.layers)} layers" in page.locator("[data-side=B] h2 + p").inner_text()


def test_each_image_on_which_they_disagree_is_a_click_away(page: Any, pair: Explored) -> None:
    assert pair.comparison is not None
    apart, both = pair.comparison.listed, pair.comparison
    buttons = page.locator("ol.apart button")
    assert buttons.count() == len(apart) > 0
    for position in (0, len(apart) - 1):
        number = int(apart[position])
        buttons.nth(position).click()
        a, b = both.first.predicted[number], both.second.predicted[number]
        until(page, f"document.querySelector('#both').textContent.startsWith('A says {a} ')")
        words = page.locator("#both").inner_text()
        assert f"B says {b} " in words
        true = pair.y[number]
        judged = "A is right" if a == true else "B is right" if b == true else f"Both are wrong: it is {true}"
        assert judged in words
        assert buttons.nth(position).get_attribute("aria-pressed") == "true"
        until(page, f"location.hash.includes('image={number}')")


def test_a_map_of_either_network_is_chosen_by_pointer_and_keys_and_is_in_the_address(
    page: Any, address: str, pair: Explored
) -> None:
    page.locator("[data-side=A] .layer[data-position='3'] canvas").click(position={"x": 15, "y": 15})
    page.locator("[data-side=B] .layer[data-position='2'] canvas").press("ArrowRight")
    page.locator("[data-side=B] .chosen .note", has_text="neuron 0").wait_for()
    page.locator("[data-side=B] .layer[data-position='2'] canvas").press("ArrowRight")
    until(page, "location.hash.includes('a=4,') && location.hash.includes('b=3,1')")
    fragment = page.evaluate("location.hash.slice(1)")
    unit = int(fragment.split("a=4,")[1].split("&")[0])
    captions = [page.locator(f"[data-side={letter}] .chosen .note").inner_text() for letter in "AB"]
    found = activations(pair.model, pair.images[3]).outputs[3].ravel()[unit]
    assert numbers(captions[0].split(": ")[1])[0] == pytest.approx(found, abs=0.006)
    assert pair.beside is not None
    neuron = activations(pair.beside.model, pair.images[3]).outputs[2].ravel()[1]
    assert "neuron 1" in captions[1]
    assert numbers(captions[1].split(": ")[1])[0] == pytest.approx(neuron, abs=0.006)
    show(page, address, fragment)
    assert [page.locator(f"[data-side={letter}] .chosen .note").inner_text() for letter in "AB"] == captions


def test_a_drawing_goes_through_both(page: Any) -> None:
    page.get_by_role("button", name="Draw", exact=True).click()
    before = [page.locator(f"[data-side={letter}] .prediction").inner_text() for letter in "AB"]
    box = page.locator("#beside #pad").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.8, steps=8)
    page.mouse.up()
    for letter, answer in zip("AB", before, strict=True):
        until(page, f"document.querySelector('[data-side={letter}] .prediction').innerText !== {json.dumps(answer)}")
    page.locator("#view-network").click()
    page.locator("#network #pad").wait_for()


def test_folding_a_layer_of_one_leaves_the_other(page: Any) -> None:
    layer = page.locator("[data-side=B] .layer[data-position='2']")
    layer.locator(".fold").focus()
    page.keyboard.press("Enter")
    until(page, "document.querySelector('[data-side=B] .layer[data-position=\"2\"]').classList.contains('folded')")
    assert page.locator("[data-side=A] .layer[data-position='2'] canvas").is_visible()
    until(page, "location.hash.includes('foldb=')")


def test_an_address_of_this_view_without_another_model_says_so(browser: Any, pair: Explored) -> None:
    with serving(Explored(pair.model, pair.x, pair.y)) as alone, watched(browser) as page:
        page.goto(f"{alone}#view=beside")
        page.wait_for_selector("html[data-ready=true]")
        assert page.locator("#view-beside").is_hidden()
        assert "only one model was opened" in page.locator("#message").inner_text()
        assert page.locator("#overview").is_visible()


@pytest.mark.long
@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (360, "light")])
def test_it_is_accessible_and_fits(browser: Any, address: str, width: int, scheme: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    show(page, address, "view=beside&image=3&a=4,7&b=3,2")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    columns = [page.locator(f"[data-side={letter}]").bounding_box() for letter in "AB"]
    assert columns[0]["x"] + columns[0]["width"] <= columns[1]["x"]  # beside one another on a phone too
    assert flaws(page) == []
    context.close()


def test_the_offline_file_shows_both_and_where_they_disagree(browser: Any, pair: Explored, tmp_path: Path) -> None:
    file = tmp_path / "both.html"
    file.write_text(offline(pair), encoding="utf-8")
    with watched(browser, offline=True) as page:
        show(page, file.as_uri(), "view=beside")
        page.locator("ol.apart button").first.click()
        until(page, "document.querySelector('#both').textContent.startsWith('A says')")
        assert page.locator("ol.apart button[aria-pressed=true]").count() == 1
