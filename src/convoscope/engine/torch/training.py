"""One training step as a function of tensors, and the same recorded as a CUDA graph."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from convoscope.engine.base import Array
from convoscope.engine.loss_rule import Shares
from convoscope.engine.plan import Plan
from convoscope.engine.reference.updates import Moment
from convoscope.engine.torch.data import as_tensor
from convoscope.engine.torch.mode import Alone, Mode
from convoscope.engine.torch.network import Batch, Rules, gradients_of, objective, values_of
from convoscope.engine.torch.row import Layout
from convoscope.engine.torch.updates import Update
from convoscope.engine.updates import NadamRule, UpdateRule


@dataclass(frozen=True)
class State:
    """What a step changes: all trainable weights in a row, rows of their slots, and the weights without a gradient."""

    weights: Tensor
    slots: tuple[Tensor, ...]
    others: tuple[Tensor, ...]

    @property
    def tensors(self) -> list[Tensor]:
        """All of them."""
        return [self.weights, *self.slots, *self.others]

    @classmethod
    def of(
        cls, plan: Plan, weights: Sequence[Array], slots: Sequence[tuple[Array, ...]], device: torch.device
    ) -> State:
        """Copy weights and slots to the device."""
        layout, learned = layout_of(plan), set(plan.trainable)
        return cls(
            layout.load([weights[index] for index in plan.trainable], device),
            tuple(layout.load(arrays, device) for arrays in zip(*slots, strict=True)),
            tuple(as_tensor(weight, device) for index, weight in enumerate(weights) if index not in learned),
        )

    def write(self, plan: Plan, weights: Sequence[Array], slots: Sequence[tuple[Array, ...]]) -> None:
        """Copy weights and slots back."""
        layout, learned = layout_of(plan), set(plan.trainable)
        layout.save(self.weights, [weights[index] for index in plan.trainable])
        for row, arrays in zip(self.slots, zip(*slots, strict=True), strict=True):
            layout.save(row, arrays)
        fixed = [weight for index, weight in enumerate(weights) if index not in learned]
        for tensor, array in zip(self.others, fixed, strict=True):
            array[...] = tensor.cpu().numpy()


def layout_of(plan: Plan) -> Layout:
    """Return where each trainable weight lies in the row of them."""
    return Layout([plan.weights[index].shape for index in plan.trainable])


@dataclass(frozen=True)
class Numbers:
    """What differs from step to step: learning rate, the step's number (from 1), the number that is drawn by."""

    rate: Any
    count: Any
    draw: Any


@dataclass(frozen=True)
class Found:
    """Losses and outputs of this process's part of the batch, and the penalty; None for what there is not."""

    losses: list[Tensor | None]
    outputs: list[Tensor]
    penalty: Tensor | None


class TrainingStep:
    """A step of training: from a state to the next one, and what was found on the way."""

    def __init__(self, plan: Plan, rule: UpdateRule, rules: Rules, seed: int, device: torch.device) -> None:
        self._plan, self._rule, self._rules, self._seed = plan, rule, rules, seed
        self._layout = layout_of(plan)
        self._update = Update(rule, [plan.weights[index] for index in plan.trainable], self._layout, device)

    def same_as(self, rule: UpdateRule, rules: Rules, seed: int) -> bool:
        """Whether this step is for these settings."""
        return (self._rule, list(self._rules), self._seed) == (rule, list(rules), seed)

    def __call__(
        self,
        state: State,
        batch: Batch,
        numbers: Numbers,
        *,
        shares: Sequence[Shares | None],
        first: int,
        moment: Moment,
        penalized: bool,
        processes: Alone,
    ) -> tuple[State, Found]:
        plan = self._plan
        with torch.enable_grad():
            weights, learned = self._weights(state)
            mode = Mode(True, self._seed, numbers.draw, first, processes)
            values = values_of(plan, batch.inputs, weights, mode)
            total, losses = objective(plan, values, batch, self._rules, shares)
            found = gradients_of(total, learned)
        gradient = self._layout.row(found) if found else torch.zeros_like(state.weights)
        gradient = processes.summed(gradient)
        moment = replace(moment, count=numbers.count)
        row, slots = self._update(state.weights, gradient, state.slots, numbers.rate, moment)
        trainable = set(plan.trainable)
        fixed = [index for index in range(len(plan.weights)) if index not in trainable]
        others = tuple(mode.statistics.get(index, old) for index, old in zip(fixed, state.others, strict=True))
        outputs = [values[value].detach().float() for value in plan.outputs]
        penalty = self._update.penalty(state.weights) if penalized else None
        return State(row, slots, others), Found(losses, outputs, penalty)

    def _weights(self, state: State) -> tuple[list[Tensor], list[Tensor]]:
        """Return the plan's weights, and those of them that a gradient is wanted of."""
        learned = [piece.detach().requires_grad_() for piece in self._layout.pieces(state.weights)]
        own, others, trainable = iter(learned), iter(state.others), set(self._plan.trainable)
        return [next(own) if i in trainable else next(others) for i in range(len(self._plan.weights))], learned


def is_recordable(rule: UpdateRule, rules: Rules) -> bool:
    """Whether steps differ in nothing but their numbers: what is decided on the way cannot be recorded."""
    steady = rule.accumulation == 1 and not rule.ema_overwrite_frequency and not isinstance(rule, NadamRule)
    return steady and all(rule is None or rule.plain for rule in rules)


class RecordedStep:
    """A step recorded with a batch's shapes, and played with other values: one launch for all of its kernels.

    Parameters
    ----------
    step : function
        From state, batch and numbers to the next state and what was found.
    state, batch : as the first step has them
    record : function
        Makes of a function without arguments one that plays it: `cuda_graph`.
    key : anything
        What it was recorded for.
    """

    def __init__(
        self,
        step: Callable[[State, Batch, Numbers], tuple[State, Found]],
        state: State,
        batch: Batch,
        record: Callable[[Callable[[], None]], Callable[[], None]],
        key: Any = None,
    ) -> None:
        self.key = key
        self.state = State(*(_copy(each) for each in (state.weights, state.slots, state.others)))
        self._batch = Batch(*(_copy(each) for each in (batch.inputs, batch.targets, batch.weights)))
        self._numbers = torch.ones(3, dtype=torch.float64, device=state.weights.device)
        self._found = Found([], [], None)
        self._writes = False

        def played() -> None:
            rate, count, draw = self._numbers.unbind()  # here, so that what is made of them is recorded too
            after, self._found = step(self.state, self._batch, Numbers(rate, count, draw.long()))
            if self._writes:
                _write(self.state.tensors, after.tensors)

        played()  # once as it is, so that what is made at first use is there
        self._writes = True
        self._play = record(played)
        self.load(state)

    def fits(self, batch: Batch) -> bool:
        """Whether a batch has what was recorded, in the same shapes."""
        return batch.signature == self._batch.signature

    def load(self, state: State) -> None:
        """Go on from a state."""
        if state is not self.state:
            _write(self.state.tensors, state.tensors)

    def __call__(self, batch: Batch, numbers: Tensor) -> Found:
        """Take a step; `numbers` has the three on the device. The state changes in its place."""
        _write(self._batch.tensors, batch.tensors)
        self._numbers.copy_(numbers)
        self._play()
        found = self._found
        return Found(_copy(found.losses), _copy(found.outputs), _copy(found.penalty))


def cuda_graph(function: Callable[[], None]) -> Callable[[], None]:
    """Record what a function does on the current CUDA device, and return what plays it.

    Meanwhile nothing may be collected: the end of a graph that was recorded earlier would spoil this one. What other
    threads do on the device may go on.
    """
    graph = torch.cuda.CUDAGraph()
    collects = gc.isenabled()
    gc.disable()
    try:
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            function()
    finally:
        if collects:
            gc.enable()
    return graph.replay  # type: ignore[no-any-return]


def _write(targets: Sequence[Tensor], values: Sequence[Tensor]) -> None:
    for target, value in zip(targets, values, strict=True):
        target.copy_(value)


def _copy(tensors: Any) -> Any:
    """Return a tensor's copy; of several, the same kind of sequence; of None, None."""
    if tensors is None or isinstance(tensors, Tensor):
        return None if tensors is None else tensors.clone()
    return type(tensors)(_copy(each) for each in tensors)
