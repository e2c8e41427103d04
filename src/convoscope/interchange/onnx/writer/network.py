"""A network of ONNX's operators that grows node by node, and the values in it.

Images lie in our memory with their channels last, and ONNX's convolutions take them first. So a `Value` says how it
lies, and a Transpose is made only where somebody needs it the other way: once for each value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import ConfigurationError
from convoscope.interchange.onnx.metadata import Stored
from convoscope.interchange.source import weights_of
from convoscope.layers import Layer
from convoscope.types import Shape
from convoscope.wording import installing

OLDEST, NEWEST = 13, 22
BATCH = "batch"


def library() -> Any:
    """Return the library, or say how to install it."""
    try:
        import onnx
    except ImportError:
        raise ConfigurationError(
            f"ONNX files need the library onnx, which is not installed. Install it: {installing('onnx')}."
        ) from None
    return onnx


@dataclass(frozen=True)
class Value:
    """Something that a node makes, or that goes in.

    Attributes
    ----------
    name : str
    shape : tuple of int
        Of one sample, as our layers have it: an image is (height, width, channels).
    first : bool
        Whether it lies with its channels first in the file; only of images.
    image : Value, optional
        Of a row of values whose node has not been made: the image that it is of, its channels first.
    """

    name: str
    shape: Shape
    first: bool = False
    image: Value | None = None

    @property
    def is_image(self) -> bool:
        """Whether it has a height, a width and channels."""
        return len(self.shape) == 3

    def axis(self, axis: int) -> int:
        """Return where an axis of ours is in the file; both are counted with the batch axis as 0."""
        return (0, 2, 3, 1)[axis] if self.first else axis

    def sizes(self) -> Shape:
        """Return the sizes of one sample as they lie in the file."""
        return channels_first(self.shape) if self.first else self.shape


def channels_first(shape: Sequence[int]) -> Shape:
    """Return the shape of an image with its channels first."""
    return shape[2], shape[0], shape[1]


class Network:
    """The nodes and initializers of a file that is being made.

    Parameters
    ----------
    opset : int
        The version of the operators.
    """

    def __init__(self, opset: int) -> None:
        self.opset = opset
        self.onnx = library()
        self.nodes: list[Any] = []
        self.initializers: dict[str, npt.NDArray[Any]] = {}
        #: Where weights are, by the layer and the weight's name.
        self.stored: dict[tuple[int, str], Stored] = {}
        self._weights: dict[Any, str] = {}
        self._constants: dict[Any, str] = {}
        self._turned: dict[str, Value] = {}
        self._rows: dict[str, Value] = {}
        self._taken: Counter[str] = Counter()

    # ---- nodes

    def node(self, op: str, inputs: Sequence[str], name: str, outputs: int = 1, **attributes: Any) -> str:
        """Add a node and return the name of its first output, which is the node's own."""
        own = self.free(name)
        made = [own, *(self.free(f"{own}:{number}") for number in range(1, outputs))]
        given = {key: value for key, value in attributes.items() if value is not None}
        self.nodes.append(self.onnx.helper.make_node(op, list(inputs), made, name=own, **given))
        return own

    def free(self, name: str) -> str:
        """Return a name that nothing has in the file: this one, or with a number behind it."""
        self._taken[name] += 1
        return name if self._taken[name] == 1 else self.free(f"{name}_{self._taken[name] - 1}")

    def rename(self, old: str, new: str) -> None:
        """Give a value that a node makes another name."""
        for node in self.nodes:
            for names in (node.input, node.output):
                names[:] = [new if name == old else name for name in names]

    # ---- arrays

    def constant(self, name: str, array: npt.ArrayLike, dtype: Any = np.float32) -> str:
        """Add numbers that are no weights; equal ones stand in the file once."""
        values = np.asarray(array, dtype)
        key = (values.dtype.str, values.shape, values.tobytes())
        if key not in self._constants:
            self._constants[key] = self.free(name)
            self.initializers[self._constants[key]] = values
        return self._constants[key]

    def integers(self, name: str, values: Sequence[int]) -> str:
        """Add whole numbers: sizes, axes."""
        return self.constant(name, list(values), np.int64)

    def weight(
        self,
        layer: Layer,
        which: str,
        prefix: str,
        *,
        parts: Shape | None = None,
        order: Sequence[int] | None = None,
        shape: Shape | None = None,
    ) -> str:
        """Add a layer's weight, reshaped to `parts`, its axes put in an `order`, and reshaped to `shape`."""
        own = weights_of(layer)[which]
        laid_out = own.reshape(own.shape if parts is None else parts)
        axes = tuple(range(laid_out.ndim) if order is None else order)
        key = (id(layer), which, laid_out.shape, axes, shape)
        if key not in self._weights:
            turned = np.array(laid_out.transpose(axes), np.float32, order="C")
            name = self._weights[key] = self.free(f"{prefix}/{which}")
            self.initializers[name] = turned if shape is None else turned.reshape(shape)
            back = tuple(int(axis) for axis in np.argsort(axes))
            self.stored.setdefault((id(layer), which), Stored(name, turned.shape, back))
        return self._weights[key]

    # ---- how values lie

    def first(self, value: Value) -> Value:
        """Return an image with its channels first."""
        return value if value.first else self._turn(value, (0, 3, 1, 2))

    def plain(self, value: Value) -> Value:
        """Return a value as it lies in our memory."""
        if value.image is not None:
            if value.name not in self._rows:
                self._rows[value.name] = self.flat(self.plain(value.image), value.name)
            return self._rows[value.name]
        return self._turn(value, (0, 2, 3, 1)) if value.first else value

    def _turn(self, value: Value, order: Shape) -> Value:
        if value.name not in self._turned:
            name = self.node("Transpose", [value.name], f"{value.name}/Transpose", perm=order)
            self._turned[value.name] = replace(value, name=name, first=not value.first)
            self._turned[name] = value
        return self._turned[value.name]

    def row_of(self, value: Value) -> Value:
        """Return a row whose node has not been made, its values in the order in which they lie in the file."""
        assert value.image is not None
        key = f"{value.name} of {value.image.name}"
        if key not in self._rows:
            self._rows[key] = self.flat(value.image, value.name)
        return self._rows[key]

    def flat(self, value: Value, name: str) -> Value:
        """Return all values of a sample in a row, as they lie in the file."""
        row = self.node("Flatten", [value.name], name, axis=1)
        return Value(row, (int(np.prod(value.shape)),))

    def reshaped(self, value: Value, shape: Shape, name: str) -> Value:
        """Return a value that lies as in our memory in another shape, (-1, *shape)."""
        wanted = self.integers(f"{name}/shape", (-1, *shape))
        return Value(self.node("Reshape", [value.name, wanted], f"{name}/Reshape"), shape)
