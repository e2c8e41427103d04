"""What figures are drawn from: a history, a run's folder, or arrays."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import ConfigurationError, DataError, NotReadyError
from convoscope.runs import RunFolder

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Curve:
    """A measured value over training: after which ``epochs``, counted from 1, it was measured, and its ``values``."""

    epochs: Values
    values: Values


def as_run(source: Any) -> RunFolder | None:
    """Return the run that a source is, or None if it is something else.

    Raises
    ------
    MissingFileError
        It is a path, and there is no run.
    """
    if isinstance(source, RunFolder):
        return source
    return RunFolder.open(source) if isinstance(source, (str, os.PathLike)) else None


def label_of(source: Any, position: int) -> str:
    """Return what a source is called in a legend."""
    run = as_run(source)
    return f"no. {position + 1}" if run is None else run.path.resolve().name


def history_of(source: Any) -> dict[str, Curve]:
    """Read how training went.

    Parameters
    ----------
    source : str, path-like, RunFolder, History, mapping or sequence of mappings
        A run's folder; what ``fit`` returned, or its ``history``; or a dictionary for each epoch.

    Raises
    ------
    DataError
        There is not one epoch in it.
    ConfigurationError
        It is none of these.
    """
    run = as_run(source)
    told: Any = getattr(source, "history", source) if run is None else run.read_history()
    told = getattr(told, "history", told)  # of a model, whose history is what fit returned
    if isinstance(told, Mapping):
        curves = _of_lists(told)
    elif isinstance(told, Sequence) and all(isinstance(epoch, Mapping) for epoch in told):
        curves = _of_epochs(told)
    else:
        raise ConfigurationError(
            "A history must be the result of fit, its dictionary of lists, or a run's folder, but is a "
            f"{type(source).__name__}. Write, for instance, plots.curves(model.fit(...))."
        )
    if not curves:
        where = f"The run in {run}" if run is not None else "The history"
        raise DataError(f"{where} has no complete epoch yet, so there is nothing to plot. Train first.")
    return curves


def report_of(run: RunFolder) -> dict[str, Any]:
    """Read a run's report; NotReadyError if it has not ended."""
    from convoscope.paths import is_there

    if not is_there(run.report):
        raise NotReadyError(
            f"The run in {run} has no report yet, because it is not finished. Resume it: convoscope train --resume "
            f"{run}"
        )
    return run.read_report()


def matrix_of(source: Any, names: Sequence[str] | None) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """Read a confusion matrix and the classes' names.

    Parameters
    ----------
    source : str, path-like, RunFolder, Confusion, mapping or array (classes, classes)
        A run's folder, what `convoscope.explore.confusion` or `convoscope.report.classification_report` returned, or
        counts with a row for each true class and a column for each prediction.
    names : sequence of str, optional
        The classes', where the source does not know them.
    """
    run = as_run(source)
    told = source if run is None else report_of(run)
    if isinstance(told, Mapping):
        known: Any = [row["name"] for row in told["classes"]]
        counts = told["confusion_matrix"]
    else:
        known, counts = getattr(told, "names", None), getattr(told, "matrix", told)
    matrix = np.asarray(counts)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not len(matrix):
        raise DataError(
            f"A confusion matrix has a row and a column for each class, but this has the shape {matrix.shape}. "
            "explore.confusion(model, x, y) computes one."
        )
    said = tuple(names or known or map(str, range(len(matrix))))
    if len(said) != len(matrix):
        raise DataError(f"The confusion matrix has {len(matrix)} classes, but there are {len(said)} names.")
    return matrix.astype(np.int64), said


def finished(figure: Any, out: str | os.PathLike[str] | None) -> Any:
    """Return a figure, written as PNG and SVG if a path is given."""
    from convoscope.drawing import save

    if out is not None:
        save(figure, out)
    return figure


def _of_lists(history: Mapping[str, Any]) -> dict[str, Curve]:
    """Take lists of values; of a value that was measured after every so many epochs, the list is so much shorter."""
    lists = {name: np.asarray(values, np.float64).reshape(-1) for name, values in history.items()}
    longest = max(map(len, lists.values()), default=0)
    curves = {}
    for name, values in lists.items():
        if len(values):
            every = longest // len(values)
            curves[name] = Curve(np.arange(1.0, len(values) + 1) * every, values)
    return curves


def _of_epochs(epochs: Sequence[Mapping[str, Any]]) -> dict[str, Curve]:
    names = dict.fromkeys(name for epoch in epochs for name in epoch if name not in ("epoch", "rate_changes"))
    curves = {}
    for name in names:
        pairs = [
            (epoch.get("epoch", position), epoch[name]) for position, epoch in enumerate(epochs, 1) if name in epoch
        ]
        positions, values = zip(*pairs, strict=True)
        curves[name] = Curve(np.asarray(positions, np.float64), np.asarray(values, np.float64))
    return curves
