"""Running a plan: forward, backward and training steps."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property, wraps
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

from convoscope.engine.arguments import are_finite
from convoscope.engine.base import Array, Arrays, Gradients, Kernel, Moment, Stretch, each, plain
from convoscope.engine.loss_rule import LossRule
from convoscope.engine.plan import Plan
from convoscope.engine.reference.known import OPERATIONS
from convoscope.engine.reference.losses import sample_losses
from convoscope.engine.reference.operations import PREDICTION, Backward, Mode
from convoscope.engine.reference.updates import penalty, updated
from convoscope.engine.steps import Step

_BLOCK_VALUES = 1 << 21  # the most values that one step may lay out at once in prediction: 8 MB in float32

_Method = TypeVar("_Method", bound=Callable[..., Any])


def _as_the_core(method: _Method) -> _Method:
    """Let a method say nothing of what is not a number: that shows in the values, and is judged where they are.

    NumPy's product even warns of "invalid values" where all are valid: of those that its BLAS reads beyond an edge.
    """

    @wraps(method)
    def quiet(*args: Any, **options: Any) -> Any:
        with np.errstate(all="ignore"):
            return method(*args, **options)

    return cast(_Method, quiet)


@dataclass(frozen=True)
class ReferenceEngine:
    """The engine that is meant to be read."""

    name: str = field(default="reference", init=False)

    def prepare(
        self,
        plan: Plan,
        weights: Sequence[Array],
        dtype: npt.DTypeLike = np.float32,
        *,
        moment: Moment | None = None,
    ) -> ReferenceExecutable:
        """Make a plan runnable with these weights, which are kept, not copied.

        Parameters
        ----------
        plan : Plan
        weights : sequence of arrays
            In the plan's order.
        dtype : dtype
            What everything is computed in: with float64 the engine is the judge of float32's rounding.
        moment : function, optional
            Not needed: weights are read anew each time.

        Examples
        --------
        >>> from convoscope.engine.plan import build
        >>> from convoscope.layers import Dense
        >>> plan = build([Dense(1)], (2,))
        >>> executable = ReferenceEngine().prepare(plan, [np.array([[2.0], [3.0]]), np.array([1.0])])
        >>> executable.forward(np.array([[10.0, 1.0]]))
        array([[24.]], dtype=float32)
        """
        return ReferenceExecutable(plan, weights, np.dtype(dtype))


class ReferenceExecutable:
    """A plan with its weights: see `convoscope.engine.base.Executable`."""

    def __init__(self, plan: Plan, weights: Sequence[Array], dtype: np.dtype[Any]) -> None:
        self.plan = plan
        self._weights = list(weights)
        self._dtype = dtype
        self._images_at_once = max(1, _BLOCK_VALUES // max((step.values_at_once for step in plan.steps), default=1))

    def kernels(self, *, prediction: bool = False) -> list[tuple[Step, Kernel]]:
        return [(step, Kernel("NumPy")) for step in self.plan.steps]

    # ---- prediction

    def forward(self, x: Arrays) -> Any:
        inputs = each(x, 1)
        outputs = [np.empty((len(inputs[0]), *shape), self._dtype) for shape in self.plan.output_shapes]
        for block in self._blocks(len(inputs[0])):
            values = self._predicted(inputs, block)
            for output, value in zip(outputs, self.plan.outputs, strict=True):
                output[block] = values[value]
        return plain(outputs)

    def forward_if_finite(self, x: Arrays) -> Any | None:
        """Return the same as `forward`, or None where a float32 value that comes in is not finite."""
        return self.forward(x) if are_finite(each(x, 1)) else None

    def step_outputs(self, x: Arrays) -> list[Array]:
        inputs = each(x, 1)
        outputs = [np.empty((len(inputs[0]), *step.output_shape), self._dtype) for step in self.plan.steps]
        for block in self._blocks(len(inputs[0])):
            for kept, made in zip(outputs, self._predicted(inputs, block)[len(inputs) :], strict=True):
                kept[block] = made
        return outputs

    def score(
        self, x: Arrays, y: Array | Sequence[Array | None], loss: LossRule | Sequence[LossRule | None]
    ) -> tuple[Any, Any]:
        inputs, count = each(x, 1), len(self.plan.outputs)
        outputs = [np.empty((len(inputs[0]), *shape), self._dtype) for shape in self.plan.output_shapes]
        losses = [None if rule is None else np.empty(len(inputs[0]), self._dtype) for rule in each(loss, count)]
        for block in self._blocks(len(inputs[0])):
            values = self._predicted(inputs, block)
            for output, value in zip(outputs, self.plan.outputs, strict=True):
                output[block] = values[value]
            for judged in self._judged(values, each(y, count), each(loss, count), block):
                losses[judged.output][block] = judged.losses  # type: ignore[index]
        return plain(outputs), plain(losses)

    @_as_the_core
    def _predicted(self, inputs: Sequence[Array], block: slice) -> list[Array]:
        """Return all values of some samples: the inputs, then what each step makes."""
        values = [self._cast(each_input[block]) for each_input in inputs]
        for step in self.plan.steps:
            values.append(self._run(step, values, PREDICTION)[0])
        return values

    # ---- losses and gradients

    def pullback(
        self,
        x: Arrays,
        output_gradient: Array | Sequence[Array | None],
        *,
        training: bool = False,
        seed: int = 0,
        iteration: int = 0,
    ) -> Gradients:
        values, backs = self._remembering(each(x, 1), Mode(training, seed, iteration))
        arriving: dict[int, Array] = {}
        for value, gradient in zip(self.plan.outputs, each(output_gradient, len(self.plan.outputs)), strict=True):
            if gradient is not None:
                _add(arriving, value, self._cast(gradient))
        return self._back(values, arriving, backs)

    def gradients(
        self,
        x: Arrays,
        y: Array | Sequence[Array | None],
        loss: LossRule | Sequence[LossRule | None],
        *,
        sample_weight: Array | Sequence[Array | None] | None = None,
        training: bool = True,
        seed: int = 0,
        iteration: int = 0,
    ) -> Gradients:
        count = len(self.plan.outputs)
        mode = Mode(training, seed, iteration)
        return self._loss_gradients(each(x, 1), each(y, count), each(loss, count), each(sample_weight, count), mode)

    def _loss_gradients(
        self,
        inputs: Sequence[Array],
        y: Sequence[Array | None],
        loss: Sequence[LossRule | None],
        sample_weight: Sequence[Array | None],
        mode: Mode,
        *,
        learning: bool = False,
    ) -> Gradients:
        values, backs = self._remembering(inputs, mode)
        arriving: dict[int, Array] = {}
        losses: list[Array | None] = [None] * len(self.plan.outputs)
        for judged in self._judged(values, y, loss, slice(None)):
            weights, rule = sample_weight[judged.output], loss[judged.output]
            assert rule is not None
            factor = np.ones(len(judged.losses), self._dtype) if weights is None else self._cast(weights)
            rows = math.prod(self.plan.output_shapes[judged.output][:-1])
            shares = rule.shares(y[judged.output] if rule.sparse else None, weights, len(factor), rows)
            share = factor * self._dtype.type(rule.weight) * self._dtype.type(shares.gradient)
            _add(arriving, judged.value, judged.gradient * share.reshape(-1, *[1] * (judged.gradient.ndim - 1)))
            losses[judged.output] = judged.losses * factor * self._dtype.type(shares.told)
        return replace(self._back(values, arriving, backs, learning=learning), losses=plain(losses))

    def _judged(
        self, values: Sequence[Array], y: Sequence[Array | None], loss: Sequence[LossRule | None], block: slice
    ) -> Iterator[_Judged]:
        """Yield the losses of each output that has one, and their gradient by the value that they are computed from."""
        for output, (value, rule, targets) in enumerate(zip(self.plan.outputs, loss, y, strict=True)):
            if rule is None or targets is None:
                continue
            hidden, maker = rule.hidden_activation(self.plan, output), self.plan.maker_of(value)
            value = maker.inputs[0] if hidden and maker is not None else value
            losses, gradient = sample_losses(rule, values[value], targets[block], hidden=hidden)
            yield _Judged(output, value, losses, gradient)

    @_as_the_core
    def _remembering(self, inputs: Sequence[Array], mode: Mode) -> tuple[list[Array], list[Backward]]:
        """Return all values, the inputs first, and the way back through each step."""
        values = [self._cast(each_input) for each_input in inputs]
        backs = []
        for step in self.plan.steps:
            value, back = self._run(step, values, mode)
            values.append(value)
            backs.append(back)
        return values, backs

    @_as_the_core
    def _back(
        self, values: Sequence[Array], arriving: dict[int, Array], backs: Sequence[Backward], *, learning: bool = False
    ) -> Gradients:
        """Return the outputs and the gradients of all weights (None where training changes nothing) and inputs.

        `arriving` has the gradients of values that the way back begins with. In `learning` only weights are asked for,
        and the way ends where none of those further on is trainable: nobody goes back through a frozen model.
        """
        count = len(self.plan.input_shapes)
        found = [np.zeros(w.shape, self._dtype) if w.trainable else None for w in self.plan.weights]
        for number in range(len(self.plan.steps) - 1, -1, -1):
            gradient = arriving.pop(count + number, None)
            if gradient is None or (learning and count + number not in self._learned):
                continue
            step = self.plan.steps[number]
            before, own = backs[number](gradient)
            for value, part in zip(step.inputs, before if isinstance(before, tuple) else (before,), strict=True):
                _add(arriving, value, part)
            for index, weight_gradient in zip(step.weights, own, strict=True):
                known = found[index]
                if weight_gradient is not None and known is not None:
                    found[index] = known + weight_gradient
        inputs = [arriving.get(number, np.zeros_like(values[number])) for number in range(count)]
        return Gradients(plain([values[value] for value in self.plan.outputs]), found, plain(inputs))

    # ---- training

    @cached_property
    def _learned(self) -> frozenset[int]:
        """The values that a trainable weight has a part in: gradients are needed of these alone."""
        learned: set[int] = set()
        for value, step in enumerate(self.plan.steps, len(self.plan.input_shapes)):
            if learned.intersection(step.inputs) or any(self.plan.weights[index].trainable for index in step.weights):
                learned.add(value)
        return frozenset(learned)

    def keeping_memory(self) -> AbstractContextManager[None]:
        """Do nothing: NumPy has its own ways."""
        return nullcontext()

    def train(self, stretch: Stretch, budget: float | None = None) -> int:
        deadline = math.inf if budget is None else time.perf_counter() + budget
        for place in range(stretch.steps):
            self._train_step(stretch, place)
            if time.perf_counter() >= deadline:
                return place + 1
        return stretch.steps

    def _train_step(self, stretch: Stretch, place: int) -> None:
        batch = slice(place * stretch.batch_size, (place + 1) * stretch.batch_size)
        rows = stretch.rows[batch]
        first_draw = stretch.iteration if stretch.first_draw is None else stretch.first_draw
        mode = Mode(True, stretch.seed, first_draw + place)
        count = len(self.plan.outputs)
        found = self._loss_gradients(
            [each_input[rows] for each_input in each(stretch.x, 1)],
            [None if targets is None else targets[rows] for targets in each(stretch.y, count)],
            each(stretch.loss, count),
            [None if weights is None else weights[rows] for weights in each(stretch.sample_weight, count)],
            mode,
            learning=True,
        )
        trainable = self.plan.trainable
        planned = [self.plan.weights[p] for p in trainable]
        weights = [self._cast(self._weights[p]) for p in trainable]
        news = updated(
            stretch.rule,
            planned,
            weights,
            [g for g in (found.weights[p] for p in trainable) if g is not None],
            stretch.slots,
            rate=float(stretch.learning_rates[place]),
            iteration=stretch.iteration + place,
        )
        pairs = [(self._weights[p], value) for p, value in mode.statistics.items()]
        for p, own_slots, (weight, new_slots) in zip(trainable, stretch.slots, news, strict=True):
            pairs += [(self._weights[p], weight), *zip(own_slots, new_slots, strict=True)]
        for kept, made in zip(each(stretch.losses, count), each(found.losses, count), strict=True):
            pairs += [] if made is None else [(kept[batch], made)]
        for kept, made in zip(each(stretch.outputs, count), each(found.outputs, count), strict=True):
            pairs.append((kept[batch], made))
        if stretch.penalties is not None:
            pairs.append((stretch.penalties[place : place + 1], np.array(penalty(planned, weights))))
        try:
            _write(pairs)
        except KeyboardInterrupt:
            _write(pairs)  # half a step is no step: finish it, then stop
            raise

    # ---- small things

    def _run(self, step: Step, values: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
        operation = OPERATIONS.get(type(step))
        if operation is None:
            raise NotImplementedError(
                f"The reference engine does not support {type(step).__name__} yet: add it to engine/reference/known.py."
            )
        inputs = [values[value] for value in step.inputs]
        x: Any = inputs[0] if len(inputs) == 1 else inputs
        return operation(step, x, [self._cast(self._weights[p]) for p in step.weights], mode)

    def _cast(self, values: Array) -> Array:
        return np.asarray(values, self._dtype)

    def _blocks(self, count: int) -> list[slice]:
        size = self._images_at_once
        return [slice(start, start + size) for start in range(0, count, size)]


@dataclass(frozen=True)
class _Judged:
    """The losses (N,) of an output, and their gradient by the value that they are computed from."""

    output: int
    value: int
    losses: Array
    gradient: Array


def _add(gradients: dict[int, Array], value: int, more: Array) -> None:
    gradients[value] = gradients[value] + more if value in gradients else more


def _write(pairs: Sequence[tuple[Array, Array]]) -> None:
    for target, value in pairs:
        target[...] = value
