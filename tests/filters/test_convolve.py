"""Convolution against SciPy, on images of every kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import ndimage, signal

import convoscope as cs
from convoscope import filters
from convoscope.errors import ConfigurationError, ConvoscopeError, DataError, ShapeError, UnknownNameError

DTYPES = (
    "bool",
    "uint8",
    "int8",
    "uint16",
    "int16",
    "uint32",
    "int32",
    "uint64",
    "int64",
    "float16",
    "float32",
    "float64",
)
NDIMAGE = {"zeros": "constant", "reflect": "mirror", "edge": "nearest"}


def random_image(shape: tuple[int, ...], dtype: str, seed: int) -> np.ndarray[Any, Any]:
    random = np.random.default_rng(seed)
    if dtype.startswith("float"):
        return random.normal(0, 1, shape).astype(dtype)
    if dtype == "bool":
        return random.random(shape) < 0.5
    info = np.iinfo(dtype)
    return random.integers(max(info.min, -(2**40)), min(info.max, 2**40), shape, endpoint=True).astype(dtype)


def in_kind(exact: np.ndarray[Any, Any], dtype: str) -> np.ndarray[Any, Any]:
    """What the documentation says becomes of exact values: rounded to the nearest and clipped to the type."""
    if dtype.startswith("float"):
        return exact.astype(dtype)
    low, high = (0, 1) if dtype == "bool" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    return np.array([min(max(round(float(v)), low), high) for v in exact.flat]).reshape(exact.shape).astype(dtype)


kernels = st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(0, 2**32)).map(
    lambda drawn: np.random.default_rng(drawn[2]).integers(-9, 10, drawn[:2]).astype(float)
)


@pytest.fixture(params=["native", "reference"], scope="module", autouse=True)
def by_each_engine(request: pytest.FixtureRequest) -> Iterator[None]:
    cs.set_threads(2)
    cs.use_engine(request.param)
    yield
    cs.set_threads(None)
    cs.use_engine("auto")


@pytest.fixture(autouse=True)
def automatic_engine_and_threads() -> None:
    """Let the engine stay chosen for the whole module: hypothesis runs a test's examples within one fixture."""


@settings(max_examples=200, deadline=None)
@given(
    kernel=kernels,
    rows=st.integers(5, 12),
    columns=st.integers(5, 40),
    dtype=st.sampled_from(DTYPES),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    turned=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_without_padding_it_equals_scipy_for_every_type(
    kernel: Any, rows: int, columns: int, dtype: str, stride: tuple[int, int], turned: bool, seed: int
) -> None:
    image = random_image((rows, columns), dtype, seed)
    way = signal.convolve2d if turned else signal.correlate2d
    exact = way(image.astype(np.float64), kernel, mode="valid")[:: stride[0], :: stride[1]]
    found = filters.convolve(image, kernel, stride=stride, mode="convolve" if turned else "correlate")
    assert found.dtype == image.dtype
    if dtype in ("float32", "float64", "float16"):
        np.testing.assert_allclose(found, exact.astype(dtype), rtol=1e-6 if dtype != "float16" else 2e-3, atol=1e-5)
    else:
        np.testing.assert_array_equal(found, in_kind(exact, dtype))


@settings(max_examples=120, deadline=None)
@given(
    half=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    pad_mode=st.sampled_from(sorted(NDIMAGE)),
    dtype=st.sampled_from(["uint8", "uint16", "float32"]),
    seed=st.integers(0, 2**32),
    colour=st.booleans(),
)
def test_with_padding_of_each_kind_it_equals_scipy(
    half: tuple[int, int], pad_mode: str, dtype: str, seed: int, colour: bool
) -> None:
    random = np.random.default_rng(seed)
    kernel = random.integers(-5, 6, (2 * half[0] + 1, 2 * half[1] + 1)).astype(float)
    image = random_image((7, 9, 3) if colour else (7, 9), dtype, seed)
    expanded = kernel[..., None] if colour else kernel
    exact = ndimage.correlate(image.astype(np.float64), expanded, mode=NDIMAGE[pad_mode], cval=0)
    found = filters.convolve(image, kernel, padding="same", pad_mode=pad_mode, clip=False)
    np.testing.assert_allclose(found, exact, rtol=1e-6, atol=1e-4)


@settings(max_examples=60, deadline=None)
@given(kernel=kernels, dilation=st.integers(1, 3), weight=st.floats(-2, 2), bias=st.floats(-50, 50))
def test_dilation_is_a_kernel_with_zeros_between(kernel: Any, dilation: int, weight: float, bias: float) -> None:
    wide = np.zeros([(n - 1) * dilation + 1 for n in kernel.shape])
    wide[::dilation, ::dilation] = kernel
    image = random_image((14, 15), "float64", 5)
    exact = signal.correlate2d(image, wide, mode="full") * weight + bias
    found = filters.convolve(image, kernel, dilation=dilation, padding="full", weight=weight, bias=bias)
    np.testing.assert_allclose(found, exact, rtol=1e-9, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), size=st.integers(1, 4), channels=st.integers(1, 5))
def test_channels_with_kernels_of_their_own_are_summed_as_scipy_does_in_three_dimensions(
    seed: int, size: int, channels: int
) -> None:
    random = np.random.default_rng(seed)
    image = random.normal(0, 1, (8, 9, channels))
    kernel = random.normal(0, 1, (size, size, channels))
    summed = filters.convolve(image, kernel, channels="sum", alpha=False)
    np.testing.assert_allclose(summed, signal.correlate(image, kernel, mode="valid", method="direct"), atol=1e-12)
    apart = filters.convolve(image, kernel, alpha=False)
    for channel in range(channels):
        exact = signal.correlate2d(image[..., channel], kernel[..., channel], mode="valid")
        np.testing.assert_allclose(apart[..., channel], exact, atol=1e-12)


def test_whole_numbers_give_exactly_what_arithmetic_in_whole_numbers_gives() -> None:
    image = random_image((40, 1100), "uint8", 1)
    kernel = np.random.default_rng(2).integers(-40, 40, (7, 7))
    exact = np.zeros((34, 1094), np.int64)
    for row in range(7):
        for column in range(7):
            exact += int(kernel[row, column]) * image[row : row + 34, column : column + 1094].astype(np.int64)
    np.testing.assert_array_equal(filters.convolve(image, kernel), np.clip(exact, 0, 255))
    np.testing.assert_array_equal(filters.convolve(image, kernel, clip=False), exact)
    large = image.astype(np.int64) * 2**30
    np.testing.assert_array_equal(filters.convolve(large, kernel), exact * 2**30)


@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 1), (6, 5, 2), (6, 5, 3), (6, 5, 4)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_what_comes_out_is_of_the_kind_that_went_in(shape: tuple[int, ...], dtype: str) -> None:
    image = random_image(shape, dtype, 3)
    found = filters.convolve(image, "identity", padding="same")
    assert found.dtype == image.dtype
    np.testing.assert_array_equal(found, image)


def test_an_alpha_is_kept_as_it_is_under_the_middle_of_the_window() -> None:
    image = random_image((8, 9, 4), "uint8", 4)
    found = filters.convolve(image, "box-blur", stride=(1, 2))
    np.testing.assert_array_equal(found[..., 3], image[1:-1, 1:-1:2, 3])
    together = filters.convolve(image, "box-blur", channels="sum")
    assert together.shape == (6, 7, 2)
    np.testing.assert_array_equal(together[..., 1], image[1:-1, 1:-1, 3])


def test_clip_says_what_becomes_of_values_out_of_range() -> None:
    image = np.array([[10, 200]], np.uint8)
    assert filters.convolve(image, [[-1, 1]]).tolist() == [[190]]
    assert filters.convolve(image, [[1, -1]]).tolist() == [[0]]
    assert filters.convolve(image, [[1, -1]], clip=False).tolist() == [[-190]]
    assert filters.convolve(image, [[2, 2]], clip=(0, 99)).tolist() == [[99]]
    assert filters.convolve(image, [[2, -2]], clip=(-1000, 1000)).tolist() == [[0]]
    assert filters.convolve(image / 255, [[1, 1]], clip=True).tolist() == [[210 / 255]]
    assert filters.convolve(image / 255.0, [[2, 2]], clip=True).tolist() == [[1.0]]


def test_values_are_rounded_to_the_nearest_and_halves_to_the_even_one() -> None:
    image = np.array([[1, 3, 5, 7]], np.uint8)
    assert filters.convolve(image, [[0.5]]).tolist() == [[0, 2, 2, 4]]


def test_the_largest_whole_numbers_do_not_wrap_round() -> None:
    for dtype in ("int64", "uint64"):
        image = np.full((2, 2), np.iinfo(dtype).max, dtype)
        assert filters.convolve(image, [[2]]).tolist() == image.tolist()


def test_an_image_of_one_pixel_can_be_filtered_where_padding_makes_room() -> None:
    one = np.array([[7]], np.uint8)
    assert filters.convolve(one, "outline", padding="same").tolist() == [[56]]
    assert filters.convolve(one, "outline", padding="same", pad_mode="edge").tolist() == [[0]]
    assert filters.convolve(one, "box-blur", padding="same", pad_mode="reflect").tolist() == [[7]]
    with pytest.raises(ShapeError, match="3×3 pixels does not fit into an image of 1×1"):
        filters.convolve(one, "outline")


@pytest.mark.slow
def test_twenty_megapixels_are_filtered() -> None:
    image = np.zeros((4_000, 5_000), np.uint8)
    image[2000, 3500] = 100
    made = filters.convolve(image, "outline")
    assert made.shape == (3998, 4998)
    assert made[1999, 3499] == 255
    assert np.count_nonzero(made) == 1


@pytest.mark.parametrize(
    ("image", "options", "error", "words"),
    [
        ("a text", {}, DataError, "array of numbers"),
        (np.zeros((2, 3, 3, 3)), {}, ShapeError, "images\\[0\\]"),
        (np.zeros((0, 3)), {}, ShapeError, "no pixels"),
        (np.full((3, 3), np.nan), {}, DataError, "NaN"),
        (np.zeros((3, 3), complex), {}, DataError, "complex"),
        (np.zeros((5, 5)), {"kernel": "sobl-x"}, UnknownNameError, "sobel-x"),
        (np.zeros((5, 5)), {"kernel": "one two; three four"}, ConfigurationError, "“one”"),
        (np.zeros((5, 5)), {"kernel": [[1, 2], [3]]}, ConfigurationError, "same length"),
        (np.zeros((5, 5)), {"kernel": [[np.inf]]}, ConfigurationError, "finite"),
        (np.zeros((5, 5)), {"kernel": np.zeros((256, 1))}, ConfigurationError, "at most 255"),
        (np.zeros((5, 5, 3)), {"kernel": np.zeros((3, 3, 2))}, ShapeError, "for 2 channels, but the image has 3"),
        (np.zeros((5, 5)), {"stride": 0}, ConfigurationError, "stride"),
        (np.zeros((5, 5)), {"stride": 1.5}, ConfigurationError, "stride"),
        (np.zeros((5, 5)), {"padding": -1}, ConfigurationError, "padding"),
        (np.zeros((5, 5)), {"padding": "sane"}, UnknownNameError, "same"),
        (np.zeros((5, 5)), {"pad_mode": "wrap", "padding": 1}, UnknownNameError, "reflect"),
        (np.zeros((5, 5)), {"channels": "both"}, UnknownNameError, "apart"),
        (np.zeros((5, 5)), {"mode": "convolution"}, UnknownNameError, "convolve"),
        (np.zeros((5, 5)), {"weight": "much"}, ConfigurationError, "weight"),
        (np.zeros((5, 5)), {"clip": (3, 1)}, ConfigurationError, "low, high"),
        (np.zeros((5, 5, 1)), {"alpha": True}, ShapeError, "alpha"),
        (np.zeros((5, 5)), {"dilation": 3}, ShapeError, "7×7 pixels does not fit"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_reason(
    image: Any, options: dict[str, Any], error: type[ConvoscopeError], words: str
) -> None:
    given = {"kernel": "outline", **options}
    with pytest.raises(error, match=words):
        filters.convolve(image, given.pop("kernel"), **given)
