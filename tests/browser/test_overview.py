"""The overview, the explorer's first view: what is drawn, what is said of it, and its numbers against NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import convoscope as cs
from convoscope.explore import activations
from convoscope.explore.interventions import with_interventions
from convoscope.web.explored import Explored

from .conftest import watched
from .explored import photographic, serving
from .support import flaws, numbers, rested, tab_to, to_address, until

pytest.importorskip("playwright.sync_api", reason="the page's tests need Playwright")

Array = npt.NDArray[Any]
# The contributions to one channel of a layer, computed by the page's own module for what the page's own network makes.
CONTRIBUTIONS = """async ([image, position, channel, count]) => {
    const { openNetwork } = await import("./static/engine/network-client.js");
    const { readModel } = await import("./static/engine/model.js");
    const { contributionsTo } = await import("./static/explorer/overview/contributions.js");
    const buffer = await (await fetch("data/model.safetensors")).arrayBuffer();
    const model = readModel(buffer);
    const network = await openNetwork(buffer, new URL("static/engine/network-worker.js", location.href.split("#")[0]));
    const input = { shape: model.inputShapes[0], data: Float32Array.from(image) };
    const values = [input, ...(await network.run([input]))];
    const layer = model.layers[position];
    const given = layer.inputs.map((value) => values[value]);
    const found = contributionsTo(layer, given, values[position + 1].shape, channel, [count ?? given[0].shape.at(-1)]);
    return found.map((each) => [...each]);
}"""
DEPTHWISE, STRIDED, SEPARABLE, TRANSPOSED, DENSE = 1, 2, 3, 4, 7  # positions


@pytest.fixture(scope="module")
def explored() -> Explored:
    """Every kind of convolution, and the digits."""
    (x, y), (x_test, y_test) = cs.datasets.digits.load_data()
    layers = cs.layers
    model = cs.Sequential(
        [
            layers.Rescaling(1 / 16, input_shape=(8, 8, 1)),
            layers.DepthwiseConv2D(3, depth_multiplier=24, activation="relu"),
            layers.Conv2D(16, 3, strides=2, padding="same"),
            layers.SeparableConv2D(20, 3, padding="same", depth_multiplier=2),
            layers.Conv2DTranspose(30, 2, strides=2, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ],
        seed=3,
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x[..., None], y, epochs=3, batch_size=32, verbose=0)
    model.class_names = [
        f"the digit {name}" for name in ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    ]
    return Explored(model, x_test[..., None], y_test, title="digits")


@pytest.fixture(scope="module")
def address(explored: Explored) -> Iterator[str]:
    """Where its page is."""
    with serving(explored) as place:
        yield place


@pytest.fixture(scope="module")
def opened(living: Callable[[], Any], address: str) -> Iterator[Any]:
    """The page, opened once."""
    with watched(living(), reduced_motion="reduce") as page:
        page.set_viewport_size({"width": 1366, "height": 768})
        page.goto(f"{address}#image=7")
        page.wait_for_selector("html[data-ready=true]")
        yield page


@pytest.fixture
def page(opened: Any) -> Any:
    """The overview of image 7, without changes."""
    to_address(opened, "image=7")
    opened.mouse.move(5, 5)
    rested(opened)
    return opened


def windows(image: Array, kernel: int, stride: int = 1, before: int = 0, after: int = 0) -> Array:
    """Every window of an image (H, W, C): (rows, columns, C, kernel, kernel)."""
    padded = np.pad(image.astype(np.float64), ((before, after), (before, after), (0, 0)))
    return np.lib.stride_tricks.sliding_window_view(padded, (kernel, kernel), axis=(0, 1))[::stride, ::stride]


def mean_sizes(sums: Array) -> Array:
    """The mean over all positions of |sums| (rows, columns, C)."""
    return np.asarray(np.abs(sums).mean(axis=(0, 1)))


def contributions(model: cs.Sequential, values: list[Array], position: int, channel: int) -> Array:
    """What each map gives to a channel, by the definition that the page states."""
    given = values[position]
    weights = [np.asarray(each, np.float64) for each in model.layers[position].get_weights()]
    if position == DEPTHWISE:  # one map in: each filter takes it alone
        return mean_sizes(np.einsum("rcmyx,yxm->rcm", windows(given, 3), weights[0][:, :, :, channel]))
    if position == STRIDED:
        return mean_sizes(np.einsum("rcmyx,yxm->rcm", windows(given, 3, 2, 0, 1), weights[0][..., channel]))
    if position == SEPARABLE:
        deep = np.einsum("rcmyx,yxmd->rcmd", windows(given, 3, 1, 1, 1), weights[0])
        return mean_sizes(np.einsum("rcmd,md->rcm", deep, weights[1][0, 0, :, channel].reshape(-1, 2)))
    if position == TRANSPOSED:  # windows of 2×2 with stride 2 do not overlap
        return np.abs(np.einsum("rcm,yxm->rcyxm", given, weights[0][:, :, channel])).mean(axis=(0, 1, 2, 3))
    maps = given.reshape(-1, 30)
    return np.abs((maps * weights[0][:, channel].reshape(maps.shape)).sum(axis=0))


def values_of(explored: Explored, number: int) -> list[Array]:
    """The image, and what every layer makes of it."""
    found = activations(explored.model, explored.images[number])
    return [np.asarray(explored.images[number]), *(np.asarray(output[0]) for output in found.outputs)]


def test_contributions_are_numpys(page: Any, explored: Explored) -> None:
    values = values_of(explored, 7)
    for position, count in ((DEPTHWISE, None), (STRIDED, None), (SEPARABLE, None), (TRANSPOSED, None), (DENSE, 30)):
        for channel in (0, 7):
            arguments = [values[0].ravel().astype(float).tolist(), position, channel, count]
            (found,) = page.evaluate(CONTRIBUTIONS, arguments)
            expected = contributions(explored.model, values, position, channel)
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6, err_msg=f"layer {position}")


def test_the_whole_network_and_the_answer_are_on_one_screen(page: Any, explored: Explored) -> None:
    assert page.evaluate("location.hash") == "#image=7"
    assert page.locator("#view-overview").get_attribute("aria-pressed") == "true"
    size = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert size == [1366, 768]
    assert page.locator(".overview-head b").all_inner_texts()[:3] == ["Image", "Depthwise", "Convolution"]
    probabilities = explored.model.predict(explored.images[7:8], verbose=0)[0]
    order = np.argsort(-probabilities, kind="stable")
    rows = page.locator(".answer-rows li")
    assert rows.locator(".class").all_inner_texts() == [explored.model.class_names[index] for index in order]
    shown = [numbers(text)[-1] for text in rows.locator(".score").all_inner_texts()]
    np.testing.assert_allclose(shown, 100 * probabilities[order], atol=0.1)
    for index in range(3):
        row = rows.nth(index).bounding_box()
        assert row["y"] + row["height"] <= 768
    for width, height in ((360, 740), (768, 1024), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        rested(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        first = rows.first.bounding_box()
        assert 0 <= first["y"] <= height - first["height"], f"the answer is seen at {width} pixels"
    page.set_viewport_size({"width": 1366, "height": 768})


def test_a_map_says_its_name_its_value_and_what_it_is_made_of(page: Any, explored: Explored) -> None:
    values = values_of(explored, 7)
    tab_to(page, ".overview-stage")
    for key in ("ArrowRight", "ArrowRight", "ArrowRight"):  # from the image to the second convolution
        page.keyboard.press(key)
    rested(page)
    told = page.locator(".overview-tip .told").inner_text()
    channel = int(numbers(told)[0])
    assert told.startswith(f"map {channel} of 16")
    made = values[STRIDED + 1]
    assert channel == int(np.abs(made).mean(axis=(0, 1)).argmax())
    row, column, value = numbers(told.split("Row")[1].split("\n")[0])
    np.testing.assert_allclose(value, made[int(row), int(column), channel], atol=0.006)
    shares = contributions(explored.model, values, STRIDED, channel)
    shares /= shares.sum()
    parts = page.locator(".overview-tip li")
    for index, source in enumerate(np.argsort(-shares)[:4]):
        name, share = parts.nth(index).locator("span, b").all_inner_texts()
        assert name == f"map {source}"
        np.testing.assert_allclose(numbers(share)[0], 100 * shares[source], atol=0.11)
    total = sum(round(10 * numbers(text)[0]) for text in parts.locator("b").all_inner_texts())
    assert total == 1000  # per mille: as displayed they add up
    spoken = page.locator(".overview > .visually-hidden").inner_text()
    for words in (f"map {channel} of 16", f"map {np.argmax(shares)} "):
        assert words in spoken
    assert flaws(page) == []


def test_enter_and_a_click_lead_to_the_map_in_its_layer_and_back(page: Any) -> None:
    tab_to(page, ".overview-stage")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    rested(page)
    channel = int(numbers(page.locator(".overview-tip .told").inner_text())[0])
    page.keyboard.press("Enter")
    until(page, "!document.querySelector('#network').hidden")
    rested(page)
    assert page.locator("#inspector h2").inner_text().split("map ")[1] == str(channel)
    assert page.evaluate("document.activeElement.closest('.layer')?.dataset.position") == str(DEPTHWISE)
    page.go_back()
    until(page, "!document.querySelector('#overview').hidden")
    boxes = page.evaluate(
        """() => [...document.querySelectorAll(".overview-head")].map((head) => {
            const { left, bottom, width } = head.getBoundingClientRect();
            return [left + width / 2, bottom];
        })"""
    )
    page.mouse.click(boxes[2][0], boxes[2][1] + 15)
    until(page, "!document.querySelector('#network').hidden")
    rested(page)
    assert "conv2d" in page.locator("#inspector h2").inner_text()


def test_a_map_is_turned_off_and_the_answer_says_what_changes(page: Any, explored: Explored) -> None:
    tab_to(page, ".overview-stage")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    rested(page)
    channel = int(numbers(page.locator(".overview-tip .told").inner_text())[0])
    page.keyboard.press("Delete")
    until(page, "document.querySelector('.answer-rows .moved')")
    rested(page)
    before = explored.model.predict(explored.images[7:8], verbose=0)[0]
    after = with_interventions(explored.model, {STRIDED: [channel]}, [])(explored.images[7:8].astype(np.float32))[0]
    order = np.argsort(-after, kind="stable")
    assert page.locator(".answer-rows .class").all_inner_texts() == [explored.model.class_names[i] for i in order]
    told = page.locator(".answer-rows .moved").first
    index = explored.model.class_names.index(told.locator(".class").inner_text())
    changes = numbers(told.locator(".score").inner_text())
    np.testing.assert_allclose(changes, [100 * before[index], 100 * after[index]], atol=0.1)
    until(page, f"location.hash.includes('off={STRIDED}:{channel}')")
    page.locator("#reset").click()
    until(page, "document.querySelector('#touch').hidden")


def test_a_large_network_fetches_only_what_is_drawn(browser: Any) -> None:
    model = photographic(160)
    photos = np.random.default_rng(0).uniform(0, 255, (2, 160, 160, 3)).astype(np.float32)
    asked: list[Any] = []
    with serving(Explored(model, photos, title="photos")) as address, watched(browser) as page:
        page.on("request", lambda request: request.url.endswith("ask/values") and asked.append(request.post_data_json))
        page.goto(address)
        page.wait_for_selector("html[data-ready=true]")
        until(page, "document.querySelectorAll('.overview-head').length > 10")
        rested(page)
        heads = page.locator(".overview-head b").all_inner_texts()
        assert heads[:4] == ["Image", "Conv 3×3", "block1a", "block2a"]
        assert asked, "it runs in Python"
        wanted = {position for question in asked for position in question["wanted"]}
        assert len(wanted) < len(model.layers) / 3


# Of the words above each column: those that are cut off, and those that reach into a neighbour's.
FAULTY_HEADS = """() => {
    const heads = [...document.querySelectorAll(".overview-head")];
    const boxOf = (head) => {
        const range = document.createRange();
        range.selectNodeContents(head);
        return range.getBoundingClientRect();
    };
    const isCut = ({ scrollWidth, clientWidth, scrollHeight, clientHeight }) =>
        scrollWidth > clientWidth + 1 || scrollHeight > clientHeight + 1;
    const cut = heads.filter((head) => isCut(head) || isCut(head.querySelector("b")));
    const close = heads.filter((head, i) => i && boxOf(heads[i - 1]).right > boxOf(head).left);
    return [...cut, ...close].map((head) => head.innerText);
}"""


@pytest.mark.parametrize("pairs", [2, 3, 4])
def test_the_words_above_the_columns_are_whole_and_do_not_touch(browser: Any, pairs: int) -> None:
    """Pairs of convolutions with a pooling behind each pair: from six columns up to twelve and more."""
    layers, stack = cs.layers, []
    for filters in (48, 96, 192, 192)[:pairs]:
        stack += [layers.Conv2D(filters, 3, padding="same", activation="relu") for _ in range(2)]
        stack += [layers.MaxPooling2D(), layers.BatchNormalization()]
    head = [layers.Flatten(), layers.Dense(10, activation="softmax")]
    model = cs.Sequential([layers.Input((32, 32, 1)), *stack, *head], seed=1)
    photos = np.random.default_rng(0).uniform(0, 1, (2, 32, 32, 1)).astype(np.float32)
    with serving(Explored(model, photos, title="pairs")) as address, watched(browser) as page:
        for width, height in ((1280, 720), (1366, 768), (1920, 1080)):
            page.set_viewport_size({"width": width, "height": height})
            page.goto(address)
            page.wait_for_selector("html[data-ready=true]")
            until(page, f"document.querySelectorAll('.overview-head').length > {3 * pairs}")
            rested(page)
            assert page.evaluate(FAULTY_HEADS) == [], f"at {width} pixels"
