"""A stand-in for the backbone, and pictures that it can tell apart."""

from __future__ import annotations

import io
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

import convoscope as cs
from convoscope.applications import Backbone, backbones
from convoscope.applications.preparing import INSIDE

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


class MeanColours(Backbone):
    """The maps are 2×2 mean colours from 0 to 1, so that the features are the direction of an image's mean colour."""

    def __init__(self) -> None:
        super().__init__("mean-colours", 64, 1.0, "bicubic", (), "imagenet", self._colours, INSIDE, ({},))

    def _colours(self, *, input_tensor: Any, pooling: str | None, name: str, **_: Any) -> cs.Model:
        assert pooling == "avg"
        maps = cs.layers.AveragePooling2D(32)(cs.layers.Rescaling(1 / 255)(input_tensor))
        return cs.Model(input_tensor, cs.layers.GlobalAveragePooling2D()(maps), name=name)

    def file(self) -> Path:
        return Path(__file__)

    @cached_property
    def digest(self) -> str:
        return "mean colours"


def known(monkeypatch: Any) -> None:
    """Let `convoscope.applications.backbone` know the stand-in by its name, for runs on it."""
    others = backbones._all
    monkeypatch.setattr(backbones, "_all", lambda: [MeanColours(), *others()])
