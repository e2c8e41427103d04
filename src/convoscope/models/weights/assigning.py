"""Which array becomes which weight: collected first, and carried out at once or not at all."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from convoscope.engine.base import Array
from convoscope.errors import ConvoscopeWarning, FileFormatError, ShapeError
from convoscope.layers import moments
from convoscope.layers.base import Layer
from convoscope.types import Shape


class Assignments:
    """Weights that are to become others, out of one file.

    Parameters
    ----------
    path : str
        The file, for messages.
    skip_mismatch : bool
        Whether what does not fit is left out with a warning in place of an error.
    """

    def __init__(self, path: str, skip_mismatch: bool) -> None:
        self.path = path
        self.skip_mismatch = skip_mismatch
        self._pairs: list[tuple[Array, Array]] = []

    def mismatch(self, words: str) -> None:
        """Say that something does not fit: as an error or, where that is asked for, as a warning."""
        if not self.skip_mismatch:
            raise ShapeError(f"{self.path} does not fit the model: {words} skip_mismatch=True leaves it out.")
        warnings.warn(f"{self.path}: left out, because {words}", ConvoscopeWarning, stacklevel=6)

    def fits(self, layer: Layer, shapes: Sequence[Shape | None]) -> bool:
        """Return whether arrays of those shapes are a layer's weights; `mismatch` says it if not."""
        specs = layer.specs
        if len(shapes) != len(specs):
            wanted = ", ".join(f"{spec.name} {spec.shape}" for spec in specs)
            self.mismatch(f"{layer.describe()} has {len(specs)} weights ({wanted}), but the file has {len(shapes)}.")
            return False
        for spec, shape in zip(specs, shapes, strict=True):
            if shape != spec.shape:
                self.mismatch(f"{layer.describe()}, {spec.name}: its shape is {spec.shape}, but the file's is {shape}.")
                return False
        return True

    def add(self, weight: Array, new: Any) -> None:
        """Note that a weight is to become what an array of its shape is."""
        self._pairs.append((weight, new))

    def add_all(self, weights: Iterable[Array], arrays: Iterable[Any]) -> None:
        """Note that for several weights."""
        for weight, new in zip(weights, arrays, strict=True):
            self.add(weight, new)

    def carry_out(self, model: Any) -> None:
        """Set the weights."""
        if not self._pairs and model.own_weights:
            raise FileFormatError(f"{self.path} has no weights that fit model {model.name!r}.")
        with moments.writing():
            for weight, new in self._pairs:
                weight[...] = new

    def fill(self, model: Any) -> None:
        """Give a model that was built without weights what was noted, for all of them.

        Raises
        ------
        FileFormatError
            If there is nothing for some of the weights.
        """
        given = {id(weight): new for weight, new in self._pairs}
        for layer in model.leaf_layers:
            own = layer.own_weights
            if any(id(weight) not in given for weight in own):
                raise FileFormatError(f"{self.path} has no weights for {layer.describe()}. Download or save it again.")
            layer.take_weights([np.require(given[id(weight)], np.float32, "C") for weight in own])
