"""How the engine of PyTorch takes steps: recorded, with the data on the device, and interrupted."""

from __future__ import annotations

import gc
import signal
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from tests.engine.test_training import first_stretch, first_weights, part, stack, state

from convoscope.engine.base import LossRule
from convoscope.engine.plan import build
from convoscope.engine.torch import TorchEngine
from convoscope.engine.torch.data import Shelf
from convoscope.engine.torch.results import Results
from convoscope.engine.torch.stretches import Trainer
from convoscope.engine.torch.updates import Update
from convoscope.engine.updates import update_rule
from convoscope.errors import EngineFallbackWarning
from convoscope.layers import Dense

CPU = TorchEngine("cpu")


@pytest.fixture
def records(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Record on the processor: a step is taken again each time, in the same tensors."""
    recorded: list[Any] = []

    def record(function: Callable[[], None]) -> Callable[[], None]:
        recorded.append(function)
        return function

    begin = Trainer.__init__

    def begin_recording(self: Trainer, *given: Any) -> None:
        begin(self, *given)
        self.records = True

    monkeypatch.setattr(Trainer, "record", staticmethod(record))
    monkeypatch.setattr(Trainer, "__init__", begin_recording)
    return recorded


@pytest.mark.parametrize(
    "rule",
    [
        update_rule("sgd", momentum=0.9, weight_decay=0.1),
        update_rule("adam", clipnorm=0.5),
        update_rule("adamax", ema_momentum=0.9),
        update_rule("rmsprop", global_clipnorm=0.5),
        update_rule("ftrl"),
    ],
    ids=lambda rule: rule.kind,
)
def test_recorded_steps_are_the_steps_that_they_stand_for(rule: Any, records: list[Any]) -> None:
    plan = build(stack(), (7, 6, 2))
    found = []
    for recording in (True, False):
        weights, stretch = first_weights(plan), first_stretch(plan, rule=rule)
        stretch = replace(stretch, slots=[rule.first_slots(weights[index]) for index in plan.trainable])
        executable = CPU.prepare(plan, weights)
        executable._trainer.records = recording
        for half in (slice(0, 35), slice(35, None)):  # the second one goes on from arrays that somebody else may write
            own = replace(stretch, rows=stretch.rows[half], losses=stretch.losses[half], outputs=stretch.outputs[half])
            own = replace(own, iteration=7 * bool(half.start), learning_rates=stretch.learning_rates[: own.steps] / 3)
            assert executable.train(own) == own.steps
        found.append([*weights, *(slot for own in stretch.slots for slot in own), stretch.losses, stretch.outputs])
    assert len(records) == (2 if rule.ema_momentum is not None else 1)  # averages begin with the second step
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_what_cannot_be_recorded_is_taken_step_by_step_and_said_once(
    records: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(function: Callable[[], None]) -> Callable[[], None]:
        raise RuntimeError("operation not permitted when stream is capturing\nand more")

    monkeypatch.setattr(Trainer, "record", staticmethod(refuse))
    plan = build(stack(), (7, 6, 2))
    weights, others = first_weights(plan), first_weights(plan)
    with pytest.warns(EngineFallbackWarning, match="one by one.*not permitted when stream is capturing$"):
        CPU.prepare(plan, weights).train(first_stretch(plan))
    executable = CPU.prepare(plan, others)
    executable._trainer.records = False
    executable.train(first_stretch(plan))
    for ours, theirs in zip(weights, others, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_arrays_stay_on_the_device_as_long_as_they_live_and_nobody_may_write() -> None:
    shelf = Shelf(torch.device("cpu"), free=lambda device: 1 << 20)
    array, rows = np.arange(6.0).reshape(3, 2), np.array([2, 0])
    tensor = torch.from_numpy(rows)
    source = shelf.source(array, keep=True)
    np.testing.assert_array_equal(source(rows, tensor), [[4, 5], [0, 1]])
    array[...] = 7
    np.testing.assert_array_equal(shelf.source(array, keep=True)(rows, tensor), [[4, 5], [0, 1]])
    shelf.clear()
    np.testing.assert_array_equal(shelf.source(array, keep=True)(rows, tensor), 7)
    assert len(shelf._kept) == 1
    del array, source
    gc.collect()
    assert not shelf._kept


def test_what_does_not_fit_comes_batch_by_batch() -> None:
    shelf = Shelf(torch.device("cpu"), free=lambda device: 90)
    array, rows = np.arange(6.0).reshape(3, 2), np.array([2, 0])
    np.testing.assert_array_equal(shelf.source(array, keep=True)(rows, torch.from_numpy(rows)), [[4, 5], [0, 1]])
    assert not shelf._kept


def test_data_written_between_two_trainings_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convoscope.engine.torch.data.free_memory", lambda device: 1 << 30)
    plan = build([Dense(1)], (2,))
    stretch = replace(
        first_stretch(build([Dense(3)], (2,)), rule=update_rule("sgd")),
        y=np.zeros((23, 1), np.float32),
        loss=LossRule("mean_squared_error"),
        slots=[(), ()],
    )
    stretch = replace(stretch, outputs=np.zeros((len(stretch.rows), 1), np.float32))
    executable = CPU.prepare(plan, [np.zeros((2, 1), np.float32), np.zeros(1, np.float32)])
    executable.train(stretch)
    stretch.x[...] = 0  # type: ignore[index]
    executable.train(stretch)
    assert np.allclose(stretch.outputs[:5], stretch.outputs[0])


@pytest.mark.parametrize("place", ["behind a step", "within a step"])
def test_an_interruption_leaves_the_state_after_the_last_whole_step(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, name = (Results, "add") if place == "behind a step" else (Update, "__call__")
    original, calls = getattr(owner, name), []

    def interrupting(*given: Any) -> Any:
        made = original(*given)
        calls.append(1)
        if len(calls) == 4:
            signal.raise_signal(signal.SIGINT)
        return made

    plan = build(stack(), (7, 6, 2))
    weights, stretch = first_weights(plan), first_stretch(plan)
    monkeypatch.setattr(owner, name, interrupting)
    with pytest.raises(KeyboardInterrupt):
        CPU.prepare(plan, weights).train(stretch)
    monkeypatch.undo()
    steps = 4 if place == "behind a step" else 3
    again, same = first_weights(plan), first_stretch(plan)
    CPU.prepare(plan, again).train(part(same, 0, steps))
    for ours, theirs in zip(state(weights, stretch), state(again, same), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(np.isfinite(stretch.losses), np.arange(len(stretch.losses)) < 5 * steps)
