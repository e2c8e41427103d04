"""Activation maximization: pictures that excite a filter as much as possible, beside real images that do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, SupportsIndex

import numpy as np

from convoscope import drawing
from convoscope.checks import integer
from convoscope.engine import plan, select
from convoscope.engine.base import Array
from convoscope.engine.steps import ActivationStep, RectifierStep
from convoscope.errors import ConfigurationError
from convoscope.explore.calls import call_at, channel_at, index_of, name_at
from convoscope.explore.random_numbers import numbers
from convoscope.explore.submodels import Submodel, as_batch, outputs_at
from convoscope.explore.top_activating import TopActivating, patch, peaks_of, strongest
from convoscope.layers import Layer
from convoscope.models.network import Network
from convoscope.models.value_range import largest_value_of

_NOISE, _LAST_RATE, _SHOWN = 0.1, 0.1, 8


@dataclass(frozen=True, eq=False)
class Maximized:
    """Images that a search found to make one of a channel's values as large as possible.

    Attributes
    ----------
    layer : str
    channel : int
    images : array (seeds, *input_shape)
        One from each seed.
    unit : tuple of int
        Row and column of the maximized value in the feature map, which is the middle one; empty for a dense layer.
    patches : tuple of arrays
        The part of each image that this value depends on. The rest means nothing.
    values : array (seeds,)
        The value reached in each image.
    real : TopActivating or None
        The real images with the channel's largest responses.
    peaks : array (N,)
        The channel's largest value in each real image; empty without any.

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Conv2D(1, 2, input_shape=(6, 6, 1))])
    >>> model.set_weights([np.array([1.0, -1.0, -1.0, 1.0]).reshape(2, 2, 1, 1), [0.0]])
    >>> result = cs.explore.maximize(model, 0, 0, decay=0, smoothing=0)
    >>> result.unit, result.images.shape
    ((2, 2), (3, 6, 6, 1))
    """

    layer: str
    channel: int
    images: Array
    unit: tuple[int, ...]
    patches: tuple[Array, ...]
    values: Array
    real: TopActivating | None
    peaks: Array

    @property
    def percentiles(self) -> Array:
        """The percentage of real images that excite the channel less than each picture does, (seeds,); NaN without any.

        At 100, no real image excites it as much: the picture shows what the filter responds to, but never meets.
        """
        if not len(self.peaks):
            return np.full(len(self.values), np.nan)
        return np.asarray(100 * (self.peaks < self.values[:, None]).mean(axis=1))

    def __str__(self) -> str:
        reached = ", ".join(f"{value:.3g}" for value in self.values)
        lines = [f"{self.layer}, channel {self.channel}: the generated images reach {reached}"]
        if self.real is not None:
            each = ", ".join(f"{share:.3g} %" for share in self.percentiles)
            lines.append(
                f"  the strongest of {len(self.peaks)} real images reaches {self.real.values[0]:.3g}; {each} of them "
                "reach less than the generated images"
            )
        return "\n".join(lines)

    __repr__ = __str__

    def plot(self) -> Any:
        """Show the patches of the generated images above those of the real ones, all on one scale, with the values.

        Examples
        --------
        >>> import convoscope as cs
        >>> model = cs.Sequential([cs.layers.Conv2D(1, 2, input_shape=(6, 6, 1))])
        >>> len(cs.explore.maximize(model, 0, 0).plot().axes)  # one from each of three seeds
        3
        """
        real = () if self.real is None else self.real.patches[:_SHOWN]
        columns = max(len(self.patches), len(real))
        made, axes = drawing.figure(2 if real else 1, columns, title=f"{self.layer}, channel {self.channel}")
        low = min(float(self.images.min()), 0.0 if self.real is None else float(self.real.images.min()))
        high = max(float(self.images.max()), low if self.real is None else float(self.real.images.max()))
        rows: list[tuple[Sequence[Array], list[str]]] = [
            (self.patches, [f"made: {value:.3g}" for value in self.values])
        ]
        if self.real is not None:
            found = zip(self.real.indices, self.real.values, strict=True)
            rows.append((real, [f"image {index}: {value:.3g}" for index, value in found]))
        for panels, (patches, titles) in zip(axes, rows, strict=True):
            for panel, shown, title in zip(panels, patches, titles, strict=False):
                panel.imshow(drawing.as_image(shown), cmap="gray", vmin=low, vmax=high)
                panel.set_title(title, fontsize=7)
            for unused in panels[len(patches) :]:
                unused.set_axis_off()
        return made


def maximize(
    model: Network,
    layer: Layer | str | SupportsIndex,
    channel: SupportsIndex,
    images: Any = None,
    *,
    steps: int = 64,
    seeds: int = 3,
    rate: float = 0.06,
    decay: float = 0.05,
    smoothing: float = 0.3,
    jitter: int | None = None,
    value_range: Sequence[float] | None = None,
    seed: int = 0,
) -> Maximized:
    """Make pictures that excite a channel as much as possible, by gradient ascent from noise.

    They show what a filter responds to, not what it meets in real images, which never look like that. So pass real
    images too, and compare: which of them excite the channel most, and how strongly.

    Parameters
    ----------
    model : Sequential or Model
        With one input.
    layer : layer, name or index
    channel : int
        A filter of a convolution, or a neuron of a dense layer.
    images : array (N, *input_shape), optional
        Real images to compare with, prepared as for training.
    steps : int
        The number of steps of the ascent, each of the same size along the gradient.
    seeds : int
        How many pictures are made, each from noise of its own.
    rate : float
        How far the first step goes, as a share of the value range; the last goes a tenth of it.
    decay : float
        How strongly each pixel is drawn to the middle of the value range (L2), as a share of the gradient's size.
    smoothing : float
        How strongly each pixel is drawn to its neighbours (squared total variation), as a share of the gradient's size.
    jitter : int, optional
        By how many pixels the picture is moved at random before each step. If left out, an eighth of the side of the
        value's receptive field, at most 8.
    value_range : (float, float), optional
        Smallest and largest value of a pixel; those of the images, or what the model's file says, if left out.
    seed : int
        Of noise and shifts: the same seed gives the same pictures.

    Raises
    ------
    ConfigurationError
        If the model has several inputs, or an argument is invalid.

    Notes
    -----
    Erhan et al., "Visualizing Higher-Layer Features of a Deep Network" (2009); Olah, Mordvintsev and Schubert, "Feature
    Visualization", Distill (2017). The value in the middle of the map is made large, before the activation function,
    whose gradient may be 0.

    See Also
    --------
    top_activating : What excites a channel among real images.

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Conv2D(1, 2, input_shape=(6, 6, 1))])
    >>> model.set_weights([np.array([1.0, -1.0, -1.0, 1.0]).reshape(2, 2, 1, 1), [0.0]])
    >>> result = maximize(model, 0, 0, decay=0, smoothing=0)
    >>> result.patches[0][..., 0].tolist(), result.values.tolist()
    ([[1.0, 0.0], [0.0, 1.0]], [2.0, 2.0, 2.0])
    """
    index = index_of(model, layer)
    number = channel_at(model, index, channel)
    steps, seeds = integer(steps, "steps", "maximize"), integer(seeds, "seeds", "maximize")
    if model.built and len(model.plan_input_shapes) > 1:
        raise ConfigurationError(
            f"maximize generates one image, but model {model.name!r} has {len(model.plan_input_shapes)} inputs "
            f"({', '.join(model.input_names)}). Model(inputs, outputs) creates a model of any part."
        )
    given = None if images is None else as_batch(model, images, "maximize")
    low, high = _range(model, given, value_range)
    unit = tuple(size // 2 for size in call_at(model, index).output_shape[:-1])
    shape = model.plan_input_shapes[0]
    seen = patch(model, index, np.zeros(shape, np.float32), np.array(unit, np.int64)).shape
    moved = min(8, min(seen[:2]) // 8) if jitter is None else integer(jitter, "jitter", "maximize", minimum=0)
    made = _ascended(
        before_activation(model, index),
        (*unit, number),
        [_Start(shape, seed + each, moved if len(shape) > 1 else 0) for each in range(seeds)],
        _Ascent(steps, rate, decay, smoothing, low, high),
    )
    (outputs,) = outputs_at(model, made, [index])
    at: Any = (slice(None), *unit, number)
    values = outputs[at]
    patches = tuple(patch(model, index, image, np.array(unit, np.int64)) for image in made)
    real, peaks = None, np.zeros(0, np.float32)
    if given is not None:
        peaks, where = peaks_of(model, index, number, given)
        real = strongest(model, index, number, given, peaks, where, _SHOWN)
    return Maximized(name_at(model, index), number, made, unit, patches, values, real, peaks)


@dataclass(frozen=True)
class _Ascent:
    """How the ascent goes: see `maximize`. The page does the same: ``explorer/maximize.js``."""

    steps: int
    rate: float
    decay: float
    smoothing: float
    low: float
    high: float

    def stepped(self, image: Array, gradient: Array, step: int) -> Array:
        """Return an image after one more step, float64."""
        span = self.high - self.low
        used = gradient[gradient != 0].astype(np.float64)
        size = np.sqrt((used**2).mean()) if used.size else 1.0
        middle = (self.low + self.high) / 2
        ahead = gradient / size - self.decay * (image - middle) / span
        if image.ndim > 1:
            ahead = ahead + self.smoothing * _bend(image) / span
        rate = self.rate * (1 - (1 - _LAST_RATE) * step / max(self.steps - 1, 1))
        return np.asarray(np.clip(image + rate * span * ahead, self.low, self.high))


class _Start:
    """Where one picture begins, and how it is moved: all drawn from its seed, in this order."""

    def __init__(self, shape: Sequence[int], seed: int, jitter: int) -> None:
        self.shape, self.seed, self.jitter = tuple(shape), seed, jitter
        self.count = int(np.prod(self.shape))

    def noise(self) -> Array:
        """Return noise from -0.5 to 0.5, in the image's shape."""
        return numbers(self.seed, self.count).reshape(self.shape) - 0.5

    def shift(self, step: int) -> tuple[int, int]:
        """Return by how many rows and columns the picture is moved before a step."""
        if not self.jitter:
            return 0, 0
        drawn = np.floor(numbers(self.seed, 2, self.count + 2 * step) * (2 * self.jitter + 1)) - self.jitter
        return int(drawn[0]), int(drawn[1])


def _ascended(part: Submodel, unit: tuple[int, ...], starts: Sequence[_Start], ascent: _Ascent) -> Array:
    """Return the pictures, float32 (seeds, *input_shape)."""
    middle, span = (ascent.low + ascent.high) / 2, ascent.high - ascent.low
    pictures = [middle + _NOISE * span * start.noise() for start in starts]
    wanted = np.zeros((len(starts), *part.output_shape), np.float32)
    at: Any = (slice(None), *unit)
    wanted[at] = 1
    for step in range(ascent.steps):
        shifts = [start.shift(step) for start in starts]
        moved = np.stack([_rolled(each, shift) for each, shift in zip(pictures, shifts, strict=True)])
        gradients = part.pull({0: moved.astype(np.float32)}, wanted)
        back = [_rolled(each, (-rows, -columns)) for each, (rows, columns) in zip(gradients, shifts, strict=True)]
        pictures = [ascent.stepped(one, gradient, step) for one, gradient in zip(pictures, back, strict=True)]
    return np.stack(pictures).astype(np.float32)


def _rolled(image: Array, shift: tuple[int, int]) -> Array:
    return image if shift == (0, 0) else np.roll(image, shift, axis=(0, 1))


def _bend(image: Array) -> Array:
    """Return the sum of the differences from each pixel to its four neighbours: the Laplacian, edges repeated."""
    around = np.pad(image, [(1, 1), (1, 1)] + [(0, 0)] * (image.ndim - 2), mode="edge")
    found: Array = around[:-2, 1:-1] + around[2:, 1:-1] + around[1:-1, :-2] + around[1:-1, 2:] - 4 * image
    return found


def before_activation(model: Network, index: int) -> Submodel:
    """Return the part of the model up to a call, without the activation function at its end."""
    graph, takes = model.graph.between([], [model.graph.value_of(index)])
    steps = plan.build_graph(graph, fused=False)
    while len(steps.steps) > 1 and isinstance(steps.steps[-1], (ActivationStep, RectifierStep)):
        steps = steps.without_last_step()
    return Submodel(select.current().prepare(steps, graph.weights, moment=graph.moment), takes, steps.output_shape)


def _range(model: Network, images: Array | None, told: Sequence[float] | None) -> tuple[float, float]:
    if told is not None:
        low, high = (float(each) for each in told)
    elif images is not None:
        low, high = float(images.min()), float(images.max())
    else:
        low, high = 0.0, float(largest_value_of(model))
    if not np.isfinite([low, high]).all() or low >= high:
        raise ConfigurationError(
            f"maximize: value_range must be (smaller, larger), but is ({low:g}, {high:g}). Give the value range of "
            "the training images: value_range=(0, 1)."
        )
    return low, high
