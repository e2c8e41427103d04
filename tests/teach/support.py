"""A stand-in for the network, and pictures that it can tell apart."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

import convoscope as cs
from convoscope.teach.learning import Head

COLOURS = {"red": (220, 30, 30), "green": (30, 200, 40), "blue": (40, 60, 230)}


def pixels(colour: str, seed: int, size: int = 64) -> npt.NDArray[np.uint8]:
    """A picture of mostly one colour."""
    noise = np.random.default_rng(seed).normal(0, 12, (size, size, 3))
    return (np.array(COLOURS[colour]) + noise).clip(0, 255).astype(np.uint8)


def jpeg(colour: str, seed: int, size: int = 64) -> bytes:
    """The same as a file."""
    file = io.BytesIO()
    Image.fromarray(pixels(colour, seed, size)).save(file, "JPEG", quality=92)
    return file.getvalue()


@dataclass(eq=False)
class NearestMean:
    """A head that scores a class by the distance to its mean, and cross-validates by leaving one out."""

    kernel: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]
    held_out: npt.NDArray[np.float64]
    rejection: Any = None


class MeanColours:
    """The maps are 2×2 mean colours from 0 to 1, so that the features are an image's mean colour."""

    name = "mean-colours"
    size = 64
    recipe = "mean colours"

    def __init__(self) -> None:
        self.computed = 0

    def maps(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        assert images.dtype == np.uint8
        assert images.shape[1:] == (64, 64, 3)
        self.computed += len(images)
        means: npt.NDArray[np.float32] = images.reshape(-1, 2, 32, 2, 32, 3).mean(axis=(2, 4), dtype=np.float32)
        return means / np.float32(255)

    def fit(self, features: Any, labels: Any, class_names: Sequence[str]) -> NearestMean:
        count = len(class_names)
        kernel, bias = _nearest(features, labels, count)
        left_out = [_nearest(np.delete(features, i, 0), np.delete(labels, i), count) for i in range(len(labels))]
        scores = np.array([x @ k + b for x, (k, b) in zip(features, left_out, strict=True)])
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return NearestMean(kernel, bias, powers / powers.sum(axis=1, keepdims=True))

    def model(self, head: Head, class_names: Sequence[str]) -> cs.Model:
        images = cs.layers.Input((64, 64, 3))
        maps = cs.layers.AveragePooling2D(32)(cs.layers.Rescaling(1 / 255)(images))
        features = cs.layers.GlobalAveragePooling2D()(maps)
        model = cs.Model(images, cs.layers.Dense(len(class_names), activation="softmax")(features))
        model.set_weights([head.kernel, head.bias])
        model.class_names = list(class_names)
        return model


def _nearest(features: Any, labels: Any, count: int) -> tuple[Any, Any]:
    """Scores -20 |x - mean|², without what all classes have in common: a product with x, and a constant."""
    means = np.stack([features[labels == c].mean(axis=0) for c in range(count)])  # (C, D)
    return (40 * means.T).astype(np.float32), (-20 * (means**2).sum(axis=1)).astype(np.float32)
