"""Equal runs give equal histories, to the last bit, however the clock cuts them into stretches."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.engine import select
from convoscope.training import loop
from convoscope.training.functional import running_sum


@pytest.fixture(params=["native", "reference"], autouse=True)
def engine(request: pytest.FixtureRequest) -> Iterator[Any]:
    yield select.use(request.param)
    select.use("auto")


class Steepness(cs.metrics.Metric):
    """A metric with values that no sum in double precision adds up exactly."""

    default_name = "steepness"

    def values(self, y_true: Any, y_pred: Any) -> Any:
        return np.sqrt(np.abs(np.asarray(y_pred, np.float64))).mean(axis=-1)


def _history(
    monkeypatch: pytest.MonkeyPatch, stretches: list[int], held: Any = None, **options: Any
) -> dict[str, list[float]]:
    """Train; each stretch ends after so many steps, as if the clock had said so."""
    rng = np.random.default_rng(0)
    x, y = rng.random((203, 6, 6, 1)).astype(np.float32), rng.integers(0, 3, 203)
    model = cs.Sequential(
        [
            cs.Input((6, 6, 1)),
            cs.layers.Conv2D(4, 3, kernel_regularizer=held),
            cs.layers.Flatten(),
            cs.layers.Dense(3, activation="softmax", kernel_regularizer=held),
        ],
        seed=1,
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy", Steepness()])
    lengths = itertools.cycle(stretches)
    run = loop._run

    def cut(executable: Any, stretch: Any, *others: Any) -> int:
        size = stretch.batch_size * next(lengths)
        stretch.rows, stretch.losses, stretch.outputs = (
            part[:size] for part in (stretch.rows, stretch.losses, stretch.outputs)
        )
        return run(executable, stretch, *others)

    monkeypatch.setattr(loop, "_run", cut)
    history = model.fit(x, y, batch_size=10, epochs=3, verbose=0, validation_split=0.3, **options).history
    monkeypatch.undo()
    return history


@pytest.mark.parametrize(
    "options", [{}, {"held": "l1"}, {"sample_weight": np.linspace(0.1, 2, 203)}, {"class_weight": {0: 3.3}}]
)
def test_equal_runs_give_equal_histories_whatever_the_stretches(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    expected = _history(monkeypatch, [1000], **options)
    for stretches in ([1], [2, 1, 5], [3, 4]):
        assert _history(monkeypatch, stretches, **options) == expected
    watched = cs.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    assert _history(monkeypatch, [1000], callbacks=watched, **options) == expected


def test_a_running_sum_is_that_of_a_plain_loop() -> None:
    values = np.random.default_rng(0).normal(size=1000).astype(np.float32)
    expected = 0.0
    for value in values:
        expected += float(value)
    assert running_sum(0.0, values) == expected
    assert running_sum(running_sum(0.0, values[:333]), values[333:]) == expected
    assert running_sum(0.5, []) == 0.5
