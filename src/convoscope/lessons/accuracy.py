"""Claims 14 to 16: what accuracies the networks come to."""

from __future__ import annotations

from convoscope.lessons.chart import Chart, Series
from convoscope.lessons.claim import Claim, in_percent, training_and_test
from convoscope.lessons.finding import Finding, about, at_least, higher, missing, percents
from convoscope.lessons.measured import Measured
from convoscope.lessons.trial import Trial
from convoscope.lessons.trials import ALONE, DENSE, DIGITS, OLDER_LESSON, TWO_OF_64

_OLDER, _NEAR = 0.72, 0.02
_GPU_SECONDS = 5.0


def _dense(measured: Measured) -> list[Finding]:
    return [
        about(measured, DENSE, "train_accuracy", 0.89),
        about(measured, DENSE, "test_accuracy", 0.87, 0.88),
        older_lesson(measured),
    ]


def older_lesson(measured: Measured) -> Finding:
    """Look for the setting that comes to what the older lesson saw: 72 % in training, a little less on test.

    The nearest by training accuracy of those with less on test; it explains the figure if it is within 2 points of it.
    """
    what, claimed = "what explains the older lesson", "about 72 % training accuracy, a little less test accuracy"
    if (lacking := missing(measured, list(OLDER_LESSON.values()), what, claimed)) is not None:
        return lacking
    off = {name: abs((measured.mean(each, "train_accuracy") or 0.0) - _OLDER) for name, each in OLDER_LESSON.items()}
    less = [name for name, trial in OLDER_LESSON.items() if _is_less_on_test(measured, trial)]
    if not less:
        return Finding(what, claimed, "in all, test accuracy is above training accuracy", "differs: none does", False)
    nearest = min(less, key=lambda name: off[name])
    trial = OLDER_LESSON[nearest]
    told = (
        f"{nearest}: training {percents(measured.values(trial, 'train_accuracy'))}, "
        f"test {percents(measured.values(trial, 'test_accuracy'))}"
    )
    holds = off[nearest] <= _NEAR
    verdict = f"{nearest} explains it" if holds else f"none does; the nearest is {100 * off[nearest]:.2f} points off"
    return Finding(what, claimed, told, verdict, holds)


def _is_less_on_test(measured: Measured, trial: Trial) -> bool:
    trained, tested = measured.mean(trial, "train_accuracy"), measured.mean(trial, "test_accuracy")
    return trained is not None and tested is not None and tested < trained


def _dense_charts(measured: Measured) -> list[Chart]:
    return [
        Chart(
            "14-older-lesson",
            "Fashion-MNIST, dense network: what gives 72 %?",
            "The dotted line is at 72 %. The learning rate of SGD is 0.01 unless stated otherwise.",
            training_and_test(measured, list(OLDER_LESSON.values())),
            list(OLDER_LESSON),
            level=100 * _OLDER,
        )
    ]


def _convolutions(measured: Measured) -> list[Finding]:
    return [
        about(measured, TWO_OF_64, "train_accuracy", 0.93),
        about(measured, TWO_OF_64, "test_accuracy", 0.91),
        higher(measured, TWO_OF_64, DENSE, "two convolutions before the dense network", "better test accuracy"),
        _seconds(measured),
    ]


def _seconds(measured: Measured) -> Finding:
    what, claimed = "an epoch, with nothing else running", "less than the 5 to 6 s of the lesson's GPU"
    if (lacking := missing(measured, [ALONE], what, claimed)) is not None:
        return lacking
    seconds = measured.seconds_an_epoch(ALONE) or 0.0
    threads = measured.rows[ALONE].results[0].settings["threads"]
    told = f"{seconds:.2f} s with {threads} thread{'s' * (threads != 1)}"
    holds = seconds < _GPU_SECONDS
    return Finding(what, claimed, told, "holds" if holds else f"differs: {seconds - _GPU_SECONDS:.2f} s more", holds)


def _convolution_charts(measured: Measured) -> list[Chart]:
    series = tuple(
        Series(name, [in_percent(values) for values in measured.course(trial, "accuracy")])
        for trial, name in ((TWO_OF_64, "two convolutions of 64"), (DENSE, "dense network"))
    )
    epochs = min(len(each.values) for each in series)
    return [
        Chart(
            "15-epochs",
            "Fashion-MNIST: accuracy in training, epoch by epoch",
            "Convolutions lead from the first epoch on.",
            tuple(Series(each.name, each.values[:epochs]) for each in series),
            [float(epoch + 1) for epoch in range(epochs)],
            "epoch",
            joined=True,
        )
    ]


def _digits(measured: Measured) -> list[Finding]:
    one, several = DIGITS["1 convolution"], DIGITS["2 and dropout"]
    return [
        about(measured, one, "test_accuracy", 0.98, 0.985, tolerance=0.005),
        at_least(measured, several, "test_accuracy", 0.99),
        higher(measured, several, one, "several convolutions and dropout", "better than one convolution"),
    ]


def _digit_charts(measured: Measured) -> list[Chart]:
    return [
        Chart(
            "16-98-to-99",
            "MNIST: from 98 to 99 %",
            "Five epochs each. Dropout makes training harder, so training accuracy may be below test accuracy. "
            "The dotted line is at 99 %.",
            training_and_test(measured, list(DIGITS.values())),
            list(DIGITS),
            level=99.0,
        )
    ]


CLAIMS = (
    Claim(
        14,
        "The dense network on Fashion-MNIST",
        "After 5 epochs, training accuracy is about 89 %, and test accuracy 87 to 88 %. An older lesson reports about "
        "72 % in training and a little less on the test images, and does not say how the network was trained.",
        _dense,
        (DENSE, *OLDER_LESSON.values()),
        charts=_dense_charts,
    ),
    Claim(
        15,
        "Two convolutions on Fashion-MNIST",
        "After 5 epochs, training accuracy is about 93 %, and test accuracy 91 %. An epoch takes 5 to 6 seconds on the "
        "lesson's GPU.",
        _convolutions,
        (ALONE, TWO_OF_64, DENSE),
        charts=_convolution_charts,
    ),
    Claim(
        16,
        "From 98 to 99 % on MNIST",
        "One convolution reaches 98 or 98.5 %; several, with dropout and poolings between them, reach 99 % and more.",
        _digits,
        tuple(DIGITS.values()),
        charts=_digit_charts,
    ),
)
