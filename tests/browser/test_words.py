"""The explorer explains its words where they stand, and can be projected: one page for all tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import convoscope as cs
from convoscope.web.explored import Explored

from .conftest import watched
from .explored import convolutional, serving
from .support import flaws, in_layers, rested, tab_to, to_address, until

pytest.importorskip("playwright.sync_api", reason="the page's tests need Playwright")

#: Text of the page that is seen: what it is and how large.
SIZES = """() => Object.fromEntries(
    ["#verdict", "#model-title", ".does", ".layer .name", "#inspector h3", ".cell", ".score"]
        .map((each) => [each, parseFloat(getComputedStyle(document.querySelector(each)).fontSize)]))"""


@pytest.fixture(scope="module")
def opened(living: Callable[[], Any]) -> Iterator[Any]:
    """The page, opened once; the console must have nothing bad to say at the end."""
    _, (x, y) = cs.datasets.digits.load_data()
    with (
        serving(Explored(convolutional(epochs=1), x[..., None], y, x[..., None], y, "digits")) as address,
        watched(living(), bypass_csp=True) as page,  # axe puts itself into the page
    ):
        page.goto(in_layers(address))
        page.wait_for_selector("html[data-ready=true]")
        yield page


@pytest.fixture
def page(opened: Any) -> Any:
    """The page as each test finds it: the network, an image, and a value of the second convolution."""
    opened.set_viewport_size({"width": 1366, "height": 768})
    go(opened)
    return opened


def go(page: Any, more: str = "") -> None:
    """Show a value of the second convolution, and nothing explained."""
    to_address(page, f"image=3&layer=4&unit=0{more}")
    page.mouse.move(1, 1)
    page.evaluate("scrollTo(0, 0); document.activeElement.blur()")
    rested(page)


def word(page: Any, term: str) -> Any:
    """The place where a term is marked in the network."""
    return page.locator(f"#tower .word[data-term='{term}']")


def test_each_layer_says_what_it_does_and_words_are_marked_once(page: Any) -> None:
    said = page.locator(".does").all_inner_texts()
    assert (
        "Slides 8 filters over the image with same padding, each with a 3×3 kernel and a bias; "
        "every filter gives one map, and ReLU replaces negative values with 0." in said
    )
    assert "Max pooling keeps the largest value of each 2×2 window; each of the 8 maps shrinks from 8×8 to 4×4." in said
    terms = page.eval_on_selector_all("#tower .word", "all => all.map((each) => each.dataset.term)")
    assert sorted(terms) == sorted({"softmax", "bias", "filter", "map", "kernel", "ReLU", "pooling", "padding"})
    page.locator("[data-position='5'] .fold").click()  # softmax and bias are marked here: now further down
    rested(page)
    assert word(page, "softmax").filter(visible=True).count() == 0
    assert word(page, "bias").filter(visible=True).evaluate("e => e.closest('.layer').dataset.position") == "3"


def test_a_word_is_explained_on_hover_as_long_as_the_pointer_is_there(page: Any) -> None:
    tip = page.locator(".meaning")
    word(page, "softmax").hover()
    until(page, "!document.querySelector('.meaning').hidden")
    assert tip.inner_text().startswith("softmax Turns the scores of all classes into probabilities")
    tip.hover()  # it can be read with the pointer on it
    page.wait_for_timeout(300)
    assert tip.is_visible()
    page.mouse.move(1, 1)
    until(page, "document.querySelector('.meaning').hidden")
    word(page, "bias").hover()
    page.keyboard.press("Escape")
    assert tip.is_hidden()


def test_a_word_is_explained_to_the_keyboard_and_to_those_who_listen(page: Any) -> None:
    tip = page.locator(".meaning")
    tab_to(page, "#tower .word[data-term=bias]")
    assert tip.inner_text().startswith("bias A learned number")
    described = "({ activeElement: e }) => document.getElementById(e.getAttribute('aria-describedby')).textContent"
    assert page.evaluate(f"({described})(document)") in tip.inner_text()
    page.keyboard.press("Tab")
    assert tip.inner_text().startswith("softmax")
    page.keyboard.press("Escape")
    assert tip.is_hidden()
    assert page.evaluate("document.activeElement.dataset.term") == "softmax"
    page.keyboard.press("Enter")
    assert tip.is_visible()
    page.keyboard.press("Enter")
    assert tip.is_hidden()


def test_a_touch_opens_and_closes_an_explanation_that_fits_a_phone(page: Any) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    rested(page)
    touch = """(word) => {
        word.scrollIntoView({ block: "start" });
        word.dispatchEvent(new PointerEvent("pointerover", { bubbles: true, pointerType: "touch" }));
        word.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true, pointerType: "touch" }));
        word.click();
    }"""
    for term in page.eval_on_selector_all("#tower .word", "all => all.map((each) => each.dataset.term)"):
        word(page, term).evaluate(touch)
        box = page.locator(".meaning").bounding_box()
        assert 0 <= box["x"] <= 360 - box["width"], term
        assert 0 <= box["y"] <= 740 - box["height"], term
        word(page, term).evaluate(touch)
        assert page.locator(".meaning").is_hidden()


def test_p_makes_text_half_as_large_again_and_p_or_esc_leaves(page: Any) -> None:
    before = page.evaluate(SIZES)
    for leave in ("p", "Escape"):
        page.keyboard.press("P")
        rested(page)
        assert page.evaluate(SIZES) == pytest.approx({each: 1.5 * size for each, size in before.items()})
        assert page.locator("#facts, #theme, #source .segments, #silence").filter(visible=True).count() == 0
        assert "Presentation mode is on" in page.locator("#announce-mode").inner_text()
        until(page, "location.hash.endsWith('&present=1')")
        page.keyboard.press(leave)
        rested(page)
        assert page.evaluate(SIZES) == before
        assert page.locator("#announce-mode").inner_text() == "Presentation mode is off."
        until(page, "!location.hash.includes('present')")


def test_esc_closes_an_explanation_first(page: Any) -> None:
    go(page, "&present=1")
    tab_to(page, "#tower .word[data-term=bias]")
    page.keyboard.press("Escape")
    assert page.locator(".meaning").is_hidden()
    assert page.locator("html[data-presenting]").count() == 1
    page.keyboard.press("Escape")
    rested(page)
    assert page.locator("html[data-presenting]").count() == 0


def test_p_is_a_letter_where_a_person_types(page: Any) -> None:
    field = page.locator("#inspector input.cell").first
    written = field.input_value()
    field.fill("")
    field.press("p")
    assert field.input_value() == "p"
    rested(page)
    assert page.locator("html[data-presenting]").count() == 0
    field.fill(written)
    field.blur()


def test_the_button_keeps_the_focus_and_a_hidden_control_hands_it_on(page: Any) -> None:
    tab_to(page, "#present")
    page.keyboard.press("Enter")
    rested(page)
    assert page.evaluate("document.activeElement.id") == "present"
    page.keyboard.press("Enter")
    rested(page)
    assert page.locator("#present").inner_text() == "Present"
    page.locator("#theme").focus()
    page.keyboard.press("p")
    rested(page)
    assert page.evaluate("document.activeElement.id") == "present"


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080), (360, 740)])
def test_a_link_opens_it_and_nothing_overflows(page: Any, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    go(page, "&present=1")
    page.reload()
    page.wait_for_selector("html[data-ready=true]")
    for view in ("network", "why", "mistakes"):
        page.locator(f"#view-{view}").click()
        rested(page)
        assert page.locator("html[data-presenting]").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], view
        wide = """all => all.filter((each) => each.checkVisibility() && each.scrollWidth > each.clientWidth + 1)
            .map((each) => each.ariaLabel ?? each.id)"""
        assert page.eval_on_selector_all(".card, .layer, .inspector, header", wide) == [], view
    page.locator("#view-network").click()


@pytest.mark.long
@pytest.mark.parametrize(("scheme", "view"), [("light", "network"), ("dark", "why")])
def test_axe_finds_nothing(page: Any, scheme: str, view: str) -> None:
    page.emulate_media(color_scheme=scheme)
    if view == "network":
        word(page, "bias").click()
        assert page.locator(".meaning").is_visible()
        assert flaws(page) == []
    go(page, f"&view={view}&present=1")
    assert flaws(page) == []
