"""Occlusion: cover a part of the image, and see how much of a class' score is lost."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convoscope import drawing
from convoscope.checks import pair
from convoscope.engine.base import Array
from convoscope.errors import ConfigurationError, ShapeError
from convoscope.explore.predictions import predictions
from convoscope.explore.submodels import BATCH, as_batch
from convoscope.models.network import Network


@dataclass(frozen=True, eq=False)
class Occlusion:
    """How much a class's score drops if each part of an image is covered.

    Attributes
    ----------
    image : array (height, width, channels)
    class_index : int
    label : str
        The class's name.
    score : float
        The class's score for the whole image: a probability, or a logit if the model ends without softmax.
    rows, columns : array of int
        Where the squares begin.
    size : (int, int)
        Height and width of the square.
    drops : array (rows, columns)
        How much lower the score is with the square there; below 0 if the covered part was evidence against the class.

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Flatten(input_shape=(2, 2, 1)), cs.layers.Dense(2, use_bias=False)])
    >>> model.set_weights([np.array([[0.0, 1.0], [0.0, 2.0], [0.0, 3.0], [0.0, -4.0]])])
    >>> result = cs.explore.occlusion(model, np.ones((2, 2, 1)), class_index=1, size=1, fill=0)
    >>> result.score, result.drops.tolist()  # the last pixel is evidence against the class
    (2.0, [[1.0, 2.0], [3.0, -4.0]])
    """

    image: Array
    class_index: int
    label: str
    score: float
    rows: Array
    columns: Array
    size: tuple[int, int]
    drops: Array

    @property
    def map(self) -> Array:
        """The mean drop over all squares that cover a pixel: (height, width)."""
        total = np.zeros(self.image.shape[:2])
        covered = np.zeros(self.image.shape[:2])
        for (row, top), (column, left) in itertools.product(enumerate(self.rows), enumerate(self.columns)):
            square = np.s_[top : top + self.size[0], left : left + self.size[1]]
            total[square] += self.drops[row, column]
            covered[square] += 1
        return np.divide(total, covered, out=total, where=covered > 0)

    def plot(self) -> Any:
        """Show the image, and the drops over it: red where the class lost, blue where it gained.

        Examples
        --------
        >>> import convoscope as cs
        >>> model = cs.Sequential([cs.layers.Flatten(input_shape=(2, 2, 1)), cs.layers.Dense(2, use_bias=False)])
        >>> figure = cs.explore.occlusion(model, np.ones((2, 2, 1)), class_index=1, size=1).plot()
        >>> len([axes for axes in figure.axes if axes.images])  # the image, and the drops over it
        2
        """
        made, axes = drawing.figure(1, 2, size=2.6, title=f"{self.label}: {self.score:.3g}")
        drawing.show_image(axes[0][0], self.image)
        values = self.map
        high = float(np.abs(values).max()) or 1.0
        shown = drawing.show_overlay(axes[0][1], self.image, values, cmap=drawing.SIGNED, low=-high, high=high)
        made.colorbar(shown, ax=axes[0][1], label="lost")
        return made


def occlusion(
    model: Network,
    image: Any,
    class_index: int | None = None,
    size: int | Sequence[int] | None = None,
    stride: int | Sequence[int] | None = None,
    fill: float | Sequence[float] = 0.0,
) -> Occlusion:
    """Cover an image with a square, position by position, and measure how the score of a class falls.

    Parameters
    ----------
    model : Sequential or Model
        Any; no gradient is needed.
    image : array (height, width, channels)
    class_index : int, optional
        The class that the model chooses, if left out.
    size : int or (int, int), optional
        The square's height and width; a quarter of the image if left out.
    stride : int or (int, int), optional
        Pixels from one square to the next; half the size if left out. The last square ends at the image's edge.
    fill : float or one for each channel
        What the square is filled with. On images with a black background, 0 covers nothing there.

    Notes
    -----
    Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks" (2013).

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Flatten(input_shape=(2, 2, 1)), cs.layers.Dense(1, use_bias=False)])
    >>> model.set_weights([np.array([[1.0], [2.0], [3.0], [4.0]])])
    >>> occlusion(model, np.ones((2, 2, 1)), class_index=1, size=1).drops.tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    (picture, *others) = as_batch(model, image, "occlusion")
    if others or picture.ndim not in (2, 3):
        raise ShapeError(
            f"occlusion takes one image, (height, width) or (height, width, channels), but got {1 + len(others)} of "
            f"shape {picture.shape}."
        )
    whole = predictions(model, picture[None])
    chosen = int(whole.predicted[0]) if class_index is None else _class_number(class_index, len(whole.names))
    height, width = picture.shape[:2]
    window = (max(1, height // 4), max(1, width // 4)) if size is None else pair(size, "size", "occlusion")
    step = (max(1, window[0] // 2), max(1, window[1] // 2)) if stride is None else pair(stride, "stride", "occlusion")
    if window[0] > height or window[1] > width:
        raise ConfigurationError(
            f"occlusion: the square of {window[0]}×{window[1]} pixels is larger than the image, {height}×{width}."
        )
    rows, columns = (_starts(n, w, s) for n, w, s in zip((height, width), window, step, strict=True))
    positions = list(itertools.product(rows, columns))
    scores = np.concatenate(
        [
            predictions(model, _covered(picture, positions[start : start + BATCH], window, fill)).scores[:, chosen]
            for start in range(0, len(positions), BATCH)
        ]
    )
    score = float(whole.scores[0, chosen])
    drops = (score - scores.astype(np.float64)).reshape(len(rows), len(columns))
    return Occlusion(picture, chosen, whole.names[chosen], score, rows, columns, window, drops)


def _class_number(class_index: int, classes: int) -> int:
    if not 0 <= class_index < classes:
        raise ConfigurationError(f"class_index must be from 0 to {classes - 1}, but is {class_index!r}.")
    return int(class_index)


def _starts(length: int, window: int, stride: int) -> Array:
    """Return where the windows begin; the last one ends at the edge."""
    starts = list(range(0, length - window, stride))
    return np.array([*starts, length - window])


def _covered(image: Array, positions: Sequence[tuple[int, int]], size: tuple[int, int], fill: Any) -> Array:
    copies = np.repeat(image[None], len(positions), axis=0)
    for copy, (top, left) in zip(copies, positions, strict=True):
        copy[top : top + size[0], left : left + size[1]] = fill
    return copies
