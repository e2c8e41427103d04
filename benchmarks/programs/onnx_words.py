"""Networks as ONNX files, channels first, as ONNX has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from benchmarks import networks
from benchmarks.networks import Network, Shape


def build(network: Network) -> bytes:
    """Return the file of a network with its first weights; its input is called "image"."""
    writer = _Writer(network)
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", *_channels_first(network.input)])
    last = writer.written(network.layers, network.input, "image")
    shape = _channels_first(network.shapes()[-1])
    classes = helper.make_tensor_value_info(last, TensorProto.FLOAT, ["batch", *shape])
    graph = helper.make_graph(writer.nodes, network.name, [image], [classes], writer.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


def images_for(images: Any) -> Any:
    """Return images (N, height, width, channels) as the network takes them."""
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2))


def _channels_first(shape: Shape) -> Shape:
    return (*shape[-1:], *shape[:-1])


class _Writer:
    """Nodes and constants of a graph, layer by layer, from weights in Keras' order."""

    def __init__(self, network: Network) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._arrays = iter(networks.weights(network))
        self._flattened: Shape | None = None  # what was flattened right before a dense layer

    def written(self, layers: tuple[networks.Layer, ...], shape: Shape, value: str) -> str:
        """Write layers in a row; return the name of what comes out."""
        for layer in layers:
            value = _WRITERS[type(layer)](self, layer, shape, value)
            shape = layer.output(shape)
        return value

    def join(self, layer: networks.Join, shape: Shape, value: str) -> str:
        branches = [self.written(branch, shape, value) for branch in layer.branches]
        operator, settings = _JOINS[layer.how]
        return self._node(operator, branches, **settings)

    def convolution(self, layer: networks.Conv, shape: Shape, value: str) -> str:
        names = [value, self._constant(next(self._arrays).transpose(3, 2, 0, 1))]
        names += [self._constant(next(self._arrays))] if layer.bias else []
        return self._activated(layer.activation, self._node("Conv", names, **_window(layer, layer.kernel)))

    def depthwise(self, layer: networks.Depthwise, shape: Shape, value: str) -> str:
        kernel = self._constant(next(self._arrays).transpose(2, 3, 0, 1))
        return self._node("Conv", [value, kernel], group=shape[-1], **_window(layer, layer.kernel))

    def transposed(self, layer: networks.Transposed, shape: Shape, value: str) -> str:
        kernel = self._constant(next(self._arrays).transpose(3, 2, 0, 1))
        return self._node(
            "ConvTranspose", [value, kernel, self._constant(next(self._arrays))], strides=[layer.size] * 2
        )

    def pooling(self, layer: networks.Pool, shape: Shape, value: str) -> str:
        operator = "MaxPool" if layer.kind == "max" else "AveragePool"
        return self._node(operator, [value], **_window(layer, layer.size))

    def normalization(self, layer: networks.BatchNorm, shape: Shape, value: str) -> str:
        names = [self._constant(next(self._arrays)) for _ in range(4)]
        return self._node("BatchNormalization", [value, *names], epsilon=layer.epsilon)

    def rectifier(self, layer: networks.Relu, shape: Shape, value: str) -> str:
        if layer.limit is None:
            return self._node("Relu", [value])
        bounds = [self._constant(np.array(bound, np.float32)) for bound in (0, layer.limit)]
        return self._node("Clip", [value, *bounds])

    def flatten(self, layer: networks.Flatten, shape: Shape, value: str) -> str:
        self._flattened = shape
        return self._node("Flatten", [value])

    def average(self, layer: networks.GlobalAverage, shape: Shape, value: str) -> str:
        return self._node("Flatten", [self._node("GlobalAveragePool", [value])])

    def maps(self, layer: networks.Maps, shape: Shape, value: str) -> str:
        return self._node("Reshape", [value, self._constant(np.array([0, 0, 1, 1], np.int64))])

    def dense(self, layer: networks.Dense, shape: Shape, value: str) -> str:
        kernel = next(self._arrays)
        if self._flattened is not None:
            kernel = kernel.reshape(*self._flattened, -1).transpose(2, 0, 1, 3).reshape(shape[0], -1)
            self._flattened = None
        value = self._node("Gemm", [value, self._constant(kernel), self._constant(next(self._arrays))])
        return self._activated(layer.activation, value)

    def _activated(self, activation: str | None, value: str) -> str:
        if activation is None:
            return value
        return self._node(activation.capitalize(), [value], **({"axis": 1} if activation == "softmax" else {}))

    def _node(self, operator: str, values: list[str], **settings: Any) -> str:
        output = f"value_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, values, [output], **settings))
        return output

    def _constant(self, array: Any) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name


_WRITERS: dict[type, Callable[[_Writer, Any, Shape, str], str]] = {
    networks.Join: _Writer.join,
    networks.Conv: _Writer.convolution,
    networks.Depthwise: _Writer.depthwise,
    networks.Transposed: _Writer.transposed,
    networks.Pool: _Writer.pooling,
    networks.BatchNorm: _Writer.normalization,
    networks.Relu: _Writer.rectifier,
    networks.Flatten: _Writer.flatten,
    networks.GlobalAverage: _Writer.average,
    networks.Maps: _Writer.maps,
    networks.Dense: _Writer.dense,
}
_JOINS: dict[str, tuple[str, dict[str, Any]]] = {
    "add": ("Add", {}),
    "multiply": ("Mul", {}),
    "concatenate": ("Concat", {"axis": 1}),
}


def _window(layer: Any, size: int) -> dict[str, Any]:
    """Return the attributes of a window: "same" is TensorFlow's, which ONNX knows by a name of its own."""
    padding = "SAME_UPPER" if layer.padding == "same" else "VALID"
    return {"kernel_shape": [size] * 2, "strides": [layer.stride or size] * 2, "auto_pad": padding}
