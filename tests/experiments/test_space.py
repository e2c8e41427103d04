from __future__ import annotations

from typing import Any

import pytest

from convoscope.errors import ConfigurationError, UnknownNameError
from convoscope.experiments.space import Range, checked, parse, points, setting


def test_values_have_the_kind_of_their_setting() -> None:
    assert parse(["filters=8, 16", "dropout=0,0.5", "pooling=max,stride", "image-size=32,24x48"]) == {
        "filters": [8, 16],
        "dropout": [0.0, 0.5],
        "pooling": ["max", "stride"],
        "image_size": [(32, 32), (24, 48)],
    }


def test_lines_of_layers_keep_their_commas() -> None:
    assert parse(["layers=flatten, dense 10 softmax | conv 4 3, flatten, dense 10 softmax"]) == {
        "layers": ["flatten, dense 10 softmax", "conv 4 3, flatten, dense 10 softmax"]
    }


def test_none_is_what_a_run_takes_where_it_is_told_nothing() -> None:
    assert parse(["recipe=none,fast", "class-weight=none,auto"]) == {
        "recipe": [None, "fast"],
        "class_weight": ["none", "auto"],
    }


def test_a_range_is_for_a_search_alone() -> None:
    found = parse(["filters=8..64"])
    assert found == {"filters": Range(8, 64)}
    with pytest.raises(ConfigurationError, match="--search"):
        checked(found)


def test_all_combinations_come_once() -> None:
    grid = checked({"filters": range(1, 4), "lr": [0.1, 0.2, 0.1]})
    combinations = {(point["filters"], point["learning_rate"]) for point in points(grid)}
    assert combinations == {(a, b) for a in (1, 2, 3) for b in (0.1, 0.2)}
    assert len(list(points(grid))) == 6


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("filtres=8", UnknownNameError, "Did you mean 'filters'"),
        ("seed=1,2", ConfigurationError, "--seeds"),
        ("dataset=mnist", ConfigurationError, "give the data set as the first argument"),
        ("filters", ConfigurationError, "--vary filters=8,16,32"),
        ("filters=", ConfigurationError, "--vary filters=8,16,32"),
        ("filters=8,,16", ConfigurationError, "is missing"),
        ("filters=eight", ConfigurationError, "must be a number"),
        ("filters=8.5", ConfigurationError, "whole number"),
        ("filters=64..8", ConfigurationError, "must be increasing"),
        ("pooling=max..min", ConfigurationError, "not a range"),
        ("dropout=nan", ConfigurationError, "must be a number"),
        ("epochs=none", ConfigurationError, "must be a number"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(text: str, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        parse([text])


@pytest.mark.parametrize(
    ("vary", "message"),
    [
        ({}, "nothing to compare"),
        ({"filters": []}, "There is no value"),
        ({"filters": [True]}, "must be a int"),
        ({"pooling": [3]}, "must be a str"),
    ],
)
def test_an_empty_grid_or_a_value_of_the_wrong_kind_is_refused(vary: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        checked(vary)


def test_names_may_be_written_as_train_takes_them() -> None:
    assert [setting(name) for name in ("lr", "val", "Batch-Size", "augment")] == [
        "learning_rate",
        "validation",
        "batch_size",
        "augmentation",
    ]
