from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from convoscope import recipes
from convoscope.errors import ConfigurationError, FileFormatError, UnknownNameError
from convoscope.runs import TrainSettings


def settings_for(**given: Any) -> TrainSettings:
    return TrainSettings.with_defaults("mnist", 2, "reference", **given)


def test_what_is_not_told_is_filled_in() -> None:
    settings = settings_for(seed=1)
    assert (settings.model, settings.epochs, settings.batch_size, settings.learning_rate) == ("cnn-2", 5, 64, 1e-3)
    assert settings_for(optimizer="sgd").learning_rate == 1e-2
    digits = TrainSettings.with_defaults("digits", 1, "native")
    assert (digits.epochs, digits.batch_size) == (30, 32)
    assert settings_for(model="dense").batch_size == 32


def test_a_drawn_seed_is_written_down() -> None:
    assert len({settings_for().seed for _ in range(20)}) > 1
    assert "seed" in settings_for().as_dict()


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({}, "native engine"),
        ({"precision": "float32"}, "native engine"),
        ({"precision": "exact"}, "native engine, exact"),
        ({"device": "cuda", "precision": "float32"}, "native engine on cuda, float32"),
    ],
)
def test_what_computes_is_said_with_its_precision_where_that_is_no_default(told: dict[str, str], words: str) -> None:
    assert replace(settings_for(), engine="native", **told).computing == words


def test_settings_survive_their_file() -> None:
    settings = settings_for(layers="flatten, dense 10 softmax", patience=2, goal_accuracy=0.9, data_dir="/data")
    assert TrainSettings.from_dict(settings.as_dict(), "config.json") == settings


def test_settings_of_a_run_before_there_were_all_of_them_are_taken() -> None:
    settings = settings_for(filters=8, seed=1)
    later = ("convolutions", "kernel_size", "pooling", "dense_units")
    older = {name: value for name, value in settings.as_dict().items() if name not in later}
    assert TrainSettings.from_dict(older, "config.json") == settings


def test_patience_without_a_share_to_validate_with_takes_a_tenth() -> None:
    assert settings_for(patience=3).validation == 0.1
    with pytest.raises(ConfigurationError, match="--val"):
        settings_for(patience=3, validation=0.0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"epochs": 0}, "--epochs must be 1 or more, but is 0"),
        ({"batch_size": -1}, "--batch-size"),
        ({"learning_rate": 0.0}, "--lr must be more than 0"),
        ({"learning_rate": float("nan")}, "--lr"),
        ({"dropout": 1.0}, "--dropout must be at least 0 and below 1"),
        ({"validation": 1.5}, "--val must be at least 0 and below 1"),
        ({"goal_accuracy": 95.0}, "Write 0.95 for 95 %"),
        ({"seed": -1}, "--seed"),
        ({"filters": 0}, "--filters"),
        ({"kernel_size": 0}, "--kernel-size"),
        ({"convolutions": -1}, "--convolutions"),
        ({"pooling": "maximum"}, "Known: max, average, min, stride"),
        ({"layers": "flatten", "dense_units": 8}, "--layers and --dense-units"),
        ({"patience": 0}, "--patience"),
        ({"layers": "flatten", "model": "dense"}, "--layers and --model"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused_by_name(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        settings_for(**given)


def test_a_recipe_fills_in_what_is_not_told_and_gives_way_to_what_is() -> None:
    recipe = recipes.get("best", "mnist")
    filled = settings_for(recipe="best", seed=1)
    assert filled.layers == recipe.network.format(classes=10)
    for name in ("batch_size", "learning_rate", "schedule", "optimizer", "weight_decay", "label_smoothing"):
        assert getattr(filled, name) == getattr(recipe, name)
    assert (filled.epochs, filled.augmentation, filled.label) == (recipe.epochs, recipe.augmentation, "best")
    told = {"model": "cnn-2", "filters": 8, "dropout": 0.2, "epochs": 3, "batch_size": 50, "learning_rate": 0.5}
    given = settings_for(recipe="best", seed=1, **told)
    assert {name: getattr(given, name) for name in told} == told
    assert (given.layers, given.schedule) == (None, "one-cycle")
    assert settings_for(recipe="best", optimizer="sgd", learning_rate=0.1).weight_decay == 0.0


def test_your_own_layers_are_varied_by_the_recipe_unless_they_vary_the_images_themselves() -> None:
    own = "flatten, dense 10 softmax"
    assert settings_for(recipe="best", layers=own).augmentation == recipes.get("best", "mnist").augmentation != ""
    assert settings_for(recipe="best", layers=f"shift 0.1, {own}").augmentation == ""


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"recipe": "bst"}, "There is no recipe named 'bst'. Did you mean 'best'"),
        ({"recipe": "best", "filters": 8}, "--recipe best and --filters.*--model"),
        ({"recipe": "best", "dropout": 0.5}, "--recipe best and --dropout.*--model"),
        ({"recipe": "fast", "layers": "flatten", "filters": 8}, "--layers and --filters"),
        ({"recipe": "fast", "optimizer": "sgd"}, "Give --lr together with --optimizer sgd"),
        ({"recipe": "fast", "patience": 2}, "--recipe fast schedules its learning rates.*--patience"),
    ],
)
def test_what_contradicts_a_recipe_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        settings_for(**given)


def test_an_unknown_optimizer_gets_the_nearest_one() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'adam'"):
        settings_for(optimizer="adm")


def test_a_file_without_a_setting_is_refused_with_its_name() -> None:
    values = replace(settings_for(), seed=3).as_dict()
    del values["seed"]
    with pytest.raises(FileFormatError, match="missing: seed"):
        TrainSettings.from_dict(values, "config.json")
