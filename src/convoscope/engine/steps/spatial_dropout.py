"""Dropout of whole feature maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from convoscope.engine.steps.base import core_seed
from convoscope.engine.steps.dropout import DropoutStep


@dataclass(frozen=True)
class SpatialDropoutStep(DropoutStep):
    """Dropout of whole feature maps."""

    @property
    def label(self) -> str:
        return "dropout of feature maps"

    def describe(self) -> list[dict[str, Any]]:
        return [self._description("spatial dropout", "rate", "stream", seed=core_seed(self.seed))]
