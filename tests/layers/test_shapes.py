"""Shape inference, over every size that hypothesis can think of, against windows counted one by one."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from convoscope.errors import ConfigurationError, ShapeError
from convoscope.layers import (
    AveragePooling2D,
    Conv2D,
    Conv2DTranspose,
    Flatten,
    Layer,
    MaxPooling2D,
    MinPooling2D,
    UpSampling2D,
    ZeroPadding2D,
)
from convoscope.layers.geometry import extent, pad_amounts, places

sizes = st.integers(1, 20)
small = st.integers(1, 5)
paddings = st.sampled_from(["valid", "same"])
Pair = tuple[int, int]
Shape = tuple[int, int, int]


def counted(length: int, window: int, stride: int, padding: str) -> int:
    """Count the places one by one: those inside the image, or those that begin in it."""
    inside = length if padding == "same" else length - window + 1
    return len(range(0, inside, stride))


@given(sizes, small, small, small, paddings)
def test_the_number_of_places_is_what_counting_gives(
    n: int, size: int, stride: int, dilation: int, padding: str
) -> None:
    window = extent(size, dilation)
    assert max(0, places(n, window, stride, padding)) == counted(n, window, stride, padding)


@given(sizes, small, small, small)
def test_same_padding_is_just_enough_for_all_places(n: int, size: int, stride: int, dilation: int) -> None:
    window = extent(size, dilation)
    before, after = pad_amounts(n, window, stride, "same")
    assert 0 <= after - before <= 1
    assert places(n + before + after, window, stride, "valid") >= places(n, window, stride, "same")
    if before + after:
        assert places(n + before + after - 1, window, stride, "valid") < places(n, window, stride, "same")


@given(
    st.tuples(sizes, sizes, small), st.tuples(small, small), st.tuples(small, small), st.tuples(small, small), paddings
)
def test_a_convolution_makes_positive_sizes_or_says_why_not(
    shape: Shape,
    kernel: Pair,
    strides: Pair,
    dilation: Pair,
    padding: str,
) -> None:
    layer = Conv2D(7, kernel, strides=strides, dilation_rate=dilation, padding=padding)
    windows = [extent(k, d) for k, d in zip(kernel, dilation, strict=True)]
    expected = [counted(n, w, s, padding) for n, w, s in zip(shape, windows, strides, strict=False)]
    assert_shape(layer, shape, (*expected, 7))


@pytest.mark.parametrize("kind", [MaxPooling2D, MinPooling2D, AveragePooling2D])
@given(st.tuples(sizes, sizes, small), st.tuples(small, small), st.none() | st.tuples(small, small), paddings)
def test_a_pooling_makes_positive_sizes_or_says_why_not(
    kind: type[Layer],
    shape: Shape,
    window: Pair,
    strides: Pair | None,
    padding: str,
) -> None:
    layer = kind(pool_size=window, strides=strides, padding=padding)
    expected = [counted(n, w, s, padding) for n, w, s in zip(shape, window, strides or window, strict=False)]
    assert_shape(layer, shape, (*expected, shape[2]))


@given(
    st.tuples(small, small, small),
    st.tuples(small, small),
    st.tuples(small, small),
    paddings,
    st.none() | st.tuples(small, small),
)
def test_a_convolution_takes_a_transposed_one_back_to_where_it_began(
    shape: Shape, size: Pair, strides: Pair, padding: str, extra: Pair | None
) -> None:
    if extra is not None and any(more >= stride for more, stride in zip(extra, strides, strict=True)):
        with pytest.raises(ConfigurationError):
            Conv2DTranspose(3, size, strides, padding, extra)
        return
    layer = Conv2DTranspose(3, size, strides, padding, extra)
    if padding == "same" and extra is not None and any(k % 2 + e == 0 for k, e in zip(size, extra, strict=True)):
        return  # a size that Keras has, but not on TensorFlow: the convolution would make one place less of it
    made = layer.infer_shape(shape)
    if padding == "same" and extra is None:
        assert made == (shape[0] * strides[0], shape[1] * strides[1], 3)
    assert Conv2D(shape[2], size, strides, padding).infer_shape(made) == shape


@given(st.tuples(sizes, sizes, small), st.tuples(small, small))
def test_upsampling_multiplies_height_and_width(shape: Shape, size: Pair) -> None:
    assert UpSampling2D(size).infer_shape(shape) == (shape[0] * size[0], shape[1] * size[1], shape[2])


def assert_shape(layer: Layer, shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    if min(expected) > 0:
        assert layer.infer_shape(shape) == expected
    else:
        with pytest.raises(ShapeError):
            layer.infer_shape(shape)


@given(st.tuples(sizes, sizes, small), st.tuples(*[st.integers(0, 4)] * 4))
def test_zero_padding_adds_what_it_is_told(shape: Shape, sides: tuple[int, int, int, int]) -> None:
    top, bottom, left, right = sides
    made = ZeroPadding2D(((top, bottom), (left, right))).infer_shape(shape)
    assert made == (shape[0] + top + bottom, shape[1] + left + right, shape[2])


@given(st.lists(small, min_size=0, max_size=5))
def test_flatten_keeps_the_number_of_values(shape: list[int]) -> None:
    size = 1
    for axis in shape:
        size *= axis
    assert Flatten().infer_shape(tuple(shape)) == (size,)
