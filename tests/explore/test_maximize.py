"""Activation maximization where the best picture is known, and beside real images counted in plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import convoscope as cs
from convoscope import layers as cl
from convoscope.engine.base import Engine
from convoscope.errors import ConfigurationError

from .networks import colour, grey, values

maximize = cs.explore.maximize


def test_of_a_convolution_the_best_picture_is_white_where_the_kernel_is_positive(engine: Engine) -> None:
    model = cs.Sequential([cl.Conv2D(3, 3, activation="relu", input_shape=(9, 9, 2))], seed=1)
    kernel = np.random.default_rng(4).normal(size=(3, 3, 2, 3)).astype(np.float32)
    model.set_weights([kernel, np.array([-99.0, -0.5, 0.25])])
    found = maximize(model, 0, 1, steps=200, decay=0, smoothing=0, seeds=2)
    for patch in found.patches:
        np.testing.assert_array_equal(patch, (kernel[..., 1] > 0).astype(np.float32))
    np.testing.assert_allclose(found.values, kernel[..., 1].clip(0).sum() - 0.5, rtol=1e-5)
    dead = maximize(model, 0, 0, steps=200, decay=0, smoothing=0, seeds=1)  # ReLU hides all: it is followed before it
    np.testing.assert_array_equal(dead.patches[0], (kernel[..., 0] > 0).astype(np.float32))
    assert dead.values.tolist() == [0]
    assert found.real is None
    assert np.isnan(found.percentiles).all()


def test_a_class_is_excited_far_more_than_by_any_real_image_and_it_says_so(engine: Engine) -> None:
    model, images = colour(), values("colour_images")
    found = maximize(model, 6, 0, images)
    scores = cs.explore.activations(model, images, [6]).outputs[0][:, 0]
    assert found.unit == ()
    assert found.patches[0].shape == (8, 8, 3)
    assert found.values.min() > scores.max()
    np.testing.assert_allclose(
        found.values, cs.explore.activations(model, found.images, [6]).outputs[0][:, 0], rtol=1e-5
    )
    np.testing.assert_allclose(np.sort(found.peaks), np.sort(scores), rtol=1e-5)
    assert found.real is not None
    assert found.real.indices[0] == scores.argmax()
    assert found.percentiles.tolist() == [100, 100, 100]
    assert "of 6 real images" in str(found)
    assert found.images.min() >= images.min()
    assert found.images.max() <= np.float32(images.max())


def test_in_a_deeper_layer_real_images_are_outdone_and_the_same_seed_gives_the_same(engine: Engine) -> None:
    images = values("colour_images")
    found, again = (maximize(colour(), 4, 1, images, seeds=1, jitter=1) for _ in range(2))
    np.testing.assert_array_equal(found.images, again.images)
    maps = cs.explore.activations(colour(), images, [4]).outputs[0][..., 1]
    np.testing.assert_allclose(found.peaks, maps.max(axis=(1, 2)), rtol=1e-5)
    assert found.values[0] > maps.max()
    assert len(found.plot().axes) == 12
    other = maximize(colour(), 4, 1, images, seeds=1, jitter=1, seed=7)
    assert not np.array_equal(other.images, found.images)


def test_what_cannot_be_made_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="numbered 0 to 4"):
        maximize(grey(), "conv2d_1", 5)
    with pytest.raises(ConfigurationError, match=r"must be \(smaller, larger\)"):
        maximize(grey(), 0, 0, value_range=(1, 0))
    a, b = cl.Input((4, 4, 1)), cl.Input((4, 4, 1))
    pair = cs.Model([a, b], cl.Dense(2)(cl.Flatten()(cl.Add()([a, b]))))
    with pytest.raises(ConfigurationError, match="2 inputs"):
        maximize(pair, -1, 0)
