"""Faithfulness against its definition in plain NumPy, and likenesses against SciPy's and scikit-image's."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage, stats
from skimage import metrics

import convoscope as cs
from convoscope import layers as cl
from convoscope.engine.base import Engine
from convoscope.errors import ConfigurationError, DataError, ShapeError, UnknownNameError
from convoscope.explore.heat_maps import enlarged
from convoscope.explore.likeness import spearman, ssim
from convoscope.explore.random_weights import from_the_top, untrained

from .networks import colour, grey, values

Array = npt.NDArray[Any]
faithfulness = cs.explore.faithfulness


def by_definition(model: Any, image: Array, importance: Array, class_index: int, base: Array, steps: int) -> Any:
    """Petsiuk et al. (2018), a pixel after the other: the probabilities by deletion and by insertion."""
    height, width = importance.shape
    pixels = sorted(np.ndindex(height, width), key=lambda pixel: -importance[pixel])
    deleted, inserted = [], []
    for step in range(steps + 1):
        count = int(np.floor(step / steps * len(pixels) + 0.5))
        one, other = image.copy(), base.copy()
        for row, column in pixels[:count]:
            one[row, column], other[row, column] = base[row, column], image[row, column]
        deleted.append(model.predict(one[None], verbose=0)[0, class_index])
        inserted.append(model.predict(other[None], verbose=0)[0, class_index])
    return deleted, inserted


@pytest.mark.parametrize("baseline", ["mean", 0.25, "blur"])
def test_the_curves_are_those_of_the_definition(baseline: Any, engine: Engine) -> None:
    model, images, classes = colour(), values("colour_images")[:3], values("colour_classes")[:3]
    made = faithfulness(model, images, classes, "saliency", baseline=baseline, steps=7, orders=1, networks=0)
    maps = np.abs(values("colour_saliency")).max(axis=3)[:3]
    for number, image in enumerate(images.astype(np.float32)):
        base = np.full_like(image, 0.25)
        if baseline == "mean":
            base[...] = image.mean(axis=(0, 1))
        elif baseline == "blur":
            at = np.arange(8)
            weights = np.exp(-((at[:, None] - at) ** 2) / (2 * 0.8**2))
            weights /= weights.sum(axis=1, keepdims=True)
            base = np.stack([weights @ image[..., channel] @ weights.T for channel in range(3)], axis=-1)
        wanted = by_definition(model, image, maps[number], int(classes[number]), base.astype(np.float32), 7)
        np.testing.assert_allclose(made.deletion[number], wanted[0], rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(made.insertion[number], wanted[1], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(made.auc.deletion, np.trapezoid(made.deletion, np.linspace(0, 1, 8), axis=1))
    np.testing.assert_allclose(made.gain, made.auc.insertion - made.auc.deletion)


def test_a_map_of_what_a_network_uses_beats_chance_and_its_opposite_does_not() -> None:
    model = cs.Sequential([cl.Flatten(input_shape=(6, 6)), cl.Dense(2)])  # ends in logits
    weights = np.zeros((36, 2))
    weights[:9, 1] = 1.5
    model.set_weights([weights, np.array([0.0, -6.0])])
    used = weights[:, 1].reshape(1, 6, 6)
    image = np.ones((6, 6))
    good = faithfulness(model, image, 1, lambda model, images, classes: used, baseline=0.0)
    bad = faithfulness(model, image, 1, lambda model, images, classes: -used, baseline=0.0)
    chance = np.trapezoid(good.random, dx=1 / 20, axis=2)
    assert good.auc.deletion[0] < chance.min() < chance.max() < good.auc.insertion[0]
    assert bad.gain[0] < 0 < good.gain[0]
    assert good.deletion[0, 0] == pytest.approx(1 / (1 + np.exp(6 - 13.5)))  # a softmax of the logits
    assert good.deletion[0, -1] == good.insertion[0, 0] == pytest.approx(1 / (1 + np.exp(6)))


def test_a_map_that_only_shows_the_image_is_told_by_random_weights() -> None:
    def brightness(model: Any, images: Array, classes: Array) -> Array:
        return images[..., 0]

    images = values("grey_images")
    found = faithfulness(grey(), images, None, brightness, networks=2, cascade=True)
    assert found.randomization is not None
    assert found.randomization.layers == ("dense_1", "dense", "conv2d_1", "conv2d")
    assert found.randomization.spearman.shape == found.randomization.ssim.shape == (4, 2, 6)
    assert found.randomization.similarity == pytest.approx(1)
    assert "hardly changes" in str(found)
    assert "brightness, 6 images" in str(found)
    assert len(found.plot().axes) == 3
    changed = faithfulness(grey(), images, method="hires_cam").randomization
    assert changed is not None
    assert changed.similarity < 0.7


def test_layers_become_random_from_the_top_and_the_model_stays_as_it_is() -> None:
    model, fresh = colour(), untrained(colour(), 4).get_weights()
    before = model.get_weights()
    names, last = [], model.get_weights()
    for name, twin in from_the_top(model, 4):
        names.append(name)
        last = twin.get_weights()
        if name == "dense":
            assert [np.array_equal(a, b) for a, b in zip(last, before, strict=True)] == [True] * 8 + [False] * 2
    assert names == ["dense", "conv2d_1", "batch_normalization", "conv2d"]
    assert all(np.array_equal(a, b) for a, b in zip(last, fresh, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), before, strict=True))


def test_likenesses_are_those_of_other_libraries() -> None:
    random = np.random.default_rng(3)
    one = np.round(random.normal(size=(12, 10)), 1)  # with ties
    other = one + np.round(random.normal(size=(12, 10)), 1)
    assert spearman(one, other) == pytest.approx(stats.spearmanr(one.ravel(), other.ravel()).statistic)
    scaled = [each / np.abs(each).max() for each in (one, other)]
    wanted = metrics.structural_similarity(*scaled, data_range=2, win_size=7)
    assert ssim(one, other) == pytest.approx(wanted)
    assert np.isnan(spearman(np.zeros(4), np.arange(4)))


def test_maps_become_larger_as_scipy_makes_them() -> None:
    maps = np.random.default_rng(2).normal(size=(2, 5, 4))
    wanted = ndimage.zoom(maps, (1, 11 / 5, 3), order=1, mode="nearest", grid_mode=True)
    np.testing.assert_allclose(enlarged(maps, 11, 12), wanted, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("method", ["grad_cam", "hires_cam", "occlusion", "saliency"])
def test_each_method_is_judged_for_both_classes_of_a_single_output(method: str) -> None:
    model = cs.Sequential(
        [cl.Conv2D(2, 3, activation="relu", input_shape=(7, 6, 1)), cl.Flatten(), cl.Dense(1, activation="sigmoid")],
        seed=3,
    )
    images = np.random.default_rng(1).random((2, 7, 6, 1))
    found = faithfulness(model, images, [0, 1], method, steps=4, orders=2, networks=1)
    for_one = model.predict(images, verbose=0)[:, 0]
    np.testing.assert_allclose(found.deletion[:, 0], [1 - for_one[0], for_one[1]], rtol=1e-5)
    assert found.maps.shape == (2, 7, 6)
    assert found.random.shape == (2, 2, 5)
    other = faithfulness(model, images, [1, 1], method, steps=4, orders=2, networks=0)
    if method in ("grad_cam", "hires_cam"):  # what speaks for the one speaks against the other
        np.testing.assert_allclose(other.maps[0], -found.maps[0], rtol=1e-5)


def test_a_map_without_any_order_gives_no_rank_correlation() -> None:
    flat = faithfulness(
        grey(), values("grey_images")[:1], method=lambda model, images, classes: np.zeros((1, 9, 9)), steps=2, orders=1
    )
    assert flat.randomization is not None
    assert np.isnan(flat.randomization.similarity)
    assert "The map is uniform" in str(flat)
    cascade = faithfulness(grey(), np.ones((1, 9, 9, 1)), cascade=True, steps=2, orders=1)
    assert len(cascade.plot().axes) == 3  # also of maps without an order


def test_what_cannot_be_judged_is_refused() -> None:
    images = values("grey_images")
    with pytest.raises(UnknownNameError, match="grad_cam"):
        faithfulness(grey(), images, method="gradcam")
    with pytest.raises(UnknownNameError, match="blur"):
        faithfulness(grey(), images, baseline="blurred")
    with pytest.raises(ConfigurationError, match="baseline is"):
        faithfulness(grey(), images, baseline=[0, 1, 2])
    with pytest.raises(ConfigurationError, match="Leave it out"):
        faithfulness(grey(), images, method="saliency", layer="conv2d")
    with pytest.raises(ShapeError, match="must return one map for each image"):
        faithfulness(grey(), images, method=lambda model, images, classes: images)
    with pytest.raises(DataError, match="index 0 is 3"):
        faithfulness(grey(), images, 3)
    with pytest.raises(ConfigurationError, match="at least 1"):
        faithfulness(grey(), images, steps=0)
    rows = cs.Sequential([cl.Dense(2, input_shape=(4,))])
    with pytest.raises(ShapeError, match="takes images"):
        faithfulness(rows, np.ones((1, 4)), method="saliency")
