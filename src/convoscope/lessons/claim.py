"""A claim of the lessons, with all that tests it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from convoscope.lessons.chart import Chart, Series
from convoscope.lessons.finding import Finding, not_judged
from convoscope.lessons.measured import Measured
from convoscope.lessons.trial import Trial


def _no_charts(measured: Measured) -> list[Chart]:
    return []


@dataclass(frozen=True)
class Claim:
    """One claim of the lessons, and how it is tested.

    Attributes
    ----------
    number : int
    title : str
    said : str
        What the lessons say, with their figures.
    judge : callable
        Compares what was measured with what was claimed.
    trials : tuple of Trial
        What is trained for it.
    checks : tuple of callable
        Functions that count something without training; the page shows their source.
    calls : tuple of str
        The lines that the page prints below them, so that its programs show something.
    charts : callable
    shown_with : int or None
        The claim whose program in `docs/lessons` shows this one too, if it has none of its own.

    Examples
    --------
    >>> from convoscope.lessons import claims
    >>> claim = claims([9])[0]
    >>> claim.title, claim.trials[0].what, claim.trials[0].settings["epochs"]
    ('Dense against convolutional', 'perceptron', 5)
    """

    number: int
    title: str
    said: str
    judge: Callable[[Measured], list[Finding]]
    trials: tuple[Trial, ...] = ()
    checks: tuple[Callable[[], object], ...] = ()
    calls: tuple[str, ...] = ()
    charts: Callable[[Measured], list[Chart]] = _no_charts
    shown_with: int | None = None

    def findings(self, measured: Measured) -> list[Finding]:
        """Judge; what was measured on other images than the lessons' is told, and not judged."""
        found = self.judge(measured)
        return [not_judged(finding) for finding in found] if measured.quick else found


def in_percent(values: Sequence[float]) -> list[float]:
    """Give shares as percentages."""
    return [100 * value for value in values]


def accuracies(measured: Measured, trials: Sequence[Trial], name: str, called: str) -> Series:
    """Give a figure of several trials, in percent."""
    return Series(called, [in_percent(measured.values(trial, name)) for trial in trials])


def training_and_test(measured: Measured, trials: Sequence[Trial]) -> tuple[Series, Series]:
    """Give the accuracies of trials in training, in the last epoch, and on the test images."""
    return (
        accuracies(measured, trials, "test_accuracy", "on test"),
        accuracies(measured, trials, "train_accuracy", "in training"),
    )
