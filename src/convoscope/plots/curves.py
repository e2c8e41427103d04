"""Curves: loss and accuracy over the epochs, in training and in validation."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from convoscope.drawing import GAP, INK, TRAINING, VALIDATION, finish, new_figure
from convoscope.plots.sources import Curve, finished, history_of

_NO_MEASURES = ("epoch", "seconds", "learning_rate", "lr")
_MANY = 40  # epochs, from which on a marker each would hide the line


def curves(source: Any, *, out: str | os.PathLike[str] | None = None) -> Any:
    """Draw loss and metrics over the epochs: training dashed, validation solid, and the gap between them hatched.

    Parameters
    ----------
    source : History, dict of str to list, run's folder
        What ``fit`` returned or ``model.history``, its ``history``, or the folder of a run.
    out : str or path-like, optional
        A path without an ending: the figure is written as PNG and as SVG.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for the loss and one for each metric, accuracies in percent. Lines are labelled ``training`` and
        ``validation``; the title of a panel tells the last epoch's gap, in points of an accuracy.

    Raises
    ------
    NotReadyError
        If matplotlib is not installed.
    DataError
        If there is no complete epoch yet.

    Examples
    --------
    >>> figure = curves({"loss": [0.9, 0.4], "val_loss": [1.0, 0.6], "accuracy": [0.7, 0.9]})
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['loss', 'accuracy, %']
    """
    measured = history_of(source)
    names = [name for name in measured if not name.startswith("val_") and name not in _NO_MEASURES]
    names.sort(key=lambda name: name != "loss")
    figure, axes = new_figure(1, max(1, len(names)), 4.6 * max(1, len(names)), 3.6)
    for panel, name in zip(axes.flat, names, strict=False):
        _panel(panel, name, measured[name], measured.get(f"val_{name}"))
    return finished(figure, out)


def _panel(axes: Any, name: str, training: Curve, validation: Curve | None) -> None:
    is_share = "accuracy" in name
    scale = 100.0 if is_share else 1.0
    marked = {} if len(training.epochs) < _MANY else {"marker": ""}
    axes.plot(training.epochs, training.values * scale, label="training", markersize=5, **TRAINING | marked)
    gap = ""
    if validation is not None:
        axes.plot(validation.epochs, validation.values * scale, label="validation", markersize=5, **VALIDATION | marked)
        beside = np.interp(validation.epochs, training.epochs, training.values)
        axes.fill_between(validation.epochs, beside * scale, validation.values * scale, label="gap", **GAP)
        last = (beside[-1] - validation.values[-1]) * scale
        gap = f"gap {last:+.2f} points" if is_share else f"gap {last:+.3g}"
        axes.legend(frameon=False, fontsize=8, labelcolor=INK)
    axes.set_xlabel("epoch")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_ylabel(f"{name.replace('_', ' ')}{', %' if is_share else ''}")
    finish(axes, gap)
