"""Filters: a convolution's kernels as images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, SupportsIndex

import numpy as np

from convoscope import drawing
from convoscope.engine.base import Array
from convoscope.errors import ConfigurationError
from convoscope.explore.calls import call_at, convolution_at, name_at
from convoscope.layers import Conv2D, Layer
from convoscope.models.network import Network


@dataclass(frozen=True, eq=False)
class Filters:
    """A convolution's kernels.

    Attributes
    ----------
    layer : str
    kernels : array (filters, height, width, channels)
        A copy.
    biases : array (filters,)
        Zeros if the layer has none.

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Conv2D(8, (3, 5), input_shape=(28, 28, 3))])
    >>> result = cs.explore.filters(model)
    >>> result.kernels.shape, result.biases.tolist()
    ((8, 3, 5, 3), [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    """

    layer: str
    kernels: Array
    biases: Array

    def plot(self, channel: int = 0, most: int = 64) -> Any:
        """Show one input channel of up to `most` kernels, on one scale: red is positive, blue negative, white 0.

        Examples
        --------
        >>> import convoscope as cs
        >>> model = cs.Sequential([cs.layers.Conv2D(4, 3, input_shape=(8, 8, 1))])
        >>> figure = cs.explore.filters(model).plot()
        >>> figure.axes[0].images[0].get_array().shape
        (3, 3)
        """
        shown = self.kernels[:most, :, :, channel]
        made, axes = drawing.figure(*drawing.grid(len(shown)), size=0.9, title=f"{self.layer}, input channel {channel}")
        high = float(np.abs(self.kernels).max()) or 1.0
        for panel, kernel in zip(axes.flat, shown, strict=False):
            panel.imshow(kernel, cmap=drawing.SIGNED, vmin=-high, vmax=high)
        drawing.hide_unused(axes, len(shown))
        return made


def filters(model: Network, layer: Layer | str | SupportsIndex | None = None) -> Filters:
    """Return a convolution's kernels as images.

    Parameters
    ----------
    model : Sequential or Model
    layer : layer, name or index, optional
        A convolution; if left out, the first, whose kernels are applied to the image itself.

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Conv2D(4, 3, input_shape=(8, 8, 1))])
    >>> filters(model).kernels.shape
    (4, 3, 3, 1)
    """
    index = convolution_at(model, layer, "filters", 0)
    found = call_at(model, index).layer
    if not isinstance(found, Conv2D):
        raise ConfigurationError(
            f"filters shows the kernels of a convolution, but {found.describe()} is not a convolution."
        )
    kernel = found.own_weights[0]
    biases = found.own_weights[1].copy() if found.use_bias else np.zeros(found.filters, np.float32)
    return Filters(name_at(model, index), np.moveaxis(kernel, -1, 0).copy(order="C"), biases)
