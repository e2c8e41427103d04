"""Programs with several inputs and outputs train as in Keras: losses of each step, histories, evaluation."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.engine.base import Engine

sys.path.insert(0, str(Path(__file__).parent))

from programs import BATCH, COUNT, FIT, OPTIMIZERS, PROGRAMS, Program, first_weights, part

VALUES = json.loads((Path(__file__).parent / "program_values.json").read_text())
TOLERANCE = 2e-5


def compiled(name: str, optimizer: str) -> Program:
    program = PROGRAMS[name](cs)
    assert [list(weight.shape) for weight in program.model.get_weights()] == VALUES[name][optimizer]["shapes"]
    program.model.set_weights(first_weights(program.model))
    program.model.compile(getattr(cs.optimizers, optimizer)(**OPTIMIZERS[optimizer]), **program.compiled)
    return program


def data_of(program: Program) -> dict[str, Any]:
    return {"x": program.x, "y": program.y, "sample_weight": program.sample_weight}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_each_step_says_what_keras_says(engine: Engine, name: str, optimizer: str) -> None:
    program = compiled(name, optimizer)
    for number, expected in enumerate(VALUES[name][optimizer]["steps"]):
        rows = slice(number * BATCH, min(COUNT, (number + 1) * BATCH))
        x, y, weights = (part(data, rows) for data in (program.x, program.y, program.sample_weight))
        found = program.model.train_on_batch(x, y, sample_weight=weights, return_dict=True)
        assert found == pytest.approx(expected, rel=TOLERANCE, abs=1e-6), f"step {number}"


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_histories_and_evaluations_are_those_of_keras(engine: Engine, name: str, optimizer: str) -> None:
    program, expected = compiled(name, optimizer), VALUES[name][optimizer]
    history = program.model.fit(**data_of(program), **FIT).history
    assert set(history) == set(expected["history"])
    for log, values in expected["history"].items():
        assert history[log] == pytest.approx(values, rel=TOLERANCE, abs=1e-6), log
    measured = program.model.evaluate(**data_of(program), verbose=0, return_dict=True)
    assert measured == pytest.approx(expected["named"], rel=TOLERANCE, abs=1e-6)
    listed = program.model.evaluate(**data_of(program), verbose=0)
    assert listed == pytest.approx(_once(expected), rel=TOLERANCE, abs=1e-6)
    assert program.model.test_on_batch(program.x, program.y, sample_weight=program.sample_weight) == listed
    sums = [np.abs(weight).sum() for weight in program.model.get_weights()]
    assert sums == pytest.approx(expected["last"], rel=TOLERANCE, abs=1e-6)


def _once(expected: dict[str, Any]) -> list[float]:
    """Return Keras' list of measured values. It has a metric twice where "accuracy" is both weighted and not."""
    listed: list[float] = expected["evaluate"]
    return listed if len(listed) == len(expected["named"]) else [*listed[:2], *listed[3:]]
