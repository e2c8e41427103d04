"""The explorer in Chromium, with a network that the test trains: its numbers are held to the engine's."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.explore import activations, confusion
from convoscope.explore.interventions import intervene
from convoscope.web.explored import Explored
from convoscope.web.explorer import offline

from .conftest import watched
from .explored import serving
from .support import flaws, in_layers, numbers, rested, tab_to, until, visit

pytest.importorskip("playwright.sync_api", reason="the page's tests need Playwright")


@pytest.fixture(scope="module")
def explored() -> Explored:
    """A network that has learned the digits: not too well, so that there are mistakes."""
    (x, y), (x_test, y_test) = cs.datasets.digits.load_data()
    layers = cs.layers
    model = cs.Sequential(
        [
            layers.Rescaling(1 / 16, input_shape=(8, 8, 1)),
            layers.Conv2D(12, 3, activation="relu", padding="same"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(24, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ],
        seed=3,
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x[..., None], y, epochs=6, batch_size=16, verbose=0)
    model.class_names = [str(digit) for digit in range(10)]
    return Explored(model, x_test[..., None], y_test, x[..., None], y, "digits")


@pytest.fixture(scope="module")
def explorer(explored: Explored) -> Iterator[str]:
    """Where its page is."""
    with serving(explored) as address:
        yield address


@pytest.fixture
def page(browser: Any, explorer: str) -> Iterator[Any]:
    """The page, ready; a test fails if the browser's console says anything bad."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    opened = context.new_page()
    problems: list[str] = []
    opened.on("console", lambda message: message.type in ("error", "warning") and problems.append(message.text))
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.goto(in_layers(explorer))
    opened.wait_for_selector("html[data-ready=true]")
    yield opened
    context.close()
    assert problems == []


def select(page: Any, explorer: str, fragment: str) -> None:
    """Open a link to a state."""
    visit(page, in_layers(f"{explorer}#{fragment}"))
    rested(page)


def draw(page: Any, points: list[tuple[float, float]]) -> None:
    """Draw a line through points of the pad, from 0 to 1 along both sides."""
    box = page.locator("#pad").bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places:
        page.mouse.move(*place)
    page.mouse.up()
    rested(page)


def test_every_layers_numbers_are_the_engines(page: Any, explored: Explored) -> None:
    """What the worker computes is compared in whole, in the page itself."""
    image = explored.images[5]
    expected = activations(explored.model, image)
    found = page.evaluate(
        """async (image) => {
            const { openNetwork } = await import("./static/engine/network-client.js");
            const { readModel } = await import("./static/engine/model.js");
            const buffer = await (await fetch("data/model.safetensors")).arrayBuffer();
            const { inputShapes: [shape] } = readModel(buffer);
            const address = new URL("static/engine/network-worker.js", location.href.split("#")[0]);
            const network = await openNetwork(buffer, address);
            const outputs = await network.run([{ shape, data: Float32Array.from(image) }]);
            return outputs.map(({ shape, data }) => ({ shape, data: [...data] }));
        }""",
        image.ravel().astype(float).tolist(),
    )
    assert len(found) == len(expected.outputs)
    for tensor, output in zip(found, expected.outputs, strict=True):
        assert tuple(tensor["shape"]) == output.shape[1:]
        np.testing.assert_allclose(tensor["data"], output.ravel(), atol=1e-4)


def test_the_answer_and_its_probability_are_predicts(page: Any, explorer: str, explored: Explored) -> None:
    select(page, explorer, "image=7")
    probabilities = explored.model.predict(explored.images[7:8], verbose=0)[0]
    best = int(probabilities.argmax())
    assert page.locator("#verdict").inner_text().startswith(str(best))
    row = page.locator(".prediction li.lit")
    assert row.locator(".class").inner_text().startswith(str(best))
    assert numbers(row.locator(".score").inner_text())[0] == pytest.approx(100 * probabilities[best], abs=0.11)


def test_a_drawn_eight_lights_the_eighth_output(page: Any) -> None:
    page.get_by_role("button", name="Draw", exact=True).click()
    steps = [2 * math.pi * i / 60 for i in range(61)]
    draw(page, [(0.5 + 0.17 * math.sin(2 * t), 0.5 - 0.3 * math.cos(t)) for t in steps])
    until(page, "document.querySelector('#verdict').textContent.startsWith('8')")
    assert page.locator(".prediction li.lit .class").inner_text() == "8"
    page.locator("#clear").click()
    until(page, "!document.querySelector('#verdict').textContent.startsWith('8')")


def test_the_most_confused_cell_leads_to_the_arithmetic_of_a_pixel(page: Any, explored: Explored) -> None:
    true, answer = confusion(explored.model, explored.images, explored.labels).most_confused
    page.locator("#view-mistakes").click()
    page.get_by_label(f"{true} classified as {answer}:").click()
    rested(page)
    assert page.locator("#cell-images h3").inner_text().startswith(f"{true} classified as {answer}")
    page.locator("#cell-images .picture").first.click()
    until(page, "document.querySelectorAll('#evidence canvas').length === 4")
    captions = page.locator("#evidence figure:not(.curve) figcaption b").all_inner_texts()
    assert captions == [str(answer), str(true)] * 2
    until(page, "document.querySelectorAll('#nearest canvas').length === 6")
    page.locator("#open-network").click()
    rested(page)
    page.wait_for_timeout(600)  # the address follows a moment later
    until(page, "location.hash.includes('image=') && !location.hash.includes('view=')")
    index = int(page.evaluate("location.hash.match(/image=([0-9]+)/)[1]"))
    assert explored.labels is not None
    assert explored.labels[index] == true
    page.locator(".layer[data-position='3'] canvas").click(position={"x": 20, "y": 20})
    page.wait_for_timeout(600)  # the address follows a moment later
    place = page.evaluate("location.hash")
    unit = int(place.split("unit=")[1].split("&")[0])
    output = activations(explored.model, explored.images[index])
    assert numbers(page.locator("#value b").inner_text())[0] == pytest.approx(output.outputs[3].ravel()[unit], abs=0.01)
    part = numbers(page.locator("#part-sum small").inner_text())[0]
    kernel = explored.model.layers[3].weights[0][:, :, int(part), unit % 16]
    row, column = divmod(unit // 16, 2)
    seen = output.outputs[2][0, row : row + 3, column : column + 3, int(part)]
    assert numbers(page.locator("#part-sum b").inner_text())[0] == pytest.approx((kernel * seen).sum(), abs=0.01)


def test_all_images_of_a_cell_come_from_python_where_the_page_has_few(browser: Any, explored: Explored) -> None:
    assert explored.labels is not None
    predicted = explored.model.predict(explored.images, verbose=0).argmax(axis=1)
    right = {i for i in range(len(explored.images)) if predicted[i] == explored.labels[i] == 4}
    few = 20 * 8 * 8  # bytes: room for twenty images
    with serving(explored, room=few) as address, watched(browser) as page:
        select(page, address, "view=mistakes&cell=4,4")
        until(page, f"document.querySelectorAll('#cell-images .picture').length >= {min(24, len(right))}")
        page.locator("#cell-images .picture").last.click()
        rested(page)
        page.wait_for_timeout(600)  # the address follows a moment later
        assert int(page.evaluate("location.hash.match(/image=([0-9]+)/)[1]")) in right
        assert page.locator("#evidence figcaption b").first.inner_text() == "4"


def test_a_filter_that_is_switched_off_changes_answer_and_accuracy(
    page: Any, explorer: str, explored: Explored
) -> None:
    select(page, explorer, "image=3")
    before = page.locator(".prediction").inner_text()
    select(page, explorer, "image=3&layer=2&unit=5&off=1:0,1,2,3,4")
    page.locator("#silence").click()
    told = f"document.querySelector('.prediction').innerText === {json.dumps(before)}"
    until(page, f"!({told})")
    rested(page)
    assert "conv2d without 0, 1, 2, 3, 4, 5" in page.locator("#touch").inner_text()
    page.locator("#count").click()
    until(page, "document.querySelector('#accuracy').textContent.includes('→')")
    expected = intervene(explored.model, {1: list(range(6))}, [], explored.images, explored.labels)
    found = numbers(page.locator("#accuracy").inner_text())
    assert found[1] == pytest.approx(100 * expected.accuracy, abs=0.06)
    page.locator("#reset").click()
    until(page, told)


def test_an_edited_number_of_a_kernel_counts_at_once(page: Any, explorer: str, explored: Explored) -> None:
    select(page, explorer, "image=3&layer=2&unit=200")
    before = page.locator(".prediction").inner_text()
    field = page.get_by_label("Row 1, column 1 of the kernel")
    field.fill("-3")
    field.press("Enter")
    rested(page)
    row, column, channel = 200 // 12 // 8, 200 // 12 % 8, 200 % 12
    kernel, bias = (weight.copy() for weight in explored.model.layers[1].weights)
    kernel[1, 1, 0, channel] = -3
    seen = np.pad(explored.images[3][..., 0] / 16, 1)[row : row + 3, column : column + 3]
    expected = max(0.0, float((seen * kernel[:, :, 0, channel]).sum() + bias[channel]))
    assert numbers(page.locator("#value b").inner_text())[0] == pytest.approx(expected, abs=0.006)
    assert page.locator(".prediction").inner_text() != before
    assert "1 kernel value edited" in page.locator("#touch").inner_text()


def test_numbers_lead_down_to_the_pixel_that_they_came_from(page: Any, explorer: str, explored: Explored) -> None:
    select(page, explorer, "image=3&layer=4&unit=0")
    for name in ("max_pooling2d", "conv2d", "rescaling"):
        page.locator("#arithmetic button.cell").first.click()
        rested(page)
        assert page.locator("#inspector h2").inner_text().startswith(name)
    page.get_by_role("button", name="Go to").click()
    rested(page)
    words = page.locator("#arithmetic").inner_text()
    assert "A pixel of the image" in words
    until(page, "location.hash.includes('layer=0')")
    pixel = int(page.evaluate("location.hash.split('unit=')[1].split('&')[0]"))
    assert numbers(words)[0] == explored.images[3].ravel()[pixel]


def test_a_softmax_shows_terms_and_division(page: Any, explorer: str, explored: Explored) -> None:
    select(page, explorer, "image=2&layer=7&unit=4")
    share = explored.model.predict(explored.images[2:3], verbose=0)[0, 4]
    shown = page.locator(".softmax .own td").last.inner_text()
    assert "<" in shown or numbers(shown)[0] == pytest.approx(100 * share, abs=0.11)
    assert "sum of all" in page.locator(".softmax").inner_text()


def test_a_map_is_seen_before_and_after_its_relu(page: Any, explorer: str, explored: Explored) -> None:
    image = np.pad(explored.images[3, ..., 0].astype(np.float64) / 16, 1)
    kernel, bias = explored.model.layers[1].get_weights()
    sums = np.einsum("yxij,ijc->yxc", np.lib.stride_tricks.sliding_window_view(image, (3, 3)), kernel[:, :, 0]) + bias
    row, column, channel = np.unravel_index(sums.argmin(), sums.shape)
    before = sums[..., channel]
    assert before.min() < 0
    select(page, explorer, f"image=3&layer=2&unit={(row * 8 + column) * 12 + channel}")
    figure = page.locator("#activation")
    assert figure.locator("h3").inner_text() == "What ReLU does to this map"
    captions = figure.locator("figcaption").all_inner_texts()
    shown = [numbers(text)[-1] for text in captions]
    assert shown == pytest.approx([before.min(), 0, 0], abs=0.005)
    zeros = int((before <= 0).sum())
    assert f"{zeros} of its 64 values are 0 after ReLU" in figure.locator("p").inner_text()
    painted = "([...document.querySelectorAll('#activation .pixels')]).map((each) => [each.width, each.height])"
    assert page.evaluate(painted) == [[8, 8], [8, 8]]
    page.locator(".inspector .stage[role=application]").focus()
    page.keyboard.press("ArrowRight" if column < 7 else "ArrowLeft")
    rested(page)
    beside = before[row, column + 1 if column < 7 else column - 1]
    assert numbers(figure.locator(".before figcaption").inner_text()) == pytest.approx([beside], abs=0.005)
    page.locator("#silence").click()
    rested(page)
    assert not figure.is_visible()  # what is turned off goes through no curve


def test_the_maps_that_a_convolution_adds_up_are_shown_one_by_one(page: Any, explorer: str, explored: Explored) -> None:
    pooled = activations(explored.model, explored.images[3]).outputs[2][0].astype(np.float64)
    kernel, bias = explored.model.layers[3].get_weights()
    own = np.einsum("yxcij,ijc->yxc", np.lib.stride_tricks.sliding_window_view(pooled, (3, 3), (0, 1)), kernel[..., 5])
    select(page, explorer, f"image=3&layer=4&unit={(1 * 2 + 0) * 16 + 5}")
    figure = page.locator(".summands")
    assert figure.locator("summary").inner_text() == "The 12 maps that are added up"
    figure.locator("summary").click()
    until(page, "document.querySelectorAll('.summand').length === 12")  # a disclosure tells later that it is open
    order = sorted(range(12), key=lambda channel: -np.abs(own[..., channel]).sum())
    assert figure.locator(".from").all_inner_texts() == [f"map {channel}" for channel in order]
    shown = [numbers(text)[0] for text in figure.locator(".amount").all_inner_texts()]
    assert shown == pytest.approx([own[1, 0, channel] for channel in order], abs=0.005)
    assert sum(shown) + bias[5] == pytest.approx(
        numbers(page.locator("#activation .before figcaption").inner_text())[0], abs=0.03
    )
    figure.locator(".summand").nth(1).click()
    until(page, "document.querySelectorAll('.summand')[1].ariaPressed === 'true'")
    assert (
        f"map {order[1]}"
        in page.locator(".shares li[aria-current=true], .shares [aria-pressed=true]").first.inner_text()
    )


def test_an_address_that_names_a_value_brings_its_layer_into_view(page: Any, explorer: str) -> None:
    page.set_viewport_size({"width": 1366, "height": 500})
    for layer in (2, 6, 3):
        select(page, explorer, f"image=3&layer={layer}&unit=0")
        box = page.locator(f"[data-position='{layer - 1}']").first.bounding_box()
        assert box["y"] < 400
        assert box["y"] + box["height"] > 100


def test_it_is_used_with_the_keyboard_alone(page: Any, explorer: str, explored: Explored) -> None:
    select(page, explorer, "image=3&layer=2&unit=0")
    tab_to(page, "[data-position='1'] .maps")
    page.keyboard.press("ArrowRight")
    until(page, "document.querySelector('#inspector h2').textContent.includes('map 1')")
    tab_to(page, "#inspector input.cell")
    page.keyboard.press("ArrowUp")
    until(page, "!document.querySelector('#touch').hidden")
    tab_to(page, "#reset")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('#touch').hidden")
    tab_to(page, "#view-mistakes")
    page.keyboard.press("Enter")
    tab_to(page, ".confusion button.wrong")
    words = page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.keyboard.press("Enter")
    tab_to(page, "#open-network")
    page.keyboard.press("Enter")
    true, answer = re.fullmatch(r"(\d) classified as (\d): \d+", words).groups()
    until(page, f"document.querySelector('#verdict').textContent.startsWith('{answer}')")
    assert page.locator("#truth").inner_text() == f"That is wrong: it is {true}."


def test_a_maps_faithfulness_is_pythons_and_is_computed_once(page: Any, explorer: str, explored: Explored) -> None:
    select(page, explorer, "view=why&image=3")
    page.locator("#cam-method").select_option("hires_cam")
    tab_to(page, "#why-where details.faithful summary")
    page.keyboard.press("Enter")
    rested(page)
    found = cs.explore.faithfulness(explored.model, explored.images[3], method="hires_cam", orders=5)
    chance = found.auc.random[0]
    for chart, own in zip(page.locator("#why-where .faithful .curve").all(), found.auc, strict=False):
        assert numbers(chart.locator("figcaption").inner_text()) == pytest.approx([own[0], chance], abs=0.0051)
        assert chart.locator("path.validation").get_attribute("d").count("L") == 20
    assert found.randomization is not None
    check = page.locator("#why-where .faithful .sum").nth(1).inner_text()
    assert numbers(check)[0] == pytest.approx(found.randomization.similarity, abs=0.0051)
    assert str(found.randomization).split(". ", 1)[1] in check  # of 2×2 values nothing can be said
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('#why-where .working').hidden")  # it is known already
    assert page.locator("#why-where .faithful .sum").nth(1).inner_text() == check


# In one go: a quick machine may have ended before a second click has found its place.
SILENCE_AND_STOP = """() => new Promise((done, fail) => {
  const end = performance.now() + 60000;
  document.querySelector("#silence").click();
  requestAnimationFrame(function look() {
    if (performance.now() > end) return fail(new Error("nothing was there to be stopped"));
    const stop = document.querySelector(".exciting .working button");
    if (!stop.offsetParent || stop.textContent !== "Stop") return requestAnimationFrame(look);
    stop.click();
    done();
  });
})"""


def test_what_excites_a_filter_is_shown_beside_real_images(page: Any, explorer: str, explored: Explored) -> None:
    page.emulate_media(reduced_motion="reduce")
    select(page, explorer, "image=3&layer=4&unit=10")
    page.locator("details.exciting summary").click()
    rested(page)
    low, high = explored.input_range
    made = cs.explore.maximize(explored.model, 3, 10, value_range=(low, high))
    titles = page.locator(".exciting .side figcaption b").all_inner_texts()
    assert [numbers(text)[0] for text in titles[:3]] == pytest.approx(made.values.tolist(), rel=0.03)
    count = int(numbers(page.locator(".exciting .sum").inner_text())[0])
    given = len(page.evaluate("fetch('data/explorer.json').then((answer) => answer.json())")["indices"])
    assert count == min(given, 200)
    some = [i * given // count for i in range(count)]
    real = cs.explore.top_activating(explored.model, 3, 10, explored.images[some], 6)
    assert [numbers(text)[0] for text in titles[3:]] == pytest.approx(real.values.tolist(), rel=0.01)
    size = page.locator(".exciting canvas").first.evaluate("(canvas) => [canvas.height, canvas.width]")
    assert size == list(made.patches[0].shape[:2])
    page.evaluate(SILENCE_AND_STOP)  # another network: what was found is not true of it
    assert page.locator(".exciting .working button", has_text="Compute").is_visible()


@pytest.mark.long
@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (360, "light")])
def test_it_is_accessible_and_fits(browser: Any, explorer: str, width: int, scheme: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    for fragment in ("image=3&layer=4&unit=10", "image=3&layer=7&unit=3", "view=mistakes&image=3"):
        select(page, explorer, fragment)
        if width == 360:
            page.evaluate("() => document.querySelectorAll('details').forEach((each) => (each.open = true))")
            rested(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert flaws(page) == []
    context.close()


def test_no_panel_scrolls_sideways(browser: Any, explorer: str) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    select(page, explorer, "image=3&layer=4&unit=10")
    for width in (1440, 1200, 900):
        page.set_viewport_size({"width": width, "height": 900})
        rested(page)
        sizes = page.evaluate(
            "[...document.querySelectorAll('.card')].map((card) => [card.scrollWidth, card.clientWidth])"
        )
        assert len(sizes) > 3
        assert all(needed <= there for needed, there in sizes), width
    page.close()


def test_the_offline_file_needs_no_network(browser: Any, explored: Explored, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(offline(explored), encoding="utf-8")
    weights = explored.model.count_params() * 4
    assert file.stat().st_size < 3_000_000 + 2 * weights
    context = browser.new_context(viewport={"width": 1200, "height": 900}, offline=True)
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: message.type in ("error", "warning") and problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(file.as_uri() + "#image=7&layer=2&unit=0")
    page.wait_for_selector("html[data-ready=true]")
    best = int(explored.model.predict(explored.images[7:8], verbose=0)[0].argmax())
    assert page.locator("#verdict").inner_text().startswith(str(best))
    page.locator("#silence").click()
    rested(page)
    assert "not available offline" in page.locator("#touch").inner_text()
    assert problems == []
    context.close()
