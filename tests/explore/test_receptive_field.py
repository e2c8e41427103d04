"""Receptive fields against brute force: raise each input value, and see whether the unit moves."""

from __future__ import annotations

import numpy as np
import pytest

import convoscope as cs
from convoscope import layers as cl
from convoscope.errors import ConfigurationError

STACKS: dict[str, tuple[tuple[int, ...], list[cl.Layer]]] = {
    "plain": ((10, 9, 1), [cl.Conv2D(2, 3), cl.MaxPooling2D(), cl.Conv2D(2, 2)]),
    "same padding and strides": (
        (9, 7, 3),
        [cl.Conv2D(2, 3, strides=2, padding="same"), cl.AveragePooling2D(3, 2, padding="same")],
    ),
    "dilation leaves holes": ((9, 9, 1), [cl.Conv2D(2, 3, dilation_rate=2), cl.Conv2D(1, 2, dilation_rate=3)]),
    "strides leave holes": ((9, 9, 1), [cl.Conv2D(1, 1, strides=2), cl.Conv2D(1, 2)]),
    "zero padding": ((5, 6, 1), [cl.ZeroPadding2D(((1, 0), (2, 1))), cl.Conv2D(2, 3), cl.MinPooling2D(2, 1)]),
    "pooling drops the last row": ((7, 7, 1), [cl.MaxPooling2D(), cl.Flatten(), cl.Dense(2)]),
    "flatten keeps places": ((4, 4, 2), [cl.AveragePooling2D(2), cl.Flatten()]),
    "global pooling of one channel": ((4, 4, 2), [cl.GlobalMaxPooling2D()]),
    "an image made from a row": ((36,), [cl.Reshape((6, 6, 1)), cl.Conv2D(2, 3)]),
    "painted and cut": (
        (4, 5, 2),
        [cl.Conv2DTranspose(3, 3, strides=2, padding="same"), cl.Conv2DTranspose(2, (4, 2), strides=(1, 2))],
    ),
    "painting with holes": ((5, 6, 1), [cl.Conv2DTranspose(2, 2, dilation_rate=3), cl.Conv2D(1, 2)]),
    "painting leaves gaps": ((3, 3, 1), [cl.Conv2DTranspose(1, 2, strides=3), cl.Conv2D(1, 2, strides=2)]),
    "pixels made blocks": ((6, 4, 2), [cl.MaxPooling2D(), cl.UpSampling2D((3, 2)), cl.Conv2D(1, 3, padding="same")]),
    "blocks that pass over": ((4, 3, 2), [cl.UpSampling2D((2, 3), interpolation="bilinear"), cl.MaxPooling2D(3, 2)]),
    "depthwise, then across": ((8, 7, 2), [cl.DepthwiseConv2D(3, 2, depth_multiplier=2), cl.Conv2D(4, 1, groups=2)]),
    "separable and cut": ((9, 8, 2), [cl.SeparableConv2D(3, 3), cl.Cropping2D(((1, 0), (0, 2))), cl.MaxPooling2D()]),
    "at another size": ((6, 5, 1), [cl.Conv2D(2, 2), cl.Resizing(3, 7), cl.Conv2D(1, 2)]),
    "the middle": ((7, 8, 1), [cl.CenterCrop(4, 4), cl.Conv2D(1, 3, padding="same")]),
    "rows become columns": ((5, 7, 2), [cl.Conv2D(2, (3, 1)), cl.Permute((2, 1, 3)), cl.MaxPooling2D(2)]),
    "normalized together": ((3, 4, 2), [cl.Conv2D(4, 2), cl.GroupNormalization(2)]),
    "softmax over channels": ((4, 4, 2), [cl.MaxPooling2D(), cl.Softmax()]),
}


def moved_by(model: cs.Sequential, unit: tuple[int, ...]) -> np.ndarray:
    """Return which input values change the unit when they alone are raised or lowered."""
    shape = model.plan_input_shape
    base = np.random.default_rng(2).uniform(0.4, 0.6, shape).astype(np.float32)
    count = int(np.prod(shape))
    before = model.predict_on_batch(base[None])[0][unit]
    moved = np.zeros(count, bool)
    for change in (-3.0, 3.0):
        images = base + change * np.eye(count, dtype=np.float32).reshape(count, *shape)
        outputs = model.predict_on_batch(images)
        moved |= np.abs(outputs[(slice(None), *unit)] - before) > 1e-5
    return moved.reshape(shape)


@pytest.mark.parametrize("name", STACKS)
def test_it_is_exactly_what_moves_the_unit(name: str) -> None:
    shape, layers = STACKS[name]
    model = cs.Sequential([cl.Input(shape=shape), *layers])
    generator = np.random.default_rng(3)
    model.set_weights([generator.uniform(0.5, 1.5, weight.shape) for weight in model.weights])
    output = tuple(int(size or 0) for size in model.output_shape[1:])
    middle = tuple(size // 2 for size in output)
    for unit in {(0,) * len(output), middle, tuple(size - 1 for size in output)}:
        result = cs.explore.receptive_field(model, -1, unit)
        assert result.unit == unit
        np.testing.assert_array_equal(result.mask, moved_by(model, unit))


def test_its_box_and_size_are_those_that_arithmetic_gives() -> None:
    model = cs.Sequential([cl.Conv2D(2, 3, input_shape=(28, 28, 1)), cl.MaxPooling2D(), cl.Conv2D(2, 3)])
    result = cs.explore.receptive_field(model, "conv2d_1", (1, 2))
    assert result.size == (8, 8)  # 3, then 4, then 4 + 2 × 2
    assert result.box == (slice(2, 10), slice(4, 12))


@pytest.mark.parametrize("unit", [(26, 0), (-1, 0), (0,), (0, 0, 0, 0), (0, 0, 2)])
def test_a_unit_that_is_not_there_is_refused(unit: tuple[int, ...]) -> None:
    model = cs.Sequential([cl.Conv2D(2, 3, input_shape=(28, 28, 1))])
    with pytest.raises(ConfigurationError, match=r"outputs of shape \(26, 26, 2\), which have no unit"):
        cs.explore.receptive_field(model, 0, unit)
