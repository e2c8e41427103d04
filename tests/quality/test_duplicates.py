"""Copies of pictures: what is found and what is not; the correlation against scikit-image's."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageEnhance
from skimage.feature import match_template
from tests.quality.pictures import COPIES, Picture, cropped, pixels, saved, scene

from convoscope.quality import matching
from convoscope.quality.duplicates import copies
from convoscope.quality.matching import ALIGNED, SIDE, Pictures, small_greys
from convoscope.quality.neighbours import Neighbours, nearest

SCENES = 12


def like(images: list[npt.NDArray[np.uint8]], cosine: float = 0.9) -> Neighbours:
    """Say of all images that they are rather alike: the pixels decide."""
    total = len(images)
    others = np.array([[each for each in range(total) if each != index][:5] for index in range(total)])
    return Neighbours(others, np.full(others.shape, cosine, np.float32))


@pytest.mark.parametrize("way", COPIES)
def test_a_copy_is_found_and_another_picture_is_not(way: str) -> None:
    for seed in range(4):
        original, other = pixels(scene(seed)), pixels(scene(seed + 1000))
        images = [original, pixels(COPIES[way](scene(seed))), other]
        found = copies(like(images), np.stack(images))
        assert [group.tolist() for group in found.groups] == [[0, 1]], seed
        assert found.similarities[2] == 0
        assert (found.similarities[:2] > 0.75).all()


def test_both_may_be_cropped() -> None:
    found = 0
    for seed in range(SCENES):
        images = [pixels(cropped(scene(seed), 0.8, (0, 0.2))), pixels(cropped(scene(seed), 0.8, (0.9, 1)))]
        found += len(copies(like(images), np.stack(images)).groups)
    assert found >= SCENES - 2


def test_groups_hang_together() -> None:
    images = [pixels(scene(1)), pixels(scene(2)), pixels(COPIES["mirrored"](scene(1))), pixels(scene(3))]
    images += [pixels(COPIES["pale"](scene(1))), pixels(COPIES["compressed"](scene(3)))]
    found = copies(like(images), np.stack(images))
    assert [group.tolist() for group in found.groups] == [[0, 2, 4], [3, 5]]


def test_the_same_frame_is_found_whatever_the_features_are() -> None:
    images = [pixels(scene(1)), pixels(COPIES["compressed"](scene(1))), pixels(scene(2)), pixels(scene(3))]
    assert [group.tolist() for group in copies(like(images, 0.3), np.stack(images)).groups] == [[0, 1]]


UNIFORM = {
    "compressed": lambda picture: saved(picture, 20),
    "small": lambda picture: picture.resize((50, 50)),
    "cropped by 4 pixels": lambda picture: picture.crop((4, 0, 160, 156)),
    "cropped by 10 pixels": lambda picture: picture.crop((3, 7, 153, 157)),
    "cropped and compressed": lambda picture: saved(picture.crop((0, 12, 144, 156)), 40),
}


def before_one_wall(seed: int) -> Picture:
    """Return a picture of a set in which all are alike: most of the detail is the same in all."""
    return ImageEnhance.Contrast(Image.blend(scene(5000), scene(seed), 0.3)).enhance(2)


@pytest.mark.parametrize("way", UNIFORM)
def test_in_a_uniform_set_copies_are_told_from_what_is_merely_alike(way: str) -> None:
    pictures = [before_one_wall(seed) for seed in range(24)]
    alike = like([pixels(each) for each in pictures], 0.95)
    originals = np.stack([pixels(each) for each in pictures])
    # By the rule for other sets, each would be a copy of the next one.
    one, other = np.arange(23), np.arange(1, 24)
    found, _ = Pictures(small_greys(originals, np.arange(24))).compare(one, other, ALIGNED)
    assert np.mean(found + 0.95 > 1.64) > 0.5
    assert copies(alike, originals).groups == []
    planted = [pixels(UNIFORM[way](each)) for each in pictures[:8]]
    images = [*originals, *planted]
    asked = like(images, 0.95)
    for each in range(8):  # the features know that the two are alike, as others are
        asked.indices[each, 0], asked.indices[24 + each, 0] = 24 + each, each
    groups = copies(asked, np.stack(images)).groups
    right = [group.tolist() for group in groups if group.tolist() in [[each, 24 + each] for each in range(8)]]
    assert len(right) >= 7
    assert len(groups) == len(right)


def test_plain_pictures_are_copies_only_of_their_own_colour() -> None:
    images = np.stack([np.full((40, 50, 3), value, np.uint8) for value in (0, 0, 255, 90, 90)])
    found = copies(nearest(np.ones((5, 4)), 4), images)
    assert [group.tolist() for group in found.groups] == [[0, 1], [3, 4]]


def test_many_copies_of_one_picture_are_one_group() -> None:
    generator = np.random.default_rng(3)
    images = np.stack([pixels(scene(5))] * 30 + [pixels(scene(seed)) for seed in range(20, 30)])
    features = np.concatenate([np.ones((30, 8)) + generator.normal(0, 1e-3, (30, 8)), generator.normal(size=(10, 8))])
    found = copies(nearest(features, 20), images)
    assert [len(group) for group in found.groups] == [30]


@pytest.mark.parametrize("shape", [(31, 200, 3), (200, 31, 1), (7, 5, 3), (1, 1, 1)])
def test_images_of_any_size_are_compared(shape: tuple[int, int, int]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, *shape), np.uint8)
    images = np.concatenate([images, images[:1]])
    found = copies(like(list(images), 0.9995), images)
    assert [group.tolist() for group in found.groups] == [[0, 2]]


def test_one_image_or_none_has_no_copies() -> None:
    for total in (0, 1):
        images = np.zeros((total, 8, 8, 3), np.uint8)
        assert copies(nearest(np.ones((total, 3)), 5), images).groups == []


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("scale", matching._SCALES)
def test_correlations_are_those_of_scikit_image(scale: float, mirrored: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "_FAINT", 0.0)  # scikit-image has no floor below which detail is noise
    images = np.stack([pixels(scene(1)), pixels(cropped(scene(1), 0.7))])
    pictures = Pictures(small_greys(images, np.arange(2)))
    templates = pictures._templates(scale, mirrored)
    details = matching._details(matching._scaled(pictures._small, round(SIDE * scale)))
    valid = templates.norms.shape[1]
    side = SIDE - valid + 1
    start = (details.shape[1] - side) // 2
    part = details[1][:, ::-1] if mirrored else details[1]
    expected = match_template(pictures._details[0].astype(float), part[start : start + side, start : start + side])
    sums = np.fft.irfft2(pictures._spectra[0] * templates.spectra[1], (SIDE, SIDE))[:valid, :valid]
    np.testing.assert_allclose(sums / templates.norms[0], expected, atol=2e-4)


def test_averaging_keeps_the_mean() -> None:
    values = np.random.default_rng(1).random((3, 64, 64)).astype(np.float32)
    for side in (22, 27, 32, 64):
        np.testing.assert_allclose(
            matching._scaled(values, side).mean(axis=(1, 2)), values.mean(axis=(1, 2)), rtol=1e-5
        )
