"""An operator of a LiteRT file on its way into nodes of ONNX: what it reads, its options, and the nodes it becomes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from convoscope.interchange.litert.reader.constants import Constants
from convoscope.interchange.litert.reader.records import GraphRecord, OperatorRecord, TensorRecord
from convoscope.interchange.onnx.reader.network import OnnxNode, UnsupportedError
from convoscope.interchange.onnx.reader.tensors import Array

Title = tuple[str, str] | None
#: What makes the nodes of an operator, and returns the names of what comes out of them.
Translator = Callable[["Call"], "str | list[str]"]
TRANSLATORS: dict[str, Translator] = {}
_OF_TENSORFLOW = ("batchnorm", "convolution", "moments", "resize")  # scopes within a layer, as TensorFlow names them
_TO_FIRST, _TO_LAST = (0, 3, 1, 2), (0, 2, 3, 1)


def operator(*names: str) -> Callable[[Translator], Translator]:
    """Let a function be the translation of operators of those names."""

    def register(function: Translator) -> Translator:
        TRANSLATORS.update(dict.fromkeys(names, function))
        return function

    return register


class Nodes:
    """The nodes and constants that a file's operators become.

    Parameters
    ----------
    record : GraphRecord
    size : int
        The file's bytes.
    """

    def __init__(self, record: GraphRecord, size: int) -> None:
        self.record = record
        self.nodes: list[OnnxNode] = []
        self.arrays: dict[str, Array] = {}
        self._constants = Constants(size)
        made = {number for each in record.operators for number in each.outputs}
        self._held = {n for n, each in enumerate(record.tensors) if each.content is not None} - made - {*record.inputs}
        self._fresh = 0

    def is_constant(self, number: int) -> bool:
        """Return whether a tensor stands in the file."""
        return number in self._held

    def constant(self, number: int) -> Array:
        """Return the array of a tensor that stands in the file."""
        record = self.record.tensors[number]
        if record.value not in self.arrays:
            self.arrays[record.value] = self._constants.array(record)
        return self.arrays[record.value]

    def add(self, title: Title, name: str, op: str, inputs: Sequence[str], settings: dict[str, Any], count: int) -> Any:
        """Add a node, and return the names of what it makes."""
        outputs = [self._name() for _ in range(count)]
        self.nodes.append(OnnxNode(op, name, list(inputs), outputs, settings, title=title))
        return outputs

    def hold(self, array: Array) -> str:
        """Return the name of a constant that does not stand in the file."""
        name = self._name()
        self.arrays[name] = array
        return name

    def _name(self) -> str:
        self._fresh += 1
        return f"/{self._fresh}"


class Call:
    """An operator while it is translated.

    Parameters
    ----------
    nodes : Nodes
    operator : OperatorRecord
    """

    def __init__(self, nodes: Nodes, operator: OperatorRecord) -> None:
        self.nodes, self.operator = nodes, operator
        self.option = operator.option
        made = nodes.record.tensors[operator.outputs[0]].name if operator.outputs else ""
        self.name = layer_name(made) or operator.op.lower()
        shown = f"CUSTOM {operator.custom[:60]!r}" if operator.custom else operator.op
        self.title = (shown, made.partition(";")[0])

    # ---- what it reads

    def tensor(self, place: int) -> TensorRecord:
        """Return an input as the file describes it."""
        if not self.has(place):
            raise UnsupportedError(f"its input number {place} is missing")
        return self.nodes.record.tensors[self.operator.inputs[place]]

    def has(self, place: int) -> bool:
        """Return whether there is an input, which may be left out."""
        return place < len(self.operator.inputs) and self.operator.inputs[place] >= 0

    def is_constant(self, place: int) -> bool:
        """Return whether an input stands in the file."""
        return self.has(place) and self.nodes.is_constant(self.operator.inputs[place])

    def input(self, place: int) -> str:
        """Return the name of an input, and make an array of it where it is a constant."""
        record = self.tensor(place)
        if self.is_constant(place):
            self.nodes.constant(self.operator.inputs[place])
        elif record.is_odd:
            raise UnsupportedError(f"its input {record.name!r:.80} cannot be read: {record.is_odd}")
        return record.value

    def optional(self, place: int) -> str:
        """Return the name of an input, or ``""`` where it is left out."""
        return self.input(place) if self.has(place) else ""

    def whole_numbers(self, place: int, what: str) -> list[int]:
        """Return a constant that is a row of whole numbers."""
        if not self.is_constant(place):
            raise UnsupportedError(f"{what} must be a constant, but is computed")
        array = self.nodes.constant(self.operator.inputs[place])
        if array.dtype.kind not in "iu" or array.size > 64:
            raise UnsupportedError(f"{what} must be a few whole numbers, but has {array.size} of {array.dtype}")
        found: list[int] = array.reshape(-1).tolist()
        return found

    def rank(self, place: int = 0) -> int:
        """Return how many axes an input has, the batch axis included."""
        return self.tensor(place).rank

    def axis(self, number: int, rank: int) -> int:
        """Return an axis from 0, which may be counted from the end."""
        found = number + rank if number < 0 else number
        if not 0 <= found < rank:
            raise UnsupportedError(f"it names axis {number} of {rank}")
        return found

    # ---- what it becomes

    def node(self, op: str, *inputs: str, **settings: Any) -> str:
        """Add a node of one output, and return the name of that."""
        (made,) = self.nodes.add(self.title, self.name, op, inputs, settings, 1)
        return str(made)

    def several(self, count: int, op: str, *inputs: str, **settings: Any) -> list[str]:
        """Add a node of several outputs."""
        found: list[str] = self.nodes.add(self.title, self.name, op, inputs, settings, count)
        return found

    def array(self, values: Any, dtype: Any = np.int64) -> str:
        """Return the name of a constant that does not stand in the file."""
        return self.nodes.hold(np.asarray(values, dtype))

    def transposed(self, value: str, *order: int) -> str:
        """Return a value with its axes in another order."""
        return self.node("Transpose", value, perm=list(order))

    def channels_first(self, value: str) -> str:
        """Return an image as ONNX's operators take it."""
        return self.transposed(value, *_TO_FIRST)

    def channels_last(self, value: str) -> str:
        """Return an image of ONNX's operators as it is here."""
        return self.transposed(value, *_TO_LAST)

    def image(self, place: int = 0) -> str:
        """Return an input, which must be an image, as ONNX's operators take it."""
        if self.rank(place) != 4:
            raise UnsupportedError(
                f"it takes images (batch, height, width, channels), but its input has {self.rank(place)} axes"
            )
        return self.channels_first(self.input(place))


def layer_name(tensor: str) -> str:
    """Return a name for a layer: of the module that Keras, or another program, names a tensor by.

    Examples
    --------
    >>> layer_name("sequential/conv2d_1/Relu;sequential/conv2d_1/BiasAdd;sequential/conv2d_1/Conv2D")
    'conv2d_1'
    >>> layer_name("model/dense_5/Tensordot/MatMul"), layer_name("StatefulPartitionedCall:0")
    ('dense_5', 'StatefulPartitionedCall')
    """
    path = tensor[:400].partition(";")[0].partition(":")[0].strip("/").split("/")
    modules = [part for part in path[:-1] if part and not part[0].isupper() and part not in _OF_TENSORFLOW]
    return modules[-1] if modules else path[-1]
