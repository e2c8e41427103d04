"""What every step is and says of itself."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from convoscope.engine.steps.reading import Reading
from convoscope.types import Shape


@dataclass(frozen=True)
class Step(ABC):
    """One thing that an engine does to a batch: the layers it computes, shapes, weights, and what it says of itself.

    Everything that anybody asks of a step is answered by its own class, in its own file. What a new kind leaves out is
    abstract here, so that it cannot be made before all of it is there.

    Attributes
    ----------
    first_layer, last_layer : int
        Indices in the stack.
    input_shape, output_shape : tuple of int
        Without the batch axis.
    weights : tuple of int
        Indices in the plan's list of weights.
    apart : str
        For people to read: why the step is not fused with the one before it, where one might expect that.
    """

    #: True for what changes nothing but in training, and is left out of prediction.
    idle_in_prediction: ClassVar[bool] = False

    first_layer: int
    last_layer: int
    input_shape: Shape
    output_shape: Shape
    weights: tuple[int, ...]
    apart: str = field(default="", kw_only=True, compare=False)

    @property
    @abstractmethod
    def label(self) -> str:
        """What the step computes, in words, in the order in which it does."""

    @property
    @abstractmethod
    def multiply_adds(self) -> int:
        """How many products of an input with a weight are summed for one image.

        A bias is not counted; a kernel's cell that falls on padding, or is cut off, is.
        """

    @property
    @abstractmethod
    def readings(self) -> Sequence[Reading]:
        """What each output value is computed from, one reading after the other, the input's first."""

    @abstractmethod
    def describe(self) -> list[dict[str, Any]]:
        """Return what the native core must know: one description, or two where it computes the step in two."""

    @property
    def values_at_once(self) -> int:
        """How many values the reference engine lays out for one image."""
        return max(math.prod(self.input_shape), math.prod(self.output_shape))

    def _description(self, kind: str, *settings: str, **more: Any) -> dict[str, Any]:
        """Return a description for the core: shapes, weights, those settings as they are, and more."""
        return {
            "kind": kind,
            "input": list(self.input_shape),
            "output": list(self.output_shape),
            "weights": list(self.weights),
            **{name: getattr(self, name) for name in settings},
            **more,
        }


def core_seed(seed: int | None) -> int | None:
    """Return a layer's own seed as the core takes it: 64 bits."""
    return None if seed is None else seed & 0xFFFFFFFFFFFFFFFF
