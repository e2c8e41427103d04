"""Progbar: Keras' progress bar, for loops of your own."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from convoscope.checks import integer
from convoscope.errors import ConfigurationError
from convoscope.notebook import in_notebook
from convoscope.streams import standard_output
from convoscope.training.progress import as_number, render_number, render_pace


class Progbar:
    """A progress bar for a loop, with the means of what the loop measures.

    Parameters
    ----------
    target : int or None
        How many steps there are; None if that is unknown.
    width : int
        Of the bar, in characters.
    verbose : {1, 2, 0}
        1 shows a bar, 2 one line at the end, 0 nothing.
    interval : float
        The least time between two updates of the bar, in seconds.
    stateful_metrics, stateless_metrics : iterable of str, optional
        The values that are shown as they are, or those whose means are shown; give at most one. If both are left out,
        all are means.
    unit_name : str
        The word for a step.

    Notes
    -----
    The bar moves in terminals and notebooks. Elsewhere only its last state is printed.

    Examples
    --------
    >>> bar = Progbar(3, verbose=2, unit_name="image")
    >>> bar.update(3, [("loss", 0.5)])  # doctest: +ELLIPSIS
    3/3 - 0s - ...s/image - loss: 0.5000
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ConfigurationError("Progbar: give stateful_metrics or stateless_metrics, not both.")
        self.target = None if target is None else integer(target, "target", "Progbar", minimum=0)
        self.width, self.verbose, self.interval, self.unit_name = width, verbose, interval, unit_name
        self.stateful_metrics = set(stateful_metrics or ())
        self.stateless_metrics = None if stateless_metrics is None else set(stateless_metrics)
        self._output = standard_output()
        self._moves = self._output.isatty() or in_notebook()
        self._values: dict[str, tuple[Any, int]] = {}  # sums, and how many steps they are of
        self._seen = 0
        self._began = time.time()
        self._first_step: float | None = None
        self._shown, self._last = 0, float("-inf")

    def update(
        self, current: int, values: Iterable[tuple[str, Any]] | None = None, finalize: bool | None = None
    ) -> None:
        """Show that `current` steps are done.

        Parameters
        ----------
        current : int
        values : iterable of (name, value), optional
            What was measured in the last steps.
        finalize : bool, optional
            Whether this is the end; at the target, if left out.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        for name, value in values or ():
            self._take(name, value, 1 if finalize else max(current - self._seen, 1), finalize)
        self._seen = current
        now = time.time()
        pace = self._pace(current, now)
        if self.verbose == 1 and (finalize or (self._moves and now - self._last >= self.interval)):
            self._show(self._bar(current, now, pace, finalize), finalize)
            self._last = now
        elif self.verbose == 2 and finalize and self.target:
            parts = [self._count(current), f"{now - self._began:.0f}s", render_pace(pace, self.unit_name)]
            self._output.write(" - ".join([*parts, *self._measured()]) + "\n")
            self._output.flush()

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """Show that `n` steps more are done."""
        self.update(self._seen + n, values)

    def _take(self, name: str, value: Any, steps: int, finalize: bool) -> None:
        if self.stateless_metrics is None:
            is_mean = name not in self.stateful_metrics
        else:
            is_mean = name in self.stateless_metrics
        number = as_number(value)
        if not is_mean or finalize or name not in self._values or number is None:
            steps = steps if is_mean and not finalize and number is not None else 1
            self._values[name] = (value if number is None else number * steps, steps)
        else:
            total, count = self._values[name]
            self._values[name] = (total + number * steps, count + steps)

    def _pace(self, current: int, now: float) -> float:
        """Return how long a step takes. As in Keras, the first one does not count where there are more."""
        if not current:
            return 0.0
        counts = self._first_step is not None and current > 1
        pace = (now - (self._first_step or 0.0)) / (current - 1) if counts else (now - self._began) / current
        if current == 1:
            self._first_step = now
        return pace

    def _count(self, current: int) -> str:
        if not self.target:
            return f"{current:7d}/Unknown"
        return f"{current:{len(str(self.target))}d}/{self.target}"

    def _bar(self, current: int, now: float, pace: float, finalize: bool) -> str:
        start = self._count(current)
        if self.target:
            filled = min(self.width, int(self.width * current / self.target))
            start += f" {'━' * filled}{('━' if finalize else '┄') * (self.width - filled)}"
        left = _clock(pace * (self.target - current)) if self.target and not finalize else f"{now - self._began:.0f}s"
        return " - ".join([f"{start} {left} {render_pace(pace, self.unit_name)}", *self._measured()])

    def _measured(self) -> list[str]:
        shown = {name: total / count if count > 1 else total for name, (total, count) in self._values.items()}
        return [f"{name}: {render_number(value)}" for name, value in shown.items()]

    def _show(self, text: str, finalize: bool) -> None:
        covered = " " * max(0, self._shown - len(text))
        self._output.write(f"{chr(13) if self._moves else ''}{text}{covered}{chr(10) if finalize else ''}")
        self._output.flush()
        self._shown = 0 if finalize else len(text)


def _clock(seconds: float) -> str:
    if seconds > 3600:
        return f"{int(seconds) // 3600}:{int(seconds) % 3600 // 60:02d}:{int(seconds) % 60:02d}"
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}" if seconds > 60 else f"{int(seconds)}s"
