"""Weights from PyTorch's layout into that of layers here: channels go last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy.typing as npt

from convoscope.errors import ShapeError
from convoscope.layers.base import Layer, WeightSpec
from convoscope.types import Shape

Array = npt.NDArray[Any]
#: Of each kind of layer, by the name of its weight: the name in PyTorch, and in what order its axes are taken.
_CONVOLUTION = {"kernel": ("weight", (2, 3, 1, 0)), "bias": ("bias", (0,))}
_LAYOUTS: dict[str, dict[str, tuple[str, tuple[int, ...]]]] = {
    "Conv2D": _CONVOLUTION,
    "DepthwiseConv2D": {"kernel": ("weight", (2, 3, 0, 1)), "bias": ("bias", (0,))},
    "Dense": {"kernel": ("weight", (1, 0)), "bias": ("bias", (0,))},
    "BatchNormalization": {
        "gamma": ("weight", (0,)),
        "beta": ("bias", (0,)),
        "moving_mean": ("running_mean", (0,)),
        "moving_variance": ("running_var", (0,)),
    },
}


def prefixes_of(tensors: Iterable[str]) -> set[str]:
    """Return what the names of tensors begin with: the names of the layers."""
    return {tensor.rpartition(".")[0] for tensor in tensors}


def converted(
    layers: Sequence[Layer],
    tensors: Mapping[str, Array],
    names: Mapping[str, str],
    path: str,
    flattened: Mapping[str, Shape],
) -> list[list[Array]]:
    """Return the weights of each layer from the tensors of a PyTorch model.

    Parameters
    ----------
    layers : sequence of Layer
    tensors : mapping of str to array
        As `convoscope.interchange.pytorch.read_checkpoint` returns them.
    names : mapping of str to str
        What each layer of the network is called there.
    path : str
        The file, for messages.
    flattened : mapping of str to tuple of int
        Of each Dense layer behind a Flatten, what that gets: height, width, channels. PyTorch has channels first.

    Raises
    ------
    ShapeError
        A tensor is missing, of another shape, or of no layer of the network.
    """
    known = set(names.values())
    strange = [tensor for tensor in tensors if tensor.rpartition(".")[0] not in known]
    if strange:
        more = f" and {len(strange) - 1} more" if len(strange) > 1 else ""
        raise ShapeError(
            f"{path} does not fit the network: it has tensors that belong to no layer: {strange[0]!r}{more}."
        )
    return [
        [
            _in_order(_weight(layer, spec, tensors, names[layer.name], path), flattened.get(layer.name))
            for spec in layer.specs
        ]
        for layer in layers
    ]


def _in_order(weight: Array, shape: Shape | None) -> Array:
    """Return the kernel of a Dense layer for values that were flattened with the channels last."""
    if shape is None or weight.ndim != 2:
        return weight
    height, width, channels = shape
    reordered: Array = weight.reshape(channels, height, width, -1).transpose(1, 2, 0, 3).reshape(weight.shape)
    return reordered


def _weight(layer: Layer, spec: WeightSpec, tensors: Mapping[str, Array], prefix: str, path: str) -> Array:
    theirs, order = _LAYOUTS[type(layer).__name__][spec.name]
    tensor = tensors.get(f"{prefix}.{theirs}")
    if tensor is None:
        raise ShapeError(f"{path} does not fit the network: it has no {prefix}.{theirs} for {layer.describe()}.")
    turned = tensor.transpose(order) if tensor.ndim == len(order) else tensor
    if turned.shape != spec.shape:
        expected = tuple(spec.shape[order.index(axis)] for axis in range(len(order)))
        raise ShapeError(
            f"{path} does not fit the network: {layer.describe()} takes a {prefix}.{theirs} of shape {expected}, but "
            f"the file's has shape {tensor.shape}."
        )
    return turned
