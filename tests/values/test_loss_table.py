"""Every loss after every last activation gives the losses that Keras gave (``tools/make_loss_table.py``)."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.engine.base import Engine
from convoscope.engine.loss_rule import KINDS
from convoscope.errors import ConvoscopeWarning, TrainingDivergedError
from convoscope.models import Sequential

TABLE = json.loads((Path(__file__).parent / "loss_table.json").read_text())
GIVEN = {name: np.array(values) for name, values in TABLE["data"].items()}


def words(row: dict[str, Any]) -> str:
    settings = ", ".join(f"{name}={value}" for name, value in row["settings"].items())
    return f"{row['loss']}({settings}) {row['activation']}" + (" weighted" if row.get("weighted") else "")


def tolerance(row: dict[str, Any]) -> float:
    """A value that comes near 1e-7 has a slope of ten million: there rounding decides how far a step goes."""
    steep = row["loss"] == "BinaryFocalCrossentropy" and not row["settings"]["from_logits"]
    return 2e-3 if steep and row["activation"] not in ("softmax", "sigmoid") else 1e-4


def model_of(row: dict[str, Any], *, apart: bool = False) -> Sequential:
    if row["targets"] == "marks":
        model = Sequential([cs.layers.Input((3, 3, 2)), cs.layers.Conv2D(3, 1, activation=row["activation"])])
        model.set_weights([GIVEN["image_kernel"], GIVEN["last_bias"]])
        return model
    activation = cs.layers.Softmax() if row["activation"] == "softmax" else cs.layers.Activation(row["activation"])
    ends = [cs.layers.Dense(3), activation] if apart else [cs.layers.Dense(3, activation=row["activation"])]
    model = Sequential([cs.layers.Input((5,)), cs.layers.Dense(6, activation="tanh"), *ends])
    model.set_weights([GIVEN[name] for name in ("hidden", "hidden_bias", "last", "last_bias")])
    return model


def trained(row: dict[str, Any], *, apart: bool = False) -> None:
    """Train as Keras did, and compare."""
    model = model_of(row, apart=apart)
    x, y = GIVEN["images" if row["targets"] == "marks" else "x"], GIVEN[row["targets"]]
    if row["targets"] == "marks" and row["settings"].get("ignore_class") != 255:
        y = np.where(y == 255, 2, y)
    weights = GIVEN["sample_weight"] if row.get("weighted") else None
    size = 4 if row.get("weighted") or len(x) == 4 else len(x)
    options: dict[str, Any] = {"batch_size": size, "sample_weight": weights, "verbose": 0}
    model.compile(cs.optimizers.SGD(row["rate"]), getattr(cs.losses, row["loss"])(**row["settings"]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvoscopeWarning)  # many of these are mistakes, and work all the same
        if row["losses"]:
            found = model.fit(x, y, shuffle=False, epochs=len(row["losses"]), **options).history["loss"]
            np.testing.assert_allclose(found, row["losses"], rtol=tolerance(row), atol=1e-6)
        if "evaluate" in row:
            np.testing.assert_allclose(model.evaluate(x, y, **options), row["evaluate"], rtol=tolerance(row), atol=1e-6)
        else:
            with pytest.raises(TrainingDivergedError):
                model.fit(x, y, shuffle=False, **options)


@pytest.mark.parametrize("row", TABLE["table"], ids=words)
def test_twelve_steps_have_the_losses_of_keras(row: dict[str, Any], engine: Engine) -> None:
    trained(row)


@pytest.mark.parametrize("row", [row for row in TABLE["table"] if "rossentropy" in row["loss"]], ids=words)
def test_an_activation_in_a_layer_of_its_own_is_the_same(row: dict[str, Any]) -> None:
    trained(row, apart=True)


@pytest.mark.parametrize("row", TABLE["reductions"], ids=words)
def test_reductions_ignored_classes_and_sample_weights_are_those_of_keras(row: dict[str, Any], engine: Engine) -> None:
    trained(row)


def test_the_table_has_every_loss_and_its_numbers_differ() -> None:
    assert {row["loss"] for row in TABLE["table"]} == {type(cs.losses.get(kind)).__name__ for kind in KINDS}
    assert sum(len(row["losses"]) == TABLE["steps"] for row in TABLE["table"]) > 0.9 * len(TABLE["table"])
