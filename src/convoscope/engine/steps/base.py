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
    calls : tuple of int
        Which calls of the graph it computes, in order.
    inputs : tuple of int
        The numbers of the values it reads: 0 and on are the plan's inputs, then comes one value for each step.
    input_shapes : tuple of shapes
        Of each of those values, without the batch axis.
    output_shape : tuple of int
        Of the value that it makes, without the batch axis.
    weights : tuple of int
        Indices in the plan's list of weights.
    apart : str
        For people to read: why the step is not fused with the one before it, where one might expect that.
    """

    #: True for what changes nothing but in training, and is left out of prediction.
    idle_in_prediction: ClassVar[bool] = False

    calls: tuple[int, ...]
    inputs: tuple[int, ...]
    input_shapes: tuple[Shape, ...]
    output_shape: Shape
    weights: tuple[int, ...]
    apart: str = field(default="", kw_only=True, compare=False)

    def as_in_prediction(self) -> Step:
        """Return a step that always computes what this one does in prediction, unless it is idle there."""
        return self

    @property
    def input_shape(self) -> Shape:
        """The shape of the first value that it reads, and the only one of most steps."""
        return self.input_shapes[0]

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
        """What each output value is computed from, one reading after the other, the input's first.

        A step that reads several values says it of the first here, and of each in `readings_of`.
        """

    def readings_of(self, which: int) -> Sequence[Reading]:
        """Return the readings of one of the values that it reads: the first, the second ..."""
        return self.readings

    @abstractmethod
    def describe(self) -> list[dict[str, Any]]:
        """Return what the native core must know: one description, or two where it computes the step in two."""

    @property
    def values_at_once(self) -> int:
        """How many values the reference engine lays out for one image."""
        return max(*map(math.prod, self.input_shapes), math.prod(self.output_shape))

    def _description(self, kind: str, *settings: str, **more: Any) -> dict[str, Any]:
        """Return a description for the core: shapes, weights, those settings as they are, and more."""
        return {
            "kind": kind,
            "inputs": [list(shape) for shape in self.input_shapes],
            "output": list(self.output_shape),
            "weights": list(self.weights),
            **{name: getattr(self, name) for name in settings},
            **more,
        }


def core_seed(seed: int | None) -> int | None:
    """Return a layer's own seed as the core takes it: 64 bits."""
    return None if seed is None else seed & 0xFFFFFFFFFFFFFFFF
