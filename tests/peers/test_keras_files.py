"""Files of whole models between Keras and Convoscope, both ways, live: every layer, graphs, known networks.

Keras runs in an environment of its own, which the benchmarks make: ``python -m benchmarks environments keras``.
"""

from __future__ import annotations

import json
import os
import subprocess
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from benchmarks.environments import python_of
from convoscope.interchange.keras import limits
from convoscope.layers.serialization import KINDS

PROGRAM = Path(__file__).parent.parent.parent / "tools" / "keras_files.py"
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
PYTHON = python_of("keras")
pytestmark = pytest.mark.skipif(PYTHON is None, reason="there is no environment with Keras")
CLOSE = 1e-5


def kerass(command: str, folder: Path) -> None:
    subprocess.run([str(PYTHON), str(PROGRAM), command, str(folder)], check=True, env={**os.environ, **QUIET})


def arrays(path: Path, kind: str) -> list[np.ndarray]:
    with np.load(path) as kept:
        return [kept[name] for name in kept.files if name.startswith(f"{kind}_")]


def predicted(model: Any, x: list[np.ndarray]) -> list[np.ndarray]:
    told = model.predict(x if len(x) > 1 else x[0], verbose=0)
    return told if isinstance(told, list) else [told]


def worst(found: list[np.ndarray], expected: list[np.ndarray]) -> float:
    pairs = zip(found, expected, strict=True)
    return max(float(np.abs(one - other).max() / max(1.0, np.abs(other).max())) for one, other in pairs)


def one_step(model: Any) -> None:
    """Do what the program does with each compiled model."""
    draw = np.random.default_rng(11)
    x = [draw.random((2, *shape)).astype(np.float32) for shape in model.graph.input_shapes]
    draw = np.random.default_rng(3)
    y = [draw.random((2, *shape)).astype(np.float32) for shape in model.graph.output_shapes]
    model.train_on_batch(x if len(x) > 1 else x[0], y if len(y) > 1 else y[0])


def test_both_ways(tmp_path: Path) -> None:
    kerass("write", tmp_path)
    kinds, far = set(), {}
    for kept in sorted(tmp_path.glob("*.npz")):
        for ending in (".keras", ".h5"):
            path = kept.with_suffix(ending)
            if not path.exists():
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                # What EfficientNetB0 drops in training is said, and has no part in predictions.
                warnings.filterwarnings("ignore", ".*dropped whole samples in Keras")
                model = cs.load_model(path)
            kinds |= {type(layer).__name__ for layer in model.leaf_layers}
            far[path.name] = worst(predicted(model, arrays(kept, "x")), arrays(kept, "y"))
            model.export(tmp_path / f"ours_{path.name}")
            if after := arrays(kept, "after"):
                one_step(model)
                far[f"{path.name}, a step later"] = worst(predicted(model, arrays(kept, "x")), after)
    assert {name: value for name, value in far.items() if value > CLOSE} == {}
    assert kinds | {kind.__name__ for kind in limits.LAYERS} | {"InputLayer"} == set(KINDS)
    kerass("check", tmp_path)
    found = json.loads((tmp_path / "differences.json").read_text())
    assert len(found) > 100
    assert {name: told for name, told in found.items() if "error" in told or max(told.values()) > CLOSE} == {}
