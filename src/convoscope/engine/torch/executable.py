"""A plan with its weights, run by PyTorch: see `convoscope.engine.base.Executable`."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from convoscope.engine.arguments import (
    are_finite,
    check_inputs,
    check_weights,
    expect_shape,
    sample_weights_for,
    targets_for,
)
from convoscope.engine.base import Array, Arrays, Gradients, Kernel, LossRule, Moment, Stretch, each, plain
from convoscope.engine.plan import Plan
from convoscope.engine.steps import Step
from convoscope.engine.torch.data import as_array, as_tensor
from convoscope.engine.torch.devices import computing
from convoscope.engine.torch.mode import PREDICTION, Alone, Mode
from convoscope.engine.torch.network import Batch, Rules, gradients_of, losses_of, objective, shares_of, values_of
from convoscope.engine.torch.stretches import Trainer

Targets = Array | Sequence[Array | None]

#: Values that a pass without training may make at once: 64 MB of them beside the processor, 1 GB on a GPU.
_VALUES, _MORE_VALUES = 1 << 24, 1 << 28


class TorchExecutable:
    """A plan with its weights, ready to run with PyTorch. Safe to call from several threads, except for `train`."""

    def __init__(
        self,
        plan: Plan,
        weights: Sequence[Array],
        device: str,
        precision: str,
        processes: Alone | None = None,
        moment: Moment | None = None,
    ) -> None:
        check_weights(plan, weights)
        self.plan = plan
        self._weights, self._moment = list(weights), moment
        self._device, self._precision, self._processes = torch.device(device), precision, processes or Alone()
        self._copies: tuple[int | None, list[Tensor]] = (None, [])
        self._lock = threading.Lock()
        self._trainer = Trainer(plan, self._weights, self._device, self._processes)

    def __reduce__(self) -> tuple[Any, ...]:
        return TorchExecutable, (self.plan, self._weights, str(self._device), self._precision, self._processes)

    def kernels(self, *, prediction: bool = False) -> list[tuple[Step, Kernel]]:
        """Return the steps that are run, each with what computes it."""
        return [(step, Kernel(f"PyTorch on {self._device}, {self._precision}")) for step in self.plan.steps]

    # ---- prediction

    def forward(self, x: Arrays) -> Any:
        """Return the outputs (N, *output_shape) for inputs (N, *input_shape), as in prediction."""
        inputs = each(x, 1)
        samples = check_inputs(self.plan, inputs)
        own = self._part(samples)
        return plain(self._whole(self._predicted([x[own] for x in inputs], self.plan.outputs), samples))

    def forward_if_finite(self, x: Arrays) -> Any | None:
        """Return the same as `forward`, or None where a float32 value that comes in is not finite."""
        return self.forward(x) if are_finite(each(x, 1)) else None

    def step_outputs(self, x: Arrays) -> list[Array]:
        """Return the output of every step, in order, as in prediction."""
        inputs = each(x, 1)
        return self._predicted(inputs, range(len(inputs), len(inputs) + len(self.plan.steps)))

    def score(self, x: Arrays, y: Targets, loss: LossRule | Rules) -> tuple[Any, Any]:
        """Return the outputs and each sample's loss (N,), as in prediction."""
        inputs, rules = each(x, 1), each(loss, len(self.plan.outputs))
        samples = check_inputs(self.plan, inputs)
        targets = targets_for(self.plan, y, rules, samples)
        own = self._part(samples)
        losses = [None if rule is None else np.empty(own.stop - own.start, np.float32) for rule in rules]
        judged = ([None if y is None else y[own] for y in targets], rules, losses)
        outputs = self._predicted([x[own] for x in inputs], self.plan.outputs, judged)
        return plain(self._whole(outputs, samples)), plain(self._whole(losses, samples))

    def _part(self, samples: int) -> slice:
        """Return which samples this process computes, where several compute them together."""
        return self._processes.of_batch(samples).part(samples)

    def _whole(self, parts: Sequence[Array | None], samples: int) -> list[Array | None]:
        """Return what all processes found, in the order of the samples."""
        return [None if part is None else self._processes.gathered([part], [samples])[0] for part in parts]

    def _predicted(self, inputs: Sequence[Array], wanted: Sequence[int], judged: Any = None) -> list[Array]:
        """Return some values of all samples, computed block by block, and write their losses if they are judged."""
        count = check_inputs(self.plan, inputs)
        shapes = [*self.plan.input_shapes, *(step.output_shape for step in self.plan.steps)]
        found = [np.empty((count, *shapes[value]), np.float32) for value in wanted]
        most = _VALUES if self._device.type == "cpu" else _MORE_VALUES
        size = max(1, most // max(1, sum(map(math.prod, shapes))))
        with torch.no_grad(), computing(self._device, self._precision):
            weights = self._on_device()
            for start in range(0, count, size):
                block = slice(start, start + size)
                values = values_of(self.plan, [as_tensor(x[block], self._device) for x in inputs], weights, PREDICTION)
                for kept, value in zip(found, wanted, strict=True):
                    kept[block] = as_array(values[value])
                if judged is not None:
                    targets, rules, losses = judged
                    own = [None if y is None else as_tensor(y[block], self._device) for y in targets]
                    for kept, made in zip(losses, losses_of(self.plan, values, own, rules), strict=True):
                        if made is not None:
                            kept[block] = as_array(made)
        return found

    def _on_device(self) -> list[Tensor]:
        """Return the weights on the device: copied anew unless it is known that nobody has written them since."""
        moment = None if self._moment is None else self._moment()
        with self._lock:
            if moment is None or moment != self._copies[0]:
                self._copies = (moment, [as_tensor(weight, self._device) for weight in self._weights])
            return self._copies[1]

    # ---- gradients

    def pullback(
        self,
        x: Arrays,
        output_gradient: Array | Sequence[Array | None],
        *,
        training: bool = False,
        seed: int = 0,
        iteration: int = 0,
    ) -> Gradients:
        """Return the gradients of sum(outputs × output_gradient) with respect to weights and input."""
        arriving = each(output_gradient, len(self.plan.outputs))
        samples = check_inputs(self.plan, each(x, 1))
        for gradient, shape in zip(arriving, self.plan.output_shapes, strict=True):
            if gradient is not None:
                expect_shape("The gradient of the outputs", gradient, (samples, *shape))
        with torch.enable_grad(), computing(self._device, self._precision):
            inputs, weights = self._variables(each(x, 1))
            values = values_of(self.plan, inputs, weights, Mode(training, seed, iteration))
            pairs = [
                (values[value].float(), as_tensor(gradient, self._device).float())
                for value, gradient in zip(self.plan.outputs, arriving, strict=True)
                if gradient is not None
            ]
            return self._gradients([one for one, _ in pairs], values, weights, [other for _, other in pairs])

    def gradients(
        self,
        x: Arrays,
        y: Targets,
        loss: LossRule | Rules,
        *,
        sample_weight: Targets | None = None,
        training: bool = True,
        seed: int = 0,
        iteration: int = 0,
    ) -> Gradients:
        """Return the gradients of a batch's loss, and each sample's loss times its weight in ``losses``."""
        rules = each(loss, len(self.plan.outputs))
        samples = check_inputs(self.plan, each(x, 1))
        targets = targets_for(self.plan, y, rules, samples)
        counted = sample_weights_for(self.plan, sample_weight, samples)
        with torch.enable_grad(), computing(self._device, self._precision):
            inputs, weights = self._variables(each(x, 1))
            values = values_of(self.plan, inputs, weights, Mode(training, seed, iteration))
            own, shares = (
                [
                    [None if array is None else as_tensor(array, self._device) for array in arrays]
                    for arrays in (targets, counted)
                ],
                shares_of(self.plan, rules, targets, counted, samples),
            )
            total, losses = objective(self.plan, values, Batch(inputs, *own), rules, shares)
            told = plain([None if each_loss is None else as_array(each_loss) for each_loss in losses])
            return self._gradients([total], values, weights, [None], told)

    def _variables(self, inputs: Sequence[Array]) -> tuple[list[Tensor], list[Tensor]]:
        """Return inputs and weights on the device, gradients wanted."""
        pairs = zip(self._on_device(), self.plan.weights, strict=True)
        return (
            [as_tensor(x, self._device).float().requires_grad_() for x in inputs],
            [weight.detach().requires_grad_(planned.trainable) for weight, planned in pairs],
        )

    def _gradients(
        self,
        totals: Sequence[Any],
        values: Sequence[Tensor],
        weights: Sequence[Tensor],
        upstream: Sequence[Tensor | None],
        losses: Any = None,
    ) -> Gradients:
        inputs = list(values[: len(self.plan.input_shapes)])
        learned = [weights[index] for index in self.plan.trainable]
        found = [as_array(gradient) for gradient in gradients_of(totals, [*inputs, *learned], upstream)]
        by_weight = dict(zip(self.plan.trainable, found[len(inputs) :], strict=True))
        return Gradients(
            plain([as_array(values[value]) for value in self.plan.outputs]),
            [by_weight.get(index) for index in range(len(weights))],
            plain(found[: len(inputs)]),
            np.zeros(0, np.float32) if losses is None else losses,
        )

    # ---- training

    def train(self, stretch: Stretch, budget: float | None = None) -> int:
        """Take training steps until the stretch or `budget` (seconds) is used up; return how many, at least one."""
        with torch.no_grad(), computing(self._device, self._precision):
            return self._trainer.train(stretch, budget)

    @contextmanager
    def keeping_memory(self) -> Iterator[None]:
        """Keep data on the device between stretches; what is written into it meanwhile is not seen."""
        with self._trainer.keeping_data():
            yield
