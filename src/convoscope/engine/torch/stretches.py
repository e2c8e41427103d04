"""Training for a stretch: state to the device, step after step, state and results back."""

from __future__ import annotations

import math
import time
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from convoscope.engine.arguments import check_inputs, sample_weights_for, targets_for
from convoscope.engine.base import Array, Stretch, each
from convoscope.engine.plan import Plan
from convoscope.engine.reference.updates import Moment
from convoscope.engine.torch.data import Shelf, Source, as_tensor
from convoscope.engine.torch.mode import Alone
from convoscope.engine.torch.network import Batch, Rules, shares_of
from convoscope.engine.torch.results import Results
from convoscope.engine.torch.training import (
    Found,
    Numbers,
    RecordedStep,
    State,
    TrainingStep,
    cuda_graph,
    is_recordable,
)
from convoscope.errors import EngineFallbackWarning

_AHEAD = 4  # steps that are handed to a GPU before the first of them must be over
_COPYING = 10  # a stretch lasts at least so many times as long as copying weights to the device


@dataclass(frozen=True)
class _Task:
    """A stretch, with what its steps read: where samples come from, and the targets that shares follow from."""

    stretch: Stretch
    rules: Rules
    targets: Sequence[Array | None]
    weights: Sequence[Array | None]
    sources: tuple[list[Source], list[Source | None], list[Source | None]]
    rows: Tensor
    numbers: Any

    def rows_of(self, place: int) -> slice:
        """Return which of the stretch's rows a step's whole batch has."""
        size = self.stretch.batch_size
        return slice(place * size, min((place + 1) * size, len(self.stretch.rows)))


class Trainer:
    """Trains a plan's weights on a device. What it keeps between stretches saves time, and changes nothing."""

    record = staticmethod(cuda_graph)

    def __init__(self, plan: Plan, weights: Sequence[Array], device: torch.device, processes: Alone) -> None:
        self._plan, self._weights, self._device, self._processes = plan, weights, device, processes
        self._shelf, self._keeps = Shelf(device), False
        self._step: TrainingStep | None = None
        self._recorded: RecordedStep | None = None
        self.records = device.type == "cuda" and processes.records
        self._pace = 0.0  # seconds that a step takes

    @contextmanager
    def keeping_data(self) -> Iterator[None]:
        """Keep whole arrays on the device between stretches."""
        self._keeps = True
        try:
            yield
        finally:
            self._keeps = False
            self._shelf.clear()

    def train(self, stretch: Stretch, budget: float | None) -> int:
        """See `Executable.train`."""
        begun = time.perf_counter()
        task = self._task(stretch)
        step = self._step_for(task)
        state = State.of(self._plan, self._weights, stretch.slots, self._device)
        self._wait()
        copying = time.perf_counter() - begun
        seconds = math.inf if budget is None else max(budget, _COPYING * copying)
        steps, deadline = self._processes.agreed(stretch, seconds, self._pace)
        results = Results(stretch, len(self._plan.outputs), self._processes, self._device.type == "cpu")
        ahead: deque[Any] = deque()
        taken, begun = 0, time.perf_counter()
        try:
            for place in range(steps):
                state, found = self._take(step, state, task, place)
                results.add(place, found)
                taken += 1
                self._hold_back(ahead)
                if time.perf_counter() >= deadline:
                    break
            state = replace(state, others=self._processes.settled(state.others))
        except BaseException:
            self._processes.leave()
            raise
        finally:  # also after Ctrl-C: `state` is that of the last whole step
            results.write()
            state.write(self._plan, self._weights, stretch.slots)
            if not self._keeps:
                self._shelf.clear()
        self._pace = (time.perf_counter() - begun) / max(1, taken)
        return taken

    def _task(self, stretch: Stretch) -> _Task:
        count = len(self._plan.outputs)
        inputs, rules = each(stretch.x, 1), each(stretch.loss, count)
        samples = check_inputs(self._plan, inputs)
        targets = targets_for(self._plan, stretch.y, rules, samples)
        weights = sample_weights_for(self._plan, stretch.sample_weight, samples)
        keep = self._keeps or len(stretch.rows) >= samples

        def source(array: Array | None) -> Source | None:
            return None if array is None else self._shelf.source(array, keep)

        rates = np.asarray(stretch.learning_rates, np.float64)[: stretch.steps]
        steps = np.arange(stretch.steps, dtype=np.float64)
        first_draw = stretch.iteration if stretch.first_draw is None else stretch.first_draw
        numbers = np.stack([rates, stretch.iteration + steps + 1, first_draw + steps], axis=1)
        return _Task(
            stretch,
            rules,
            targets,
            weights,
            ([self._shelf.source(x, keep) for x in inputs], [source(y) for y in targets], [source(w) for w in weights]),
            as_tensor(np.ascontiguousarray(stretch.rows, np.int64), self._device),
            torch.from_numpy(numbers).to(self._device) if self.records else None,
        )

    def _step_for(self, task: _Task) -> TrainingStep:
        stretch = task.stretch
        if self._step is None or not self._step.same_as(stretch.rule, task.rules, stretch.seed):
            self._recorded = None
            self._step = TrainingStep(self._plan, stretch.rule, task.rules, stretch.seed, self._device)
        return self._step

    def _take(self, step: TrainingStep, state: State, task: _Task, place: int) -> tuple[State, Found]:
        """Take one step of a stretch."""
        stretch, whole = task.stretch, task.rows_of(place)
        count = whole.stop - whole.start
        processes = self._processes.of_batch(count)
        part = processes.part(count)
        own = slice(whole.start + part.start, whole.start + part.stop)
        rows = stretch.rows[own], task.rows[own]
        batch = Batch(*([None if one is None else one(*rows) for one in sources] for sources in task.sources))
        moment = Moment.of(stretch.rule, stretch.iteration + place)
        if self.records and count == stretch.batch_size and is_recordable(stretch.rule, task.rules):
            recorded = self._recording(step, state, batch, task, moment)
            if recorded is not None and recorded.fits(batch):
                recorded.load(state)
                return recorded.state, recorded(batch, task.numbers[place])
        targets, weights = (
            [None if array is None else array[stretch.rows[whole]] for array in arrays]
            for arrays in (task.targets, task.weights)
        )
        shares = shares_of(self._plan, task.rules, targets, weights, count)
        first_draw = stretch.iteration if stretch.first_draw is None else stretch.first_draw
        numbers = Numbers(float(stretch.learning_rates[place]), moment.count, first_draw + place)
        return step(
            state,
            batch,
            numbers,
            shares=shares,
            first=part.start,
            moment=moment,
            penalized=stretch.penalties is not None,
            processes=processes,
        )

    def _recording(
        self, step: TrainingStep, state: State, batch: Batch, task: _Task, moment: Moment
    ) -> RecordedStep | None:
        """Return the recorded step, made at its first use; None where that fails, which is said once."""
        key = (task.stretch.batch_size, moment.momentum, task.stretch.penalties is not None)
        if self._recorded is None or self._recorded.key != key:
            shares = shares_of(self._plan, task.rules, task.targets, task.weights, task.stretch.batch_size)
            options: dict[str, Any] = {"shares": shares, "first": 0, "moment": moment, "penalized": key[2]}
            taken = partial(step, **options, processes=self._processes.of_batch(task.stretch.batch_size))
            try:
                self._recorded = RecordedStep(taken, state, batch, type(self).record, key)
            except (RuntimeError, NotImplementedError) as error:
                self.records, self._recorded = False, None
                warnings.warn(
                    "Training steps cannot be recorded as CUDA graphs and are launched one by one, which is slower "
                    f"for small networks: {str(error).splitlines()[0]}",
                    EngineFallbackWarning,
                    stacklevel=2,
                )
        return self._recorded

    def _wait(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)

    def _hold_back(self, ahead: deque[Any]) -> None:
        """Let the device be only some steps behind: time is measured here, and Ctrl-C should not wait for long."""
        if self._device.type == "cuda":
            ahead.append(torch.cuda.current_stream(self._device).record_event())
            if len(ahead) > _AHEAD:
                ahead.popleft().synchronize()
