"""Philox on the device: the words and numbers of `convoscope.engine.philox`, for a part of a batch."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from convoscope.engine.steps import AffineStep, DropoutStep, ErasingStep, NoiseStep, RandomCropStep, ToneStep
from convoscope.engine.torch.mode import Mode

#: Steps with random numbers of their own.
Drawing = AffineStep | DropoutStep | ErasingStep | NoiseStep | RandomCropStep | ToneStep

_LOW = 0xFFFFFFFF
_MULTIPLIERS, _WEYL = (0xD2511F53, 0xCD9E8D57), (0x9E3779B9, 0xBB67AE85)


def exact(device: torch.device) -> torch.device:
    """Return where numbers are drawn: on the device, or beside it if it has no double precision."""
    return torch.device("cpu") if device.type == "mps" else device


def blocks(step: Drawing, mode: Mode, first: int, count: int, device: torch.device, *, upper: bool = False) -> Tensor:
    """Return the words (count, 4) of the blocks from number `first` on, or from 2⁶³ + `first` on (`upper`)."""
    numbers = torch.arange(first, first + count, device=exact(device))
    seed = mode.seed if step.seed is None else step.seed
    key = [seed & _LOW, (seed >> 32) & _LOW]
    # 64 bits with a sign do for words without one: products wrap, and shifted signs are cut off.
    a, b = numbers & _LOW, (numbers >> 32) | (0x80000000 if upper else 0)
    c, d = torch.zeros_like(a) + (mode.iteration & _LOW), torch.full_like(a, step.stream & _LOW)
    for _ in range(10):
        one, two = a * _MULTIPLIERS[0], c * _MULTIPLIERS[1]
        a, b, c, d = (two >> 32) & _LOW ^ b ^ key[0], two & _LOW, (one >> 32) & _LOW ^ d ^ key[1], one & _LOW
        key = [(word + more) & _LOW for word, more in zip(key, _WEYL, strict=True)]
    return torch.stack([a, b, c, d], dim=1)


def uniforms(step: Drawing, mode: Mode, count: int, device: torch.device, *, each: int = 1) -> Tensor:
    """Return the numbers in [0, 1) of each sample's blocks (count, 4 × each), in double precision."""
    drawn = blocks(step, mode, mode.first * each, count * each, device)
    return drawn.reshape(count, 4 * each).double() / 2.0**32


def kept(step: DropoutStep, mode: Mode, count: int, of_each: int, device: torch.device) -> Tensor:
    """Return which of `count` × `of_each` values dropout keeps."""
    first = mode.first * of_each
    drawn = _along(lambda start, blocks_: blocks(step, mode, start, blocks_, device), first, count * of_each)
    return (drawn >= int(step.rate * 2**32)).to(device)


def normals(step: Drawing, mode: Mode, x: Tensor) -> Tensor:
    """Return normal noise shaped as `x`, in double precision."""

    def numbers(start: int, count: int) -> Tensor:
        drawn = blocks(step, mode, start, count, x.device, upper=True).double() / 2.0**32
        u, v = drawn.reshape(-1, 2, 2).unbind(dim=2)
        radius, angle = torch.sqrt(-2.0 * torch.log(u + 2.0**-32)), 2.0 * math.pi * v
        return torch.stack([radius * torch.cos(angle), radius * torch.sin(angle)], dim=-1)

    return _along(numbers, mode.first * (x[0].numel() if len(x) else 0), x.numel()).reshape(x.shape)


def _along(of_blocks: object, first: int, count: int) -> Tensor:
    """Return `count` values from value `first` on, of which each block makes four."""
    start = first // 4
    made = of_blocks(start, -(-(first + count) // 4) - start)  # type: ignore[operator]
    return made.reshape(-1)[first - 4 * start :][:count]
