"""Files that were written once and are kept: they open, predict what they did, and train on.

``stack_version_1`` is of the first edition, which knew stacks only; ``graph_version_2`` of the first that knew graphs.
Neither is ever made anew: what a later edition writes may differ, but it must be able to read these.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from convoscope.engine.base import Engine
from convoscope.models import load_model, read_header

KEPT = Path(__file__).with_name("kept")
PREDICTIONS = json.loads((KEPT / "predictions.json").read_text())
KINDS = {"stack_version_1": (1, "Sequential", "small"), "graph_version_2": (2, "Model", "graph")}
every_file = pytest.mark.parametrize("name", KINDS)


@every_file
def test_a_kept_file_predicts_what_it_did(name: str, engine: Engine) -> None:
    path = KEPT / f"{name}.safetensors"
    model = load_model(path)
    header = read_header(path)
    assert (header["version"], header["kind"], model.name) == KINDS[name]
    assert type(model).__name__ == header["kind"]
    assert (model.class_names, model.preprocessing) == (["a", "b", "c"], {"scale": 1 / 255})
    (shape,) = model.plan_input_shapes
    x = np.linspace(0, 1, 2 * int(np.prod(shape))).reshape(2, *shape)
    np.testing.assert_allclose(model.predict(x), PREDICTIONS[name], atol=5e-6)


@every_file
def test_a_kept_file_trains_on(name: str, engine: Engine) -> None:
    model = load_model(KEPT / f"{name}.safetensors")
    assert model.optimizer.iterations > 0
    (shape,) = model.plan_input_shapes
    before = model.optimizer.iterations
    model.fit(np.random.default_rng(1).random((6, *shape), np.float32), np.arange(6) % 3, verbose=0)
    assert model.optimizer.iterations == before + 1
