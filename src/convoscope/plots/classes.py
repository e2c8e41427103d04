"""The confusion matrix, and how good the model is at each class."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from convoscope.drawing import BARS, FAINT, INK, confusion_figure, finish, new_figure, plain
from convoscope.plots.sources import finished, matrix_of


def confusion(source: Any, names: Sequence[str] | None = None, *, out: str | os.PathLike[str] | None = None) -> Any:
    """Draw the confusion matrix: the darker a cell, the larger its share of the row.

    Parameters
    ----------
    source : run's folder, Confusion, report or array of int (classes, classes)
        In an array, rows are the true classes, columns the predictions.
    names : sequence of str, optional
        The classes' names, for an array.
    out : str or path-like, optional
        A path without an ending: the figure is written as PNG and as SVG.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = confusion([[8, 2], [1, 9]], ["cat", "dog"])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['8', '2', '1', '9']
    """
    matrix, known = matrix_of(source, names)
    accuracy = np.trace(matrix) / max(1, matrix.sum())
    return finished(confusion_figure(matrix, known, f"accuracy {accuracy:.2%}"), out)


def per_class(source: Any, names: Sequence[str] | None = None, *, out: str | os.PathLike[str] | None = None) -> Any:
    """Draw the precision and the recall of each class as bars, and their F1 as a mark.

    Precision is how many of the predictions are correct, recall how many of the class's images are found. A class that
    is never predicted, or has no images, gets 0, as in `convoscope.report.classification_report`.

    Parameters
    ----------
    source, names, out
        See `confusion`.

    Returns
    -------
    matplotlib.figure.Figure
        Bars from top to bottom in the order of the classes, in percent: first all for precision, then all for recall.

    Examples
    --------
    >>> figure = per_class([[8, 2], [1, 9]], ["cat", "dog"])
    >>> [round(float(bar.get_width()), 1) for bar in figure.axes[0].patches]
    [88.9, 81.8, 80.0, 90.0]
    """
    matrix, known = matrix_of(source, names)
    hits, predicted, there = np.diag(matrix), matrix.sum(axis=0), matrix.sum(axis=1)
    figure, ((axes,),) = new_figure(1, 1, 7.2, 1.3 + 0.42 * len(known))
    at = np.arange(len(known))
    for shift, name, of, style in ((-0.2, "precision", predicted, BARS[0]), (0.2, "recall", there, BARS[1])):
        axes.barh(at + shift, 100 * hits / np.maximum(of, 1), 0.36, label=name, **style)
    both = 200 * hits / np.maximum(predicted + there, 1)
    axes.plot(
        both, at, "D", color=INK, markerfacecolor="white", markersize=6, label="F1", linestyle="none", clip_on=False
    )
    axes.axvline(100 * hits.sum() / max(1, matrix.sum()), color=FAINT, lw=1, ls=":", label="accuracy")
    axes.set_yticks(at, [plain(f"{name} ({count:,})") for name, count in zip(known, there, strict=True)])
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("%")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, frameon=False, fontsize=8)
    finish(axes, grid="x")
    return finished(figure, out)
