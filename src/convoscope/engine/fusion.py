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
    ErasingStep,
    MotionStep,
    NormalizationStep,
    PoolingStep,
    Step,
)

#: What changes nothing but in training.
IDLE_IN_PREDICTION = (DropoutStep, MotionStep, ErasingStep)


def fuse(steps: Sequence[Step], *, prediction: bool = False) -> list[Step]:
    """Return the steps with activations and poolings drawn into the convolutions and dense layers before them.

    For prediction batch normalisations are drawn in as well, and idle steps left out.

    The last activation stays on its own if it is a softmax or a sigmoid: the loss is computed from what goes into it,
    which is both simpler and safe from overflow.
    """
    fused: list[Step] = []
    for place, step in enumerate(steps):
        last = place == len(steps) - 1
        if prediction and not last and isinstance(step, IDLE_IN_PREDICTION):
            continue
        merged = _merge(fused[-1], step, last, prediction) if fused else None
        if merged is None:
            fused.append(step)
        else:
            fused[-1] = merged
    return fused


def _merge(before: Step, step: Step, last: bool, prediction: bool) -> Step | None:
    if isinstance(step, ActivationStep):
        return _merge_activation(before, step, last, prediction)
    if isinstance(step, PoolingStep) and isinstance(before, ConvolutionStep):
        return _merge_pooling(before, step)
    if prediction and isinstance(step, NormalizationStep) and isinstance(before, (ConvolutionStep, DenseStep)):
        return _merge_normalization(before, step)
    return None


def _merge_pooling(before: ConvolutionStep, step: PoolingStep) -> Step | None:
    # The gradient must be told from the pooled value alone, and each window must have one winner.
    if before.pool is not None or step.window.mode == "average" or not before.activation.gradient_from_output:
        return None
    return replace(before, last_layer=step.last_layer, output_shape=step.output_shape, pool=step.window)


def _merge_activation(before: Step, step: ActivationStep, last: bool, prediction: bool) -> Step | None:
    if last and step.activation.name == "sigmoid":
        return None
    if not isinstance(before, (ConvolutionStep, DenseStep)) or before.activation != LINEAR:
        return None
    if isinstance(before, ConvolutionStep) and before.pool is not None:
        return None
    # Those whose gradient needs the input (gelu, silu) stay apart: fused, their input would be gone.
    if not (step.activation.elementwise if prediction else step.activation.gradient_from_output):
        return None
    return replace(before, last_layer=step.last_layer, activation=step.activation)


def _merge_normalization(before: ConvolutionStep | DenseStep, step: NormalizationStep) -> Step | None:
    pooled = isinstance(before, ConvolutionStep) and before.pool is not None
    if pooled or before.activation != LINEAR or before.normalization is not None:
        return None
    weights = (*before.weights, *step.weights)
    return replace(before, last_layer=step.last_layer, weights=weights, normalization=step)
