"""Confusion: which classes are taken for which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope import drawing
from convoscope.explore.predictions import checked_labels, predictions
from convoscope.explore.submodels import as_inputs, count_of, main_target
from convoscope.models.network import Network


@dataclass(frozen=True, eq=False)
class Confusion:
    """How often each class was predicted for each true class.

    Attributes
    ----------
    matrix : array of int (classes, classes)
        A row for each true class, a column for each prediction.
    names : tuple of str

    Examples
    --------
    >>> result = Confusion(np.array([[8, 2, 0], [0, 9, 1], [0, 0, 10]]), ("cat", "dog", "fox"))
    >>> result.accuracy, result.most_confused  # 27 of 30; two cats were taken for dogs
    (0.9, (0, 1))
    """

    matrix: npt.NDArray[np.int64]
    names: tuple[str, ...]

    @property
    def accuracy(self) -> float:
        """The share of images that were predicted correctly."""
        return float(np.trace(self.matrix) / self.matrix.sum())

    @property
    def most_confused(self) -> tuple[int, int]:
        """The true class and the prediction of the most frequent mistake; the first of equals, or (0, 0)."""
        wrong = self.matrix - np.diag(np.diag(self.matrix))
        true, predicted = divmod(int(wrong.argmax()), len(wrong))
        return true, predicted

    def plot(self) -> Any:
        """Show the matrix; colours follow the share of the true class.

        Examples
        --------
        >>> figure = Confusion(np.array([[8, 2], [1, 9]]), ("cat", "dog")).plot()
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['8', '2', '1', '9']
        """
        return drawing.confusion_figure(self.matrix, self.names, f"accuracy {self.accuracy:.2%}")


def confusion(model: Network, x: Any, y: Any) -> Confusion:
    """Count what the model predicts for images of each class.

    Parameters
    ----------
    model : Sequential or Model
    x : array (N, *input_shape)
    y : array of int (N,), or one-hot rows (N, classes)

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Activation("linear", input_shape=(2,))])
    >>> confusion(model, np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]), [0, 1, 1]).matrix.tolist()
    [[1, 0], [1, 1]]
    """
    batch = as_inputs(model, x)
    found = predictions(model, batch)
    classes = len(found.names)
    labels = checked_labels(main_target(model, y), count_of(batch), classes)
    counts = np.bincount(labels * classes + found.predicted, minlength=classes**2)
    return Confusion(counts.reshape(classes, classes), found.names)
