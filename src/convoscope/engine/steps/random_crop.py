"""Parts cut out of images at random."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from convoscope.engine.steps.base import core_seed
from convoscope.engine.steps.resizing import ResizingStep


@dataclass(frozen=True)
class RandomCropStep(ResizingStep):
    """In training, a part of the output's size cut out at a random position; in prediction, a resizing.

    ``stream`` and ``seed`` are as in `DropoutStep`.
    """

    stream: int
    seed: int | None

    def as_in_prediction(self) -> ResizingStep:
        return ResizingStep(**{each.name: getattr(self, each.name) for each in fields(ResizingStep)})

    @property
    def label(self) -> str:
        return "random crop"

    def describe(self) -> list[dict[str, Any]]:
        (description,) = super().describe()
        return [{**description, "crop": {"stream": self.stream, "seed": core_seed(self.seed)}}]
