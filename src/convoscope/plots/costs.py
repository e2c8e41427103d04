"""Accuracy against the time that it took."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from convoscope.drawing import finish, new_figure, plain, series
from convoscope.errors import ConfigurationError
from convoscope.plots.sources import finished, history_of, label_of


def accuracy_against_time(
    *sources: Any, labels: Sequence[str] | None = None, out: str | os.PathLike[str] | None = None
) -> Any:
    """Draw how the accuracy rises with the seconds of training: a line for each run, a mark for each epoch.

    Parameters
    ----------
    *sources : run's folder, or dict of str to list
        Dictionaries with ``seconds``, those of each epoch, and ``val_accuracy`` or ``accuracy``.
    labels : sequence of str, optional
        The names of the runs; those of their folders if left out.
    out : str or path-like, optional
        A path without an ending: the figure is written as PNG and as SVG.

    Returns
    -------
    matplotlib.figure.Figure
        The accuracy in percent: in validation if every run has been validated, otherwise in training.

    Raises
    ------
    ConfigurationError
        If a history has no seconds, or there is none.

    Examples
    --------
    >>> figure = accuracy_against_time({"seconds": [2.0, 3.0], "accuracy": [0.5, 0.75]})
    >>> figure.axes[0].lines[0].get_xydata().tolist()
    [[2.0, 50.0], [5.0, 75.0]]
    """
    if not sources:
        raise ConfigurationError("accuracy_against_time needs at least one run's folder.")
    histories = [history_of(source) for source in sources]
    called = list(labels) if labels is not None else [label_of(source, index) for index, source in enumerate(sources)]
    if len(called) != len(sources):
        raise ConfigurationError(f"There are {len(sources)} runs, but {len(called)} labels. Give one for each.")
    name = "val_accuracy" if all("val_accuracy" in history for history in histories) else "accuracy"
    for history, label in zip(histories, called, strict=True):
        if lacking := [each for each in ("seconds", name) if each not in history]:
            raise ConfigurationError(
                f"The history {label!r} has no {lacking[0]}, which accuracy_against_time needs: it has "
                f"{', '.join(history)}. The folder of a run has both: convoscope train writes one."
            )
    figure, ((axes,),) = new_figure(1, 1, 7.2, 4.4)
    for index, (history, label) in enumerate(zip(histories, called, strict=True)):
        spent, reached = history["seconds"], history[name]
        seconds = np.interp(reached.epochs, spent.epochs, np.cumsum(spent.values))
        axes.plot(seconds, reached.values * 100, label=plain(label), **series(index))
    axes.set_xlabel("seconds of training")
    axes.set_ylabel(f"accuracy in {'validation' if name == 'val_accuracy' else 'training'}, %")
    axes.set_xlim(left=0)
    if len(sources) > 1:
        axes.legend(frameon=False, fontsize=8)
    finish(axes)
    return finished(figure, out)
