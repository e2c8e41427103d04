"""Small folders of your own images, made for tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from convoscope.models import Rejection


def stripes(seed: int, upright: bool, size: tuple[int, int] = (14, 12)) -> Image.Image:
    """Draw stripes of some colour, upright or lying, with noise; size is (width, height)."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[: size[1], : size[0]]
    wave = np.sin((x if upright else y) * random.uniform(0.8, 1.6) + random.uniform(0, 6))[..., None]
    pixels = 128 + wave * random.uniform(40, 110, 3) + random.normal(0, 12, (size[1], size[0], 3))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def fill(folder: Path, counts: dict[str, int], first: int = 0) -> Path:
    """Write so many images for each class: stripes, upright in every second class; of several sizes."""
    for number, (name, count) in enumerate(counts.items()):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for i in range(first, first + count):
            image = stripes(10_000 * number + i, number % 2 == 1, (14 + i % 5, 12 + i % 3))
            image.save(folder / name / f"{name} {i}.png")
    return folder


def rejection_for(features: np.ndarray[Any, Any], classes: int, share: float = 0.5) -> Rejection:
    """One that refuses such a share of the images that have these features (N, D)."""
    random = np.random.default_rng(7)
    centres = random.normal(size=(classes, features.shape[1]))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    kernel = random.normal(size=(features.shape[1], classes))
    made = Rejection(
        centres.astype(np.float32),
        kernel.astype(np.float32),
        np.zeros(classes, np.float32),
        0.5,
        0.2,
        -1.0,
        2.0,
        0.0,
        0.05,
    )
    return replace(made, threshold=float(np.quantile(made.score(features), 1 - share)))
