"""The named kernels against scikit-image, and kernels as text."""

from __future__ import annotations

import json
from importlib import resources

import numpy as np
import pytest
from scipy import ndimage
from skimage import filters as skimage_filters

from convoscope import filters
from convoscope.errors import ConfigurationError, UnknownNameError


@pytest.mark.parametrize(
    ("name", "function", "factor"),
    [
        ("sobel-x", skimage_filters.sobel_v, 4),
        ("sobel-y", skimage_filters.sobel_h, 4),
        ("prewitt-x", skimage_filters.prewitt_v, 3),
        ("prewitt-y", skimage_filters.prewitt_h, 3),
        ("scharr-x", skimage_filters.scharr_v, 1),
        ("scharr-y", skimage_filters.scharr_h, 1),
    ],
)
def test_the_edge_kernels_are_scikit_images_but_for_their_scale(name: str, function: object, factor: float) -> None:
    image = np.random.default_rng(0).random((12, 13))
    theirs = function(image)[1:-1, 1:-1] * factor  # type: ignore[operator]
    np.testing.assert_allclose(filters.convolve(image, name), theirs, atol=1e-12)


def test_the_laplacians_are_scipys_and_scikit_images() -> None:
    image = np.random.default_rng(1).random((12, 13))
    inner = (slice(1, -1), slice(1, -1))
    np.testing.assert_allclose(filters.convolve(image, "laplacian"), ndimage.laplace(image)[inner], atol=1e-12)
    theirs = skimage_filters.laplace(image)  # with the sign turned
    np.testing.assert_allclose(filters.convolve(image, "laplacian"), -theirs[inner], atol=1e-12)


@pytest.mark.parametrize(("size", "sigma"), [(5, 1.2), (7, 1.0), (9, 0.7)])
def test_a_gaussian_with_numbers_is_scipys(size: int, sigma: float) -> None:
    impulse = np.zeros((size, size))
    impulse[size // 2, size // 2] = 1
    theirs = ndimage.gaussian_filter(impulse, sigma, radius=size // 2, mode="constant")
    np.testing.assert_allclose(filters.get(f"gaussian:{size}:{sigma}").values, theirs, atol=1e-12)


def test_a_box_is_scipys_uniform_filter() -> None:
    image = np.random.default_rng(2).random((12, 13))
    theirs = ndimage.uniform_filter(image, 7)[3:-3, 3:-3]
    np.testing.assert_allclose(filters.convolve(image, "box:7"), theirs, atol=1e-12)


def test_every_kernel_says_what_it_shows_and_where_it_is_from() -> None:
    entries = json.loads(resources.files("convoscope.filters").joinpath("kernels.json").read_text(encoding="utf-8"))
    assert [entry["name"] for entry in entries] == filters.names()
    for entry in entries:
        assert set(entry) == {"name", "title", "group", "kernel", "weight", "bias", "shows", "source"}
        kernel = filters.get(entry["name"])
        np.testing.assert_array_equal(kernel.values, entry["kernel"])
        assert all((kernel.title, kernel.shows, kernel.source, kernel.group))


def test_kernels_that_look_for_something_see_nothing_in_an_even_area() -> None:
    for name in (*filters.names("edges"), *filters.names("patterns")):
        assert filters.get(name).values.sum() == 0, name


def test_blurs_keep_the_brightness() -> None:
    for name in (*filters.names("blur"), "gaussian:5", "box:4"):
        kernel = filters.get(name)
        assert kernel.values.sum() * kernel.weight == pytest.approx(1), name


def test_a_kernel_is_read_from_text_and_written_back() -> None:
    for name in filters.names():
        np.testing.assert_allclose(filters.parse(str(filters.get(name))).values, filters.get(name).values)
    assert filters.get("1 2\n3 4\n").values.tolist() == [[1, 2], [3, 4]]
    assert filters.get("-1,0,1").values.tolist() == [[-1, 0, 1]]
    assert filters.get("2").values.tolist() == [[2]]


def test_a_kernel_is_normalized_by_its_weight() -> None:
    assert filters.parse("1 2 1").normalized.weight == 0.25
    assert filters.get("sobel-x").normalized.weight == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("-1 0; 1", "row 1 has 2, but row 2 has 1"),
        ("1 x", "“x”"),
        ("1/0 1", "“1/0”"),
        ("", "kernel named"),
        ("; ;", "needs numbers"),
        ("gaussian", "gaussian:5"),
        ("gaussian:big", "not a number"),
        ("gaussian:0", "must be 1 to 255"),
        ("gaussian:5:0", "0.01"),
        ("box:5:1", "takes only a size"),
        ("nan 1", "finite"),
        ("words are no kernel", "“words”"),
    ],
)
def test_text_that_is_no_kernel_is_refused_with_a_reason(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        filters.get(text)


def test_an_unknown_group_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="edges"):
        filters.names("edgy")


def test_kernels_cannot_be_changed_for_everybody() -> None:
    with pytest.raises(ValueError, match="read-only"):
        filters.get("identity").values[0, 0] = 1
