"""The explorer keeps what it says true to what it shows, and itself within reach: one page for nearly all tests."""

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
from .support import in_layers, rested, tab_to, to_address, until

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
def opened(living: Callable[[], Any], explorer: str) -> Iterator[Any]:
    """The page, opened once; the console must have nothing bad to say at the end."""
    with watched(living()) as page:
        page.goto(in_layers(explorer))
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
    to_address(page, in_layers(f"#{fragment}"))
    rested(page)


def focused(page: Any) -> str:
    """What the element with the focus is called."""
    return str(
        page.evaluate("(({ id, tagName, ariaLabel }) => ariaLabel ?? (id || tagName))(document.activeElement)"),
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
        seen = """(element) => {
            const box = element.getBoundingClientRect();
            return element.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2));
        }"""
        assert page.locator(covered).first.evaluate(seen), covered


def test_an_error_goes_when_a_good_file_comes(page: Any) -> None:
    page.locator("input[type=file]").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"no image"})
    page.wait_for_selector("#message.error:visible")
    good = png(np.arange(64, dtype=np.uint8).reshape(8, 8))
    page.locator("input[type=file]").set_input_files({"name": "b.png", "mimeType": "image/png", "buffer": good})
    until(page, "document.querySelector('#own').textContent.includes('b.png')")
    assert page.locator("#message").is_hidden()


def test_the_focus_stays_where_the_keyboard_left_it(page: Any) -> None:
    until(page, "document.querySelector('#source .picture[aria-pressed=true]')?.ariaLabel.startsWith('Image 3:')")
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
    page.locator("a.skip").press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "MAIN"
    assert "image=3" in page.evaluate("location.hash")
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


def texts(page: Any, selector: str) -> list[str]:
    """What stands in elements, fields included."""
    return list(page.eval_on_selector_all(selector, "all => all.map((each) => each.value || each.textContent)"))


def exact(text: str) -> tuple[float, float]:
    """A written number, and half of its last place."""
    plain = text.replace("−", "-")
    mantissa, _, exponent = plain.partition("e")
    return float(plain), 0.5000001 * 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))


def adds_up(page: Any) -> None:
    """Check all that is displayed of a convolution's value, with nothing but what is displayed."""
    seen, kernel, products = (texts(page, f"#arithmetic .three > :nth-child({place}) .cell") for place in (1, 2, 3))
    for value, weight, product in zip(seen, kernel, products, strict=True):
        written, half = exact(product)
        assert exact(value)[0] * exact(weight)[0] == pytest.approx(written, abs=half), f"{value} × {weight} = {product}"
    written, half = exact(page.locator("#part-sum b").inner_text())
    assert sum(exact(product)[0] for product in products) == pytest.approx(written, abs=half)
    signs, terms = texts(page, "#arithmetic .equation .sign"), texts(page, "#arithmetic .equation .term b")
    *added, before, _ = terms
    total = sum((-1 if sign == "−" else 1) * exact(term)[0] for sign, term in zip(["+", *signs], added, strict=False))
    written, half = exact(before)
    assert total == pytest.approx(written, abs=half), f"{terms} {signs}"


@pytest.mark.parametrize("unit", [5, 130, 300, 431])
def test_the_arithmetic_adds_up_as_it_is_displayed(page: Any, unit: int) -> None:
    for layer in (2, 4):
        go(page, f"image=3&layer={layer}&unit={unit % 192 if layer == 4 else unit}")
        adds_up(page)


def test_rows_and_columns_are_counted_from_0_and_that_is_said(page: Any) -> None:
    go(page, "image=3&layer=2&unit=0")
    assert "row 0, column 0" in page.locator("#inspector figcaption").first.inner_text()
    assert page.get_by_label("Row 0, column 0 of the kernel").is_visible()
    assert "counted from 0" in page.locator("#inspector").inner_text()


def test_a_field_shows_the_whole_number_and_says_what_is_none(page: Any) -> None:
    go(page, "image=3&layer=2&unit=300")
    field = page.get_by_label("Row 1, column 1 of the kernel")
    field.fill("1e9")
    field.press("Enter")
    rested(page)
    assert (
        page.eval_on_selector_all(
            "#arithmetic .cell", "all => all.filter((e) => e.scrollWidth > e.clientWidth + 1).length"
        )
        == 0
    )
    assert field.input_value() == "1e9"
    page.mouse.wheel(0, 2000)
    field.fill("abc")
    field.press("Enter")
    page.wait_for_selector("#message.error:visible")
    box = page.locator("#message").bounding_box()
    assert 0 <= box["y"] <= 300  # in view, however far the page was scrolled
    go(page, "image=3")


def test_one_epoch_alone_is_seen_in_the_curves(page: Any) -> None:
    """Its points have a size, and lie within the drawing."""
    found = page.evaluate(
        """async () => {
            const { createCurves } = await import("./static/explorer/curves.js");
            const holder = document.createElement("div");
            holder.className = "curves";
            document.querySelector("main").append(holder);
            const epochs = [{ epoch: 1, loss: 0.5, accuracy: 0.8, val_loss: 0.4, val_accuracy: 0.85 }];
            createCurves(holder, () => {}).render({ epochs, chosen: 1, first: 1, last: 6 });
            const dots = [...holder.querySelectorAll("path.dots")];
            const frame = holder.querySelector("svg").viewBox.baseVal;
            const found = dots.map((each) => {
                const [, x, y] = each.getAttribute("d").match(/^M(\\S+) ([^h]+)h0$/).map(Number);
                const inside = x > frame.x && y > frame.y && x < frame.x + frame.width && y < frame.y + frame.height;
                return inside && parseFloat(getComputedStyle(each).strokeWidth) >= 5;
            });
            holder.remove();
            return found;
        }"""
    )
    assert found == [True] * 4


def test_what_is_printed_is_all_there_and_nothing_lies_over_it(page: Any) -> None:
    page.set_viewport_size({"width": 1200, "height": 500})
    page.reload()
    page.wait_for_selector("html[data-ready=true]")
    rested(page)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    for part in (".left", "#inspector"):
        assert page.evaluate(f"getComputedStyle(document.querySelector('{part}')).position") == "static"
    blank = """all => all.filter((canvas) => canvas.checkVisibility()
        && !canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean)).length"""
    assert page.eval_on_selector_all(".layer canvas.maps", blank) == 0
    page.emulate_media(media="screen")


def test_text_is_large_enough_for_a_projector_and_the_page_fills_it(page: Any) -> None:
    page.set_viewport_size({"width": 1920, "height": 1080})
    for fragment in ("image=3&layer=4&unit=0", "image=3&layer=6&unit=3", "view=mistakes&image=3", "view=why&image=3"):
        go(page, fragment)
        small = page.evaluate(
            """() => {
                const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
                const found = [];
                while (walker.nextNode()) {
                    const { parentElement: parent, textContent } = walker.currentNode;
                    const seen = textContent.trim() && parent.checkVisibility() && !parent.closest(".visually-hidden");
                    if (seen && parseFloat(getComputedStyle(parent).fontSize) < 14) found.push(textContent);
                }
                return found;
            }"""
        )
        assert small == []
        assert page.evaluate("document.querySelector('main').getBoundingClientRect().width") > 1850


def test_names_are_whole_and_the_classes_stand_in_one_column(page: Any) -> None:
    boxes = [each.bounding_box() for each in page.locator("#tower .prediction button").all()]
    assert len({box["x"] for box in boxes}) == 1
    assert [box["y"] for box in boxes] == sorted(box["y"] for box in boxes)
    assert min(each.bounding_box()["width"] for each in page.locator("#tower .prediction .track").all()) > 150


@pytest.fixture(scope="module")
def alone() -> Iterator[str]:
    """Where a network for colour images is, of which nothing else is known."""
    layers = cs.layers
    model = cs.Sequential(
        [
            layers.Rescaling(1 / 255, input_shape=(9, 9, 3)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ],
        seed=4,
    )
    model.class_names = ["daisy", "Leontopodium alpinum", "tulip"]
    with serving(Explored(model, title="colour")) as address:
        yield address


def test_without_images_no_answer_and_no_mistakes_are_offered(browser: Any, alone: str) -> None:
    with watched(browser) as page:
        page.goto(in_layers(alone))
        page.wait_for_selector("html[data-ready=true]")
        rested(page)
        assert page.locator("#verdict").inner_text() == "No image yet"
        assert page.locator(".prediction .lit").count() == 0
        assert page.locator("#view-mistakes").is_hidden()
        go(page, "view=mistakes")
        assert "no mistakes are known" in page.locator("#message").inner_text()
        page.mouse.move(*[page.locator("#pad").bounding_box()[side] + 60 for side in ("x", "y")])
        page.mouse.down()
        page.mouse.move(*[page.locator("#pad").bounding_box()[side] + 160 for side in ("x", "y")], steps=3)
        page.mouse.up()
        until(page, "document.querySelector('#verdict').textContent !== 'No image yet'")
        assert page.locator(".answer-rows .lit").count() == 1  # the overview is where the page falls back to
        name = page.locator(".answer-rows .class", has_text="alpinum")
        assert name.evaluate("e => e.scrollWidth <= e.clientWidth")


def test_red_green_and_blue_are_themselves(browser: Any, alone: str) -> None:
    with watched(browser) as page:
        page.goto(f"{alone}#source=draw&drawing=UP8&layer=2&unit=20")
        page.wait_for_selector("html[data-ready=true]")
        rested(page)
        assert set(texts(page, ".shares .what")) == {"red", "green", "blue"}
        colours = page.eval_on_selector_all(
            ".shares li",
            """all => Object.fromEntries(all.map((item) => {
                const canvas = item.querySelector("canvas");
                const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
                const sums = [0, 0, 0];
                data.forEach((each, i) => i % 4 < 3 && (sums[i % 4] += each));
                return [item.querySelector(".what").textContent, sums.map((sum) => sum > 0)];
            }))""",
        )
        assert colours == {name: [name == each for each in ("red", "green", "blue")] for name in colours}
        assert "red, green, blue" in page.locator(".layer[data-position='-1'] .kind").inner_text()
