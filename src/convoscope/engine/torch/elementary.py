"""The steps that move or rescale values, combine several of them, or multiply by a matrix."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

import torch
import torch.nn.functional as nnf
from torch import Tensor

from convoscope.engine.steps import (
    CombineStep,
    ConcatenateStep,
    CroppingStep,
    DenseStep,
    PaddingStep,
    PermutingStep,
    RepeatingStep,
    RescalingStep,
    ReshapeStep,
)
from convoscope.engine.torch.activation import activate
from convoscope.engine.torch.mode import Mode
from convoscope.engine.torch.windows import pad


def dense(step: DenseStep, x: Tensor, weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """Multiply by the kernel, add the bias, apply the activation."""
    return activate(step.activation, nnf.linear(x, weights[0].t(), weights[1] if step.use_bias else None))


def padding(step: PaddingStep, x: Tensor, weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """Put zeros around images."""
    return pad(x, step.padding)


def cropping(step: CroppingStep, x: Tensor, weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """Cut rows and columns off images."""
    (top, left), (height, width, _) = step.start, step.output_shape
    return x[:, top : top + height, left : left + width]


def permuting(step: PermutingStep, x: Tensor, weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """Change the order of the axes behind the batch axis."""
    return x.permute(0, *(axis + 1 for axis in step.axes))


def repeating(step: RepeatingStep, x: Tensor, weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """Repeat each sample's row of values."""
    return x[:, None].expand(-1, step.output_shape[0], -1)


def rescaling(step: RescalingStep, x: Tensor, weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """Multiply and add."""
    return x * step.scale + step.offset


def reshape(step: ReshapeStep, x: Tensor, weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """Give the same values another shape."""
    return x.reshape(len(x), *step.output_shape)


def concatenate(step: ConcatenateStep, x: Sequence[Tensor], weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """Put values side by side."""
    return torch.cat(list(x), dim=step.axis + 1)


def combine(step: CombineStep, x: Sequence[Tensor], weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """Combine values at the same index, axes of length 1 stretched, and apply the activation."""
    rank = len(step.output_shape)
    aligned = [each.reshape(len(each), *[1] * (rank - each.ndim + 1), *each.shape[1:]) for each in x]
    return activate(step.activation, _MODES[step.mode](aligned))


_MODES: dict[str, Callable[[Sequence[Tensor]], Tensor]] = {
    "add": lambda x: reduce(torch.add, x),
    "subtract": lambda x: x[0] - x[1],
    "multiply": lambda x: reduce(torch.mul, x),
    "divide": lambda x: x[0] / x[1],
    "average": lambda x: reduce(torch.add, x) / len(x),
    # Among equals the first one gets the gradient: torch.maximum would share it out.
    "maximum": lambda x: torch.stack(torch.broadcast_tensors(*x)).max(dim=0).values,
    "minimum": lambda x: torch.stack(torch.broadcast_tensors(*x)).min(dim=0).values,
}
