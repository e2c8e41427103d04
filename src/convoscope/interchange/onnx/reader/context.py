"""What operators are given: the values made so far, the graph around them, and how a layer is made with its weights."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from convoscope.interchange.onnx.reader.layout import Value
from convoscope.interchange.onnx.reader.network import OnnxGraph, OnnxNode, UnsupportedError, float_array
from convoscope.interchange.onnx.reader.tensors import Array
from convoscope.layers import Layer
from convoscope.layers.symbols import Symbol
from convoscope.layers.unfilled import building_unfilled

#: What makes the values of a node: one for each output that there is.
Operator = Callable[["Context", OnnxNode], "Value | list[Value]"]
OPERATORS: dict[str, Operator] = {}
#: What stands for the batch axis in shapes that are computed: no size of a network, and no product of any.
FREE_BATCH = 2_147_483_647
#: The most indices or numbers that are laid out for a node beyond those of the file.
MOST_LAID_OUT = 1 << 24
#: The most numbers of all weights and computed constants, beyond 8 for each that is in the file.
MOST_TOGETHER = 1 << 25
#: Nodes that look at no number of an input: which input of theirs that is.
_ASKING = {"Shape": 0, "Size": 0, "CastLike": 1}


def operator(*names: str) -> Callable[[Operator], Operator]:
    """Let a function be the meaning of operators of those names."""

    def register(function: Operator) -> Operator:
        OPERATORS.update(dict.fromkeys(names, function))
        return function

    return register


class Context:
    """The values of a graph while it is made into layers.

    Parameters
    ----------
    graph : OnnxGraph
    batch : int
        How many images the file is for; `FREE_BATCH` if for any number.
    """

    def __init__(self, graph: OnnxGraph, batch: int) -> None:
        self.graph, self.batch = graph, batch
        self.constants: dict[str, Array] = dict(graph.constants)
        self.values: dict[str, Value] = {}
        self._given, self._taken = sum(array.size for array in graph.constants.values()), 0
        self.readers: Counter[str] = graph.readers()
        for node in graph.nodes:  # whoever asks for sizes or a type alone reads no number
            if node.op in _ASKING:
                self.readers[node.input(_ASKING[node.op])] -= 1
        #: The values that are whole numbers in the file.
        self.whole: set[str] = set()
        #: The parts that some nodes make as one output.
        self.sequences: dict[str, list[Value]] = {}
        #: Values that are rows for ONNX, and still have all axes here: a Reshape before a product, and one behind it.
        self.as_rows: set[str] = set()
        self._names: set[str] = set()
        self._reading: dict[str, list[OnnxNode]] = {}
        for node in graph.nodes:
            for name in {*node.inputs}:
                self._reading.setdefault(name, []).append(node)

    # ---- what a node reads

    def value(self, name: str) -> Value:
        """Return a value that is computed. What is read several times cannot be changed for one of its readers."""
        if name not in self.values:
            raise UnsupportedError(
                "it computes only with constants" if name in self.constants else "one of its inputs is missing"
            )
        value = self.values[name]
        return value if self.readers[name] == 1 else replace(value, refit=None)

    def constant(self, name: str, what: str) -> Array:
        """Return a constant: a weight or a setting."""
        if name not in self.constants:
            raise UnsupportedError(f"{what} must be a constant, but is {'computed' if name else 'missing'}")
        return self.constants[name]

    def optional(self, name: str, what: str) -> Array | None:
        """Return a constant, or None where it is left out."""
        return self.constant(name, what) if name else None

    def weight(self, name: str, what: str) -> Array:
        """Return a constant as layers hold weights."""
        return float_array(self.constant(name, what))

    def integers(self, node: OnnxNode, setting: str, number: int) -> list[int] | None:
        """Return whole numbers that are a setting in older opsets and an input in newer ones; None if left out."""
        if setting in node.settings:
            found = node.settings[setting]
        elif node.input(number):
            found = self.constant(node.input(number), setting).reshape(-1).tolist()
        else:
            return None
        numbers = found if isinstance(found, list) else [found]
        if not all(type(each) is int for each in numbers):
            raise UnsupportedError(f"its {setting} must be whole numbers, but are {numbers!r:.60}")
        return numbers

    def number(self, node: OnnxNode, setting: str, place: int, default: float | None) -> float | None:
        """Return a number that is a setting in older opsets and an input in newer ones."""
        if setting in node.settings:
            return float(node.settings[setting])
        array = self.optional(node.input(place), setting)
        if array is None:
            return default
        if array.size != 1:
            raise UnsupportedError(f"{setting} must be one number, but has shape {array.shape}")
        return float(array.reshape(-1)[0])

    def reading(self, name: str) -> list[OnnxNode]:
        """Return the nodes that read a value."""
        return self._reading.get(name, [])

    def also_read(self, node: OnnxNode) -> bool:
        """Return whether somebody reads more of a node than its first output."""
        return any(name and self.readers[name] for name in node.outputs[1:])

    # ---- what it makes

    def give(self, values: int) -> None:
        """Note that so many numbers of the file's are a constant."""
        self._given += values

    def take(self, values: int) -> None:
        """Note that so many numbers are laid out: a weight that many nodes share would be laid out for each.

        Raises
        ------
        UnsupportedError
            They are far more than those of the file.
        """
        self._taken += values
        if self._taken > MOST_TOGETHER + 8 * self._given:
            raise UnsupportedError("with it, the file's constants would be expanded too often")

    def call(self, layer: Layer, inputs: Symbol | Sequence[Symbol], *weights: Array) -> Symbol:
        """Call a layer, with those weights."""
        with building_unfilled():
            symbol = layer(list(inputs) if isinstance(inputs, (list, tuple)) else inputs)
        expected = [spec.shape for spec in layer.specs]
        if [weight.shape for weight in weights] != expected:
            raise UnsupportedError(
                f"its weights have the shapes {[weight.shape for weight in weights]}, but its input needs {expected}"
            )
        self.take(sum(weight.size for weight in weights))
        if expected:
            layer.take_weights([np.array(float_array(weight), np.float32, order="C") for weight in weights])
        found: Symbol = symbol
        return found

    def name(self, node: OnnxNode, weight: str = "", suffix: str = "") -> str:
        """Return a name for a layer: that of the module whose weight it has, or the node's, which none has yet."""
        module = weight.removesuffix(".weight") if weight.endswith(".weight") else ""
        told = module or node.name or node.op.lower()
        plain = re.sub(r"[^A-Za-z0-9_.\-]+", "_", told).strip("_.")[-80:] or node.op.lower()
        plain += f"_{suffix}" if suffix else ""
        name, count = plain, 1
        while name in self._names:
            count += 1
            name = f"{plain}_{count}"
        self._names.add(name)
        return name


def check_laid_out(values: int) -> None:
    """Say so if an array of so many numbers is too large to be laid out for a setting or a constant."""
    if values > MOST_LAID_OUT:
        raise UnsupportedError(f"it needs {values:,} indices or numbers, but at most {MOST_LAID_OUT:,} are possible")


def integer_setting(node: OnnxNode, name: str, default: int) -> int:
    """Return a setting that is a whole number."""
    value: Any = node.setting(name, default)
    if not isinstance(value, int):
        raise UnsupportedError(f"its {name} is not a whole number")
    return value


def real_setting(node: OnnxNode, name: str, default: float) -> float:
    """Return a setting that is a number."""
    value: Any = node.setting(name, default)
    if not isinstance(value, (int, float)) or not np.isfinite(value):
        raise UnsupportedError(f"its {name} is not a finite number")
    return float(value)


def integers_setting(node: OnnxNode, name: str, default: Sequence[int], count: int) -> list[int]:
    """Return a setting that is so many whole numbers."""
    value: Any = node.setting(name, list(default))
    if not isinstance(value, list) or len(value) != count or not all(isinstance(each, int) for each in value):
        raise UnsupportedError(f"its {name} must be {count} whole numbers, for images, but is {value!r:.60}")
    return value


def axis_of(number: int, rank: int) -> int:
    """Return an axis of ONNX's, from 0, of so many, the batch axis included; it may count from the end."""
    if not isinstance(number, int):
        raise UnsupportedError(f"an axis must be a whole number, but is {number!r:.60}")
    found = number + rank if number < 0 else number
    if not 0 <= found < rank:
        raise UnsupportedError(f"it names axis {number} of {rank}")
    return found


def sample_axis(number: int, value: Value, what: str) -> int:
    """Return an axis from 0 without the batch axis, along which `what` is done."""
    found = axis_of(number, len(value.logical) + 1)
    if not found:
        raise UnsupportedError(f"it {what} the batch axis, but images in a batch are independent")
    return found - 1


def image_value(value: Value) -> Value:
    """Return a value that must be an image for ONNX."""
    if len(value.logical) != 3:
        raise UnsupportedError(
            f"it takes images (batch, channels, height, width), but its input has {len(value.logical) + 1} axes"
        )
    return value
