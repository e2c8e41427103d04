"""Runs on your own images: resumed to the bit, and with the settings that fit them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.own_images import fill

from convoscope import recipes
from convoscope.datasets import FolderDataset, from_folder
from convoscope.errors import ConfigurationError, DataError
from convoscope.models import load_model
from convoscope.runs import RunFolder, TrainSettings, resume, start
from convoscope.runs.preparation import load_data, split
from convoscope.runs.training import settings_of, use

from .test_training import InterruptAfter, assert_same_end


@pytest.fixture
def photos(tmp_path: Path) -> FolderDataset:
    return from_folder(fill(tmp_path / "photos", {"a": 40, "b": 12}), cache_dir=tmp_path / "data" / "folders")


def settings(data: FolderDataset, tmp_path: Path, **given: Any) -> TrainSettings:
    told = {"seed": 3, "epochs": 4, "data_dir": str(tmp_path / "data"), "class_weight": "auto", **given}
    filled = TrainSettings.with_defaults(data.info, 1, "reference", **told)
    use(filled)
    return filled


def test_an_interrupted_run_on_your_own_images_ends_as_one_that_was_not(tmp_path: Path, photos: FolderDataset) -> None:
    whole, parts = RunFolder.create(tmp_path / "whole"), RunFolder.create(tmp_path / "parts")
    given = settings(photos, tmp_path)
    start(whole, given, photos)
    with pytest.raises(KeyboardInterrupt):
        start(parts, given, photos, [InterruptAfter(1)])
    with pytest.raises(KeyboardInterrupt):
        resume(parts, settings_of(parts), load_data(settings_of(parts)), [InterruptAfter(3)])
    resume(parts, settings_of(parts), load_data(settings_of(parts)))
    assert_same_end(whole, parts)
    assert whole.mistaken.read_bytes() == parts.mistaken.read_bytes()
    assert "val_accuracy" in whole.read_history()[0]


def test_images_that_came_in_between_end_the_run_before_it_trains_on_what_tests_it(
    tmp_path: Path, photos: FolderDataset
) -> None:
    folder = RunFolder.create(tmp_path / "run")
    with pytest.raises(KeyboardInterrupt):
        start(folder, settings(photos, tmp_path), photos, [InterruptAfter(1)])
    fill(tmp_path / "photos", {"a": 1}, first=900)
    with pytest.raises(DataError, match="no longer those"):
        resume(folder, settings_of(folder), load_data(settings_of(folder)))


def test_the_model_file_knows_how_to_bring_any_image_into_its_form(tmp_path: Path, photos: FolderDataset) -> None:
    folder = RunFolder.create(tmp_path / "run")
    start(folder, settings(photos, tmp_path, epochs=1), photos)
    model = load_model(folder.model)
    assert (model.preprocessing, model.class_names) == (photos.preprocessing, ["a", "b"])
    assert json.loads(folder.data.read_text())["counts"] == {"a": [32, 4, 4], "b": [10, 1, 1]}


def test_the_split_is_the_folders_own_whatever_the_seed(tmp_path: Path, photos: FolderDataset) -> None:
    one, other = (split(photos, settings(photos, tmp_path, seed=seed)) for seed in (1, 2))
    assert one.validation is not None
    assert other.validation is not None
    assert np.array_equal(one.validation[0], other.validation[0])
    assert np.array_equal(one.x, photos.x_train)


def test_without_images_to_validate_with_the_last_epoch_is_kept(tmp_path: Path) -> None:
    data = from_folder(fill(tmp_path / "photos", {"a": 20, "b": 20}), cache_dir=tmp_path / "c", validation_split=0.0)
    folder = RunFolder.create(tmp_path / "run")
    report = start(folder, settings(data, tmp_path, epochs=2, validation=0.0), data).report
    assert report["kept_epoch"] == 2
    assert "val_accuracy" not in folder.read_history()[0]


def test_your_own_images_get_the_rules_recipe_even_under_a_known_name(tmp_path: Path, photos: FolderDataset) -> None:
    filled = TrainSettings.with_defaults(replace(photos.info, name="mnist"), 1, "reference")
    rule = recipes.suggest("fast", photos.info.image_shape, photos.info.train_count)
    assert filled.dataset == str(tmp_path / "photos")
    assert (filled.recipe, filled.epochs, filled.layers) == ("fast", rule.epochs, rule.layers(2))
    assert filled.validation == 0.1


def test_what_does_not_go_with_planned_rates_gets_a_constant_one_and_the_same_network(photos: FolderDataset) -> None:
    rule = recipes.suggest("fast", photos.info.image_shape, photos.info.train_count)
    for told, rate in (({"patience": 3}, 1e-3), ({"optimizer": "sgd"}, 1e-2)):
        filled = TrainSettings.with_defaults(photos.info, 1, "reference", **told)
        assert (filled.schedule, filled.learning_rate, filled.layers) == ("constant", rate, rule.layers(2))
        assert filled.recipe is None
    with pytest.raises(ConfigurationError, match="schedules its learning rates"):
        TrainSettings.with_defaults(photos.info, 1, "reference", patience=3, recipe="fast")


def test_a_number_of_filters_is_meant_for_the_lessons_network(photos: FolderDataset) -> None:
    filled = TrainSettings.with_defaults(photos.info, 1, "reference", filters=8, dropout=0.2)
    assert (filled.model, filled.layers, filled.filters, filled.schedule) == ("cnn-2", None, 8, "one-cycle")
