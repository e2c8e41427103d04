"""`LayerCall`: what a layer's nodes are made of, and the table of who makes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from convoscope.interchange.layer_table import LayerTable
from convoscope.interchange.onnx.writer.network import Network, Value, channels_first
from convoscope.interchange.source import weights_of
from convoscope.layers import Layer
from convoscope.types import Shape

_Kind = TypeVar("_Kind", bound=Layer)
#: What makes a layer's nodes of its `LayerCall`, and returns the value that comes out.
NODES = LayerTable("ONNX operators")
nodes_of = NODES.enter


@dataclass(frozen=True)
class LayerCall(Generic[_Kind]):
    """A layer called on values, in a file that is being made.

    Attributes
    ----------
    network : Network
    layer : Layer
    name : str
        The call's, which its nodes' names begin with.
    owner : str
        The layer's, which its weights' names begin with.
    inputs : tuple of Value
    shape : tuple of int
        What comes out, without the batch axis.
    """

    network: Network
    layer: _Kind
    name: str
    owner: str
    inputs: tuple[Value, ...]
    shape: Shape

    def made(self) -> Value:
        """Make the nodes, and return what comes out."""
        made: Value = NODES.making(self.layer)(self)
        return made

    # ---- what goes in

    @property
    def given(self) -> Value:
        """The only input, however it lies."""
        return self.inputs[0]

    @property
    def value(self) -> Value:
        """The only input, with its node made."""
        value = self.given
        return value if value.image is None else self.plain

    @property
    def plain(self) -> Value:
        """The only input as it lies in our memory."""
        return self.network.plain(self.given)

    @property
    def first(self) -> Value:
        """The only input, an image, with its channels first."""
        return self.network.first(self.given)

    # ---- what is made of it

    def node(self, op: str, *inputs: str, **attributes: Any) -> str:
        """Add a node of this call, and return what it makes."""
        return self.network.node(op, inputs, f"{self.name}/{op}", **attributes)

    def like(self, value: Value, name: str) -> Value:
        """Return what was made of a value that lies as that does, in the call's shape."""
        return replace(value, name=name, shape=self.shape)

    def image(self, name: str) -> Value:
        """Return an image that was made with its channels first."""
        return Value(name, self.shape, first=True)

    # ---- numbers

    @property
    def weights(self) -> dict[str, npt.NDArray[np.float32]]:
        """The layer's weights by their names."""
        return weights_of(self.layer)

    def weight(self, which: str, **changes: Any) -> str:
        """Add a weight of the layer; see `Network.weight`."""
        return self.network.weight(self.layer, which, self.owner, **changes)

    def weight_along(self, which: str, value: Value) -> str:
        """Add a weight that has the last axes of one sample, or all of them; it lies as `value` does."""
        own = self.weights[which].shape
        whole = (1,) * (len(value.shape) - len(own)) + own
        if not value.first:
            return self.weight(which)
        return self.weight(which, parts=whole, order=(2, 0, 1), shape=channels_first(whole))

    def constant(self, name: str, array: npt.ArrayLike) -> str:
        """Add numbers that are no weights."""
        return self.network.constant(f"{self.owner}/{name}", array)

    def along(self, name: str, array: npt.NDArray[Any], value: Value) -> str:
        """Add numbers with as many axes as one sample, which lie as those of `value` do."""
        return self.constant(name, array.transpose(2, 0, 1) if value.first else array)

    def integers(self, name: str, values: Sequence[int]) -> str:
        """Add whole numbers: sizes, axes."""
        return self.network.integers(f"{self.owner}/{name}", values)

    def reduced(self, op: str, value: str, axes: Sequence[int], *, keepdims: bool = True) -> str:
        """Add a reduction over axes of the file. ReduceSum takes them as an input since opset 13, others since 18."""
        if op == "ReduceSum" or self.network.opset >= 18:
            return self.node(op, value, self.integers("axes", axes), keepdims=int(keepdims))
        return self.node(op, value, axes=list(axes), keepdims=int(keepdims))
