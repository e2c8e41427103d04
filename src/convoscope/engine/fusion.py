"""Where several steps become one, because an engine can then keep less and touch memory less.

The values stay the same to rounding; only what is kept of them changes. A convolution, its activation and its max
pooling fused into one step never need the un-pooled feature maps again: the pooled value and its place are enough.

Prediction fuses more than training: what is only there to be trained is idle, nothing is kept for a gradient, and a
batch normalisation is a factor and an offset for each channel, which the kernel and the bias before it can take in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from convoscope.engine.steps import (
    LINEAR,
    ActivationStep,
    ConvolutionStep,
    DenseStep,
    DropoutStep,
    NormalizationStep,
    PoolingStep,
    Step,
    TransposedConvolutionStep,
)


def fuse(steps: Sequence[Step], *, prediction: bool = False) -> list[Step]:
    """Return the steps with activations and poolings drawn into the convolutions and dense layers before them.

    For prediction batch normalisations are drawn in as well, and idle steps left out. A step's ``apart`` says why it
    is not part of the one before it.

    The last activation stays on its own if it is a softmax or a sigmoid: the loss is computed from what goes into it,
    which is both simpler and safe from overflow.
    """
    fused: list[Step] = []
    for place, step in enumerate(steps):
        last = place == len(steps) - 1
        if prediction and not last and step.idle_in_prediction:
            continue
        merged = _merge(fused[-1], step, last, prediction) if fused else ""
        if isinstance(merged, str):
            fused.append(replace(step, apart=merged))
        else:
            fused[-1] = merged
    return fused


def _merge(before: Step, step: Step, last: bool, prediction: bool) -> Step | str:
    """Return both steps in one, or why they stay apart (nothing if nobody would think otherwise)."""
    if isinstance(step, ActivationStep):
        return _merge_activation(before, step, last, prediction)
    if isinstance(step, PoolingStep):
        return _merge_pooling(before, step)
    if isinstance(step, NormalizationStep):
        return _merge_normalization(before, step, prediction)
    return ""


def _merge_pooling(before: Step, step: PoolingStep) -> Step | str:
    if not isinstance(before, ConvolutionStep):
        return _between(before)
    if before.pool is not None:
        return "the convolution has a pooling already"
    if step.window.mode == "average":
        return "an average is not one of its values, and comes after the activation"
    if not before.activation.gradient_from_output:
        return f"what is largest after {before.activation.name} need not be largest before it"
    return replace(before, last_layer=step.last_layer, output_shape=step.output_shape, pool=step.window)


def _merge_activation(before: Step, step: ActivationStep, last: bool, prediction: bool) -> Step | str:
    if step.activation.name == "softmax":
        return "the loss is computed from what goes in" if last else "softmax needs all values of a row"
    if last and step.activation.name == "sigmoid":
        return "the loss is computed from what goes in"
    if not isinstance(before, (ConvolutionStep, TransposedConvolutionStep, DenseStep)):
        return _between(before)
    if isinstance(before, ConvolutionStep) and before.pool is not None:
        return "it comes after the pooling"
    if before.activation != LINEAR:
        return f"it comes after {before.activation.name}"
    # Fused, the input would be gone that the gradient of gelu and silu needs.
    if not (prediction or step.activation.gradient_from_output):
        return f"the gradient of {step.activation.name} needs what goes in"
    return replace(before, last_layer=step.last_layer, activation=step.activation)


def _merge_normalization(before: Step, step: NormalizationStep, prediction: bool) -> Step | str:
    if isinstance(before, TransposedConvolutionStep):
        return "a transposed convolution takes none in"
    if not isinstance(before, (ConvolutionStep, DenseStep)):
        return ""
    if not prediction:
        return "it is only folded in for prediction" if step.frozen else "its mean and variance are the whole batch's"
    if isinstance(before, ConvolutionStep) and before.pool is not None:
        return "it comes after the pooling"
    if before.activation != LINEAR or before.normalization is not None:
        return f"it comes after {before.activation.name}"
    weights = (*before.weights, *step.weights)
    return replace(before, last_layer=step.last_layer, weights=weights, normalization=step)


def _between(before: Step) -> str:
    """Say what keeps a step from the convolution or dense layer before it, if there may be one."""
    if isinstance(before, DropoutStep):
        return "dropout stands between"
    if isinstance(before, NormalizationStep):
        return "batch normalisation stands between"
    if isinstance(before, ActivationStep):
        return f"{before.activation.name} stands between"
    return ""
