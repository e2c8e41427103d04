"""What writers have in common, whatever they write: names, and a layer's call with its weights."""

from __future__ import annotations

import keyword
import re
from collections.abc import Container
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from convoscope.layers.base import Layer
from convoscope.layers.graph import Call
from convoscope.types import Shape


@dataclass
class Called:
    """One call of a layer.

    Attributes
    ----------
    call : Call
    name : str
        What the layer is called in the source.
    """

    call: Call
    name: str

    @property
    def layer(self) -> Layer:
        """The layer that is called."""
        return self.call.layer

    @property
    def shape(self) -> Shape:
        """The shape of the first input, without the batch axis."""
        return self.call.input_shapes[0]

    @property
    def made(self) -> Shape:
        """The shape of the output, without the batch axis."""
        return self.call.output_shape

    def weight(self, name: str) -> npt.NDArray[np.float32] | None:
        """Return one of the layer's weights; None if it does without."""
        for spec, weight in zip(self.layer.specs, self.layer.own_weights, strict=True):
            if spec.name == name:
                return np.asarray(weight)
        return None


def weights_of(layer: Layer) -> dict[str, npt.NDArray[np.float32]]:
    """Return a layer's weights by their names."""
    return {spec.name: weight for spec, weight in zip(layer.specs, layer.own_weights, strict=True)}


def identifier(name: str, taken: set[str], reserved: Container[str] = ()) -> str:
    """Return a name that Python and C take, that nobody has yet, and that is like the given one; it is then taken.

    Parameters
    ----------
    name : str
    taken : set of str
    reserved : container of str
        Names that mean something else; an underscore is put behind them.

    Examples
    --------
    >>> identifier("block 1/conv", set()), identifier("class", set()), identifier("2nd", {"_2nd"})
    ('block_1_conv', 'class_', '_2nd_1')
    """
    base = re.sub(r"\W", "_", name, flags=re.ASCII).strip("_") or "layer"
    if base[0].isdigit():
        base = f"_{base}"
    if keyword.iskeyword(base) or base in reserved:
        base = f"{base}_"
    free, number = base, 0
    while free in taken:
        number += 1
        free = f"{base}_{number}"
    taken.add(free)
    return free
