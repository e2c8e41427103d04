"""Dead filters: channels that say the same of every image, and so nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from convoscope import drawing
from convoscope.engine.base import Array
from convoscope.explore.calls import call_at, calls_of, name_at, readers_of
from convoscope.explore.submodels import as_inputs, input_batches, outputs_at
from convoscope.layers import (
    ELU,
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    LeakyReLU,
    ReLU,
)
from convoscope.models.network import Network

# What belongs to the convolution or dense layer before it: a filter is judged by what leaves these.
_FOLLOWERS = (ELU, Activation, BatchNormalization, Dropout, LeakyReLU, ReLU)


@dataclass(frozen=True, eq=False)
class DeadFilters:
    """The range of each channel's values over all images and positions.

    Attributes
    ----------
    layers : tuple of str
        The convolutions and inner dense layers.
    minima, maxima : tuple of arrays (channels,)
        Each channel's smallest and largest value, after activation and normalization.

    Examples
    --------
    >>> result = DeadFilters(("conv2d",), (np.array([0.0, 0.0, 0.5]),), (np.array([2.0, 0.0, 0.5]),))
    >>> result.dead  # channel 1 is always 0, and channel 2 always 0.5
    {'conv2d': [1, 2]}
    """

    layers: tuple[str, ...]
    minima: tuple[Array, ...]
    maxima: tuple[Array, ...]

    @property
    def dead(self) -> dict[str, list[int]]:
        """For each layer, the channels that never change."""
        each = zip(self.layers, self.minima, self.maxima, strict=True)
        return {name: np.flatnonzero(low == high).tolist() for name, low, high in each}

    def plot(self) -> Any:
        """Show each layer's channels as bars from smallest to largest value; dead ones are marked in red.

        Examples
        --------
        >>> figure = DeadFilters(("conv2d",), (np.array([0.0, 0.0]),), (np.array([2.0, 0.0]),)).plot()
        >>> len(figure.axes)
        1
        """
        made, axes = drawing.figure(max(1, len(self.layers)), 1, size=2.0)
        made.set_size_inches(8, 2.0 * max(1, len(self.layers)))
        for panel, name, low, high in zip(axes.flat, self.layers, self.minima, self.maxima, strict=False):
            at, dead = np.arange(len(low)), low == high
            panel.bar(at, high - low, bottom=low)
            panel.plot(at[dead], low[dead], "rx")
            panel.set_title(drawing.plain(f"{name}: {dead.sum()} of {len(low)} dead"), fontsize=8)
        return made


def dead_filters(model: Network, images: Any) -> DeadFilters:
    """Find the filters and inner neurons that have the same value everywhere, in all images.

    After a ReLU that value is 0: the filter's sum was never above it. The layer that makes the prediction is left out.

    Parameters
    ----------
    model : Sequential or Model
    images : array (N, *input_shape)
        Enough of them for a conclusion: a thousand rather than ten.

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Conv2D(2, 1, activation="relu", use_bias=False, input_shape=(2, 2, 1))])
    >>> model.set_weights([np.array([1.0, -1.0]).reshape(1, 1, 1, 2)])
    >>> dead_filters(model, np.ones((1, 2, 2, 1)) * np.eye(2)[None, :, :, None]).dead
    {'conv2d': [1]}
    """
    inputs = as_inputs(model, images)
    judged = [index for index in calls_of(model, (Conv2D, Dense)) if not _is_last(model, index)]
    ends = [_end(model, index) for index in judged]
    low: list[Array] = []
    high: list[Array] = []
    for _, batch in input_batches(inputs):
        outputs = [output.reshape(-1, output.shape[-1]) for output in outputs_at(model, batch, ends)]
        least, most = [o.min(axis=0) for o in outputs], [o.max(axis=0) for o in outputs]
        low = [np.minimum(a, b) for a, b in zip(low, least, strict=True)] if low else least
        high = [np.maximum(a, b) for a, b in zip(high, most, strict=True)] if high else most
    return DeadFilters(tuple(name_at(model, index) for index in judged), tuple(low), tuple(high))


def _end(model: Network, index: int) -> int:
    """Return the index of the last call that belongs to the one at `index`: each alone reads the one before."""
    readers = readers_of(model, index)
    while len(readers) == 1 and isinstance(call_at(model, readers[0]).layer, _FOLLOWERS):
        index = readers[0]
        readers = readers_of(model, index)
    return index


def _is_last(model: Network, index: int) -> bool:
    """Whether it is a dense layer behind which no other layer has a kernel: it makes an answer."""
    if not isinstance(call_at(model, index).layer, Dense):
        return False
    behind: set[int] = set()
    waiting = [index]
    while waiting:
        new = set(readers_of(model, waiting.pop())) - behind
        behind |= new
        waiting += new
    return not any(isinstance(call_at(model, each).layer, (Conv2D, Dense)) for each in behind)
