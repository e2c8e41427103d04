"""A layer called on arrays: what it makes of them, at once, without a model around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from convoscope.engine.base import Array, plain
from convoscope.errors import DataError, ShapeError
from convoscope.layers.base import Layer
from convoscope.layers.graph import Graph
from convoscope.layers.input import Input
from convoscope.models.prepared import Prepared
from convoscope.tensors import Tensor, tensor
from convoscope.types import Shape

#: Each layer's calls by the shapes of what it was called on.
_prepared: WeakKeyDictionary[Layer, dict[tuple[Shape, ...], Prepared]] = WeakKeyDictionary()


def compute(layer: Layer, inputs: Any, training: bool | None = None) -> Tensor:
    """Return what a layer makes of an array (N, ...), or of a list of them where it takes several.

    Parameters
    ----------
    layer : Layer
    inputs : array or list of arrays
        A batch. Layers for images take one image (H, W, C) as well, and give one back.
    training : bool, optional
        Whether to compute as in training. Left out, layers that vary images do vary them, as in Keras, and others
        compute as in prediction.

    Raises
    ------
    ShapeError
        If the layer does not take arrays of those shapes.
    DataError
        If it is called on something else than numbers.
    """
    arrays = _arrays(layer, inputs)
    varied = layer.varies_images if training is None else bool(training)
    try:
        return tensor(_run(layer, arrays, varied))
    except ShapeError:
        if len(arrays) != 1 or arrays[0].ndim != 3:
            raise
        return tensor(_run(layer, [arrays[0][None]], varied)[0])


def _arrays(layer: Layer, inputs: Any) -> list[Array]:
    several = isinstance(inputs, (list, tuple)) and all(hasattr(each, "__array__") for each in inputs)
    arrays = []
    for given in inputs if several else [inputs]:
        array = np.asarray(given)
        if array.dtype.kind not in "fiub" or array.ndim < 1:
            raise DataError(
                f"{layer.describe()} was called on {type(given).__name__}: a layer is called on a symbol, such as "
                "Input(shape=(28, 28, 1)), or on an array of numbers whose first axis counts the samples."
            )
        arrays.append(np.ascontiguousarray(array, np.float32))
    return arrays


def _run(layer: Layer, arrays: Sequence[Array], training: bool) -> Array:
    shapes = tuple(array.shape[1:] for array in arrays)
    known = _prepared.setdefault(layer, {})
    if shapes not in known:
        symbols = [Input(shape=shape, name="input") for shape in shapes]
        node = layer.apply(symbols)
        known[shapes] = Prepared(Graph.of(symbols, [node], node.outputs))
    prepared = known[shapes]
    found: Array = prepared.outputs_in_training(arrays)[0] if training else prepared.executable().forward(plain(arrays))
    return found
