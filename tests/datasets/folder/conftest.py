from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from convoscope.datasets import FolderDataset, from_folder


def picture(seed: int, size: tuple[int, int] = (24, 24), mode: str = "L") -> Image.Image:
    """A smooth image that no other seed's resembles; size is (width, height)."""
    shape = (5, 5, 3) if mode == "RGB" else (5, 5)
    rough = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    return Image.fromarray(rough).resize(size, Image.Resampling.BICUBIC)


def fill(folder: Path, classes: dict[str, int], **options: Any) -> Path:
    """Write so many images into each class's folder."""
    for number, (name, count) in enumerate(classes.items()):
        (folder / name).mkdir(parents=True)
        for i in range(count):
            picture(1000 * number + i, **options).save(folder / name / f"{i}.png")
    return folder


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Two classes of ten grey images, 24 × 24."""
    return fill(tmp_path / "images", {"cat": 10, "dog": 10})


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., FolderDataset]:
    """`from_folder` with a cache of the test's own."""

    def load(path: Path, **options: Any) -> FolderDataset:
        return from_folder(path, **{"cache_dir": tmp_path / "cache", **options})

    return load
