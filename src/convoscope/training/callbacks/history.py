"""History: what each epoch measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

from convoscope.training.callbacks.base import Callback, Logs
from convoscope.training.progress import render_number

_ROWS = 20  # of the table that a notebook shows


class History(Callback):
    """What ``fit`` returns: the logs of each epoch. A notebook shows it as a table with curves.

    Attributes
    ----------
    history : dict of str to list
        For each name, one value an epoch.
    epoch : list of int
        The epochs, counted from 0.

    Examples
    --------
    >>> import numpy as np
    >>> from convoscope import Sequential, layers
    >>> model = Sequential([layers.Dense(1, kernel_initializer="zeros", input_shape=(1,))])  # right at once
    >>> model.compile("sgd", "mse")
    >>> x, y = np.ones((4, 1)), np.zeros((4, 1))
    >>> history = model.fit(x, y, epochs=2, verbose=0)
    >>> history.epoch, history.history
    ([0, 1], {'loss': [0.0, 0.0]})
    """

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.epoch = []
        self.model.history = self

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)

    def __repr__(self) -> str:
        count = len(self.epoch)
        epochs = f"{count:,} epoch{'s' * (count != 1)}"
        last = " - ".join(f"{name}: {render_number(values[-1])}" for name, values in _measured(self.history).items())
        return f"<History of {epochs}{f', at the end {last}' if last else ''}>"

    def _repr_html_(self) -> str:
        from convoscope.notebook.html import curves, heading, paragraph, table

        measured = _measured(self.history)
        count = len(self.epoch)
        title = heading("History", f"{count:,} epoch{'s' * (count != 1)}")
        if not measured:
            return title
        first = self.epoch[0] if self.epoch else 0
        rows = [_row(name, values, first) for name, values in measured.items()]
        more = paragraph(f"and {len(rows) - _ROWS:,} more") if len(rows) > _ROWS else ""
        drawn = [
            curves(name, [(each, measured[each]) for each in (name, f"val_{name}") if each in measured])
            for name in ("loss", "accuracy")
            if name in measured
        ]
        titles = ("", "first", "last", "lowest (epoch)", "highest (epoch)")
        return f"{title}{table(titles, rows[:_ROWS])}{more}<div>{' '.join(drawn)}</div>"


def _measured(history: Mapping[str, Sequence[Any]]) -> dict[str, list[float]]:
    """Return the lists of numbers; callbacks may have put anything else into the logs."""
    return {
        name: [float(value) for value in values]
        for name, values in history.items()
        if values and all(isinstance(value, Real) for value in values)
    }


def _row(name: str, values: Sequence[float], first: int) -> tuple[str, ...]:
    finite = [index for index, value in enumerate(values) if math.isfinite(value)]
    ends = [choose(finite, key=values.__getitem__) for choose in (min, max)] if finite else []
    found = [f"{render_number(values[index])} ({first + index + 1})" for index in ends] or ["-", "-"]
    return (name, render_number(values[0]), render_number(values[-1]), *found)
