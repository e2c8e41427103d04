"""A depthwise convolution as one step with those around it: where, and that it changes no value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.engine.support import random_weights

from convoscope.engine import set_threads, use
from convoscope.engine.plan import Plan, build, build_graph
from convoscope.engine.reference import ReferenceEngine
from convoscope.engine.steps import InvertedResidualStep
from convoscope.layers import (
    Activation,
    Add,
    BatchNormalization,
    Conv2D,
    DepthwiseConv2D,
    Input,
    Layer,
    MaxPooling2D,
    ReLU,
    SeparableConv2D,
)
from convoscope.models import Model

NativeEngine = pytest.importorskip("convoscope.engine.native").NativeEngine


def kinds(plan: Plan) -> str:
    return " ".join(type(step).__name__.removesuffix("Step") for step in plan.prediction_steps)


def inverted(
    filters: int, expansion: int, channels: int, kernel: int = 3, strides: int = 1, padding: str = "same"
) -> list[Layer]:
    """Return what stands in MobileNetV2 between two of its sums."""
    return [
        Conv2D(channels * expansion, 1, use_bias=False),
        BatchNormalization(),
        ReLU(6),
        DepthwiseConv2D(kernel, strides, padding, use_bias=False),
        BatchNormalization(),
        ReLU(6),
        Conv2D(filters, 1, use_bias=False),
        BatchNormalization(),
    ]


@pytest.mark.parametrize(
    ("stack", "shape", "expected"),
    [
        (inverted(24, 6, 16), (60, 60, 16), "InvertedResidual"),
        (inverted(24, 6, 16, 5, 2), (60, 60, 16), "InvertedResidual"),
        ([Conv2D(32, 3, strides=2), *inverted(16, 1, 32)[3:]], (224, 224, 3), "InvertedResidual"),
        ([SeparableConv2D(16, 3)], (128, 128, 16), "InvertedResidual"),
        ([*inverted(24, 6, 16), ReLU()], (60, 60, 16), "InvertedResidual"),
        # so small that all of it stays in the cache
        (inverted(24, 6, 16), (20, 20, 16), "Convolution DepthwiseConvolution Convolution"),
        # with more weights than stay there beside it
        (inverted(112, 6, 112), (28, 28, 112), "Convolution DepthwiseConvolution Convolution"),
        # where there are quicker ways, or none
        ([Conv2D(64, 3), DepthwiseConv2D(3), Conv2D(8, 1)], (60, 60, 16), "Convolution InvertedResidual"),
        ([DepthwiseConv2D(7), Conv2D(8, 1)], (128, 128, 16), "DepthwiseConvolution Convolution"),
        ([DepthwiseConv2D(3, depth_multiplier=2), Conv2D(8, 1)], (128, 128, 16), "DepthwiseConvolution Convolution"),
        ([DepthwiseConv2D(3, dilation_rate=2), Conv2D(8, 1)], (128, 128, 16), "DepthwiseConvolution Convolution"),
        ([DepthwiseConv2D(3), Activation("silu"), Conv2D(8, 1)], (128, 128, 16), "DepthwiseConvolution Convolution"),
        ([DepthwiseConv2D(3), Conv2D(8, 3)], (128, 128, 16), "DepthwiseConvolution Convolution"),
        ([DepthwiseConv2D(3), Conv2D(8, 1), MaxPooling2D()], (128, 128, 16), "DepthwiseConvolution Convolution"),
        (
            [Conv2D(16, 1, activation="tanh"), DepthwiseConv2D(3), Conv2D(8, 1)],
            (128, 128, 16),
            "Convolution InvertedResidual",
        ),
    ],
)
def test_large_maps_between_convolutions_are_never_made(
    stack: list[Layer], shape: tuple[int, int, int], expected: str
) -> None:
    plan = build(stack, shape)
    assert kinds(plan) == expected
    assert not any(isinstance(step, InvertedResidualStep) for step in plan.steps)


def test_what_others_read_is_made() -> None:
    x = Input((60, 60, 16))
    wide = Conv2D(96, 1)(x)
    filtered = DepthwiseConv2D(3, padding="same")(wide)
    plan = build_graph(Model(x, [Conv2D(8, 1)(filtered), wide]).graph)
    assert kinds(plan) == "Convolution InvertedResidual"
    plan = build_graph(Model(x, [Conv2D(8, 1)(filtered), filtered]).graph)
    assert kinds(plan) == "Convolution DepthwiseConvolution Convolution"


def test_the_step_says_what_its_parts_say() -> None:
    (whole,) = build(inverted(24, 6, 16, 5, 2), (60, 60, 16)).prediction_steps
    assert whole.label == (
        "convolution, batch normalization folded in, relu6; depthwise convolution, batch normalization folded in, "
        "relu6; convolution, batch normalization folded in"
    )
    assert whole.multiply_adds == 60 * 60 * 16 * 96 + 30 * 30 * 96 * 25 + 30 * 30 * 96 * 24
    seen = np.zeros((30, 30, 24), bool)
    seen[10, 0, 3] = True
    for reading in reversed(whole.readings):
        seen = reading.back(seen)
    rows, columns, channels = np.nonzero(seen)
    assert [{*rows}, {*columns}, {*channels}] == [set(range(19, 24)), set(range(4)), set(range(16))]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    ("stack", "shape"),
    [
        (inverted(24, 6, 16), (41, 43, 16)),
        (inverted(25, 5, 17, 5), (43, 42, 17)),
        (inverted(40, 6, 24, 5, 2), (46, 47, 24)),
        (inverted(24, 6, 16, 3, 2, "valid"), (47, 44, 16)),
        ([SeparableConv2D(19, 5, padding="same", activation="relu")], (80, 71, 30)),
        (
            [Conv2D(32, 3, strides=2, padding="same", activation="relu"), *inverted(16, 1, 32)[3:]],
            (140, 139, 3),
        ),
        (inverted(8, 1, 150)[3:], (5, 212, 150)),
    ],
)
def test_values_are_those_of_the_reference_and_of_any_batch(
    isa: str, stack: list[Layer], shape: tuple[int, int, int], threads: int
) -> None:
    use("native")
    set_threads(threads)
    plan = build(stack, shape)
    assert kinds(plan) == "InvertedResidual"
    rng = np.random.default_rng(1)
    weights = random_weights(plan, rng)
    x = rng.standard_normal((3, *shape)).astype(np.float32)
    native = NativeEngine().prepare(plan, weights)
    found = native.forward(x)
    expected = ReferenceEngine().prepare(plan, weights, dtype=np.float64).forward(x)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
    np.testing.assert_array_equal(np.concatenate([native.forward(x[i : i + 1]) for i in range(3)]), found)


def test_a_shortcut_is_added(isa: str) -> None:
    use("native")
    x = Input((60, 60, 16))
    y: Any = x
    for layer in inverted(16, 6, 16):
        y = layer(y)
    plan = build_graph(Model(x, ReLU()(Add()([x, y]))).graph)
    assert kinds(plan) == "InvertedResidual"
    rng = np.random.default_rng(2)
    weights = random_weights(plan, rng)
    images = rng.standard_normal((2, 60, 60, 16)).astype(np.float32)
    found = NativeEngine().prepare(plan, weights).forward(images)
    expected = ReferenceEngine().prepare(plan, weights, dtype=np.float64).forward(images)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_what_is_no_number_stays_visible(isa: str) -> None:
    use("native")
    plan = build(inverted(24, 6, 16), (60, 60, 16))
    weights = random_weights(plan, np.random.default_rng(3))
    x = np.zeros((1, 60, 60, 16), np.float32)
    x[0, 30, 30, 5] = np.nan
    lost = np.isnan(NativeEngine().prepare(plan, weights).forward(x)[0]).any(axis=-1)
    assert lost[29:32, 29:32].all()
    assert lost.sum() == 9
