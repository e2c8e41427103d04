"""Networks of very different shapes in the explorer: each opens, and all its numbers and gradients are Python's."""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import convoscope as cs
from convoscope.explore import activations, saliency
from convoscope.web.explored import Explored

from .conftest import watched
from .explored import serving
from .support import in_layers, until

pytest.importorskip("playwright.sync_api", reason="the page's tests need Playwright")

layers = cs.layers
# Runs an image through the page's own network: every layer's numbers, and the gradients of some classes' scores.
NUMBERS = """async ([image, classes]) => {
    const { openNetwork } = await import("./static/engine/network-client.js");
    const { readModel } = await import("./static/engine/model.js");
    const buffer = await (await fetch("data/model.safetensors")).arrayBuffer();
    const { inputShapes: [shape] } = readModel(buffer);
    const address = new URL("static/engine/network-worker.js", location.href.split("#")[0]);
    const network = await openNetwork(buffer, address);
    const outputs = await network.run([{ shape, data: Float32Array.from(image) }]);
    const gradients = await network.saliency({ classes });
    const plain = ({ shape, data }) => ({ shape, data: [...data] });
    return { outputs: outputs.map(plain), gradients: gradients.map(plain) };
}"""


def lesson() -> cs.Sequential:
    return cs.models.build_preset("cnn-2", (28, 28, 1), 10, scale=1 / 255, seed=1)


def one_convolution() -> cs.Sequential:
    return cs.models.build_preset("cnn-1", (8, 8, 1), 10, scale=1 / 16, seed=2)


def normalized() -> cs.Sequential:
    """Colour, batch normalization, average pooling, two dense layers, dropout."""
    return cs.Sequential(
        [
            layers.Conv2D(16, 3, padding="same", input_shape=(32, 32, 3)),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.AveragePooling2D(),
            layers.Conv2D(24, 3),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.AveragePooling2D(3),
            layers.Flatten(),
            layers.Dense(32, activation="tanh"),
            layers.Dropout(0.3),
            layers.Dense(7, activation="softmax"),
        ],
        seed=3,
    )


def deep() -> cs.Sequential:
    """Ten layers for 64×64×3."""
    return cs.Sequential(
        [
            layers.Conv2D(16, 3, activation="relu", padding="same", input_shape=(64, 64, 3)),
            layers.Conv2D(16, 3, activation="relu", padding="same"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(48, 5, strides=2, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(40, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(12, activation="softmax"),
        ],
        seed=4,
    )


def images_for(model: cs.Sequential) -> npt.NDArray[np.float32]:
    """Smooth images, whole numbers up to 255 where the network scales them."""
    rng = np.random.default_rng(7)
    height, width, channels = model.plan_input_shape
    rows, columns = np.mgrid[0:height, 0:width]
    waves = [
        np.sin(rows / rng.uniform(2, 9) + rng.uniform(0, 6)) * np.cos(columns / rng.uniform(2, 9))
        for _ in range(12 * channels)
    ]
    values = np.stack(waves).reshape(12, channels, height, width).transpose(0, 2, 3, 1) / 2 + 0.5
    first = model.layers[0]
    scale = round(1 / first.scale) if isinstance(first, layers.Rescaling) else 1
    return np.asarray(np.rint(values * scale) if scale > 1 else values, np.float32)


@pytest.mark.long
@pytest.mark.parametrize("make", [lesson, one_convolution, normalized, deep])
def test_every_layer_and_gradient_of_a_network_is_pythons(browser: Any, make: Any) -> None:
    model = make()
    images = images_for(model)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(images, np.arange(12) % model.output_shape[-1], epochs=3, batch_size=4, verbose=0)
    expected = activations(model, images[5])
    gradients = saliency(model, images[5], class_index=2).gradients[0]
    with serving(Explored(model, images, np.arange(12) % 7)) as address, watched(browser) as page:
        page.goto(in_layers(address))
        page.wait_for_selector("html[data-ready=true]")
        found = page.evaluate(NUMBERS, [images[5].ravel().astype(float).tolist(), [2]])
        assert page.locator(".layer").count() >= len(model.layers)
    assert len(found["outputs"]) == len(expected.outputs)
    for tensor, output in zip(found["outputs"], expected.outputs, strict=True):
        assert tuple(tensor["shape"]) == output.shape[1:]
        np.testing.assert_allclose(tensor["data"], output.ravel(), atol=1e-4 * max(1.0, float(np.abs(output).max())))
    limit = 1e-4 * max(1e-3, float(np.abs(gradients).max()))
    np.testing.assert_allclose(found["gradients"][0]["data"], gradients.ravel(), atol=limit)


@pytest.mark.long
@pytest.mark.skipif(not os.environ.get("CONVOSCOPE_DATA"), reason="set CONVOSCOPE_DATA to a folder with MNIST")
def test_a_drawn_eight_lights_the_eighth_output_of_a_network_that_learned_mnist(browser: Any) -> None:
    data = cs.datasets.load("mnist")
    model = cs.models.build_preset("cnn-1", (28, 28, 1), 10, scale=1 / 255, seed=1)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(data.x_train[:20_000, ..., None], data.y_train[:20_000], epochs=1, verbose=0)
    model.class_names = list(data.info.class_names)
    few = slice(0, 500)
    with (
        serving(Explored(model, data.x_test[few, ..., None], data.y_test[few])) as address,
        watched(browser) as page,
    ):
        page.goto(in_layers(f"{address}#source=draw"))
        page.wait_for_selector("html[data-ready=true]")
        box = page.locator("#pad").bounding_box()
        turns = [2 * math.pi * i / 60 for i in range(61)]
        points = [(0.5 + 0.17 * math.sin(2 * t), 0.5 - 0.3 * math.cos(t)) for t in turns]
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places:
            page.mouse.move(*place)
        page.mouse.up()
        until(page, "document.querySelector('#verdict').textContent.startsWith('8')")
        assert page.locator(".prediction li.lit .class").inner_text() == "8"
