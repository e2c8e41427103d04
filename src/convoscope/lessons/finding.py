"""What is claimed beside what was measured, and the rules that say whether the one is the other."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from convoscope.lessons.measured import Measured
from convoscope.lessons.trial import Trial

TOLERANCE = 0.01  # of what the lessons round to whole percents, and say "about" of
CHANCE = 0.003  # a difference that another seed may turn around
_ERRORS = 2.0
RULES = (
    f"A figure holds if its mean over seeds is within {100 * TOLERANCE:g} point of the claimed one, because the "
    'lessons say "about". Where they say "and more", the mean must reach the claimed figure.',
    f"One network is better than another if it leads by more than {100 * CHANCE:g} points and by more than {_ERRORS:g} "
    f"standard errors of the difference between the means over seeds. A smaller lead may be chance.",
    "What can be counted, such as shapes and parameters, holds if it is equal.",
)
QUESTION = "a question"  # what is claimed where the lessons only ask
_NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Finding:
    """A line of the table: what was claimed, what was measured, and whether the claim holds.

    Attributes
    ----------
    what : str
    claimed, measured : str
    verdict : str
    holds : bool or None
        None if nothing was claimed that could hold, or nothing was measured.
    exact : bool
        Whether it was counted rather than trained: then it does not depend on the images.

    Examples
    --------
    >>> finding = counted("parameters of Dense(10) after 128 units", 1290, 128 * 10 + 10)
    >>> finding.measured, finding.verdict, finding.exact
    ('1290', 'holds', True)
    """

    what: str
    claimed: str
    measured: str
    verdict: str
    holds: bool | None
    exact: bool = False


def about(
    measured: Measured, trial: Trial, name: str, low: float, high: float | None = None, *, tolerance: float = TOLERANCE
) -> Finding:
    """Hold the mean of an accuracy against a claimed one, or two that it is between."""
    top = low if high is None else high
    claimed = f"{100 * low:g} %" if high is None else f"{100 * low:g} to {100 * top:g} %"
    values = measured.values(trial, name)
    what = f"{trial}: {_WORDS[name]} accuracy"
    if not values:
        return _missing(measured, [trial], what, claimed)
    off = min(statistics.fmean(values) - low, 0) + max(statistics.fmean(values) - top, 0)
    holds = abs(off) <= tolerance
    verdict = f"holds, within {100 * tolerance:g} point{'s' * (tolerance != 0.01)}" if off else "holds"
    if not holds:
        verdict = f"differs: {100 * abs(off):.2f} points {'above' if off > 0 else 'below'}"
    return Finding(what, claimed, percents(values), verdict, holds)


def at_least(measured: Measured, trial: Trial, name: str, least: float) -> Finding:
    """Hold the mean of an accuracy against one that it is to reach."""
    what, claimed = f"{trial}: {_WORDS[name]} accuracy", f"{100 * least:g} % and more"
    values = measured.values(trial, name)
    if not values:
        return _missing(measured, [trial], what, claimed)
    short = least - statistics.fmean(values)
    verdict = "holds" if short <= 0 else f"differs: {100 * short:.2f} points short"
    return Finding(what, claimed, percents(values), verdict, short <= 0)


def higher(
    measured: Measured, better: Trial, than: Trial, what: str, claimed: str, name: str = "test_accuracy"
) -> Finding:
    """Ask whether one trial has more of a figure than another, beyond chance."""
    first, second = measured.values(better, name), measured.values(than, name)
    if not first or not second:
        return _missing(measured, [better, than], what, claimed)
    ahead, chance = difference(first, second)
    told = f"{percents(first)} against {percents(second)}"
    if abs(ahead) <= chance:
        return Finding(what, claimed, told, f"not confirmed: {100 * ahead:+.2f} points may be chance", False)
    if ahead < 0:
        return Finding(what, claimed, told, f"differs: the other is better, {100 * ahead:+.2f} points", False)
    return Finding(what, claimed, told, f"holds, {100 * ahead:+.2f} points", True)


def alike(measured: Measured, one: Trial, other: Trial, what: str, claimed: str) -> Finding:
    """Ask whether two trials differ in test accuracy by no more than chance."""
    first, second = measured.values(one, "test_accuracy"), measured.values(other, "test_accuracy")
    if not first or not second:
        return _missing(measured, [one, other], what, claimed)
    ahead, chance = difference(first, second)
    holds = abs(ahead) <= chance
    verdict = "holds" if holds else f"differs: {100 * ahead:+.2f} points"
    return Finding(what, claimed, f"{percents(first)} against {percents(second)}", verdict, holds)


def counted(what: str, claimed: object, found: object) -> Finding:
    """Hold what is counted against what is claimed."""
    holds = claimed == found
    return Finding(what, str(claimed), str(found), "holds" if holds else "differs", holds, exact=True)


def asked(what: str, measured: str, answer: str) -> Finding:
    """Answer a question that the lessons leave open."""
    return Finding(what, QUESTION, measured, answer, None)


def difference(first: Sequence[float], second: Sequence[float]) -> tuple[float, float]:
    """Return how far a mean is ahead of another, and how far it may be by chance.

    Examples
    --------
    >>> [round(each, 4) for each in difference([0.90, 0.92], [0.88])]
    [0.03, 0.02]
    """
    squares = sum(statistics.variance(values) / len(values) for values in (first, second) if len(values) > 1)
    return statistics.fmean(first) - statistics.fmean(second), max(CHANCE, _ERRORS * math.sqrt(squares))


def not_judged(finding: Finding) -> Finding:
    """Take back the verdict on what was measured on other images than the lessons'."""
    if finding.exact:
        return finding
    return replace(finding, verdict="not judged: other images", holds=None)


def percents(values: Sequence[float]) -> str:
    """Write a mean in percent, with the smallest and the largest value where there are several.

    Examples
    --------
    >>> percents([0.9081]), percents([0.9, 0.91])
    ('90.81 %', '90.50 % (90.00 to 91.00)')
    """
    mean = f"{100 * statistics.fmean(values):.2f} %"
    return mean if len(values) == 1 else f"{mean} ({100 * min(values):.2f} to {100 * max(values):.2f})"


def missing(measured: Measured, trials: Sequence[Trial], what: str, claimed: str = QUESTION) -> Finding | None:
    """Say that a trial has no finished run, and why; None if all have one."""
    if all(measured.values(trial, "test_accuracy") for trial in trials):
        return None
    return _missing(measured, trials, what, claimed)


_WORDS = {"train_accuracy": "training", "test_accuracy": "test"}


def _missing(measured: Measured, trials: Sequence[Trial], what: str, claimed: str) -> Finding:
    reasons = [reason for trial in trials if (reason := measured.reason(trial)) is not None]
    return Finding(what, claimed, f"failed: {reasons[0]}" if reasons else _NOT_MEASURED, _NOT_MEASURED, None)
