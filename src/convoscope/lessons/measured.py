"""What came of trials: figures of each run, epoch by epoch."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from functools import cached_property

from convoscope.experiments.results import Row
from convoscope.lessons.trial import Trial
from convoscope.runs import RunFolder
from convoscope.storage import read_json


class Measured:
    """The runs of trials, and what is in them.

    Parameters
    ----------
    rows : mapping of Trial to Row
    quick : bool
        Whether they were trained on other images than the lessons', so that no claim can be judged by them.
    """

    def __init__(self, rows: Mapping[Trial, Row], *, quick: bool = False) -> None:
        self.rows = dict(rows)
        self.quick = quick

    def values(self, trial: Trial, name: str) -> list[float]:
        """Give a figure of every finished run; see `convoscope.experiments.Result` for which there are."""
        return [result.figures[name] for result in self.rows[trial].finished if name in result.figures]

    def mean(self, trial: Trial, name: str) -> float | None:
        """Give the mean of a figure, or None if no run is finished."""
        values = self.values(trial, name)
        return statistics.fmean(values) if values else None

    def course(self, trial: Trial, name: str) -> list[list[float]]:
        """Give what was written down after each epoch: for each the values of all finished runs that came to it."""
        epochs: list[list[float]] = []
        for history in self._histories[trial]:
            for number, line in enumerate(history):
                if number == len(epochs):
                    epochs.append([])
                epochs[number].append(line[name])
        return epochs

    def seconds_an_epoch(self, trial: Trial) -> float | None:
        """Give the median over all epochs of all runs."""
        seconds = [value for values in self.course(trial, "seconds") for value in values]
        return statistics.median(seconds) if seconds else None

    def stopped(self, trial: Trial) -> list[str | None]:
        """Say of each finished run why it ended before its last epoch, None if it did not."""
        reports = [read_json(RunFolder(result.folder).report) for result in self.rows[trial].finished]
        return [report["stopped"] for report in reports]

    def reason(self, trial: Trial) -> str | None:
        """Say why a run failed, or None if none did."""
        return next(iter(self.rows[trial].reasons), None)

    @cached_property
    def _histories(self) -> dict[Trial, list[list[dict[str, float]]]]:
        return {
            trial: [RunFolder(result.folder).read_history() for result in row.finished]
            for trial, row in self.rows.items()
        }
