"""A network of LiteRT's operators that grows operator by operator. Images lie in it as in our memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.interchange.litert.schema import DTYPES, OPERATORS, TensorType
from convoscope.interchange.source import weights_of
from convoscope.layers import Layer
from convoscope.types import Shape

_TYPES = {np.dtype(dtype): kind for kind, dtype in DTYPES.items()}


@dataclass(frozen=True)
class Quantization:
    """What whole numbers stand for: ``scale`` × (number - ``zero_point``).

    Attributes
    ----------
    scale : array of shape (1,) or (channels,)
    zero_point : array of the same shape
    axis : int
        The axis of the channels.
    """

    scale: npt.NDArray[np.float32]
    zero_point: npt.NDArray[np.int64]
    axis: int = 0


@dataclass(eq=False)
class Tensor:
    """Something that goes in, that an operator makes, or that is constant.

    Attributes
    ----------
    name : str
    shape : tuple of int
        Of one sample, as our layers have it; of a constant, or of what has no batch axis, all of it.
    type : TensorType
    data : array, optional
        A constant's.
    batched : bool
        Whether there is one for each sample.
    quantization : Quantization, optional
    """

    name: str
    shape: Shape
    type: TensorType = TensorType.FLOAT32
    data: npt.NDArray[Any] | None = None
    batched: bool = True
    quantization: Quantization | None = None

    @property
    def sizes(self) -> Shape:
        """The sizes of all axes in the file, the batch's 1."""
        return (1, *self.shape) if self.batched else self.shape


@dataclass(eq=False)
class Operator:
    """An operator.

    Attributes
    ----------
    op : str
        One of `schema.OPERATORS`.
    inputs : list of Tensor
    output : Tensor
    options : dict of str to Any
    version : int
        From which of its versions on a runtime has what is asked for.
    exact : bool
        Whether it computes with floats even in a file of int8.
    """

    op: str
    inputs: list[Tensor]
    output: Tensor
    options: dict[str, Any] = field(default_factory=dict)
    version: int = 1
    exact: bool = False


@dataclass(frozen=True)
class Laid:
    """How a weight lies in the file: reshaped to `parts`, its axes put in an `order`, and reshaped to `shape`.

    Attributes
    ----------
    tensor : Tensor
    parts : tuple of int
        The shape before the last reshaping.
    back : tuple of int
        The order that puts the axes of that back.
    """

    tensor: Tensor
    parts: Shape
    back: tuple[int, ...]


class Network:
    """The operators and tensors of a file that is being made."""

    def __init__(self) -> None:
        self.operators: list[Operator] = []
        self.inputs: list[Tensor] = []
        #: What comes out, by the names that people ask for it by.
        self.outputs: dict[str, Tensor] = {}
        #: Where weights are, by the layer and the weight's name.
        self.laid: dict[tuple[int, str], Laid] = {}
        #: By a weight that took up factors: what it became, and the factors, in a shape that fits to it.
        self.folded: dict[Tensor, tuple[Tensor, npt.NDArray[np.float64]]] = {}
        self._weights: dict[Any, Tensor] = {}
        self._constants: dict[Any, Tensor] = {}
        self._taken: Counter[str] = Counter()

    def free(self, name: str) -> str:
        """Return a name that nothing has in the file: this one, or with a number behind it."""
        self._taken[name] += 1
        return name if self._taken[name] == 1 else self.free(f"{name}_{self._taken[name] - 1}")

    def add(
        self,
        op: str,
        inputs: Sequence[Tensor],
        name: str,
        shape: Shape,
        *,
        type: TensorType = TensorType.FLOAT32,
        batched: bool = True,
        version: int = 1,
        exact: bool = False,
        **options: Any,
    ) -> Tensor:
        """Add an operator, and return what it makes: a tensor of that name and that shape of one sample."""
        assert op in OPERATORS, op
        made = Tensor(self.free(name), shape, type, batched=batched)
        self.operators.append(Operator(op, list(inputs), made, options, version, exact))
        return made

    def constant(self, name: str, values: npt.ArrayLike, dtype: Any = np.float32) -> Tensor:
        """Add numbers that are no weights; equal ones stand in the file once."""
        array = np.asarray(values, dtype)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            kind = _TYPES[array.dtype]
            self._constants[key] = Tensor(self.free(name), array.shape, kind, array, batched=False)
        return self._constants[key]

    def integers(self, name: str, values: Sequence[int] | npt.NDArray[Any]) -> Tensor:
        """Add whole numbers: sizes, axes."""
        return self.constant(name, values, np.int32)

    def weight(
        self,
        layer: Layer,
        which: str,
        prefix: str,
        *,
        order: Sequence[int] | None = None,
        shape: Shape | None = None,
    ) -> Tensor:
        """Add a layer's weight, its axes put in an `order`, and reshaped to `shape`."""
        own = weights_of(layer)[which]
        axes = tuple(range(own.ndim) if order is None else order)
        key = (id(layer), which, axes, shape)
        if key not in self._weights:
            turned = np.array(own.transpose(axes), np.float32, order="C")
            data = turned if shape is None else turned.reshape(shape)
            made = Tensor(self.free(f"{prefix}/{which}"), data.shape, TensorType.FLOAT32, data, batched=False)
            self._weights[key] = made
            back = tuple(int(axis) for axis in np.argsort(axes))
            self.laid.setdefault((id(layer), which), Laid(made, turned.shape, back))
        return self._weights[key]

    def reshaped(self, value: Tensor, shape: Shape, name: str) -> Tensor:
        """Return a value in another shape of one sample."""
        wanted = [-1, *shape]
        return self.add(
            "RESHAPE", [value, self.integers(f"{name}/shape", wanted)], f"{name}/Reshape", shape, new_shape=wanted
        )
