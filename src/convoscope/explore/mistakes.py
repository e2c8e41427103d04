"""Mistakes: the images that the model got wrong, the surest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from convoscope import drawing
from convoscope.checks import integer
from convoscope.engine.base import Array
from convoscope.errors import ConfigurationError
from convoscope.explore.predictions import Labels, checked_labels, predictions
from convoscope.explore.submodels import as_batch, main_target
from convoscope.models.network import Network
from convoscope.wording import counted


@dataclass(frozen=True, eq=False)
class Mistakes:
    """Misclassified images, those that the model was surest of first.

    Attributes
    ----------
    images : array (n, *input_shape)
    indices : array of int (n,)
        Their indices in the data.
    true, predicted : array of int (n,)
    scores, true_scores : array (n,)
        The model's scores for its prediction and for the right class.
    probabilities : bool
        Whether the scores are probabilities; if not, they are logits.
    names : tuple of str
        The classes' names.
    total : int
        How many mistakes there are in all.

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Activation("linear", input_shape=(2,))])
    >>> result = cs.explore.mistakes(model, np.array([[1.0, 0.0], [0.0, 1.0], [3.0, 0.0]]), [1, 1, 1])
    >>> result.total, result.predicted.tolist(), result.scores.tolist()
    (2, [0, 0], [3.0, 1.0])
    """

    images: Array
    indices: Labels
    true: Labels
    predicted: Labels
    scores: Array
    true_scores: Array
    probabilities: bool
    names: tuple[str, ...]
    total: int

    def plot(self) -> Any:
        """Show the images with their true class, the model's prediction, and its score.

        Examples
        --------
        >>> import convoscope as cs
        >>> layers = [cs.layers.Flatten(input_shape=(1, 2)), cs.layers.Activation("softmax")]
        >>> figure = cs.explore.mistakes(cs.Sequential(layers), np.array([[[1.0, 0.0]], [[0.0, 1.0]]]), [1, 1]).plot()
        >>> len([axes for axes in figure.axes if axes.images])
        1
        """
        made, axes = drawing.figure(*drawing.grid(len(self.images)), size=1.6, title=counted(self.total, "mistake"))
        for panel, image, true, predicted, score in zip(
            axes.flat, self.images, self.true, self.predicted, self.scores, strict=False
        ):
            drawing.show_image(panel, image)
            said = f"{score:.0%}" if self.probabilities else f"logit {score:.2g}"
            is_class, taken_for = drawing.plain(self.names[true]), drawing.plain(f"→ {self.names[predicted]} ({said})")
            panel.set_title(f"{is_class}\n{taken_for}", fontsize=7)
        drawing.hide_unused(axes, len(self.images))
        return made


def mistakes(
    model: Network, x: Any, y: Any, count: int = 24, *, true: int | None = None, predicted: int | None = None
) -> Mistakes:
    """Return the images that the model got wrong.

    Parameters
    ----------
    model : Sequential or Model
    x : array (N, *input_shape)
    y : array of int (N,), or one-hot rows (N, classes)
    count : int
        How many at most.
    true, predicted : int, optional
        Only mistakes of this true class, and only those predicted as that class: one cell of the confusion matrix.

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Activation("linear", input_shape=(2,))])
    >>> mistakes(model, np.array([[1.0, 0.0], [0.0, 1.0], [3.0, 0.0]]), [1, 1, 1]).indices.tolist()
    [2, 0]
    """
    most = integer(count, "count", "mistakes")
    batch = as_batch(model, x, "mistakes")
    found = predictions(model, batch)
    labels = checked_labels(main_target(model, y), len(batch), len(found.names))
    for name, value in (("true", true), ("predicted", predicted)):
        if value is not None and not 0 <= value < len(found.names):
            raise ConfigurationError(
                f"mistakes: {name} must be a class number from 0 to {len(found.names) - 1}, but is {value!r}."
            )
    wrong = found.predicted != labels
    if true is not None:
        wrong &= labels == true
    if predicted is not None:
        wrong &= found.predicted == predicted
    indices = np.flatnonzero(wrong)
    surest = indices[np.argsort(-found.scores[indices, found.predicted[indices]], kind="stable")][:most]
    given, taken = labels[surest], found.predicted[surest]
    return Mistakes(
        batch[surest],
        surest,
        given,
        taken,
        found.scores[surest, taken],
        found.scores[surest, given],
        found.probabilities,
        found.names,
        len(indices),
    )
