"""Winograd's convolutions in the native core, against the reference engine and against sums in order."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from tests.engine.agreement import TILED, assert_agree
from tests.engine.support import random_weights

from convoscope import _native
from convoscope.engine.native import NativeEngine
from convoscope.engine.plan import build
from convoscope.engine.reference import ReferenceEngine
from convoscope.layers import AveragePooling2D, Conv2D, Layer, MaxPooling2D, MinPooling2D


@pytest.fixture(autouse=True)
def best_isa_afterwards() -> Iterator[None]:
    yield
    _native.set_isa("auto")


@pytest.mark.parametrize("samples", [1, 33])
@pytest.mark.parametrize(("channels", "filters"), [(16, 63), (17, 65), (65, 17), (64, 64)])
@pytest.mark.parametrize("pooling", [None, MaxPooling2D(), MinPooling2D(), MaxPooling2D(3, 2, "same")])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_winograd_agrees(samples: int, channels: int, filters: int, pooling: Layer | None, padding: str) -> None:
    _native.set_threads(2)
    layers: list[Layer] = [Conv2D(filters, 3, padding=padding, activation="tanh")]
    if pooling is not None:
        layers.append(pooling)
    plan = build(layers, (11, 8, channels))
    kernels = NativeEngine().prepare(plan, random_weights(plan, np.random.default_rng(0))).kernels()
    name = kernels[0][1].name
    assert name.startswith("Winograd with pooling" if pooling and pooling.pool_size == (2, 2) else "Winograd (")
    assert_agree(layers, (11, 8, channels), samples, precisions=TILED)
    assert_agree(layers, (7, 13, channels), 2, precisions=TILED)


@pytest.mark.parametrize("size", [(2, 2), (2, 3), (4, 4), (5, 5), (3, 6), (7, 7), (6, 2)])
@pytest.mark.parametrize(("channels", "filters", "pooling"), [(16, 35, True), (33, 16, False)])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_winograd_agrees_for_kernels_cut_into_blocks(
    size: tuple[int, int], channels: int, filters: int, pooling: bool, padding: str
) -> None:
    _native.set_threads(2)
    shape = (14 + size[0], 12 + size[1], channels)
    layers: list[Layer] = [Conv2D(filters, size, padding=padding, activation="tanh"), *([MaxPooling2D()] * pooling)]
    plan = build(layers, shape)
    kernels = NativeEngine().prepare(plan, random_weights(plan, np.random.default_rng(0))).kernels()
    assert kernels[0][1].name.startswith("Winograd")
    assert_agree(layers, shape, 3, precisions=TILED)
    if not pooling and padding == "same":  # the gradient of its input is such a convolution too
        second = [Conv2D(16, 1), *layers]
        plan = build(second, shape)
        made = NativeEngine().prepare(plan, random_weights(plan, np.random.default_rng(0))).kernels()
        sums_too = size in [(5, 5), (3, 6), (7, 7)]  # whose blocks begin with three taps along both axes
        assert made[1][1].backward == ("both gradients by Winograd" if sums_too else "the input's gradient by Winograd")
        assert_agree(second, shape, 2, precisions=TILED)


@pytest.mark.parametrize("size", [(3, 3), (5, 5), (3, 6), (7, 7), (6, 5)])
@pytest.mark.parametrize(("channels", "filters"), [(16, 17), (32, 35), (41, 32)])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_winograd_sums_the_kernels_gradient_too(
    size: tuple[int, int], channels: int, filters: int, padding: str
) -> None:
    _native.set_threads(2)
    layers: list[Layer] = [Conv2D(filters, size, padding=padding, activation="tanh")]
    for shape in ((10 + size[0], 8 + size[1], channels), (11 + size[0], 9 + size[1], channels)):
        plan = build(layers, shape)
        kernels = NativeEngine().prepare(plan, random_weights(plan, np.random.default_rng(0))).kernels()
        assert kernels[0][1].backward in ("both gradients by Winograd", "the kernel's gradient by Winograd")
        assert_agree(layers, shape, 3, precisions=TILED)
        assert_agree([*layers, AveragePooling2D()], shape, 3, precisions=TILED)


def test_winograd_sums_the_kernels_gradient_of_a_map_in_strips() -> None:
    _native.set_threads(2)
    plan = build([Conv2D(33, 3)], (64, 51, 32))
    kernels = NativeEngine().prepare(plan, random_weights(plan, np.random.default_rng(0))).kernels()
    assert "strips of" in kernels[0][1].name
    assert kernels[0][1].backward == "the kernel's gradient by Winograd"
    assert_agree([Conv2D(33, 3)], (64, 51, 32), 2, precisions=TILED)


@pytest.mark.parametrize("side", [2, 3, 4, 5, 6, 7])
@pytest.mark.parametrize("precision", ["exact", "float32"])
def test_winograd_errs_no_more_than_twice_as_much_as_a_sum_in_order(isa: str, side: int, precision: str) -> None:
    rng = np.random.default_rng(0)
    plan = build([Conv2D(64, side)], (10 + side, 10 + side, 64))
    weights = random_weights(plan, rng)
    x = rng.random((8, 10 + side, 10 + side, 64)).astype(np.float32)
    exact = ReferenceEngine().prepare(plan, weights, dtype=np.float64).forward(x)
    patches = np.lib.stride_tricks.sliding_window_view(x, (side, side), axis=(1, 2))  # (N, H, W, C, ky, kx)
    direct = np.broadcast_to(weights[1], exact.shape).copy()
    for channel, y, column in np.ndindex(64, side, side):
        direct += patches[..., channel, y, column, None] * weights[0][y, column, channel]
    ours = NativeEngine(precision).prepare(plan, weights).forward(x) - exact
    assert np.abs(ours).max() <= 2 * np.abs(direct - exact).max()
    assert np.square(ours).mean() <= 2**2 * np.square(direct - exact).mean()
