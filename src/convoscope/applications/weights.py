"""Weights of a network: where they come from, and how they get into the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convoscope.applications.arguments import IMAGENET, Arguments
from convoscope.applications.converting import Array, converted, prefixes_of
from convoscope.applications.published import Published
from convoscope.errors import FileFormatError, ShapeError
from convoscope.interchange.pytorch import is_checkpoint, read_checkpoint
from convoscope.layers.unfilled import building_unfilled
from convoscope.models import Model
from convoscope.types import Shape

#: What each layer of a network is called in a kind of PyTorch's files.
Names = Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Source:
    """Weights for a network: a file, and its tensors if it is one of PyTorch; no file, and they are drawn at random."""

    path: Path | None = None
    tensors: dict[str, Array] | None = None

    @property
    def is_pytorchs(self) -> bool:
        """Whether they come from PyTorch, where some networks differ in their padding and strides."""
        return self.tensors is not None

    def building(self) -> AbstractContextManager[None]:
        """Build layers within this: no first weights are drawn that would be replaced."""
        return building_unfilled() if self.is_pytorchs else nullcontext()

    def fill(self, model: Model, *kinds: Names, flattened: Mapping[str, Shape] | None = None) -> None:
        """Set the weights of a network.

        Parameters
        ----------
        model : Model
        *kinds : mapping of str to str
            The names of its layers in each kind of PyTorch's files.
        flattened : mapping of str to tuple of int
            Of each Dense layer behind a Flatten, what that gets: height, width, channels.
        """
        if self.path is None:
            return
        if self.tensors is None:
            model.load_weights(self.path)
            return
        names = self._of_its_kind(kinds)
        layers = [layer for layer in model.leaf_layers if layer.specs and layer.name in names]
        found = converted(layers, self.tensors, names, str(self.path), flattened or {})
        for layer, weights in zip(layers, found, strict=True):
            if not all(np.isfinite(array).all() for array in weights):
                raise FileFormatError(
                    f"{self.path} is damaged: some values for {layer.describe()} are not finite numbers."
                )
            layer.take_weights([np.array(array, np.float32, order="C") for array in weights])

    def _of_its_kind(self, kinds: Sequence[Names]) -> Names:
        if not kinds:
            raise ShapeError(
                f"{self.path} is a PyTorch file, but this network supports only Keras' weights. Give a file from "
                "Keras or save_weights."
            )
        have = prefixes_of(self.tensors or ())
        return max(kinds, key=lambda names: len(have & set(names.values())))


def source_of(arguments: Arguments, published: Published) -> Source:
    """Return where the weights of a network come from."""
    if arguments.weights is None:
        return Source()
    if arguments.weights == IMAGENET:
        path = published.get(arguments.network, arguments.include_top)
    else:
        path = Path(arguments.weights)
    return Source(path, read_checkpoint(path) if is_checkpoint(path) else None)
