from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from convoscope.errors import ConfigurationError, FileFormatError, UnknownNameError
from convoscope.runs import TrainSettings


def fill_in(**given: Any) -> TrainSettings:
    return TrainSettings.fill_in("mnist", 2, "reference", **given)


def test_what_is_not_told_is_filled_in() -> None:
    settings = fill_in(seed=1)
    assert (settings.model, settings.epochs, settings.batch_size, settings.learning_rate) == ("cnn-2", 5, 64, 1e-3)
    assert fill_in(optimizer="sgd").learning_rate == 1e-2
    digits = TrainSettings.fill_in("digits", 1, "native")
    assert (digits.epochs, digits.batch_size) == (30, 32)
    assert fill_in(model="dense").batch_size == 32


def test_a_drawn_seed_is_written_down() -> None:
    assert len({fill_in().seed for _ in range(20)}) > 1
    assert "seed" in fill_in().as_dict()


def test_settings_survive_their_file() -> None:
    settings = fill_in(layers="flatten, dense 10 softmax", patience=2, goal_accuracy=0.9, data_dir="/data")
    assert TrainSettings.from_dict(settings.as_dict(), "config.json") == settings


def test_patience_without_a_share_to_validate_with_takes_a_tenth() -> None:
    assert fill_in(patience=3).validation == 0.1
    with pytest.raises(ConfigurationError, match="--val"):
        fill_in(patience=3, validation=0.0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"epochs": 0}, "--epochs must be 1 or more, but is 0"),
        ({"batch_size": -1}, "--batch-size"),
        ({"learning_rate": 0.0}, "--lr must be more than 0"),
        ({"learning_rate": float("nan")}, "--lr"),
        ({"dropout": 1.0}, "--dropout is a share"),
        ({"validation": 1.5}, "--val is a share"),
        ({"goal_accuracy": 95.0}, "Write 0.95 for 95 %"),
        ({"seed": -1}, "--seed"),
        ({"filters": 0}, "--filters"),
        ({"patience": 0}, "--patience"),
        ({"layers": "flatten", "model": "dense"}, "--layers and --model"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused_by_name(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        fill_in(**given)


def test_an_unknown_optimizer_gets_the_nearest_one() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'adam'"):
        fill_in(optimizer="adm")


def test_a_file_without_a_setting_is_refused_with_its_name() -> None:
    values = replace(fill_in(), seed=3).as_dict()
    del values["seed"]
    with pytest.raises(FileFormatError, match="missing: seed"):
        TrainSettings.from_dict(values, "config.json")
