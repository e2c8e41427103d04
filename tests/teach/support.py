"""A stand-in for the network, and pictures that it can tell apart."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

import convoscope as cs
from convoscope.models.rejection import Rejection
from convoscope.transfer.head import Head
from convoscope.transfer.rejecting import fit_rejection

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

    def fit(self, features: Any, labels: Any, classes: int, groups: Any) -> tuple[Head, Rejection | None]:
        """Score a class by the distance to its mean; all pictures of a group are held out at once."""
        kernel, bias = _nearest(features, labels, classes)
        scores = np.zeros((len(labels), classes))
        for group in np.unique(groups):
            out = groups == group
            k, b = _nearest(features[~out], labels[~out], classes)
            scores[out] = features[out] @ k + b
        head = Head(kernel, bias, 0.0, 1.0, scores, groups)
        return head, fit_rejection(features, labels, head)

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
