"""Activations that a file has as several nodes, found by what these compute.

Exporters write a GELU in five ways. So it is not the spelling that is looked at. A node whose value depends on one
value alone, through operators that treat each number on its own, is a function of one number: it is computed at some
numbers, and compared with the activations that are known. `normalizing` has the normalizations, found by their nodes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from convoscope import activations
from convoscope.interchange.onnx.reader.joined import joined
from convoscope.interchange.onnx.reader.network import ODD, RECOGNIZED, OnnxGraph, OnnxNode
from convoscope.interchange.onnx.reader.normalizing import Search, normalization
from convoscope.interchange.onnx.reader.tensors import Array

#: The operator of a ReLU with a threshold, a slope below it or a largest value that was recognized.
RECTIFIED = "Convoscope.Rectifier"
_DEEPEST, _FAR = 12, 1e6
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


def _elu(node: OnnxNode, x: Array) -> Array:
    found: Array = np.where(x > 0, x, node.setting("alpha", 1.0) * np.expm1(np.minimum(x, 0)))
    return found


def _recognized(node: OnnxNode, x: Array) -> Array:
    return activations.BY_NAME[node.text("activation")](x)


def _rectified(node: OnnxNode, x: Array) -> Array:
    threshold, slope, most = (node.setting(name) for name in ("threshold", "negative_slope", "max_value"))
    found: Array = np.where(x > threshold, np.minimum(x, np.inf if most is None else most), slope * (x - threshold))
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
    "Greater": _plain(np.greater),
    "GreaterOrEqual": _plain(np.greater_equal),
    "Less": _plain(np.less),
    "LessOrEqual": _plain(np.less_equal),
    "Where": _plain(np.where),
    "Elu": _elu,
    RECOGNIZED: _recognized,
    RECTIFIED: _rectified,
}
_COMPARING = {"Greater", "GreaterOrEqual", "Less", "LessOrEqual"}
#: Without one of these no chain of nodes is an activation.
_TELLING = {"Abs", "Erf", "Sigmoid", "Tanh", "Softplus", "Clip", "HardSigmoid", "Exp", "Min", "Max", "Relu"}
_TELLING |= {"Elu", *_COMPARING, RECOGNIZED, RECTIFIED}
_ENDS = {"Add", "Mul", "Div", "Log", "Min", "Max", "Clip", "Where", "Sub"}


def _gelu_by_tanh(x: Array) -> Array:
    found: Array = 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return found


_Function = Callable[[Array], "Array | None"]
_KNOWN: dict[str, Callable[[Array], Array]] = {
    **{
        name: activations.BY_NAME[name]
        for name in ("gelu", "silu", "hard_silu", "hard_sigmoid", "mish", "softplus", "softsign", "relu6", "selu")
    },
    "gelu_by_tanh": _gelu_by_tanh,
}


def recognize(graph: OnnxGraph) -> None:
    """Put one node in place of those that compute something together that is one layer of ours."""
    makers = {name: node for node in graph.nodes for name in node.outputs if name}
    place = {id(node): number for number, node in enumerate(graph.nodes)}
    scalars = _scalars(graph)
    search = Search(graph.constants, makers, scalars)
    for number, node in enumerate(graph.nodes):
        try:
            found = normalization(search, node) or joined(search, node)
            if found is None and node.op in _ENDS:
                found = _Search(makers, place, scalars).activation(node)
        except ODD:
            continue  # the node's own operator says what is wrong
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
        elif node.op in ("Identity", "Cast", "CastLike") and node.input(0) in found:
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
                function = self._function(within, start, last)
                found = _activation(function, last, start) or self._rectifier(within, function, last, start) or found
            latest = max(frontier, key=lambda name: self.place.get(id(self.makers.get(name)), -1), default="")
            node = self.makers.get(latest)
            if node is None or node.op not in _EACH or len(node.outputs) != 1:
                break
            within.append(node)
            frontier = (frontier - {latest}) | self._computed(node)
        return found

    def _computed(self, node: OnnxNode) -> set[str]:
        return {name for name in node.inputs if name and name not in self.scalars}

    def _function(self, nodes: Sequence[OnnxNode], start: str, last: OnnxNode) -> _Function:
        """Return what computes the nodes; it gives None where they cannot be computed so."""
        ordered = sorted(nodes, key=lambda node: self.place[id(node)])

        def computed(x: Array) -> Array | None:
            values: dict[str, Any] = {**self.scalars, start: x}
            with np.errstate(all="ignore"):
                for node in ordered:
                    try:
                        made = _EACH[node.op](node, *(values[name] for name in node.inputs if name))
                    except (KeyError, TypeError, ValueError):
                        return None
                    values[node.outputs[0]] = made
            result: Array = values[last.outputs[0]]
            return result if np.shape(result) == x.shape else None

        return computed

    def _rectifier(self, nodes: Sequence[OnnxNode], function: _Function, last: OnnxNode, start: str) -> OnnxNode | None:
        """Return one node for x above a threshold, up to a largest value, and a share of x - threshold below it."""
        thresholds = {float(node.setting("threshold")) for node in nodes if node.op == RECTIFIED}
        for node in nodes:
            if node.op in _COMPARING:
                thresholds.update(float(self.scalars[name]) for name in node.inputs if name in self.scalars)
        if len(thresholds) != 1:
            return None
        (threshold,) = thresholds
        told = function(threshold + np.array([-1.0, _FAR]))
        if told is None or not np.isfinite(told).all():
            return None
        slope, top = -float(told[0]) or 0.0, float(told[1])
        most = None if top > threshold + _FAR / 2 else top
        if min(threshold, slope, top) < 0:
            return None
        settings = {"threshold": threshold, "negative_slope": slope, "max_value": most}
        made = OnnxNode(RECTIFIED, last.name, [start], last.outputs, settings, title=last.title)
        at = np.concatenate([_AT + threshold, _AT + (0.0 if most is None else most)])
        at = at[np.abs(at - threshold) > 1e-6]  # on it, nodes may say either
        found = function(at)
        same = found is not None and np.allclose(found, _rectified(made, at), rtol=1e-6, atol=1e-6)
        return made if same else None


def _activation(function: _Function, last: OnnxNode, start: str) -> OnnxNode | None:
    """Return one node for a function that is a known activation."""
    result = function(_AT)
    if result is None:
        return None
    with np.errstate(all="ignore"):
        near = (name for name, known in _KNOWN.items() if np.allclose(result, known(_AT), rtol=1e-5, atol=1e-5))
        name = next(near, None)
    return None if name is None else _as_node(last, start, name)


def _as_node(node: OnnxNode, start: str, name: str) -> OnnxNode:
    if name == "gelu_by_tanh":
        return OnnxNode("Gelu", node.name, [start], node.outputs, {"approximate": b"tanh"})
    return OnnxNode(RECOGNIZED, node.name, [start], node.outputs, {"activation": name.encode()})
