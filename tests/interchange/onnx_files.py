"""ONNX files of models in tests: made, checked, and run by whatever runs them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from tests.applications.seeded import weight
from tests.layers.rows import ROWS, Row, weights_for
from tests.models.functional_networks import NETWORKS, drawn_weights

import convoscope as cs
from convoscope import applications
from convoscope.interchange.onnx import metadata
from convoscope.interchange.onnx.writer.file import content_of
from convoscope.layers import deserialize, serialize
from convoscope.models import Model

Array = npt.NDArray[Any]
#: What runs a file: the bytes and the inputs by their names give the outputs.
Running = Callable[[bytes, dict[str, Array]], Sequence[Any]]
#: Each layer that computes anything.
LAYERS = [row for row in ROWS if type(row.layer).__name__ != "InputLayer"]


def model_of(row: Row) -> Any:
    """Return a model of a row's layer alone, with random weights."""
    layer = deserialize(serialize(row.layer))
    inputs = [cs.Input(shape=shape) for shape in row.shapes]
    model = Model(inputs, layer(inputs if row.joins else inputs[0]))
    layer.set_weights([weight.astype(np.float32) for weight in weights_for(row, np.random.default_rng(2))])
    return model


def network(name: str) -> Any:
    """Return one of the networks between symbols, with its weights."""
    cs.utils.clear_session()
    model = NETWORKS[name](cs)
    model.set_weights(drawn_weights([weight.shape for weight in model.get_weights()]))
    return model


def known_network(name: str, **options: Any) -> Any:
    """Return a network of `convoscope.applications`, with weights under which it neither dies out nor explodes."""
    model = getattr(applications, name)(weights=None, **options)
    for layer in model.leaf_layers:
        depthwise = "depthwise" in type(layer).__name__.lower()
        layer.set_weights(
            [
                weight(f"{layer.name}/{spec.name}", spec.shape, math.prod(spec.shape[: 2 if depthwise else -1]))
                for spec in layer.specs
            ]
        )
    _let_all_classes_count(model)
    return model


def _let_all_classes_count(model: Any) -> None:
    """Shrink the classifier's weights until no probability vanishes: of 1 and 999 zeros little can be compared."""
    head = [layer for layer in model.leaf_layers if layer.specs][-1]
    while model.predict(inputs_of(model, 1)[0], verbose=0).min() < 1e-6:
        head.set_weights([weights / 2 for weights in head.get_weights()])


def inputs_of(model: Any, count: int) -> list[Array]:
    """Return random inputs, so many of each; bytes for a model that knows how photos are prepared."""
    generator = np.random.default_rng(count)
    if model.preprocessing is not None:
        return [generator.integers(0, 256, (count, *model.graph.input_shapes[0])).astype(np.uint8)]
    return [generator.normal(size=(count, *shape)).astype(np.float32) for shape in model.graph.input_shapes]


def fed(content: bytes, arrays: Sequence[Array]) -> dict[str, Array]:
    """Return arrays by the names of a file's inputs."""
    names = [value.name for value in onnx.load_from_string(content).graph.input]
    return dict(zip(names, arrays, strict=True))


def checked(content: bytes) -> Any:
    """Return what is in a file that ONNX's checker finds right, with the shapes that follow from its nodes."""
    whole = onnx.load_from_string(content)
    onnx.checker.check_model(whole, full_check=True)
    return whole


def largest_difference(model: Any, run: Running, counts: Sequence[int] = (1, 7), **options: Any) -> float:
    """Return by how much a file's outputs differ from the model's at most, as a share of the largest output."""
    content = content_of(model, **options)
    found = 0.0
    for count in counts:
        arrays = inputs_of(model, count)
        wanted = model.predict(arrays if len(arrays) > 1 else arrays[0], verbose=0)
        given = [_turned(array, (0, 3, 1, 2)) if options.get("nchw") else array for array in arrays]
        outputs = run(content, fed(content, given))
        for ours, theirs in zip(wanted if isinstance(wanted, list) else [wanted], outputs, strict=True):
            there = _turned(theirs, (0, 2, 3, 1)) if options.get("nchw") else theirs
            assert there.shape == ours.shape
            assert there.dtype == np.float32
            found = max(found, float(np.abs(there - ours).max() / max(np.abs(ours).max(), 1e-30)))
    return found


def restored(content: bytes) -> Any:
    """Return the model that the description in a file is of."""
    whole = onnx.load_from_string(content)
    arrays = {each.name: onnx.numpy_helper.to_array(each) for each in whole.graph.initializer}
    told = {each.key: each.value for each in whole.metadata_props}
    wiring = [(node.op_type, node.input, node.output) for node in whole.graph.node]
    return metadata.restored(told[metadata.KEY], arrays, wiring, "model.onnx")


def _turned(array: Array, order: tuple[int, ...]) -> Array:
    return array.transpose(order) if array.ndim == 4 else array
