"""Which way is taken, and what the ways cost: on small pictures, with the real backbone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.photos import drawn

import convoscope as cs
from convoscope.applications import backbone
from convoscope.transfer import Extractor, FeatureStore, Photos, Wishes, choosing, scratch, train
from convoscope.transfer.features import View
from convoscope.transfer.mirroring import may_be_mirrored

LITE0 = backbone("efficientnet-lite0")


def photos_of(counts: dict[str, int], files: list[Path] | None = None) -> Photos:
    named = [(kind, number) for kind, count in counts.items() for number in range(count)]
    images = cs.Preprocessing.from_dict(LITE0.preprocessing).prepare_all([drawn(*each) for each in named])
    names = tuple(counts)
    labels = np.array([names.index(kind) for kind, _ in named])
    return Photos(images, labels, [f"{kind}-{number}" for kind, number in named], names, files)


@pytest.fixture(scope="module")
def extractor(tmp_path_factory: pytest.TempPathFactory) -> Extractor:
    return Extractor(LITE0, FeatureStore(tmp_path_factory.mktemp("features")))


def test_few_images_keep_the_backbone_frozen(extractor: Extractor) -> None:
    choice = train(photos_of({"disc": 6, "cross": 6}), extractor, Wishes())
    assert choice.way == "frozen"
    assert choice.reason == "The backbone stays frozen: 12 images are too few to fine-tune it."


def test_without_time_the_reason_says_how_much_it_would_take(
    extractor: Extractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choosing, "_FEW", 4)
    monkeypatch.setattr(choosing, "_GOOD", 2.0)
    monkeypatch.setattr(choosing, "are_uniform", lambda *_: False)
    choice = train(photos_of({"disc": 6, "cross": 6}), extractor, Wishes(minutes=1e-6))
    assert choice.way == "frozen"
    assert choice.reason.endswith("Fine-tuning would take about 1 minute; --minutes 1 allows that.")


def test_more_blocks_leave_time_for_fewer_epochs() -> None:
    quick = Extractor(LITE0)
    quick.seconds_an_image = 0.01
    many = Photos(np.zeros((1000, 1, 1, 3), np.uint8), np.zeros(1000, int), ["same"] * 1000, ("one", "other"))
    # 0.01 s, 1,000 images, 1.8 passes: an epoch of 4 blocks takes 45 s, one of all 18 blocks 151 s.
    assert [choosing._epochs(many, quick, Wishes(4.0, blocks))[0] for blocks in (None, 4, 18)] == [5, 5, 1]


@pytest.mark.long
def test_uniform_images_are_tried_from_scratch(extractor: Extractor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "_FEW", 4)
    monkeypatch.setattr(choosing, "_GOOD", 2.0)
    monkeypatch.setattr(choosing, "are_uniform", lambda *_: True)
    recipe = scratch.suggest
    monkeypatch.setattr(scratch, "suggest", lambda *given, **options: recipe(*given, **options).lasting(25))
    photos = photos_of({"disc": 30, "stripes": 30})
    labels = photos.labels.copy()
    # A backbone that gets half of them wrong: what is left is better.
    found = choosing.train_frozen(photos, extractor)
    poor = replace(found, held_out=np.where(np.arange(60)[:, None] % 2 == 0, found.held_out, 1 - found.held_out))
    monkeypatch.setattr(choosing, "train_frozen", lambda *_, **__: poor)
    said: list[str] = []
    choice = train(photos, extractor, Wishes(minutes=1e-6, seed=3), say=said.append)
    assert choice.way == "scratch"
    assert said[0].startswith("The images are uniform")
    model = choice.classified.model
    assert model.preprocessing is not None
    assert (model.preprocessing["height"], model.preprocessing["resize"]) == (64, 73)
    assert model.rejection is not None
    told = model.predict_images([drawn("disc", 90), drawn("stripes", 90)])
    assert [each.name for each in told] == ["disc", "stripes"]
    assert choice.classified.judged.sum() == 12
    np.testing.assert_array_equal(labels, photos.labels)


def test_pixels_alone_tell_uniform_images_apart() -> None:
    generator = np.random.default_rng(0)
    ramps = np.linspace(0, 200, 224)[None, None, :, None] * np.ones((40, 224, 1, 3))
    ramps[20:] = ramps[20:, :, ::-1]
    images = (ramps + generator.normal(20, 5, ramps.shape)).clip(0, 255).astype(np.uint8)
    uniform = Photos(images, np.repeat([0, 1], 20), [f"{i}" for i in range(40)], ("left", "right"))
    assert scratch.are_uniform(uniform, 0.9)
    mixed = Photos(images, np.tile([0, 1], 20), [f"{i}" for i in range(40)], ("one", "other"))
    assert not scratch.are_uniform(mixed, 0.9)


def test_tiny_pictures_are_the_means_of_their_cells() -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 224, 224, 3), np.uint8)
    means = images.reshape(3, 16, 14, 16, 14, 3).mean(axis=(2, 4)) / 255
    np.testing.assert_allclose(scratch.tiny(images), means.reshape(3, -1), atol=1e-12)
    uneven = np.random.default_rng(1).integers(0, 256, (1, 50, 33, 3), np.uint8)
    assert scratch.tiny(uneven).mean() == pytest.approx(uneven.mean() / 255, abs=0.01)


def test_the_fewer_images_the_more_views(tmp_path: Path) -> None:
    files = [tmp_path / "one.jpg"] * 12
    few = photos_of({"disc": 6, "cross": 6}, files)
    assert len(few.views(LITE0)) == 6
    assert len(replace(few, files=None).views(LITE0)) == 2
    own = few.views(LITE0)[0]
    assert own == View(LITE0.preprocessing)
    assert few.views(LITE0)[1] == View(LITE0.preprocessing, mirrored=True)


def test_mirroring_is_left_out_where_it_makes_another_class() -> None:
    generator = np.random.default_rng(2)
    labels = np.repeat([0, 1], 30)
    features = generator.normal(0, 0.3, (60, 4)) + np.where(labels[:, None] == 0, 1.0, -1.0) * [1, 0, 0, 0]
    assert not may_be_mirrored(features, features * [-1, 1, 1, 1], labels, 2)
    assert may_be_mirrored(features, features * [1, -1, 1, 1], labels, 2)


def test_images_of_one_group_are_held_out_together(extractor: Extractor) -> None:
    groups = np.repeat(np.arange(6), 2)
    photos = replace(photos_of({"disc": 6, "cross": 6}), groups=groups)
    choice = train(photos, extractor, Wishes(minutes=0))
    assert [len(set(choice.frozen.folds[groups == group])) for group in range(6)] == [1] * 6
    assert len(set(choice.frozen.folds)) > 1
    order = np.arange(12)[::-1]
    turned = choice.take(order)
    np.testing.assert_array_equal(turned.labels, photos.labels[order])
    np.testing.assert_array_equal(turned.frozen.held_out, choice.frozen.held_out[order])
    np.testing.assert_array_equal(photos.take(order).groups, groups[order])
