"""Where several steps become one, because an engine can then keep less and touch memory less.

The values stay the same to rounding; only what is kept of them changes. A convolution, its activation and its max
pooling fused into one step never need the un-pooled feature maps again: the pooled value and its place are enough.

Prediction fuses more than training: what is only there to be trained is idle, nothing is kept for a gradient, and a
batch normalization is a factor and an offset for each channel, which the kernel and the bias before it can take in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from convoscope.engine.steps import (
    LINEAR,
    ActivationStep,
    CombineStep,
    ConvolutionStep,
    DenseStep,
    DepthwiseConvolutionStep,
    DropoutStep,
    NormalizationStep,
    PoolingStep,
    Step,
    TransposedConvolutionStep,
    inverted_residual,
)


def fuse(
    steps: Sequence[Step], outputs: Sequence[int], inputs: int, *, prediction: bool = False
) -> tuple[tuple[Step, ...], tuple[int, ...]]:
    """Return the steps with activations and poolings drawn into the convolutions and dense layers before them.

    For prediction batch normalizations are drawn in as well, and idle steps left out. A step's ``apart`` says why it
    is not part of the one before it. Steps become one only where nobody else reads the value between them.

    The last activation stays on its own if it is a softmax or a sigmoid: the loss is computed from its inputto it,
    which is both simpler and safe from overflow. If anybody else reads what it makes, it is computed for that once
    more.

    Parameters
    ----------
    steps : sequence of Step
    outputs : sequence of int
        The numbers of the values that come out.
    inputs : int
        How many inputs there are: the first step's value has that number.
    prediction : bool

    Returns
    -------
    tuple of Step, tuple of int
        The steps, and the numbers of the outputs among their values.
    """
    work = _Work(steps, outputs, inputs)
    work.leave_out_linear()
    if prediction:
        work.leave_out_idle()
    work.separate_judged()
    return work.fused(prediction)


class _Work:
    """Steps that are being put together: values keep their numbers until all is done."""

    def __init__(self, steps: Sequence[Step], outputs: Sequence[int], inputs: int) -> None:
        self._count = inputs
        self._made = {inputs + index: step for index, step in enumerate(steps)}  # by value, in order
        self._outputs = list(outputs)

    def leave_out_linear(self) -> None:
        """Leave out activations that change nothing, so that a softmax before one is still the last activation."""
        same: dict[int, int] = {}
        for value, step in list(self._made.items()):
            step = self._made[value] = replace(step, inputs=tuple(same.get(v, v) for v in step.inputs))
            before = self._made.get(step.inputs[0])
            if isinstance(step, ActivationStep) and step.activation == LINEAR and before is not None:
                same[value] = step.inputs[0]
                self._made[step.inputs[0]] = replace(before, calls=_calls(before, step))
                del self._made[value]
        self._outputs = [same.get(value, value) for value in self._outputs]

    def leave_out_idle(self) -> None:
        """Leave out what changes nothing in prediction, unless it makes an output."""
        same: dict[int, int] = {}
        for value, step in list(self._made.items()):
            step = self._made[value] = replace(step, inputs=tuple(same.get(v, v) for v in step.inputs))
            if step.idle_in_prediction and value not in self._outputs:
                same[value] = step.inputs[0]
                del self._made[value]

    def separate_judged(self) -> None:
        """Compute a last softmax or sigmoid once more, for the output alone, where others read it too."""
        readers = self._readers()
        following = self._count + len(self._made) + max(self._made, default=0)
        for index, value in enumerate(self._outputs):
            step = self._made.get(value)
            if step is not None and _is_judged(step) and readers[value] > 1:
                readers[value] -= 1
                self._made[following] = step
                self._outputs[index] = following
                following += 1

    def fused(self, prediction: bool) -> tuple[tuple[Step, ...], tuple[int, ...]]:
        """Return the steps put together, and the numbers of the outputs."""
        readers = self._readers()
        for value, step in list(self._made.items()):
            which, merged = self._merged(step, value in self._outputs, readers, prediction)
            if isinstance(merged, Step):
                del self._made[step.inputs[which]]
                self._made[value] = merged
            else:
                self._made[value] = replace(step, apart=merged)
        if prediction:
            self._put_convolutions_together(readers)
        return self._numbered()

    def _put_convolutions_together(self, readers: Mapping[int, int]) -> None:
        """Make one step of a depthwise convolution, the one before it and the one with a 1×1 kernel after it."""
        for value, last in list(self._made.items()):
            middle = self._made.get(last.inputs[0])
            if not isinstance(last, ConvolutionStep) or not isinstance(middle, DepthwiseConvolutionStep):
                continue
            if readers[last.inputs[0]] > 1:
                continue
            first = self._made.get(middle.inputs[0]) if readers[middle.inputs[0]] == 1 else None
            whole = inverted_residual(first, middle, last)
            if whole is not None:
                del self._made[last.inputs[0]]
                if whole.expand is not None:
                    del self._made[middle.inputs[0]]
                self._made[value] = whole

    def _merged(self, step: Step, last: bool, readers: Mapping[int, int], prediction: bool) -> tuple[int, Step | str]:
        """Return which input's maker the step becomes one with, and both in one; or why it stays apart."""
        reason = ""
        for which, value in enumerate(step.inputs):
            before = self._made.get(value)
            if before is None:
                continue
            if isinstance(step, CombineStep):
                merged = _merge_sum(before, step, which)
            else:
                merged = _merge(before, step, last, prediction)
            if isinstance(merged, Step) and readers[value] > 1:
                merged = "its input has other readers"
            if isinstance(merged, Step):
                return which, merged
            reason = reason or merged
        return 0, reason

    def _readers(self) -> Counter[int]:
        return Counter([*(value for step in self._made.values() for value in step.inputs), *self._outputs])

    def _numbered(self) -> tuple[tuple[Step, ...], tuple[int, ...]]:
        numbers = {value: value for value in range(self._count)}
        numbers |= {value: self._count + index for index, value in enumerate(self._made)}
        steps = tuple(
            replace(step, inputs=tuple(numbers[value] for value in step.inputs)) for step in self._made.values()
        )
        return steps, tuple(numbers[value] for value in self._outputs)


def _is_judged(step: Step) -> bool:
    return isinstance(step, ActivationStep) and step.activation.name in ("softmax", "sigmoid")


_TAKING_ACTIVATIONS = (
    ConvolutionStep,
    DepthwiseConvolutionStep,
    TransposedConvolutionStep,
    DenseStep,
    CombineStep,
    NormalizationStep,
)


def _merge(before: Step, step: Step, last: bool, prediction: bool) -> Step | str:
    """Return both steps in one, or why they stay apart (nothing if nobody would think otherwise)."""
    if isinstance(step, ActivationStep):
        return _merge_activation(before, step, last, prediction)
    if isinstance(step, PoolingStep):
        return _merge_pooling(before, step)
    if isinstance(step, NormalizationStep):
        return _merge_normalization(before, step, prediction)
    return ""


def _merge_sum(before: Step, step: CombineStep, which: int) -> Step | str:
    """Return a convolution that adds the other of two values to what it makes, as at the end of a residual block."""
    if not isinstance(before, ConvolutionStep) or step.mode != "add" or len(step.inputs) != 2:
        return ""
    if before.groups > 1 or before.pool is not None or before.activation != LINEAR or before.addend:
        return ""
    other = 1 - which
    if step.input_shapes[other] != before.output_shape or step.output_shape != before.output_shape:
        return "a convolution can only absorb a sum of equal shapes"
    return replace(
        before,
        calls=_calls(before, step),
        inputs=(before.inputs[0], step.inputs[other]),
        input_shapes=(before.input_shape, step.input_shapes[other]),
        addend=True,
    )


def _merge_pooling(before: Step, step: PoolingStep) -> Step | str:
    if not isinstance(before, ConvolutionStep):
        return _between(before)
    if before.addend:
        return "the convolution already adds a second value"
    if before.pool is not None:
        return "the convolution already has a pooling"
    if before.groups > 1:
        return "grouped convolutions are not fused with pooling"
    if step.window.mode == "average":
        return "an average is not one of the pooled values, so it must follow the activation"
    if not before.activation.gradient_from_output:
        return f"the maximum after {before.activation.name} need not be the maximum before it"
    return replace(before, calls=_calls(before, step), output_shape=step.output_shape, pool=step.window)


def _merge_activation(before: Step, step: ActivationStep, last: bool, prediction: bool) -> Step | str:
    if step.activation.name == "softmax" and last:
        return "the loss is computed from its input"
    if not step.activation.elementwise:
        return f"{step.activation.name} needs all values of a row"
    if last and step.activation.name == "sigmoid":
        return "the loss is computed from its input"
    if not isinstance(before, _TAKING_ACTIVATIONS):
        return _between(before)
    if isinstance(before, ConvolutionStep) and before.pool is not None:
        return "it comes after the pooling"
    if before.activation != LINEAR:
        return f"it comes after {before.activation.name}"
    # Fused, the input would be gone that the gradient of gelu and silu needs.
    if not (prediction or step.activation.gradient_from_output):
        return f"the gradient of {step.activation.name} needs its input"
    return replace(before, calls=_calls(before, step), activation=step.activation)


def _merge_normalization(before: Step, step: NormalizationStep, prediction: bool) -> Step | str:
    if isinstance(before, TransposedConvolutionStep):
        return "transposed convolutions are not fused with it"
    if not isinstance(before, (ConvolutionStep, DepthwiseConvolutionStep, DenseStep)):
        return ""
    if not prediction:
        return "it is folded in only for prediction" if step.frozen else "its mean and variance are the whole batch's"
    if isinstance(before, ConvolutionStep) and before.pool is not None:
        return "it comes after the pooling"
    if isinstance(before, ConvolutionStep) and before.addend:
        return "it comes after the sum"
    if before.activation != LINEAR or before.normalization is not None:
        return f"it comes after {before.activation.name}"
    weights = (*before.weights, *step.weights)
    return replace(before, calls=_calls(before, step), weights=weights, normalization=step)


def _calls(before: Step, step: Step) -> tuple[int, ...]:
    return tuple(dict.fromkeys((*before.calls, *step.calls)))


def _between(before: Step) -> str:
    """Say what keeps a step from the convolution or dense layer before it, if there may be one."""
    if isinstance(before, DropoutStep):
        return "dropout is in between"
    if isinstance(before, NormalizationStep):
        return "batch normalization is in between"
    if isinstance(before, ActivationStep):
        return f"{before.activation.name} is in between"
    return ""
