"""The confusion matrix as a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.drawing.images import figure
from convoscope.drawing.look import INK, PAPER, SHARES, plain

_READABLE = 20  # with more classes, numbers in the cells are too small to read
_DARK = 0.6  # of a cell, from which on its number is white


def confusion_figure(matrix: npt.NDArray[np.int64], names: Sequence[str], title: str) -> Any:
    """Show a matrix with a row for each true class and a column for each prediction; darker is a larger share.

    Parameters
    ----------
    matrix : array of int (classes, classes)
    names : sequence of str
    title : str
    """
    made, axes = figure(1, 1, size=5.0, title=title)
    panel = axes[0][0]
    shown = list(map(plain, names))
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    panel.imshow(shares, cmap=SHARES, vmin=0, vmax=1)
    panel.set_xlabel("prediction")
    panel.set_ylabel("true class")
    if len(names) <= _READABLE:
        panel.set_xticks(range(len(names)), shown, rotation=60)
        panel.set_yticks(range(len(names)), shown)
        for (row, column), count in np.ndenumerate(matrix):
            if count:
                ink = PAPER if shares[row, column] > _DARK else INK
                panel.text(column, row, str(count), ha="center", va="center", fontsize=7, color=ink)
    return made
