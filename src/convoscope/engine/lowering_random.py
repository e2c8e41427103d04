"""From the description of a layer that draws random numbers in training to the steps that compute it."""

from __future__ import annotations

import math
from typing import Any, Protocol

from convoscope import layers as cl
from convoscope.engine.lowering import lower
from convoscope.engine.steps import (
    AffineStep,
    AlphaDropoutStep,
    DropoutStep,
    ErasingStep,
    NoiseStep,
    RandomCropStep,
    ResizingStep,
    SpatialDropoutStep,
    Step,
    ToneStep,
)
from convoscope.layers.augmentation import ResamplingAugmentation


class _Drawing(Protocol):
    """A layer that draws random numbers."""

    seed: int | None


def _draws(layer: _Drawing, common: dict[str, Any]) -> dict[str, Any]:
    return {**common, "stream": common["calls"][0], "seed": layer.seed}


def _resampling(layer: ResamplingAugmentation) -> dict[str, Any]:
    return {
        "bilinear": layer.interpolation == "bilinear",
        "fill_mode": layer.fill_mode,
        "fill_value": layer.fill_value,
    }


@lower.register
def _dropout(layer: cl.Dropout, common: dict[str, Any]) -> list[Step]:
    return [DropoutStep(**common, rate=layer.rate, stream=common["calls"][0], seed=layer.seed)]


@lower.register
def _spatial_dropout(layer: cl.SpatialDropout2D, common: dict[str, Any]) -> list[Step]:
    return [SpatialDropoutStep(**_draws(layer, common), rate=layer.rate)]


@lower.register
def _alpha_dropout(layer: cl.AlphaDropout, common: dict[str, Any]) -> list[Step]:
    return [AlphaDropoutStep(**_draws(layer, common), rate=layer.rate)]


@lower.register
def _gaussian_noise(layer: cl.GaussianNoise, common: dict[str, Any]) -> list[Step]:
    return [NoiseStep(**_draws(layer, common), deviation=layer.stddev, multiplied=False)]


@lower.register
def _gaussian_dropout(layer: cl.GaussianDropout, common: dict[str, Any]) -> list[Step]:
    deviation = math.sqrt(layer.rate / (1.0 - layer.rate))
    return [NoiseStep(**_draws(layer, common), deviation=deviation, multiplied=True)]


@lower.register
def _random_crop(layer: cl.RandomCrop, common: dict[str, Any]) -> list[Step]:
    settings: dict[str, Any] = {"part": layer.part(common["input_shapes"][0]), "bilinear": True, "fill_value": 0.0}
    if not layer.fits(common["input_shapes"][0]):
        return [ResizingStep(**common, **settings)]
    return [RandomCropStep(**_draws(layer, common), **settings)]


@lower.register
def _flip(layer: cl.RandomFlip, common: dict[str, Any]) -> list[Step]:
    return [AffineStep(**_draws(layer, common), flips=layer.flips)]


@lower.register
def _translation(layer: cl.RandomTranslation, common: dict[str, Any]) -> list[Step]:
    shifts = (layer.height_factor, layer.width_factor)
    return [AffineStep(**_draws(layer, common), shifts=shifts, **_resampling(layer))]


@lower.register
def _rotation(layer: cl.RandomRotation, common: dict[str, Any]) -> list[Step]:
    return [AffineStep(**_draws(layer, common), turns=layer.factor, **_resampling(layer))]


@lower.register
def _zoom(layer: cl.RandomZoom, common: dict[str, Any]) -> list[Step]:
    tall, wide = ((1.0 + low, 1.0 + high) for low, high in (layer.height_factor, layer.width_factor or (0.0, 0.0)))
    even = layer.width_factor is None
    return [AffineStep(**_draws(layer, common), zooms=(tall, wide), even=even, **_resampling(layer))]


@lower.register
def _contrast(layer: cl.RandomContrast, common: dict[str, Any]) -> list[Step]:
    return [ToneStep(**_draws(layer, common), value_range=layer.value_range, contrast=layer.contrast)]


@lower.register
def _brightness(layer: cl.RandomBrightness, common: dict[str, Any]) -> list[Step]:
    return [ToneStep(**_draws(layer, common), value_range=layer.value_range, shift=layer.shift)]


@lower.register
def _erasing(layer: cl.RandomErasing, common: dict[str, Any]) -> list[Step]:
    return [
        ErasingStep(
            **_draws(layer, common),
            probability=layer.factor,
            scale=layer.scale,
            fill_value=layer.fill_value,
            value_range=layer.value_range,
        )
    ]
