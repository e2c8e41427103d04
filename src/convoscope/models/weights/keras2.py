"""Keras 2's files of weights: ``.h5``, which Keras 3 still reads, with weights alone or a whole model.

Each layer of the model is a group with its name, and has a list of its arrays; those that learn come first, also in a
model that counts as one layer. Layers are taken in their order, those without weights left out, or by their names.
"""

from __future__ import annotations

import io
from typing import Any

from convoscope.engine.base import Array
from convoscope.layers import moments
from convoscope.models.weights import hdf5
from convoscope.models.weights.assigning import Assignments

_WHOLE_MODEL = "model_weights"  # where the weights stand in the file of a whole model


def is_of_this_kind(file: Any) -> bool:
    """Return whether a file has its layers as Keras 2 writes them."""
    return _has_layers(file) or hdf5.group_in(file, _WHOLE_MODEL) is not None


def _has_layers(group: Any) -> bool:
    return "layer_names" in group.attrs or "layer_names0" in group.attrs


def written(model: Any) -> bytes:
    """Return the file of a model's weights."""
    content = io.BytesIO()
    with moments.reading(), hdf5.written(content) as file:
        write(file, model)
    return content.getvalue()


def write(file: Any, model: Any) -> None:
    """Write a model's weights into an HDF5 file, or into a group of one."""
    hdf5.write_names(file, "layer_names", [layer.name for layer in model.layers])
    file.attrs["backend"] = b"convoscope"
    file.attrs["keras_version"] = b"3.0.0"  # whose order of arrays it is
    for layer in sorted(model.layers, key=lambda layer: str(layer.name)):
        group = file.create_group(layer.name)
        weights = _ordered(layer)
        names = [f"{layer.name}/{number}" for number in range(len(weights))]
        hdf5.write_names(group, "weight_names", names)
        for name, weight in zip(names, weights, strict=True):
            group.create_dataset(name, data=weight)


def find(file: Any, model: Any, found: Assignments, *, by_name: bool) -> None:
    """Note what becomes of each weight of the model."""
    layers = file if _has_layers(file) else hdf5.group_in(file, _WHOLE_MODEL)
    saved = [(name, group) for name in hdf5.names_in(layers, "layer_names") if (group := _group(layers, name))]
    if by_name:
        known = dict(saved)
        for layer in model.layers:
            if layer.name in known:
                _find_layer(known[layer.name], layer, found)
        return
    saved = [(name, group) for name, group in saved if hdf5.names_in(group, "weight_names")]
    own = [layer for layer in model.layers if _ordered(layer)]
    if len(saved) != len(own):
        found.mismatch(
            f"model {model.name!r} has {len(own)} layers with weights, but the file has {len(saved)} "
            f"({', '.join(name for name, _ in saved[:8])}{', ...' if len(saved) > 8 else ''})."
        )
        return
    for (_, group), layer in zip(saved, own, strict=True):
        _find_layer(group, layer, found)


def _group(layers: Any, name: str) -> Any:
    group = hdf5.group_in(layers, name)
    return group if group is not None else None


def _find_layer(group: Any, layer: Any, found: Assignments) -> None:
    weights, names = _ordered(layer), hdf5.names_in(group, "weight_names")
    if len(names) != len(weights):
        found.mismatch(f"{layer.describe()} has {len(weights)} weights, but the file has {len(names)}.")
        return
    for number, (name, weight) in enumerate(zip(names, weights, strict=True)):
        shape = hdf5.shape_of(group, name)
        if shape == weight.shape:
            found.add(weight, hdf5.array_in(group, name))
        else:
            found.mismatch(
                f"{layer.describe()}, weight {number}: its shape is {weight.shape}, but the file's is {shape}."
            )


def _ordered(layer: Any) -> list[Array]:
    """Return a layer's weights, those that learn first."""
    learned = list(layer.own_trainable_weights)
    ids = {id(weight) for weight in learned}
    return [*learned, *(weight for weight in layer.own_weights if id(weight) not in ids)]
