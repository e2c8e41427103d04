"""Graphs in the explorer: a residual network, two inputs and two outputs, a U; their numbers are Python's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import convoscope as cs
from convoscope.explore import activations, grad_cam, receptive_field
from convoscope.explore.interventions import intervene
from convoscope.models.naming import call_names
from convoscope.web.explored import Explored
from convoscope.web.explorer import offline

from .conftest import watched
from .explored import serving
from .support import in_layers, numbers, rested, until, visit

pytest.importorskip("playwright.sync_api", reason="the page's tests need Playwright")

layers = cs.layers
Array = npt.NDArray[Any]
# Runs images through the page's own network: every call's numbers, Grad-CAM, and the gradients by each input.
NUMBERS = """async ([images, position, classes]) => {
    const { openNetwork } = await import("./static/engine/network-client.js");
    const { readModel } = await import("./static/engine/model.js");
    const buffer = await (await fetch("data/model.safetensors")).arrayBuffer();
    const { inputShapes } = readModel(buffer);
    const address = new URL("static/engine/network-worker.js", location.href.split("#")[0]);
    const network = await openNetwork(buffer, address);
    const inputs = inputShapes.map((shape, i) => ({ shape, data: Float32Array.from(images[i]) }));
    const begin = performance.now();
    const outputs = await network.run(inputs);
    const plain = ({ shape, data }) => ({ shape, data: [...data] });
    const evidence = await network.evidence({ position, classes, method: "grad_cam" });
    return { outputs: outputs.map(plain), evidence: evidence.map(plain), took: performance.now() - begin };
}"""


def resnet20() -> cs.Model:
    """ResNet-20 for images of 32×32×3, as He and others (2015) have it for CIFAR."""

    def convolution(x: Any, filters: int, size: int, strides: int = 1) -> Any:
        x = layers.Conv2D(filters, size, strides=strides, padding="same", use_bias=False)(x)
        return layers.BatchNormalization()(x)

    inputs = layers.Input(shape=(32, 32, 3))
    x = layers.ReLU()(convolution(inputs, 16, 3))
    for stage, filters in enumerate((16, 32, 64)):
        for block in range(3):
            strides = 2 if stage and not block else 1
            y = layers.ReLU()(convolution(x, filters, 3, strides))
            y = convolution(y, filters, 3)
            shortcut = convolution(x, filters, 1, strides) if strides > 1 else x
            x = layers.ReLU()(layers.Add()([y, shortcut]))
    outputs = layers.Dense(10, activation="softmax")(layers.GlobalAveragePooling2D()(x))
    return cs.Model(inputs, outputs, name="resnet-20")


def two_branches() -> cs.Model:
    """Two images, one of them through two branches; the second output has the classes."""
    left, right = layers.Input(shape=(12, 12, 1), name="left"), layers.Input(shape=(10, 10, 3), name="right")
    x = layers.Conv2D(4, 3, activation="relu", padding="same")(left)
    small = layers.Conv2D(3, 1, activation="relu")(x)
    large = layers.Conv2D(3, 5, activation="relu", padding="same")(x)
    x = layers.MaxPooling2D()(layers.Concatenate(name="both")([small, large]))
    y = layers.Conv2D(5, 3, activation="relu", padding="same")(right)
    features = layers.Concatenate(name="features")(
        [layers.GlobalAveragePooling2D()(x), layers.GlobalAveragePooling2D()(y)]
    )
    size, kind = layers.Dense(1, name="size")(features), layers.Dense(3, activation="softmax", name="kind")(features)
    model = cs.Model([left, right], [size, kind])
    model.class_names = ["circle", "square", "star"]
    return model


def u_net() -> cs.Model:
    """Two levels, and an image comes out."""
    inputs = layers.Input(shape=(16, 16, 1))
    x, skips = inputs, []
    for filters in (4, 6):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        skips.append(x)
        x = layers.MaxPooling2D()(x)
    for filters, skip in ((6, skips[1]), (4, skips[0])):
        x = layers.Concatenate()([layers.UpSampling2D()(x), skip])
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    return cs.Model(inputs, layers.Conv2D(1, 1, activation="sigmoid")(x))


def smooth(count: int, height: int, width: int, channels: int) -> Array:
    rng = np.random.default_rng(height * channels)
    rows, columns = np.mgrid[0:height, 0:width]
    waves = [np.sin(rows / rng.uniform(2, 7)) * np.cos(columns / rng.uniform(2, 7)) for _ in range(count * channels)]
    return np.asarray(
        np.stack(waves).reshape(count, channels, height, width).transpose(0, 2, 3, 1) / 2 + 0.5, np.float32
    )


@pytest.fixture(scope="module")
def residual() -> Explored:
    return Explored(resnet20(), smooth(20, 32, 32, 3), np.arange(20) % 10)


@pytest.fixture(scope="module")
def branches() -> Explored:
    return Explored(two_branches(), [smooth(30, 12, 12, 1), smooth(30, 10, 10, 3)], np.arange(30) % 3)


@pytest.fixture(scope="module")
def images() -> Explored:
    return Explored(u_net(), smooth(12, 16, 16, 1), smooth(12, 16, 16, 1))


def ready(page: Any, address: str) -> None:
    visit(page, in_layers(address))
    rested(page)


def choose(page: Any, explored: Explored, name: str, unit: tuple[int, ...], rest: str = "") -> float:
    """Choose a value of the call of that name by the address, and return what Python has there for image 4."""
    graph = explored.model.graph
    index = call_names(explored.model).index(name)
    flat = int(np.ravel_multi_index(unit, graph.calls[index].output_shape))
    address = page.url.split("#")[0]
    ready(page, f"{address}#image=4&layer={graph.value_of(index)}&unit={flat}{rest}")
    found = activations(
        explored.model, [x[4:5] for x in explored.all_images] if len(explored.all_images) > 1 else explored.images[4:5]
    )
    return float(found[name][(0, *unit)])


def shown(page: Any) -> float:
    return numbers(page.locator("#value b").inner_text())[0]


@pytest.mark.long
@pytest.mark.parametrize("name", ["residual", "branches", "images"])
def test_every_call_of_a_graph_and_its_evidence_are_pythons(browser: Any, name: str, request: Any) -> None:
    explored: Explored = request.getfixturevalue(name)
    model, one = explored.model, [x[3:4] for x in explored.all_images]
    expected = activations(model, one if len(one) > 1 else one[0])
    last = max(n for n, call in enumerate(model.graph.calls) if isinstance(call.layer, layers.Conv2D))
    with serving(explored) as address, watched(browser) as page:
        ready(page, address)
        found = page.evaluate(NUMBERS, [[x.ravel().astype(float).tolist() for x in one], last, [2]])
        assert page.locator(".layer").count() == len(model.graph.calls) + len(one)
    for tensor, output in zip(found["outputs"], expected.outputs, strict=True):
        assert tuple(tensor["shape"]) == output.shape[1:]
        np.testing.assert_allclose(tensor["data"], output.ravel(), atol=1e-4 * max(1.0, float(np.abs(output).max())))
    if name == "residual":
        evidence = grad_cam(model, one[0], 2).raw
        limit = 1e-4 * max(1e-3, float(np.abs(evidence).max()))
        np.testing.assert_allclose(found["evidence"][0]["data"], evidence.ravel(), atol=limit)


@pytest.mark.parametrize("width", [1440, 900, 360])
def test_long_names_break_and_no_panel_scrolls_sideways(browser: Any, residual: Explored, width: int) -> None:
    with serving(residual) as address, watched(browser) as page:
        page.set_viewport_size({"width": width, "height": 900})
        ready(page, address)
        choose(page, residual, "re_lu_3", (3, 4, 5))
        assert "batch_normalization" in page.locator(".arithmetic > button").first.inner_text()
        sizes = page.evaluate(
            "[...document.querySelectorAll('.card')].map((card) => [card.scrollWidth, card.clientWidth])"
        )
        assert len(sizes) > 3
        assert all(needed <= there for needed, there in sizes)


def test_the_sum_of_a_residual_block_is_written_out_and_leads_to_both_branches(
    browser: Any, residual: Explored
) -> None:
    with serving(residual) as address, watched(browser) as page:
        ready(page, address)
        value = choose(page, residual, "add_4", (5, 6, 7))
        assert shown(page) == pytest.approx(value, abs=0.006)
        terms = page.locator("#arithmetic .equation .term[data-which]")
        first, second = (numbers(text)[0] for text in terms.locator("b").all_inner_texts())
        assert first + second == pytest.approx(value, abs=0.012)
        assert terms.locator("small").all_inner_texts() == ["batch_normalization_11", "re_lu_8"]
        page.get_by_role("button", name="Go to map 7, row 5, column 6 of re_lu_8").click()
        until(page, "document.querySelector('#inspector h2').textContent.startsWith('re_lu_8')")
        assert shown(page) == pytest.approx(second, abs=0.006)


def test_shortcuts_are_arcs_and_branches_stand_side_by_side(browser: Any, residual: Explored) -> None:
    with serving(residual) as address, watched(browser) as page:
        ready(page, address)
        assert page.locator(".arcs path").count() == 7  # nine blocks, of which two have a convolution in the way past
        assert page.locator(".branches").count() == 2
        titles = page.locator(".arcs title").evaluate_all("(all) => all.map((each) => each.textContent)")
        assert "re_lu → add" in titles
        ends = page.locator(".arcs path").first.bounding_box()
        cards = [page.locator(f".layer[aria-label='{name}']").bounding_box() for name in ("re_lu", "add")]
        assert ends["y"] == pytest.approx(cards[1]["y"] + cards[1]["height"] - 9, abs=8)
        assert ends["y"] + ends["height"] == pytest.approx(cards[0]["y"] + 9, abs=8)
        side = [page.locator(f".branches >> nth=1 >> .branch >> nth={n}").bounding_box() for n in (0, 1)]
        assert side[0]["x"] + side[0]["width"] <= side[1]["x"]
        assert page.locator(".layer[aria-label='add_1'] .from").inner_text() == "from batch_normalization_4 and re_lu_2"


def test_a_receptive_field_goes_through_joins_to_each_image(browser: Any, branches: Explored) -> None:
    with serving(branches) as address, watched(browser) as page:
        ready(page, address)
        choose(page, branches, "both", (2, 9, 4))
        captions = page.locator("#inspector figure:visible figcaption").all_inner_texts()
        assert captions[1:] == [
            "the part of left this value depends on (its receptive field)",
            "this value does not depend on right",
        ]
        box = receptive_field(branches.model, "both", (2, 9, 4)).box
        assert [(part.start, part.stop) for part in box] == [(0, 6), (6, 12)]
        value = choose(page, branches, "features", (4,))
        assert page.locator("#value small").inner_text().startswith("neuron 4 of")
        assert shown(page) == pytest.approx(value, abs=0.006)


def test_two_images_are_picked_together_and_the_output_with_classes_is_explained(
    browser: Any, branches: Explored
) -> None:
    model = branches.model
    shares = model.predict([x[7:8] for x in branches.all_images], verbose=0)[1][0]
    with serving(branches) as address, watched(browser) as page:
        ready(page, f"{address}#image=7")
        assert page.locator("#received, .further").count() == 2
        assert [page.locator("#received").get_attribute("width"), page.locator(".further").get_attribute("width")] == [
            "12",
            "10",
        ]
        assert page.locator("#says p").first.inner_text() == "The output “kind” says"
        assert page.locator("#verdict").inner_text().startswith(model.class_names[int(shares.argmax())])
        assert "only shown" in page.locator(".layer[aria-label='size']").inner_text()
        assert page.locator(".thumbnails .picture canvas").count() == 2 * page.locator(".thumbnails .picture").count()
        before = page.locator(".prediction").inner_text()
        page.locator(".thumbnails .picture[aria-pressed=false]").first.click()
        until(page, f"document.querySelector('.prediction').innerText !== {before!r}")
        page.locator("#view-mistakes").click()
        until(page, "document.querySelectorAll('#saliency canvas').length === 4")


def test_a_filter_that_is_off_counts_as_in_python(browser: Any, residual: Explored) -> None:
    model = residual.model
    index = call_names(model).index("add_2")
    expected = intervene(model, {index: list(range(16))}, [], residual.images, residual.y).accuracy
    off = ",".join(map(str, range(16)))
    with serving(residual) as address, watched(browser) as page:
        ready(page, f"{address}#image=4&off={index}:{off}")
        page.locator("#count").click()
        until(page, "document.querySelector('#accuracy').textContent.includes('→')")
        assert numbers(page.locator("#accuracy").inner_text())[1] == pytest.approx(100 * expected, abs=0.06)


def test_a_u_shows_the_image_that_comes_out_and_where_each_map_is_from(browser: Any, images: Explored) -> None:
    with serving(images) as address, watched(browser) as page:
        ready(page, f"{address}#image=4")
        made = images.model.predict(images.images[4:5], verbose=0)[0]
        error = float(np.mean((made - np.asarray(images.y)[4]) ** 2))
        assert numbers(page.locator("#squared-error").inner_text())[0] == pytest.approx(error, abs=1e-4)
        assert page.locator(".arcs path").count() == 2
        value = choose(page, images, "concatenate_1", (3, 4, 7))
        assert page.locator("#value small").inner_text() == "map 1 of conv2d"
        assert shown(page) == pytest.approx(value, abs=0.006)


def test_a_graph_is_one_file_that_needs_no_server(browser: Any, branches: Explored, tmp_path: Path) -> None:
    file = tmp_path / "graph.html"
    file.write_text(offline(branches), encoding="utf-8")
    with watched(browser) as page:
        ready(page, file.as_uri())
        number = int(page.url.split("image=")[1].split("&")[0]) if "image=" in page.url else 0
        shares = branches.model.predict([x[number : number + 1] for x in branches.all_images], verbose=0)[1][0]
        found = [numbers(text)[0] for text in page.locator(".prediction .score").all_inner_texts()]
        np.testing.assert_allclose(found, 100 * shares, atol=0.06)
        value = choose(page, branches, "features", (1,))
        assert shown(page) == pytest.approx(value, abs=0.006)
