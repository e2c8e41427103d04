"""Receptive fields, held against what changes when one input pixel does."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings, strategies as st

from convoscope.engine.plan import build
from convoscope.engine.receptive_field import ReceptiveField, of_values
from convoscope.engine.reference import ReferenceEngine
from convoscope.errors import ShapeError
from convoscope.layers import (
    Activation,
    AveragePooling2D,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Flatten,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    Input,
    Layer,
    MaxPooling2D,
    Reshape,
    UpSampling2D,
    ZeroPadding2D,
    add,
)
from convoscope.layers.stack import infer_shapes
from convoscope.models import Model, Sequential
from convoscope.models.summary import summarize


def field_of(*layers: Layer, shape: tuple[int, ...] = (28, 28, 1)) -> ReceptiveField:
    return summarize(Sequential([Input(shape), *layers])).rows[-1].receptive_field


def seen_pixels(layers: list[Layer], shape: tuple[int, int, int]) -> npt.NDArray[np.bool_]:
    """Return which output values (rows) change when an input pixel (columns) does, by trying all."""
    plan = build(layers, shape, fused=False)
    generator = np.random.default_rng(0)
    weights = [np.asarray(generator.uniform(0.5, 1.0, weight.shape)) for weight in plan.weights]
    run = ReferenceEngine().prepare(plan, weights, dtype=np.float64)
    image = np.ones((1, *shape))
    pixels = np.repeat(image, shape[0] * shape[1], axis=0)
    for pixel in range(len(pixels)):
        pixels[pixel, pixel // shape[1], pixel % shape[1]] = 1e6
    changed = np.abs(run.forward(pixels) - run.forward(image)) > 1.0  # far above rounding, far below the change
    return changed.reshape(len(pixels), -1).T


layer = st.one_of(
    st.builds(
        Conv2D,
        filters=st.just(1),
        kernel_size=st.tuples(st.integers(1, 3), st.integers(1, 3)),
        strides=st.integers(1, 2),
        padding=st.sampled_from(["valid", "same"]),
        dilation_rate=st.just(1),
    ),
    st.builds(
        AveragePooling2D,
        pool_size=st.tuples(st.integers(1, 3), st.integers(1, 3)),
        strides=st.one_of(st.none(), st.integers(1, 3)),
        padding=st.sampled_from(["valid", "same"]),
    ),
    st.builds(
        lambda strides, more, padding: Conv2DTranspose(1, [s + more for s in strides], strides, padding),  # no gaps
        strides=st.tuples(st.integers(1, 3), st.integers(1, 3)),
        more=st.integers(0, 2),
        padding=st.sampled_from(["valid", "same"]),
    ),
    st.builds(
        UpSampling2D,
        size=st.tuples(st.integers(1, 3), st.integers(1, 3)),
        interpolation=st.sampled_from(["nearest", "bilinear"]),
    ),
    st.builds(ZeroPadding2D, padding=st.tuples(st.tuples(st.integers(0, 2), st.integers(0, 2)), st.just((1, 0)))),
)


@pytest.mark.long
@settings(max_examples=60, deadline=None)
@given(st.lists(layer, min_size=1, max_size=4), st.tuples(st.integers(5, 12), st.integers(5, 12)))
def test_each_value_sees_exactly_the_pixels_that_it_says(layers: list[Layer], size: tuple[int, int]) -> None:
    shape = (*size, 1)
    try:
        made = infer_shapes(layers, shape)
    except ShapeError:
        return
    height, width, _ = made[-1]
    if max(rows * columns for rows, columns, _ in made) > 1600:
        return  # every pixel of the input makes an image of its own
    axes = field_of(*layers, shape=shape).axes
    found = seen_pixels(layers, shape).reshape(height, width, *size)
    for place in np.ndindex(height, width):
        seen = np.argwhere(found[place])
        spans = [axis.seen(at) for axis, at in zip(axes, place, strict=True)]
        first, last = (np.array(ends) for ends in zip(*spans, strict=True))
        assert all(end - start < axis.size for (start, end), axis in zip(spans, axes, strict=True))
        assert (seen >= first).all()
        assert (seen <= last).all()
        # A stride larger than the window leaves gaps within a field, and at the image's edge a gap may be all there
        # is. A field that lies within the image shows its full extent.
        if (first >= 0).all() and (last < size).all():
            assert (seen.min(axis=0) == first).all()
            assert (seen.max(axis=0) == last).all()


def test_the_lessons_network_sees_3_4_8_and_10_pixels() -> None:
    rows = summarize(
        Sequential(
            [Conv2D(8, 3, input_shape=(28, 28, 1)), MaxPooling2D(), Conv2D(8, 3), MaxPooling2D(), Flatten(), Dense(3)]
        )
    ).rows
    assert [row.receptive_field.size for row in rows] == [(3, 3), (4, 4), (8, 8), (10, 10), (10, 10), (26, 26)]
    assert not any(row.receptive_field.whole for row in rows)


def test_behind_the_lessons_poolings_the_last_two_rows_are_seen_by_nothing() -> None:
    layers = [Conv2D(1, 3), MaxPooling2D(), Conv2D(1, 3), AveragePooling2D(), Flatten(), Dense(1)]
    seen = seen_pixels(layers, (28, 28, 1)).reshape(28, 28)
    assert not seen[26:].any()
    assert not seen[:, 26:].any()
    assert field_of(*layers).size == (26, 26)


def test_dilation_and_stride_widen_what_is_seen() -> None:
    assert field_of(Conv2D(1, 3, dilation_rate=2)).size == (5, 5)
    assert field_of(Conv2D(1, 3, strides=2), Conv2D(1, 3)).size == (7, 7)
    assert field_of(Conv2D(1, (1, 5)), Conv2D(1, (3, 1))).size == (3, 5)


def test_an_enlarged_image_sees_what_the_smaller_one_saw() -> None:
    assert field_of(Conv2D(1, 3), UpSampling2D()).size == (3, 3)
    assert field_of(MaxPooling2D(), UpSampling2D((3, 2), interpolation="bilinear")).size == (4, 4)
    assert field_of(MaxPooling2D(), UpSampling2D(), Conv2D(1, 3)).size == (4, 4)  # three new pixels lie in two old ones
    assert field_of(MaxPooling2D(), Conv2DTranspose(1, 4, strides=2, padding="same")).size == (4, 4)
    assert field_of(Conv2DTranspose(1, (3, 5), dilation_rate=2)).size == (5, 9)


def test_what_only_the_bias_reaches_sees_nothing() -> None:
    axis = field_of(Conv2DTranspose(1, 1, strides=3)).axes[0]
    assert [axis.seen(place) for place in range(4)] == [(0, 0), (0, -1), (0, -1), (1, 1)]


def test_dense_and_global_layers_see_the_whole_image() -> None:
    assert field_of(Flatten(), Dense(3)).whole
    assert field_of(Conv2D(2, 3), GlobalAveragePooling2D()).whole
    assert field_of(Conv2D(2, 3, padding="same"), MaxPooling2D(), GlobalMaxPooling2D(keepdims=True)).whole
    assert field_of(Flatten(), Activation("softmax")).whole
    assert field_of(Dense(3), shape=(7,)).whole


def test_a_dense_layer_on_channels_sees_no_more_than_before() -> None:
    assert field_of(Conv2D(2, 3), Dense(4), Activation("softmax")).size == (3, 3)


def test_an_image_that_begins_with_a_reshape_is_measured_from_there() -> None:
    assert field_of(Reshape((28, 28, 1)), Conv2D(2, 3), shape=(784,)).size == (3, 3)
    assert field_of(Reshape((28, 28, 1)), Conv2D(2, 3), shape=(28, 28)).size == (3, 3)
    assert field_of(Flatten(), Reshape((14, 56, 1)), Conv2D(2, 3)).size == (3, 3)
    assert field_of(Conv2D(1, 3), Flatten(), Reshape((26, 26, 1)), Conv2D(2, 3)).whole


def test_an_image_made_of_mixed_values_sees_everything() -> None:
    assert field_of(Dense(784), Reshape((28, 28, 1)), Conv2D(2, 3), MaxPooling2D(), shape=(10,)).whole
    assert field_of(Flatten(), Dense(36), Reshape((6, 6, 1)), Conv2D(2, 3), Dense(3)).whole
    assert field_of(MaxPooling2D(), Reshape((7, 7, 4)), Conv2D(2, 3)).whole


def test_a_network_of_six_hundred_residual_blocks_is_gone_back_through() -> None:
    x = inputs = Input((4, 3, 2))
    for _ in range(600):
        x = add([x, Conv2D(2, 3, padding="same")(x)])
    plan = Model(inputs, x).executable().plan
    field = of_values(plan.steps, plan.input_shapes)[-1]
    assert field is not None
    assert field.size == (1201, 1201)
