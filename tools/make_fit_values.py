"""Write tests/training/fit_values.json: what Keras does with steps, generators and sequences in fit.

    pip install keras==3.15.1 tensorflow-cpu==2.21.0
    python tools/make_fit_values.py

The network is a Dense layer with softmax, so small that its losses tell which batch was trained on. Its data and first
weights are those of `network` and `data` here, which the tests make in the same way.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "KERAS_BACKEND": "tensorflow"}

import keras
import numpy as np
from keras.src.utils import progbar

TARGET = Path(__file__).parent.parent / "tests" / "training" / "fit_values.json"
COUNT, BATCH = 18, 4  # five batches, the last of 2
#: Settings of a bar, and for each update the seconds that pass before it, the step, and what was measured.
UPDATES: list[tuple[dict[str, Any], list[Any]]] = [
    ({"target": 3}, [(2.0, 1, [["loss", 1.0]]), (0.5, 2, [["loss", 2.0]]), (0.5, 3, [["loss", 3.0], ["acc", 1e-5]])]),
    ({"target": 120, "width": 9}, [(0.3, 60, [["loss", 1.0]]), (0.3, 120, [["loss", 4.0]])]),
    ({"target": 120, "verbose": 2}, [(0.3, 60, [["loss", 1.0]]), (0.3, 120, [["loss", 4.0]])]),
    ({"target": 10, "unit_name": "sample"}, [(0.0001, 2, []), (0.0005, 10, [["size", 12]])]),
    ({"target": 1000}, [(1.0, 1, []), (30.0, 4, [["loss", 1.0]]), (30.0, 5, [["loss", 6.0]])]),
    ({"target": 1000}, [(1.0, 1, []), (1.0, 3, [["loss", 1.0]]), (30.0, 500, [["loss", 6.0]])]),
    ({"target": 90, "stateful_metrics": ["n"]}, [(1.0, 1, [["n", 3], ["m", 3]]), (1.0, 5, [["n", 5], ["m", 5]])]),
    ({"target": 90, "stateless_metrics": ["m"]}, [(1.0, 1, [["n", 3], ["m", 3]]), (1.0, 5, [["n", 5], ["m", 5]])]),
    ({"target": None}, [(1.0, 1, [["loss", 1.0]]), (1.0, 5, [["loss", 2.0]])]),
]


def data() -> tuple[Any, Any]:
    """Return 18 samples of 5 values and their classes."""
    index = np.arange(COUNT * 5, dtype=np.float64).reshape(COUNT, 5)
    return np.cos(index * 1.7).astype(np.float32), (np.arange(COUNT) * 7 % 3).astype(np.int64)


def kernel() -> Any:
    """Return the first weights."""
    return np.sin(np.arange(15, dtype=np.float64)).reshape(5, 3).astype(np.float32)


def network(*, metrics: bool = False) -> Any:
    """Return the network, compiled."""
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3, activation="softmax")])
    model.compile(keras.optimizers.SGD(0.5), "sparse_categorical_crossentropy", metrics=["accuracy"] * metrics)
    model.set_weights([kernel(), np.zeros(3, np.float32)])
    return model


def batches(x: Any, y: Any) -> Iterator[tuple[Any, Any]]:
    """Give the batches, once."""
    for first in range(0, COUNT, BATCH):
        yield x[first : first + BATCH], y[first : first + BATCH]


class Batches(keras.utils.PyDataset):  # type: ignore[misc] # Keras has no types
    """The batches by their number, with a list of what was called."""

    def __init__(self, x: Any, y: Any, **options: Any) -> None:
        super().__init__(**options)
        self.x, self.y = x, y
        self.called: list[str] = []

    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        part = slice(index * BATCH, (index + 1) * BATCH)
        return self.x[part], self.y[part]

    def on_epoch_begin(self) -> None:
        self.called.append("begin")

    def on_epoch_end(self) -> None:
        self.called.append("end")


def fitted(*given: Any, **options: Any) -> dict[str, Any]:
    """Return the losses of the epochs, the steps of each, whether Keras warned, and the last bias."""
    model = network()
    steps: list[int] = []
    counter = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: steps.append(0),
        on_train_batch_end=lambda batch, logs: steps.append(steps.pop() + 1),
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        history = model.fit(*given, verbose=0, callbacks=[counter], **options).history
    ran_out = sum("ran out of data" in str(each.message) for each in caught)
    return {**history, "steps": steps, "ran_out": ran_out, "bias": model.get_weights()[1].tolist()}


def bars() -> list[str]:
    """Return the last lines of Keras' Progbar, without colours, of the updates in `UPDATES`."""
    lines = []
    clock = [100.0]
    progbar.time.time = lambda: clock[0]
    for options, updates in UPDATES:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            bar = keras.utils.Progbar(**options)
            for seconds, current, values in updates:
                clock[0] += seconds
                bar.update(current, values)
        plain = re.sub(r"\x1b\[[0-9]*m|\x08", "", printed.getvalue())
        lines.append(plain.split("\r")[-1].strip("\n").rstrip())
    progbar.time.time = time.time
    return lines


def expanded() -> dict[str, Any]:
    """Return what Keras makes of inputs that lack an axis, or have one too many."""
    x = data()[0]
    found = {}
    for name, shape, given in (
        ("values without an axis", (1,), x[:, 0]),
        ("one axis too many", (5,), x[..., None]),
        ("grey images without channels", (1, 5, 1), x[:, None, :]),
    ):
        inputs = keras.Input(shape)
        model = keras.Model(inputs, keras.layers.Dense(1, use_bias=False)(keras.layers.Flatten()(inputs)))
        model.set_weights([np.linspace(1, 2, model.count_params(), dtype=np.float32)[:, None]])
        found[name] = model.predict(given, verbose=0)[:, 0].tolist()
    return found


def main() -> None:
    """Compute and write."""
    x, y = data()
    plain = {"shuffle": False, "batch_size": BATCH}
    weights = np.linspace(0.2, 2, COUNT).astype(np.float32)
    sequence = Batches(x, y)
    fitted(sequence, shuffle=False, epochs=2)
    network().evaluate(calls := Batches(x, y), verbose=0)
    values: dict[str, Any] = {
        "2 steps of 5": fitted(x, y, epochs=5, steps_per_epoch=2, **plain),
        "5 steps of 5": fitted(x, y, epochs=2, steps_per_epoch=5, **plain),
        "7 steps of 5": fitted(x, y, epochs=2, steps_per_epoch=7, **plain),
        "4 steps, no batch size": fitted(x, y, epochs=3, steps_per_epoch=4, shuffle=False),
        "a generator": fitted(batches(x, y)),
        "a generator, 2 steps": fitted(batches(x, y), epochs=2, steps_per_epoch=2),
        "a sequence": fitted(Batches(x, y), epochs=2, shuffle=False),
        "a sequence, 2 steps": fitted(Batches(x, y), epochs=4, steps_per_epoch=2, shuffle=False),
        "a sequence, class weights": fitted(Batches(x, y), shuffle=False, class_weight={0: 2.0, 1: 0.5}),
        "a sequence, workers": fitted(Batches(x, y, workers=2, max_queue_size=3), epochs=2, shuffle=False),
        "validation steps": fitted(x, y, epochs=2, validation_data=(x, y), validation_steps=2, **plain),
        "validation sequence": fitted(x, y, epochs=3, validation_data=Batches(x, y), validation_freq=2, **plain),
        "validation weights": fitted(x, y, epochs=1, validation_data=(x, y, weights), validation_batch_size=7, **plain),
        "hooks of fit": sequence.called,
        "hooks of evaluate": calls.called,
        "evaluate, 2 steps": network(metrics=True).evaluate(x, y, batch_size=BATCH, steps=2, verbose=0),
        "evaluate, 2 steps, no batch size": network(metrics=True).evaluate(x, y, steps=2, verbose=0),
        "evaluate a generator": network(metrics=True).evaluate(batches(x, y), verbose=0),
        "predict, 2 steps": network().predict(x, batch_size=BATCH, steps=2, verbose=0).tolist(),
        "predict a generator, 3 steps": network().predict(batches(x, y), steps=3, verbose=0).tolist(),
        "inputs": expanded(),
        "bars": [[options, updates, line] for (options, updates), line in zip(UPDATES, bars(), strict=True)],
    }
    TARGET.write_text(json.dumps({"keras": keras.__version__, **values}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
