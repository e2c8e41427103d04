"""Train the programs of ``tests/training/programs.py`` in Keras: ``python tools/make_program_values.py``.

Needs an environment of its own with Keras and TensorFlow (``pip install keras tensorflow-cpu``; the committed file is
from Keras 3.15.1 and TensorFlow 2.21.0), and not Convoscope. Writes ``tests/training/program_values.json``, which
``tests/training/test_programs.py`` reads.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras

FOLDER = Path(__file__).parent.parent / "tests" / "training"
sys.path.insert(0, str(FOLDER))

from programs import (  # type: ignore[import-not-found]  # noqa: E402 - found by the line above
    BATCH,
    COUNT,
    FIT,
    OPTIMIZERS,
    PROGRAMS,
    first_weights,
    part,
)


def steps(program: Any) -> list[dict[str, float]]:
    """Take a step on each batch, and return what each of them logs."""
    logs = []
    for start in range(0, COUNT, BATCH):
        rows = slice(start, start + BATCH)
        program.model.reset_metrics()
        x, y, weights = (part(data, rows) for data in (program.x, program.y, program.sample_weight))
        logs.append(program.model.train_on_batch(x, y, sample_weight=weights, return_dict=True))
    return [{name: float(value) for name, value in each.items()} for each in logs]


def run(name: str, optimizer: str) -> dict[str, Any]:
    """Train a program's model in steps, and anew with `fit`; return what both say, and what is measured then."""
    found: dict[str, Any] = {}
    for way in ("steps", "history"):
        keras.utils.clear_session()
        program = PROGRAMS[name](keras)
        program.model.set_weights(first_weights(program.model))
        program.model.compile(getattr(keras.optimizers, optimizer)(**OPTIMIZERS[optimizer]), **program.compiled)
        data = {"x": program.x, "y": program.y, "sample_weight": program.sample_weight}
        if way == "steps":
            found[way] = steps(program)
            continue
        found[way] = program.model.fit(**data, **FIT).history
        found["evaluate"] = program.model.evaluate(**data, batch_size=2, verbose=0)
        found["named"] = program.model.evaluate(**data, batch_size=2, verbose=0, return_dict=True)
        found["shapes"] = [list(weight.shape) for weight in program.model.get_weights()]
        found["last"] = [round(float(abs(weight).sum()), 6) for weight in program.model.get_weights()]
    return found


def _rounded(found: Any) -> Any:
    if isinstance(found, dict):
        return {name: _rounded(value) for name, value in found.items()}
    return [_rounded(value) for value in found] if isinstance(found, list) else float(f"{found:.7g}")


def main() -> None:
    """Write the file."""
    values = {name: {optimizer: _rounded(run(name, optimizer)) for optimizer in OPTIMIZERS} for name in PROGRAMS}
    (FOLDER / "program_values.json").write_text(json.dumps(values, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
