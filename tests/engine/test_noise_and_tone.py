"""Layers that draw: what is done for given random numbers, and what it does to the values' mean and spread."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage

from convoscope import _native, activations
from convoscope.engine import philox
from convoscope.engine.base import Engine
from convoscope.engine.plan import build
from convoscope.layers import (
    AlphaDropout,
    GaussianDropout,
    GaussianNoise,
    Layer,
    RandomBrightness,
    RandomContrast,
    RandomCrop,
    RandomZoom,
    SpatialDropout2D,
)

Array = npt.NDArray[Any]
SEED, ITERATION = 2**40 + 3, 5
DRAW = {"seed": SEED, "iteration": ITERATION, "stream": 0}


def in_training(engine: Engine, layer: Layer, x: Array) -> Array:
    plan = build([layer], x.shape[1:])
    nothing = np.zeros((len(x), *plan.output_shape), np.float32)
    return engine.prepare(plan, []).pullback(x, nothing, training=True, seed=SEED, iteration=ITERATION).outputs


def drawn(count: int) -> Array:
    """Return the four numbers of each image's block."""
    return philox.words(4 * count, **DRAW).reshape(count, 4) / 2**32


def some_images(*shape: int) -> Array:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


@pytest.fixture(params=[1, 3])
def threads(request: pytest.FixtureRequest) -> int:
    _native.set_threads(request.param)
    return int(request.param)


def test_whole_feature_maps_are_dropped(engine: Engine, threads: int) -> None:
    x = some_images(50, 3, 4, 6)
    found = in_training(engine, SpatialDropout2D(0.25), x)
    kept = philox.words(50 * 6, **DRAW).reshape(50, 1, 1, 6) >= 2**30
    np.testing.assert_allclose(found, np.where(kept, x / 0.75, 0), rtol=1e-6)


def test_noise_has_its_mean_and_spread_and_each_value_its_own(engine: Engine, threads: int) -> None:
    x = np.zeros((20, 7, 9, 5), np.float32)
    noise = in_training(engine, GaussianNoise(0.5), x)
    assert len(np.unique(noise)) > 0.99 * noise.size
    np.testing.assert_allclose([noise.mean(), noise.std()], [0, 0.5], atol=0.02)
    np.testing.assert_allclose(noise.ravel(), 0.5 * philox.normals(x.size, **DRAW), rtol=1e-5, atol=1e-7)


def test_gaussian_dropout_is_as_varied_as_dropout(engine: Engine) -> None:
    found = in_training(engine, GaussianDropout(0.2), np.full((30, 11, 13), 3, np.float32))
    np.testing.assert_allclose([found.mean(), found.std()], [3, 3 * 0.5], atol=0.06)


@pytest.mark.parametrize("rate", [0.05, 0.4])
def test_alpha_dropout_keeps_mean_and_variance(engine: Engine, rate: float) -> None:
    x = some_images(300, 20, 20)
    found = in_training(engine, AlphaDropout(rate), x)
    np.testing.assert_allclose([found.mean(), found.std()], [0, 1], atol=0.01)
    dropped = philox.words(x.size, **DRAW).reshape(x.shape) < int(rate * 2**32)
    assert len(np.unique(found[dropped])) == 1
    slope, shift = np.polyfit(x[~dropped], found[~dropped], 1)
    # They become what selu makes of very negative values, which then goes the way of all others.
    lowest = -activations.SELU_ALPHA * activations.SELU_SCALE
    np.testing.assert_allclose(found[dropped][0], slope * lowest + shift, rtol=1e-4)


def test_each_image_is_cut_at_its_own_place(engine: Engine, threads: int) -> None:
    x = np.arange(60 * 7 * 6, dtype=np.float32).reshape(60, 7, 6, 1)
    found = in_training(engine, RandomCrop(4, 3), x)
    places = [(int(4 * rows), int(4 * columns)) for rows, columns in drawn(60)[:, :2]]
    for image, cut, (top, left) in zip(x, found, places, strict=True):
        np.testing.assert_array_equal(cut, image[top : top + 4, left : left + 3])
    assert {top for top, _ in places} == {left for _, left in places} == {0, 1, 2, 3}


def test_what_is_cut_sends_its_gradient_back_to_where_it_was(engine: Engine) -> None:
    x = some_images(5, 6, 6, 2)
    sent = some_images(5, 3, 4, 2)
    executable = engine.prepare(build([RandomCrop(3, 4)], (6, 6, 2)), [])
    found = executable.pullback(x, sent, training=True, seed=SEED, iteration=ITERATION)
    np.testing.assert_allclose((found.input * x).sum(), (sent * found.outputs).sum(), rtol=1e-5)


@pytest.mark.parametrize("even", [True, False])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_a_zoom_reads_where_scipy_reads(engine: Engine, even: bool, interpolation: str) -> None:
    x = some_images(6, 9, 8, 2)
    layer = RandomZoom((-0.4, 0.7), None if even else (0.1, 0.3), "nearest", interpolation)
    found = in_training(engine, layer, x)
    for image, outcome, (first, second, *_) in zip(x, found, drawn(6), strict=True):
        tall = 0.6 + 1.1 * first
        wide = tall if even else 1.1 + 0.2 * second
        zoom, centre = np.array([tall, wide]), (np.array(image.shape[:2]) - 1) / 2
        for channel in (0, 1):
            expected = ndimage.affine_transform(
                image[..., channel],
                zoom,
                centre - zoom * centre,
                order=int(interpolation == "bilinear"),
                mode="nearest",
            )
            np.testing.assert_allclose(outcome[..., channel], expected, rtol=1e-4, atol=1e-5)


def test_contrast_is_stretched_about_each_channels_mean(engine: Engine, threads: int) -> None:
    x = some_images(8, 5, 6, 3)
    found = in_training(engine, RandomContrast((0.5, 0.9), value_range=(-1, 1.5)), x)
    factor = (0.5 + 1.4 * drawn(8)[:, 0]).reshape(-1, 1, 1, 1)
    mean = x.astype(np.float64).mean(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(found, ((x - mean) * factor + mean).clip(-1, 1.5), atol=2e-6)


def test_brightness_is_a_share_of_the_value_range(engine: Engine) -> None:
    x = some_images(8, 5, 6, 3)
    found = in_training(engine, RandomBrightness(0.25, value_range=(-2, 2)), x)
    shift = (-1 + 2 * drawn(8)[:, 1]).reshape(-1, 1, 1, 1)
    np.testing.assert_allclose(found, (x + shift).clip(-2, 2), atol=1e-6)


@pytest.mark.parametrize(
    "layer",
    [
        SpatialDropout2D(0.5),
        GaussianNoise(0.5),
        GaussianDropout(0.5),
        AlphaDropout(0.5),
        RandomZoom(0.5),
        RandomContrast(0.5),
        RandomBrightness(0.5),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_in_prediction_nothing_is_drawn(engine: Engine, layer: Layer) -> None:
    x = some_images(3, 4, 5, 2)
    np.testing.assert_array_equal(engine.prepare(build([layer], (4, 5, 2)), []).forward(x), x)
