"""Images flipped, shifted, turned and zoomed at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from convoscope.engine.steps.base import core_seed
from convoscope.engine.steps.elementwise import ElementwiseStep
from convoscope.types import Bounds


@dataclass(frozen=True)
class AffineStep(ElementwiseStep):
    """In training, each image flipped, shifted, turned or zoomed by random numbers of its own.

    ``flips`` says whether images are ever mirrored along the height and along the width, ``shifts`` between which
    shares of height and width they are moved (down and right), ``turns`` between which shares of a full turn they are
    turned about their centre (counter-clockwise), ``zooms`` between which multiples of height and width are shown, the
    width like the height where ``even``. Zooms do not go together with turns. ``stream`` and ``seed`` are as in
    `DropoutStep`.
    """

    idle_in_prediction: ClassVar[bool] = True

    stream: int
    seed: int | None
    flips: tuple[bool, bool] = (False, False)
    shifts: tuple[Bounds, Bounds] = ((0.0, 0.0), (0.0, 0.0))
    turns: Bounds = (0.0, 0.0)
    zooms: tuple[Bounds, Bounds] = ((1.0, 1.0), (1.0, 1.0))
    even: bool = False
    bilinear: bool = False
    fill_mode: str = "constant"
    fill_value: float = 0.0

    @property
    def label(self) -> str:
        return "affine augmentation"

    def describe(self) -> list[dict[str, Any]]:
        settings = ("flips", "shifts", "turns", "zooms", "even", "bilinear", "fill_mode", "fill_value")
        return [self._description("affine", "stream", *settings, seed=core_seed(self.seed))]
