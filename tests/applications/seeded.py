"""Weights and images that follow from names alone: here and where tools/make_application_values.py runs."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np


def weight(name: str, shape: Sequence[int], fan_in: int) -> Any:
    """Return a weight of a network that neither dies out nor explodes."""
    generator = np.random.default_rng(zlib.crc32(name.encode()))
    if len(shape) > 1:
        return generator.normal(0.0, math.sqrt(2.0 / fan_in), shape).astype(np.float32)
    if name.endswith(("bias", "beta", "mean")):
        return generator.uniform(-0.1, 0.1, shape).astype(np.float32)
    return generator.uniform(0.5, 1.0, shape).astype(np.float32)  # gammas and variances


def of_pytorch(name: str, shape: Sequence[int]) -> Any:
    """Return a tensor of a ``state_dict``."""
    if name.endswith("num_batches_tracked"):
        return np.array(7, np.int64)
    return weight(name, shape, math.prod(shape[1:]))


def of_keras(layer: str, number: int, name: str, shape: Sequence[int]) -> Any:
    """Return a weight of a layer of Keras."""
    fan_in = math.prod(shape[:2] if "depthwise" in layer else shape[:-1])
    return weight(f"{layer}/{number}/{name}", shape, fan_in)


def prepared_images(height: int, width: int) -> Any:
    """Return two images of smooth patterns, of values around 0: (2, height, width, 3)."""
    rows, columns = np.mgrid[:height, :width] / 16.0
    waves = [np.sin((n + 1) * rows + np.cos((2 - n) * columns)) for n in range(3)]
    image = np.stack(waves, axis=-1)
    return np.stack([image, image[::-1, :, ::-1] * 0.5 + 0.2]).astype(np.float32)
