"""Activations and normalisations that a file has as several nodes, found by what these compute.

Exporters write a GELU in five ways. So it is not the spelling that is looked at. A node whose value depends on one
value alone, through operators that treat each number on its own, is a function of one number: it is computed at some
numbers, and compared with the activations that are known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from convoscope import activations
from convoscope.interchange.onnx.reader.network import RECOGNISED, OnnxGraph, OnnxNode
from convoscope.interchange.onnx.reader.tensors import Array

#: The operator of a normalisation that was recognised.
NORMALIZED = "Convoscope.Normalization"
_DEEPEST = 12
_AT = np.concatenate([np.linspace(-9, 9, 181), np.linspace(-1, 1, 40)])


def _erf(x: Array) -> Array:
    found: Array = np.array([math.erf(each) for each in x.reshape(-1)]).reshape(x.shape)
    return found


def _clip(node: OnnxNode, x: Array, *bounds: Array) -> Array:
    told = [node.setting(name) for name in ("min", "max")]
    least, most = (told[n] if told[n] is not None else bounds[n] if n < len(bounds) else None for n in (0, 1))
    found: Array = np.clip(x, -np.inf if least is None else least, np.inf if most is None else most)
    return found


def _hard_sigmoid(node: OnnxNode, x: Array) -> Array:
    found: Array = np.clip(node.setting("alpha", 0.2) * x + node.setting("beta", 0.5), 0, 1)
    return found


def _plain(function: Callable[..., Array]) -> Callable[..., Array]:
    return lambda _, *arrays: function(*arrays)


#: What an operator makes of each number.
_EACH: dict[str, Callable[..., Array]] = {
    "Add": _plain(np.add),
    "Sub": _plain(np.subtract),
    "Mul": _plain(np.multiply),
    "Div": _plain(np.divide),
    "Pow": _plain(np.power),
    "Neg": _plain(np.negative),
    "Abs": _plain(np.abs),
    "Sqrt": _plain(np.sqrt),
    "Reciprocal": _plain(np.reciprocal),
    "Identity": _plain(np.asarray),
    "Cast": _plain(np.asarray),
    "Min": _plain(np.minimum),
    "Max": _plain(np.maximum),
    "Exp": _plain(np.exp),
    "Log": _plain(np.log),
    "Erf": _plain(_erf),
    "Sigmoid": _plain(activations.sigmoid),
    "Tanh": _plain(np.tanh),
    "Softplus": _plain(activations.softplus),
    "Relu": _plain(activations.relu),
    "Clip": _clip,
    "HardSigmoid": _hard_sigmoid,
}
#: Without one of these no chain of nodes is an activation.
_TELLING = {"Abs", "Erf", "Sigmoid", "Tanh", "Softplus", "Clip", "HardSigmoid", "Exp", "Min", "Max", "Relu"}
_ENDS = {"Mul", "Div", "Log", "Min", "Max", "Clip"}


def _gelu_by_tanh(x: Array) -> Array:
    found: Array = 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return found


_KNOWN: dict[str, Callable[[Array], Array]] = {
    **{
        name: activations.BY_NAME[name]
        for name in ("gelu", "silu", "hard_silu", "hard_sigmoid", "mish", "softplus", "softsign", "relu6")
    },
    "gelu_by_tanh": _gelu_by_tanh,
}


def recognise(graph: OnnxGraph) -> None:
    """Put one node in place of those that compute an activation or a normalisation together."""
    makers = {name: node for node in graph.nodes for name in node.outputs if name}
    place = {id(node): number for number, node in enumerate(graph.nodes)}
    scalars = _scalars(graph)
    for number, node in enumerate(graph.nodes):
        found = _normalization(node, makers, scalars) if node.op == "Div" else None
        if found is None and node.op in _ENDS:
            found = _Search(makers, place, scalars).activation(node)
        if found is not None:
            graph.nodes[number] = found
            place[id(found)] = number
            makers.update((name, found) for name in node.outputs if name)
    graph.needed()


def _scalars(graph: OnnxGraph) -> dict[str, Array]:
    """Return the constants that are one number, those of Constant nodes among them."""
    found = {name: array for name, array in graph.constants.items() if array.size == 1}
    for node in graph.nodes:
        if node.op == "Constant":
            value = node.setting("value", node.setting("value_float"))
            if isinstance(value, float) or (isinstance(value, np.ndarray) and value.size == 1):
                found[node.outputs[0]] = np.asarray(value)
        elif node.op in ("Identity", "Cast") and node.input(0) in found:
            found[node.outputs[0]] = found[node.input(0)]
    return {
        name: np.asarray(array, np.float64).reshape(()) for name, array in found.items() if array.dtype.kind in "fiu"
    }


class _Search:
    """The function that leads to a node from some value before it."""

    def __init__(self, makers: dict[str, OnnxNode], place: dict[int, int], scalars: dict[str, Array]) -> None:
        self.makers, self.place, self.scalars = makers, place, scalars

    def activation(self, last: OnnxNode) -> OnnxNode | None:
        """Return one node in place of those that lead to this one, if they are an activation."""
        within, found = [last], None
        frontier = self._computed(last)
        for _ in range(_DEEPEST):
            if len(frontier) == 1 and len(within) > 1 and _TELLING & {node.op for node in within}:
                (start,) = frontier
                name = self._name(within, start, last)
                found = _as_node(last, start, name) if name else found
            latest = max(frontier, key=lambda name: self.place.get(id(self.makers.get(name)), -1), default="")
            node = self.makers.get(latest)
            if node is None or node.op not in _EACH or len(node.outputs) != 1:
                break
            within.append(node)
            frontier = (frontier - {latest}) | self._computed(node)
        return found

    def _computed(self, node: OnnxNode) -> set[str]:
        return {name for name in node.inputs if name and name not in self.scalars}

    def _name(self, nodes: Sequence[OnnxNode], start: str, last: OnnxNode) -> str | None:
        values: dict[str, Any] = {**self.scalars, start: _AT}
        with np.errstate(all="ignore"):
            for node in sorted(nodes, key=lambda node: self.place[id(node)]):
                try:
                    made = _EACH[node.op](node, *(values[name] for name in node.inputs if name))
                except (KeyError, TypeError, ValueError):
                    return None
                values[node.outputs[0]] = made
            result = values[last.outputs[0]]
            for name, function in _KNOWN.items():
                if np.shape(result) == _AT.shape and np.allclose(result, function(_AT), rtol=1e-5, atol=1e-5):
                    return name
        return None


def _as_node(node: OnnxNode, start: str, name: str) -> OnnxNode:
    if name == "gelu_by_tanh":
        return OnnxNode("Gelu", node.name, [start], node.outputs, {"approximate": b"tanh"})
    return OnnxNode(RECOGNISED, node.name, [start], node.outputs, {"activation": name.encode()})


def _normalization(last: OnnxNode, makers: dict[str, OnnxNode], scalars: dict[str, Array]) -> OnnxNode | None:
    """Return one node for (x - mean) / sqrt(mean of squares + epsilon)."""

    def maker(name: str, *ops: str) -> OnnxNode | None:
        node = makers.get(name)
        while node is not None and node.op in ("Cast", "Identity"):
            node = makers.get(node.input(0))
        return node if node is not None and node.op in ops else None

    centred, root = maker(last.input(0), "Sub"), maker(last.input(1), "Sqrt")
    shifted = maker(root.input(0), "Add") if root else None
    if centred is None or shifted is None:
        return None
    mean = maker(centred.input(1), "ReduceMean")
    for place in (0, 1):
        epsilon, variance = scalars.get(shifted.input(place)), maker(shifted.input(1 - place), "ReduceMean")
        squares = maker(variance.input(0), "Pow", "Mul") if variance else None
        if mean is None or variance is None or squares is None or epsilon is None:
            continue
        twice = squares.input(1) == squares.input(0) if squares.op == "Mul" else scalars.get(squares.input(1)) == 2
        same = maker(squares.input(0), "Sub") is not None and _same_difference(maker(squares.input(0), "Sub"), centred)
        axes = [_axes(node) for node in (mean, variance)]
        if twice and same and mean.input(0) == centred.input(0) and axes[0] == axes[1] and axes[0]:
            settings = {"axes": axes[0], "epsilon": float(epsilon)}
            return OnnxNode(NORMALIZED, last.name, [centred.input(0)], last.outputs, settings)
    return None


def _same_difference(one: OnnxNode | None, other: OnnxNode) -> bool:
    return one is other or (one is not None and one.inputs == other.inputs)


def _axes(node: OnnxNode) -> list[int] | None:
    found = node.setting("axes")
    return list(found) if isinstance(found, list) and node.setting("keepdims", 1) else None
