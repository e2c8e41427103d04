"""Where several steps become one, because an engine can then keep less and touch memory less.

The values stay the same to rounding; only what is kept of them changes. A convolution, its activation and its max
pooling fused into one step never need the un-pooled feature maps again: the pooled value and its place are enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from convoscope.engine.steps import LINEAR, ActivationStep, ConvolutionStep, DenseStep, PoolingStep, Step


def fuse(steps: Sequence[Step]) -> list[Step]:
    """Return the steps with activations and poolings drawn into the convolutions and dense layers before them.

    The last activation stays on its own if it is a softmax or a sigmoid: the loss is computed from what goes into it,
    which is both simpler and safe from overflow.
    """
    fused: list[Step] = []
    for place, step in enumerate(steps):
        last = place == len(steps) - 1
        merged = _merge(fused[-1], step, last) if fused else None
        if merged is None:
            fused.append(step)
        else:
            fused[-1] = merged
    return fused


def _merge(before: Step, step: Step, last: bool) -> Step | None:
    if isinstance(step, ActivationStep):
        return _merge_activation(before, step, last)
    if isinstance(step, PoolingStep) and isinstance(before, ConvolutionStep):
        return _merge_pooling(before, step)
    return None


def _merge_pooling(before: ConvolutionStep, step: PoolingStep) -> Step | None:
    # The gradient must be told from the pooled value alone, and each window must have one winner.
    if before.pool is not None or step.window.mode == "average" or not before.activation.gradient_from_output:
        return None
    return replace(before, last_layer=step.last_layer, output_shape=step.output_shape, pool=step.window)


def _merge_activation(before: Step, step: ActivationStep, last: bool) -> Step | None:
    if last and step.activation.name == "sigmoid":
        return None
    if not isinstance(before, (ConvolutionStep, DenseStep)) or before.activation != LINEAR:
        return None
    if isinstance(before, ConvolutionStep) and before.pool is not None:
        return None
    # Those whose gradient needs the input (gelu, silu) stay apart: fused, their input would be gone.
    if not step.activation.gradient_from_output:
        return None
    return replace(before, last_layer=step.last_layer, activation=step.activation)
