"""The default engine: the C++ core, called with NumPy arrays.

Here arrays are checked and made room for; everything is computed in `convoscope._native`, without Python's lock, on one
pool of threads. Ctrl-C ends a call within a fraction of a second, and leaves what the last whole step made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from typing import Any

import numpy as np

from convoscope import _native
from convoscope.engine.base import Array, Gradients, Kernel, LossRule, Stretch
from convoscope.engine.plan import Plan
from convoscope.engine.reference import ReferenceEngine
from convoscope.engine.steps import Step
from convoscope.errors import ConfigurationError, DataError, ShapeError

_INPUT_TYPES = (np.uint8, np.float32, np.float64)


class NativeEngine:
    """Runs plans in the C++ core.

    Examples
    --------
    >>> from convoscope.engine.plan import build
    >>> from convoscope.layers import Flatten
    >>> executable = NativeEngine().prepare(build([Flatten()], (2, 2, 1)), [])
    >>> executable.forward(np.arange(4, dtype=np.uint8).reshape(1, 2, 2, 1))
    array([[0., 1., 2., 3.]], dtype=float32)
    """

    name = "native"

    def prepare(self, plan: Plan, weights: Sequence[Array]) -> NativeExecutable:
        """Make a plan runnable with these weights, which are kept, not copied.

        Parameters
        ----------
        plan : Plan
        weights : sequence of float32 arrays
            C-contiguous and writable, in the plan's order.

        Raises
        ------
        ConfigurationError
            If a weight is missing, or is not such an array, or not of the planned shape.
        """
        if not _is_chain(plan):
            return ReferenceEngine().prepare(plan, weights)  # type: ignore[return-value]
        return NativeExecutable(plan, weights)


def _is_chain(plan: Plan) -> bool:
    return (
        len(plan.input_shapes) == 1
        and all(
            outputs == (len(steps),) and all(step.inputs == (number,) for number, step in enumerate(steps))
            for steps, outputs in ((plan.steps, plan.outputs), (plan.prediction_steps, plan.prediction_outputs))
        )
        and len({index for step in plan.steps for index in step.weights}) == sum(len(s.weights) for s in plan.steps)
    )


class NativeExecutable:
    """A plan with its weights, ready to run in the core. Safe to call from several threads, except for `train`."""

    def __init__(self, plan: Plan, weights: Sequence[Array]) -> None:
        _check_weights(plan, weights)
        self.plan = plan
        self._weights = list(weights)
        self._prediction = self._program(plan.prediction_steps)

    def __reduce__(self) -> tuple[type[NativeExecutable], tuple[Plan, list[Array]]]:
        return NativeExecutable, (self.plan, self._weights)  # the core's programs are made anew

    @cached_property
    def _training(self) -> _native.Program:
        same = self.plan.steps == self.plan.prediction_steps
        return self._prediction if same else self._program(self.plan.steps)

    def _program(self, steps: Sequence[Step]) -> _native.Program:
        trainable = [weight.trainable for weight in self.plan.weights]
        return _native.Program(list(self.plan.input_shape), _describe_all(steps)[0], self._weights, trainable)

    def kernels(self, *, prediction: bool = False) -> list[tuple[Step, Kernel]]:
        """Return the steps that are run, in training or in prediction, each with what computes it."""
        steps = self.plan.prediction_steps if prediction else self.plan.steps
        program = self._prediction if prediction else self._training
        names, reasons = program.kernels(), program.reasons()
        chosen, done = [], 0
        for step, last in zip(steps, _describe_all(steps)[1], strict=True):
            end = program.output_of[last] + 1
            why = "; ".join(filter(None, reasons[done:end]))
            forward, backward = zip(*(name.partition("; ")[::2] for name in names[done:end] or [""]), strict=True)
            kernel = Kernel(" and then ".join(forward), why, "" if prediction else "; ".join(filter(None, backward)))
            chosen.append((step, kernel))
            done = end
        return chosen

    def forward(self, x: Array) -> Array:
        """Return the outputs (N, *output_shape) for inputs (N, *input_shape), as in prediction."""
        x = self._inputs(x)
        outputs = _room(len(x), self.plan.output_shape)
        self._prediction.predict(x, outputs)
        return outputs

    def step_outputs(self, x: Array) -> list[Array]:
        """Return the output of every step, in order, as in prediction."""
        x = self._inputs(x)
        program, steps = self._training, self.plan.steps
        output_of = program.output_of
        sizes = dict(zip(output_of, self._sizes, strict=True))  # the last of those that share a core step has its shape
        rooms = {core: _room(len(x), size) for core, size in sizes.items() if core >= 0}
        values = [rooms[core] for core in sorted(rooms)]
        if values:
            program.predict(x, values[-1], values)
        before = x.astype(np.float32)
        return [
            (rooms[output_of[last]] if output_of[last] >= 0 else before).reshape(len(x), *step.output_shape)
            for step, last in zip(steps, _describe_all(steps)[1], strict=True)
        ]

    def score(self, x: Array, y: Array, loss: LossRule) -> tuple[Array, Array]:
        """Return the outputs and each sample's loss (N,), as in prediction."""
        x = self._inputs(x)
        outputs, losses = _room(len(x), self.plan.output_shape), np.empty(len(x), np.float32)
        self._prediction.score(x, self._targets(y, len(x), loss), asdict(loss), outputs, losses)
        return outputs, losses

    def pullback(
        self, x: Array, output_gradient: Array, *, training: bool = False, seed: int = 0, iteration: int = 0
    ) -> Gradients:
        """Return the gradients of sum(outputs × output_gradient) with respect to weights and input."""
        x = self._inputs(x)
        found = self._gradient_room(len(x))
        gradient = np.ascontiguousarray(output_gradient, np.float32)
        _expect_shape("The gradient of the outputs", gradient, (len(x), *self.plan.output_shape))
        self._training.pullback(
            x, gradient, training, *_counters(seed, iteration), found.outputs, found.input, _present(found)
        )
        return found

    def gradients(
        self,
        x: Array,
        y: Array,
        loss: LossRule,
        *,
        sample_weight: Array | None = None,
        training: bool = True,
        seed: int = 0,
        iteration: int = 0,
    ) -> Gradients:
        """Return the gradients of a batch's loss, and each sample's loss times its weight in ``losses``."""
        x = self._inputs(x)
        found = self._gradient_room(len(x), losses=True)
        self._training.gradients(
            x,
            self._targets(y, len(x), loss),
            asdict(loss),
            _sample_weight(sample_weight, len(x)),
            training,
            *_counters(seed, iteration),
            found.losses,
            found.outputs,
            found.input,
            _present(found),
        )
        return found

    def train(self, stretch: Stretch, budget: float | None = None) -> int:
        """Take training steps until the stretch or `budget` (seconds) is used up; return how many, at least one."""
        x = self._inputs(stretch.x)
        for what, array in (("losses", stretch.losses), ("outputs", stretch.outputs)):
            if array.dtype != np.float32 or not array.flags.c_contiguous:
                raise DataError(f"The {what} of a stretch are written into a C-contiguous float32 array.")
        return self._training.train(
            x,
            self._targets(stretch.y, len(x), stretch.loss),
            _sample_weight(stretch.sample_weight, len(x)),
            np.ascontiguousarray(stretch.rows, np.int64),
            stretch.batch_size,
            asdict(stretch.loss),
            asdict(stretch.rule),
            np.ascontiguousarray(stretch.learning_rates, np.float64),
            stretch.iteration,
            _counters(stretch.seed, 0)[0],
            [list(arrays) for arrays in stretch.slots],
            stretch.losses,
            stretch.outputs,
            budget,
        )

    @property
    def _sizes(self) -> list[tuple[int, ...]]:
        """The size of each described step's output: a plan's step that became two has its features in between."""
        sizes: list[tuple[int, ...]] = []
        for step in self.plan.steps:
            sizes += [tuple(part["output"]) for part in step.describe()]
        return sizes

    def _inputs(self, x: Array) -> Array:
        if x.dtype not in _INPUT_TYPES:
            x = x.astype(np.float32)
        _expect_shape("The input", x, (len(x) if x.ndim else 0, *self.plan.input_shape))
        return np.ascontiguousarray(x)

    def _targets(self, y: Array, samples: int, loss: LossRule) -> Array:
        shape = (samples, *self.plan.output_shape)
        if not loss.sparse:
            y = np.ascontiguousarray(y, np.float32)
            _expect_shape("The targets", y, shape)
            return y
        labels = np.ascontiguousarray(y, np.int32)
        if labels.size != int(np.prod(shape[:-1])):
            raise ShapeError(f"Expected a label for each of {shape[:-1]} rows of outputs; got labels shaped {y.shape}.")
        units = shape[-1]
        if labels.size and not (labels.min() >= 0 and labels.max() < units):
            wrong = int(np.flatnonzero((labels < 0) | (labels >= units))[0])
            raise DataError(
                f"Label {labels.flat[wrong]} at place {wrong} is not one of the {units} classes, 0 to {units - 1}."
            )
        return labels

    def _gradient_room(self, samples: int, *, losses: bool = False) -> Gradients:
        return Gradients(
            outputs=_room(samples, self.plan.output_shape),
            weights=[np.empty(w.shape, np.float32) if w.trainable else None for w in self.plan.weights],
            input=_room(samples, self.plan.input_shape),
            losses=np.empty(samples if losses else 0, np.float32),
        )


def _room(samples: int, shape: tuple[int, ...]) -> Array:
    return np.empty((samples, *shape), np.float32)


def _present(found: Gradients) -> list[Array]:
    return [array for array in found.weights if array is not None]


def _counters(seed: int, iteration: int) -> tuple[int, int]:
    return seed & 0xFFFFFFFFFFFFFFFF, iteration & 0xFFFFFFFF


def _sample_weight(weight: Array | None, samples: int) -> Array | None:
    if weight is None:
        return None
    weight = np.ascontiguousarray(weight, np.float32)
    _expect_shape("The sample weights", weight, (samples,))
    return weight


def _expect_shape(what: str, array: Array, shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise ShapeError(f"{what} should be shaped {shape}; got {array.shape}.")


def _describe_all(steps: Sequence[Step]) -> tuple[list[dict[str, Any]], list[int]]:
    """Return what the core is told, and for each of the steps the index of its last description."""
    descriptions: list[dict[str, Any]] = []
    last = []
    for step in steps:
        for told in step.describe():
            (shape,) = told.pop("inputs")
            descriptions.append({**told, "input": shape})
        last.append(len(descriptions) - 1)
    return descriptions, last


def _check_weights(plan: Plan, weights: Sequence[Array]) -> None:
    if len(weights) != len(plan.weights):
        raise ConfigurationError(f"The plan has {len(plan.weights)} weights; {len(weights)} were given.")
    for planned, array in zip(plan.weights, weights, strict=True):
        good = array.dtype == np.float32 and array.flags.c_contiguous and array.flags.writeable
        if not good or array.shape != planned.shape:
            raise ConfigurationError(
                f"Weight {planned.name!r} of layer {planned.layer} should be a writable C-contiguous float32 array "
                f"shaped {planned.shape}; got {array.dtype} shaped {array.shape}."
            )
