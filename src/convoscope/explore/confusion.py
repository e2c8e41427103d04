"""Confusion: which classes are taken for which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope import drawing
from convoscope.explore.answers import answers, checked_labels
from convoscope.explore.sections import as_batch
from convoscope.models.sequential import Sequential


@dataclass(frozen=True, eq=False)
class Confusion:
    """How often each class was answered for each true class.

    Attributes
    ----------
    matrix : array of int (classes, classes)
        A row for each true class, a column for each answer.
    names : tuple of str
    """

    matrix: npt.NDArray[np.int64]
    names: tuple[str, ...]

    @property
    def accuracy(self) -> float:
        """The share of images that were answered rightly."""
        return float(np.trace(self.matrix) / self.matrix.sum())

    @property
    def most_confused(self) -> tuple[int, int]:
        """The true class and the answer of the most frequent mistake; of equals the first; of none (0, 0)."""
        wrong = self.matrix - np.diag(np.diag(self.matrix))
        true, answer = divmod(int(wrong.argmax()), len(wrong))
        return true, answer

    def plot(self) -> Any:
        """Show the matrix; colours follow the share of the true class."""
        return drawing.confusion_figure(self.matrix, self.names, f"accuracy {self.accuracy:.2%}")


def confusion(model: Sequential, x: Any, y: Any) -> Confusion:
    """Count what the model answers for images of each class.

    Parameters
    ----------
    model : Sequential
    x : array (N, *input_shape)
    y : array of int (N,), or one-hot rows (N, classes)

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Activation("linear", input_shape=(2,))])
    >>> confusion(model, np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]), [0, 1, 1]).matrix.tolist()
    [[1, 0], [1, 1]]
    """
    batch = as_batch(model, x)
    found = answers(model, batch)
    classes = len(found.names)
    labels = checked_labels(y, len(batch), classes)
    counts = np.bincount(labels * classes + found.predicted, minlength=classes**2)
    return Confusion(counts.reshape(classes, classes), found.names)
