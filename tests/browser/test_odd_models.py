"""Models that are not like the lesson's: without convolution or softmax, with a thousand classes; two pages at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import convoscope as cs
from convoscope.errors import ShapeError
from convoscope.web.explored import Explored
from convoscope.web.explorer import explore

from .conftest import watched
from .explored import plain, serving
from .support import in_layers, numbers, rested, until, visit

pytest.importorskip("playwright.sync_api", reason="the page's tests need Playwright")

CLASSES = 1_000


def ready(page: Any, address: str) -> None:
    visit(page, in_layers(address))
    rested(page)


@pytest.fixture(scope="module")
def logits() -> Explored:
    """Neither convolution nor softmax."""
    _, (x, y) = cs.datasets.digits.load_data()
    return Explored(plain(), x[..., None], y)


@pytest.fixture(scope="module")
def thousand() -> Explored:
    generator = np.random.default_rng(3)
    layers = cs.layers
    model = cs.Sequential(
        [
            layers.Conv2D(6, 3, activation="relu", input_shape=(12, 12, 3)),
            layers.GlobalAveragePooling2D(),
            layers.Dense(CLASSES, activation="softmax"),
        ],
        seed=4,
    )
    model.class_names = [f"kind {number}" for number in range(CLASSES)]
    return Explored(model, generator.random((300, 12, 12, 3), np.float32), generator.integers(0, CLASSES, 300))


def test_a_model_without_convolution_and_softmax_works_and_says_logits(browser: Any, logits: Explored) -> None:
    scores = logits.model.predict(logits.images[4:5], verbose=0)[0]
    with serving(logits) as address, watched(browser) as page:
        ready(page, f"{address}#image=4&layer=3&unit=2")
        words = page.locator("#verdict").inner_text()
        assert words.startswith(str(scores.argmax()))
        assert "a logit" in words
        assert numbers(words)[-1] == pytest.approx(scores.max(), abs=0.06)
        assert "%" not in page.locator(".prediction").inner_text()
        assert page.locator("#arithmetic .equation").first.is_visible()
        page.locator("#view-mistakes").click()
        until(page, "document.querySelector('#evidence').textContent.includes('this network has no convolution')")


def test_an_edit_counts_before_the_activation_where_the_image_stays(browser: Any, thousand: Explored) -> None:
    with serving(thousand) as address, watched(browser) as page:
        ready(page, f"{address}#image=7&layer=1&unit=0")
        words = page.locator("#activation > p")
        assert not words.inner_text().startswith("All of")
        page.evaluate("location.hash += '&edit=0.bias.0=-1000'")
        until(
            page, "document.querySelector('#activation > p').textContent === 'All of its 100 values are 0 after ReLU.'"
        )


def test_a_model_without_mistakes_says_so_in_a_sentence(browser: Any, thousand: Explored) -> None:
    images = thousand.images[:3]
    right = thousand.model.predict(images, verbose=0).argmax(axis=1)
    with serving(Explored(thousand.model, images, right)) as address, watched(browser) as page:
        visit(page, f"{address}#view=mistakes")
        rested(page)
        said = page.locator("#mistakes").inner_text()
        assert "All 3 test images are classified correctly." in said
        assert "There are no mistakes to look at." in said
        assert "The most frequent" not in said


def test_a_thousand_classes_are_no_thousand_rows(browser: Any, thousand: Explored) -> None:
    shares = thousand.model.predict(thousand.images[7:8], verbose=0)[0]
    with serving(thousand) as address, watched(browser) as page:
        ready(page, f"{address}#image=7&layer=3&unit=500")
        rows = page.locator(".prediction li")
        assert rows.count() == 10
        names = [f"kind {number}" for number in np.argsort(-shares, kind="stable")[:10]]
        assert page.locator(".prediction .class").all_inner_texts() == names
        assert page.locator(".softmax tr").count() < 30
        assert page.locator("#inspector *").count() < 2_000
        page.locator("#view-mistakes").click()
        until(page, "document.querySelectorAll('.pairs button').length > 0")
        assert page.locator(".pairs button").count() <= 30
        until(page, "document.querySelectorAll('#evidence canvas').length >= 2")


def test_an_image_of_another_size_is_brought_to_the_networks(browser: Any, logits: Explored, tmp_path: Path) -> None:
    file = tmp_path / "wide.png"
    Image.fromarray(np.full((30, 50, 3), 200, np.uint8)).save(file)
    with serving(logits) as address, watched(browser) as page:
        ready(page, address)
        page.locator("input[type=file]").set_input_files(file)
        until(page, "document.querySelector('#source').textContent.includes('wide.png')")
        until(page, "document.querySelector('#received').width === 8")


def test_images_of_another_size_are_refused_with_both_sizes(logits: Explored) -> None:
    with pytest.raises(ShapeError, match=r"8, 8, 1.*(12, 12, 1|12×12×1)"):
        explore(logits.model, np.zeros((5, 12, 12, 1)), port=0, browser=False, wait=False)


def test_two_pages_at_once_keep_their_own_states(browser: Any, logits: Explored) -> None:
    with serving(logits) as address, watched(browser) as one, watched(browser) as other:
        ready(one, f"{address}#image=3&layer=2&unit=5")
        ready(other, f"{address}#image=9&layer=2&unit=5&off=2:0,1,2,3,4,5,6,7")
        for page in (one, other):
            assert page.locator("#model-title").inner_text() == "model"
        before = one.locator(".prediction").inner_text()
        other.locator("#count").click()
        one.locator("#silence").click()
        one.locator("#count").click()
        shown = []
        for page in (one, other):
            until(page, "document.querySelector('#accuracy').textContent.includes('→')")
            shown.append(page.locator("#accuracy").inner_text())
        assert shown[0] != shown[1]  # one filter off, and eight
        assert shown[0].split("→")[0] == shown[1].split("→")[0]
        one.locator("#reset").click()
        until(one, "document.querySelector('#touch').hidden")
        assert one.locator(".prediction").inner_text() == before
        assert other.locator("#touch").is_visible()
        assert ["image=3" in one.evaluate("location.hash"), "image=9" in other.evaluate("location.hash")] == [True] * 2
