"""Running a plan: forward, backward and training steps."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.engine.base import Array, Gradients, Kernel, LossRule, Stretch
from convoscope.engine.plan import Plan
from convoscope.engine.reference.activation import activation
from convoscope.engine.reference.convolution import convolution
from convoscope.engine.reference.dense import dense
from convoscope.engine.reference.elementary import dropout, padding, rescaling, reshape
from convoscope.engine.reference.enlarging import transposed_convolution, upsampling
from convoscope.engine.reference.erasing import erasing
from convoscope.engine.reference.losses import sample_losses
from convoscope.engine.reference.motion import motion
from convoscope.engine.reference.normalization import normalization
from convoscope.engine.reference.operations import PREDICTION, Backward, Mode, Operation
from convoscope.engine.reference.pooling import pooling
from convoscope.engine.reference.updates import updated
from convoscope.engine.steps import (
    ActivationStep,
    ConvolutionStep,
    DenseStep,
    DropoutStep,
    ErasingStep,
    MotionStep,
    NormalizationStep,
    PaddingStep,
    PoolingStep,
    RescalingStep,
    ReshapeStep,
    Step,
    TransposedConvolutionStep,
    UpsamplingStep,
)

_OPERATIONS: dict[type[Step], Operation] = {
    ConvolutionStep: convolution,
    TransposedConvolutionStep: transposed_convolution,
    UpsamplingStep: upsampling,
    PoolingStep: pooling,
    DenseStep: dense,
    ActivationStep: activation,
    DropoutStep: dropout,
    MotionStep: motion,
    ErasingStep: erasing,
    NormalizationStep: normalization,
    PaddingStep: padding,
    RescalingStep: rescaling,
    ReshapeStep: reshape,
}
_BLOCK_VALUES = 1 << 21  # the most values that one step may lay out at once in prediction: 8 MB in float32


class ReferenceEngine:
    """The engine that is meant to be read."""

    name = "reference"

    def prepare(self, plan: Plan, weights: Sequence[Array], dtype: npt.DTypeLike = np.float32) -> ReferenceExecutable:
        """Make a plan runnable with these weights, which are kept, not copied.

        Parameters
        ----------
        plan : Plan
        weights : sequence of arrays
            In the plan's order.
        dtype : dtype
            What everything is computed in: with float64 the engine is the judge of float32's rounding.

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

    def forward(self, x: Array) -> Array:
        outputs = np.empty((len(x), *self.plan.output_shape), self._dtype)
        for block in self._blocks(len(x)):
            values = self._cast(x[block])
            for step in self.plan.steps:
                values = self._run(step, values, PREDICTION)[0]
            outputs[block] = values
        return outputs

    def step_outputs(self, x: Array) -> list[Array]:
        outputs = [np.empty((len(x), *step.output_shape), self._dtype) for step in self.plan.steps]
        for block in self._blocks(len(x)):
            values = self._cast(x[block])
            for step, kept in zip(self.plan.steps, outputs, strict=True):
                kept[block] = values = self._run(step, values, PREDICTION)[0]
        return outputs

    def score(self, x: Array, y: Array, loss: LossRule) -> tuple[Array, Array]:
        outputs = np.empty((len(x), *self.plan.output_shape), self._dtype)
        losses = np.empty(len(x), self._dtype)
        for block in self._blocks(len(x)):
            values = before = self._cast(x[block])
            for step in self.plan.steps:
                before, values = values, self._run(step, values, PREDICTION)[0]
            outputs[block] = values
            fused = loss.fused_with(self.plan)
            losses[block], _ = sample_losses(
                loss, before if fused else values, y[block], logits=fused or loss.from_logits
            )
        return outputs, losses

    # ---- gradients

    def pullback(
        self, x: Array, output_gradient: Array, *, training: bool = False, seed: int = 0, iteration: int = 0
    ) -> Gradients:
        outputs, _, backs = self._remembering(x, Mode(training, seed, iteration))
        weight_gradients, input_gradient = self._back(self._cast(output_gradient), self.plan.steps, backs)
        return Gradients(outputs, weight_gradients, input_gradient)

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
        return self._loss_gradients(x, y, loss, sample_weight, Mode(training, seed, iteration))

    def _loss_gradients(self, x: Array, y: Array, loss: LossRule, sample_weight: Array | None, mode: Mode) -> Gradients:
        outputs, before, backs = self._remembering(x, mode)
        fused = loss.fused_with(self.plan)
        losses, gradient = sample_losses(loss, before if fused else outputs, y, logits=fused or loss.from_logits)
        factor = np.ones(len(x), self._dtype) if sample_weight is None else self._cast(sample_weight)
        gradient = gradient * (factor / len(x)).reshape(-1, *[1] * (gradient.ndim - 1))
        steps = self.plan.steps[:-1] if fused else self.plan.steps
        weight_gradients, input_gradient = self._back(gradient, steps, backs)
        return Gradients(outputs, weight_gradients, input_gradient, losses * factor)

    def _remembering(self, x: Array, mode: Mode) -> tuple[Array, Array, list[Backward]]:
        """Return the outputs, what went into the last step, and the way back through each step."""
        values = before = self._cast(x)
        backs = []
        for step in self.plan.steps:
            before, (values, back) = values, self._run(step, values, mode)
            backs.append(back)
        return values, before, backs

    def _back(
        self, gradient: Array, steps: Sequence[Step], backs: Sequence[Backward]
    ) -> tuple[list[Array | None], Array]:
        """Return the gradients of all weights (None where training changes nothing) and of the input."""
        found: list[Array | None] = [None] * len(self._weights)
        for step, back in zip(reversed(steps), reversed(backs[: len(steps)]), strict=True):
            gradient, own = back(gradient)
            for place, weight_gradient in zip(step.weights, own, strict=True):
                found[place] = weight_gradient if self.plan.weights[place].trainable else None
        return found, gradient

    # ---- training

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
        mode = Mode(True, stretch.seed, stretch.iteration + place)
        sample_weight = None if stretch.sample_weight is None else stretch.sample_weight[rows]
        found = self._loss_gradients(stretch.x[rows], stretch.y[rows], stretch.loss, sample_weight, mode)
        trainable = self.plan.trainable
        news = updated(
            stretch.rule,
            [self._cast(self._weights[p]) for p in trainable],
            [g for g in (found.weights[p] for p in trainable) if g is not None],
            stretch.slots,
            rate=float(stretch.learning_rates[place]),
            iteration=mode.iteration,
        )
        pairs = [(self._weights[p], value) for p, value in mode.statistics.items()]
        for p, own_slots, (weight, new_slots) in zip(trainable, stretch.slots, news, strict=True):
            pairs += [(self._weights[p], weight), *zip(own_slots, new_slots, strict=True)]
        pairs += [(stretch.losses[batch], found.losses), (stretch.outputs[batch], found.outputs)]
        try:
            _write(pairs)
        except KeyboardInterrupt:
            _write(pairs)  # half a step is no step: finish it, then stop
            raise

    # ---- small things

    def _run(self, step: Step, x: Array, mode: Mode) -> tuple[Array, Backward]:
        operation = _OPERATIONS.get(type(step))
        if operation is None:
            raise NotImplementedError(
                f"The reference engine does not know {type(step).__name__} yet: "
                "add it to engine/reference/executable.py."
            )
        return operation(step, x, [self._cast(self._weights[p]) for p in step.weights], mode)

    def _cast(self, values: Array) -> Array:
        return np.asarray(values, self._dtype)

    def _blocks(self, count: int) -> list[slice]:
        size = self._images_at_once
        return [slice(start, start + size) for start in range(0, count, size)]


def _write(pairs: Sequence[tuple[Array, Array]]) -> None:
    for target, value in pairs:
        target[...] = value
