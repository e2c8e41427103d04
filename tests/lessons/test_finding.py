"""The rules that judge, on figures made up by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from convoscope.experiments.results import Result, Row
from convoscope.lessons.accuracy import older_lesson
from convoscope.lessons.finding import about, alike, asked, at_least, counted, difference, higher, not_judged
from convoscope.lessons.measured import Measured
from convoscope.lessons.trial import trial
from convoscope.lessons.trials import OLDER_LESSON

from .conftest import MadeUp

ONE = trial("mnist", "one", model="dense")
OTHER = trial("mnist", "other", model="dense")


@pytest.mark.parametrize(
    ("values", "holds", "verdict"),
    [
        ([0.875], True, "holds"),
        ([0.861, 0.861], True, "holds, within 1 point"),
        ([0.88, 0.898], True, "holds, within 1 point"),
        ([0.90, 0.92], False, "differs: 3.00 points above"),
        ([0.72], False, "differs: 15.00 points below"),
    ],
)
def test_a_figure_holds_within_its_tolerance(made_up: MadeUp, values: list[float], holds: bool, verdict: str) -> None:
    finding = about(made_up({ONE: {"test_accuracy": values}}), ONE, "test_accuracy", 0.87, 0.88)
    assert (finding.holds, finding.verdict, finding.claimed) == (holds, verdict, "87 to 88 %")


def test_and_more_is_taken_at_its_word(made_up: MadeUp) -> None:
    measured = made_up({ONE: {"test_accuracy": [0.9905]}, OTHER: {"test_accuracy": [0.9895]}})
    assert at_least(measured, ONE, "test_accuracy", 0.99).holds is True
    short = at_least(measured, OTHER, "test_accuracy", 0.99)
    assert (short.holds, short.verdict) == (False, "differs: 0.05 points short")


@pytest.mark.parametrize(
    ("first", "second", "holds", "verdict"),
    [
        ([0.91], [0.90], True, "holds, +1.00 points"),
        ([0.902], [0.90], False, "not confirmed: +0.20 points may be chance"),
        ([0.89], [0.90], False, "differs: the other is better, -1.00 points"),
        # One point ahead, but the seeds of both differ by two: a standard error of the difference of 1.41 points.
        ([0.90, 0.92], [0.89, 0.91], False, "not confirmed: +1.00 points may be chance"),
    ],
)
def test_better_is_what_is_ahead_beyond_chance(
    made_up: MadeUp, first: list[float], second: list[float], holds: bool, verdict: str
) -> None:
    measured = made_up({ONE: {"test_accuracy": first}, OTHER: {"test_accuracy": second}})
    finding = higher(measured, ONE, OTHER, "one", "better")
    assert (finding.holds, finding.verdict) == (holds, verdict)


def test_the_error_of_a_difference_is_that_of_both_means() -> None:
    # By hand: variances of 2e-4 and 8e-4 over two seeds each; the mean's are half of them, 5e-4 together.
    ahead, chance = difference([0.90, 0.92], [0.82, 0.86])
    assert ahead == pytest.approx(0.07)
    assert chance == pytest.approx(2 * math.sqrt(5e-4))


def test_alike_is_what_differs_by_chance_alone(made_up: MadeUp) -> None:
    measured = made_up({ONE: {"test_accuracy": [0.902]}, OTHER: {"test_accuracy": [0.90]}})
    assert alike(measured, ONE, OTHER, "both", "alike").holds is True
    measured = Measured({ONE: measured.rows[ONE], OTHER: _row(0.85)})
    apart = alike(measured, ONE, OTHER, "both", "alike")
    assert (apart.holds, apart.verdict) == (False, "differs: +5.20 points")


def test_what_is_counted_holds_if_it_is_the_same() -> None:
    assert counted("parameters", 693_962, 693_962).holds is True
    assert counted("parameters", 693_962, 693_961).verdict == "differs"


def test_a_question_gets_an_answer_and_no_verdict() -> None:
    assert asked("a sweet spot?", "figures", "32").holds is None


def test_what_failed_is_not_judged_and_says_why(made_up: MadeUp) -> None:
    failed = Row({}, (Result(Path(), {}, {}, "failed", "The loss is no longer a number.", 0, {}),))
    measured = Measured({ONE: failed, OTHER: failed})
    for finding in (
        about(measured, ONE, "test_accuracy", 0.9),
        at_least(measured, ONE, "test_accuracy", 0.9),
        higher(measured, ONE, OTHER, "one", "better"),
        alike(measured, ONE, OTHER, "both", "alike"),
    ):
        assert finding.holds is None
        assert finding.measured == "failed: The loss is no longer a number."


def test_on_other_images_only_what_is_counted_is_judged(made_up: MadeUp) -> None:
    measured = made_up({ONE: {"test_accuracy": [0.875]}}, quick=True)
    trained = not_judged(about(measured, ONE, "test_accuracy", 0.87, 0.88))
    assert (trained.holds, trained.measured) == (None, "87.50 %")
    assert not_judged(counted("pixels", 784, 784)).holds is True


@pytest.mark.parametrize(
    ("trained", "tested", "holds", "verdict"),
    [
        (0.715, 0.705, True, "SGD explains it"),
        (0.76, 0.75, False, "none does; the nearest is 4.00 points off"),
        (0.72, 0.74, False, "differs: none does"),  # the lesson had less on test
    ],
)
def test_the_older_lesson_is_explained_by_what_comes_near_it_with_less_on_test(
    made_up: MadeUp, trained: float, tested: float, holds: bool, verdict: str
) -> None:
    elsewhere = {"train_accuracy": [0.5], "test_accuracy": [0.6]}
    found = dict.fromkeys(OLDER_LESSON.values(), elsewhere)
    found[OLDER_LESSON["SGD"]] = {"train_accuracy": [trained], "test_accuracy": [tested]}
    finding = older_lesson(made_up(found))
    assert (finding.holds, finding.verdict) == (holds, verdict)


def _row(tested: float) -> Row:
    result = Result(Path(), {}, {}, "finished", None, 1, {})
    return Row({}, (replace(result, figures={"test_accuracy": tested}),))
