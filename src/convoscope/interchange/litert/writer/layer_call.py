"""`LayerCall`: what a layer's operators are made of, and the table of who makes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from convoscope.interchange.layer_table import LayerTable
from convoscope.interchange.litert.schema import Padding
from convoscope.interchange.litert.writer.network import Network, Tensor
from convoscope.interchange.source import weights_of
from convoscope.layers import Layer
from convoscope.types import Shape

_Kind = TypeVar("_Kind", bound=Layer)
#: What makes a layer's operators of its `LayerCall`, and returns the tensor that comes out.
OPERATORS = LayerTable("LiteRT operators")
operators_of = OPERATORS.enter


@dataclass(frozen=True)
class LayerCall(Generic[_Kind]):
    """A layer called on values, in a file that is being made.

    Attributes
    ----------
    network : Network
    layer : Layer
    name : str
        The call's, which its tensors' names begin with.
    owner : str
        The layer's, which its weights' names begin with.
    inputs : tuple of Tensor
    shape : tuple of int
        What comes out, without the batch axis.
    exact : bool
        Whether its operators compute with floats even in a file of int8.
    """

    network: Network
    layer: _Kind
    name: str
    owner: str
    inputs: tuple[Tensor, ...]
    shape: Shape
    exact: bool = False

    def made(self) -> Tensor:
        """Make the operators, and return what comes out."""
        made: Tensor = OPERATORS.making(self.layer)(self)
        return made

    @property
    def given(self) -> Tensor:
        """The only input."""
        return self.inputs[0]

    # ---- operators

    def add(self, op: str, *inputs: Tensor, shape: Shape | None = None, **options: Any) -> Tensor:
        """Add an operator of this call, and return what it makes, by default in the shape of the first input."""
        whole = inputs[0].shape if shape is None else shape
        return self.network.add(op, inputs, f"{self.name}/{op}", whole, exact=self.exact, **options)

    def exactly(self) -> LayerCall[_Kind]:
        """Return the call with operators that always compute with floats: its steps are too small for whole numbers."""
        return replace(self, exact=True)

    def reduced(self, op: str, value: Tensor, axes: Sequence[int], *, keep: bool = True) -> Tensor:
        """Add a reduction over axes, counted with the batch axis as 0."""
        kept = tuple(1 if axis in axes else size for axis, size in enumerate(value.shape, start=1))
        shape = kept if keep else tuple(n for axis, n in enumerate(value.shape, start=1) if axis not in axes)
        return self.add(op, value, self.integers("axes", axes), shape=shape, keep_dims=keep)

    def times(self, value: Tensor, factor: npt.ArrayLike, name: str) -> Tensor:
        """Return a value times constants."""
        return self.add("MUL", value, self.constant(name, factor))

    def plus(self, value: Tensor, term: npt.ArrayLike, name: str) -> Tensor:
        """Return a value plus constants."""
        return self.add("ADD", value, self.constant(name, term))

    # ---- numbers

    @property
    def weights(self) -> dict[str, npt.NDArray[np.float32]]:
        """The layer's weights by their names."""
        return weights_of(self.layer)

    def weight(self, which: str, **changes: Any) -> Tensor:
        """Add a weight of the layer; see `Network.weight`."""
        return self.network.weight(self.layer, which, self.owner, **changes)

    def bias(self, count: int, which: str = "bias") -> Tensor:
        """Add the layer's bias, or zeros: runtimes are quickest with one."""
        return self.weight(which) if which in self.weights else self.constant("zeros", np.zeros(count))

    def constant(self, name: str, values: npt.ArrayLike) -> Tensor:
        """Add numbers that are no weights."""
        return self.network.constant(f"{self.owner}/{name}", values)

    def integers(self, name: str, values: Sequence[int]) -> Tensor:
        """Add whole numbers: sizes, axes."""
        return self.network.integers(f"{self.owner}/{name}", list(values))


def window_options(padding: str, strides: Sequence[int]) -> dict[str, Any]:
    """Return the options of a window that moves over an image. LiteRT pads as Keras does."""
    return {"padding": Padding[padding.upper()], "stride_h": strides[0], "stride_w": strides[1]}
