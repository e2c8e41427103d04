"""Dropout, noise and augmentation: what follows from random numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from convoscope.engine.philox import between
from convoscope.engine.steps import (
    AffineStep,
    AlphaDropoutStep,
    DropoutStep,
    ErasingStep,
    NoiseStep,
    RandomCropStep,
    SpatialDropoutStep,
    ToneStep,
)
from convoscope.engine.torch import draws
from convoscope.engine.torch.mode import Mode
from convoscope.engine.torch.windows import resizing

_ONE, _HALF = 1 << 32, 1 << 31  # a pixel: see engine/reference/affine.py


def dropout(step: DropoutStep, x: Tensor, weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """In training, set values to zero at random and scale the others up."""
    return _masked(step, x, mode, tuple(x.shape))


def spatial_dropout(step: SpatialDropoutStep, x: Tensor, weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """In training, set feature maps to zero at random and scale the others up."""
    return _masked(step, x, mode, (x.shape[0], 1, 1, x.shape[3]))


def _masked(step: DropoutStep, x: Tensor, mode: Mode, shape: tuple[int, ...]) -> Tensor:
    if not mode.training or step.rate == 0.0:
        return x
    kept = draws.kept(step, mode, shape[0], math.prod(shape[1:]), x.device).reshape(shape)
    return torch.where(kept, x * (1.0 / (1.0 - step.rate)), 0.0)


def alpha_dropout(step: AlphaDropoutStep, x: Tensor, weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """In training, set values to selu's lowest at random; keep mean and variance."""
    if not mode.training or step.rate == 0.0:
        return x
    kept = draws.kept(step, mode, len(x), math.prod(x.shape[1:]), x.device).reshape(x.shape)
    return torch.where(kept, x * step.factor + step.shift, step.dropped)


def noise(step: NoiseStep, x: Tensor, weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """In training, add normal noise, or multiply by 1 and noise."""
    if not mode.training or step.deviation == 0.0:
        return x
    drawn = draws.normals(step, mode, x) * step.deviation
    return x * (1.0 + drawn).to(x) if step.multiplied else x + drawn.to(x)


def tone(step: ToneStep, x: Tensor, weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """In training, stretch the values of each image about each channel's mean, move them, bring them into the range."""
    if not mode.training:
        return x
    drawn = draws.uniforms(step, mode, len(x), x.device)
    contrast, shift = (
        between(ends, drawn[:, word]).to(x).reshape(-1, 1, 1, 1) for word, ends in ((0, step.contrast), (1, step.shift))
    )
    mean = x.mean(dim=(1, 2), keepdim=True)
    return ((x - mean) * contrast + mean + shift).clamp(*step.value_range)


def random_crop(step: RandomCropStep, x: Tensor, weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """In training, cut a part out of each image where its own random words say; else resize."""
    if not mode.training:
        return resizing(step, x, weights, mode)
    words = draws.blocks(step, mode, mode.first, len(x), x.device).to(x.device)
    rows, columns = (
        (words[:, axis, None] * (x.shape[1 + axis] - step.output_shape[axis] + 1) >> 32)
        + torch.arange(step.output_shape[axis], device=x.device)
        for axis in (0, 1)
    )
    return x[_images(x), rows[:, :, None], columns[:, None, :]]


def erasing(step: ErasingStep, x: Tensor, weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """In training, overwrite a rectangle of some images with a value or with noise."""
    if not mode.training:
        return x
    tall, wide, top, left, probability, threshold, *_ = draws.uniforms(step, mode, len(x), x.device, each=2).unbind(1)
    inside = []
    for length, share, place in ((x.shape[1], tall, top), (x.shape[2], wide, left)):
        side = torch.sqrt(between(step.scale, share)) * length
        start = place * (length - side)
        pixels = torch.arange(length, device=side.device)
        inside.append((pixels >= start.ceil()[:, None]) & (pixels < (start + side).ceil()[:, None]))
    erased = (inside[0][:, :, None] & inside[1][:, None, :])[..., None]
    erased &= (threshold < between(step.probability, probability)).reshape(-1, 1, 1, 1)
    fill = draws.normals(step, mode, x) * step.value_range[1] if step.fill_value is None else step.fill_value
    low, high = step.value_range
    written = fill.clamp(low, high).to(x) if isinstance(fill, Tensor) else min(max(fill, low), high)
    return torch.where(erased.to(x.device), written, x)


def affine(step: AffineStep, x: Tensor, weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """In training, flip, shift, turn or zoom each image by its own random numbers."""
    if not mode.training:
        return x
    images, outputs = _images(x), torch.zeros_like(x)
    places = _places(step, len(x), mode, x.device)
    for row, row_inside, row_weight in _neighbours(step, places[0], x.shape[1], x):
        for column, column_inside, column_weight in _neighbours(step, places[1], x.shape[2], x):
            read = torch.where((row_inside & column_inside)[..., None], x[images, row, column], step.fill_value)
            outputs = outputs + (row_weight * column_weight)[..., None] * read
    return outputs


def _images(x: Tensor) -> Tensor:
    return torch.arange(len(x), device=x.device).reshape(-1, 1, 1)


def _places(step: AffineStep, count: int, mode: Mode, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the row and the column that each output pixel reads, each (N, H, W), in 2⁻³² pixels."""
    height, width, _ = step.input_shape
    here = draws.exact(device)
    down = 2 * torch.arange(height, device=here)[:, None] - (height - 1)
    right = 2 * torch.arange(width, device=here) - (width - 1)
    first, second, third, _ = draws.uniforms(step, mode, count, device).reshape(count, 4, 1, 1).unbind(dim=1)
    angle = 2.0 * math.pi * between(step.turns, third)
    cosine, sine = _whole(torch.cos(angle) * _HALF), _whole(torch.sin(angle) * _HALF)
    flipped = [1 - 2 * (drawn < 0.5).long() * flips for drawn, flips in zip((first, second), step.flips, strict=True)]
    tall = between(step.zooms[0], first)
    wide = tall if step.even else between(step.zooms[1], second)
    shift_down = _whole(between(step.shifts[0], first) * height * _ONE)
    shift_right = _whole(between(step.shifts[1], second) * width * _ONE)
    rows = flipped[0] * _whole(cosine * tall) * down + sine * right + (height - 1) * _HALF - shift_down
    columns = flipped[1] * _whole(cosine * wide) * right - sine * down + (width - 1) * _HALF - shift_right
    return rows, columns


def _whole(values: Tensor) -> Tensor:
    return torch.floor(values + 0.5).long()


def _neighbours(step: AffineStep, places: Tensor, length: int, x: Tensor) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Give the pixel before each place along an axis and the one behind: index, whether it is inside, weight."""
    if not step.bilinear:
        index, inside = _fold((places + _HALF) >> 32, length, step.fill_mode)
        yield index.to(x.device), inside.to(x.device), x.new_ones(places.shape)
        return
    share = ((places & (_ONE - 1)).double() / _ONE).to(x)
    for index, weight in ((places >> 32, 1 - share), ((places >> 32) + 1, share)):
        pixel, inside = _fold(index, length, step.fill_mode)
        yield pixel.to(x.device), inside.to(x.device), weight


def _fold(index: Tensor, length: int, mode: str) -> tuple[Tensor, Tensor]:
    """Return for pixels of the unlimited plane the pixel of the image that stands there, and whether one does."""
    inside = torch.ones_like(index, dtype=torch.bool)
    if mode == "wrap":
        return index % length, inside
    if mode == "reflect":
        within = index % (2 * length)
        return torch.minimum(within, 2 * length - 1 - within), inside
    if mode == "constant":
        inside = (index >= 0) & (index < length)
    return index.clamp(0, length - 1), inside
