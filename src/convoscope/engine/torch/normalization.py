"""Normalizations: of a batch, of each sample, to length 1, by a mean and a variance that are known."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch
import torch.nn.functional as nnf
from torch import Tensor

from convoscope.engine.steps import (
    LocalResponseStep,
    NormalizationStep,
    SampleNormalizationStep,
    StandardizationStep,
    UnitNormalizationStep,
)
from convoscope.engine.torch.activation import activate
from convoscope.engine.torch.mode import Mode

_LEAST_LENGTH, _LEAST_DEVIATION = 1e-12, 1e-7


def normalization(step: NormalizationStep, x: Tensor, weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """Normalize by the batch's statistics in training (unless frozen), by the moving averages otherwise."""
    gamma = weights[0] if step.scale else None
    beta = weights[int(step.scale)] if step.center else None
    if gamma is None and beta is not None:
        gamma = torch.ones_like(beta)  # without it PyTorch has no gradient for beta on a GPU
    mean, variance = weights[-2:]
    values, count = x.movedim(-1, 1), x.numel() // x.shape[-1]  # channels second, as PyTorch has them
    by_batch = mode.training and not step.frozen
    if not by_batch:
        normal = torch.batch_norm(values, gamma, beta, mean, variance, False, 0.0, step.epsilon, True)
    elif count > 1 and not mode.processes.normalizes_together:
        # PyTorch's moving averages with a momentum of 1 are the batch's own; its variance divides by n - 1.
        mean, variance = torch.zeros_like(mean), torch.ones_like(variance)
        normal = torch.batch_norm(values, gamma, beta, mean, variance, True, 1.0, step.epsilon, True)
        variance = variance * ((count - 1) / count)
    else:
        mean, variance = _moments(x, mode)
        scale = torch.rsqrt(variance + step.epsilon) * (1.0 if gamma is None else gamma)
        normal = ((x - mean) * scale + (0.0 if beta is None else beta)).to(x.dtype).movedim(-1, 1)
    if by_batch:
        for index, old, new in zip(step.weights[-2:], weights[-2:], (mean, variance), strict=True):
            kept = mode.statistics.get(index, old)
            mode.statistics[index] = kept * step.momentum + new.detach() * (1.0 - step.momentum)
    return activate(step.activation, normal.movedim(1, -1))


def _moments(x: Tensor, mode: Mode) -> tuple[Tensor, Tensor]:
    """Return mean and variance of each channel over all processes' parts of the batch."""
    values = x.reshape(-1, x.shape[-1]).float()
    count = values.new_full((1,), len(values))
    *sums, total = mode.processes.moments(torch.cat([values.sum(dim=0), count])).split([values.shape[1], 1])
    mean = sums[0] / total
    return mean, mode.processes.moments((values - mean).square().sum(dim=0)) / total


def sample_normalization(step: SampleNormalizationStep, x: Tensor, weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """Normalize each set of values by its own mean and variance."""
    laid_out = x.float().reshape(len(x), *step.layout)  # (N, sets, pixels, groups, values)
    centred = laid_out - laid_out.mean(dim=(2, 4), keepdim=True)
    normal = centred * torch.rsqrt(centred.square().mean(dim=(2, 4), keepdim=True) + step.epsilon)
    if step.scale:
        normal = normal * weights[0].reshape(step.layout[2:])
    if step.center:
        normal = normal + weights[int(step.scale)].reshape(step.layout[2:])
    return normal.reshape(x.shape).to(x.dtype)


def local_response(step: LocalResponseStep, x: Tensor, weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """Divide each channel by a power of the sum of squares of those beside it."""
    wide = x.float() if x.device.type == "mps" else x.double()  # squares of large numbers are beyond single precision
    around = nnf.pad(wide.square(), (step.before, step.after))
    sums = around.unfold(-1, step.before + step.after + 1, 1).sum(dim=-1)
    return (wide * (step.bias + step.alpha * sums) ** -step.beta).to(x.dtype)


def unit_normalization(step: UnitNormalizationStep, x: Tensor, weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """Divide each set of values by its length."""
    rows = x.float().reshape(len(x), -1, step.length)
    squares = rows.square().sum(dim=-1, keepdim=True)
    return (rows * torch.rsqrt(squares.clamp(min=_LEAST_LENGTH**2))).reshape(x.shape).to(x.dtype)


def standardization(step: StandardizationStep, x: Tensor, weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """Subtract the mean and divide by the standard deviation, or the other way round."""
    mean, variance = (each.reshape(step.shape) for each in (weights or _known(step, x.device)))
    deviation = variance.sqrt().clamp(min=_LEAST_DEVIATION)
    return x * deviation + mean if step.inverted else (x - mean) / deviation


@lru_cache(maxsize=64)
def _known(step: StandardizationStep, device: torch.device) -> tuple[Tensor, Tensor]:
    return torch.tensor(step.mean, device=device), torch.tensor(step.variance, device=device)
