"""Claim 17: learning by heart, and what dropout does against it."""

from __future__ import annotations

import statistics

from convoscope.lessons import checks
from convoscope.lessons.chart import Chart, Series
from convoscope.lessons.claim import Claim, in_percent
from convoscope.lessons.finding import CHANCE, Finding, asked, counted, missing, percents
from convoscope.lessons.measured import Measured
from convoscope.lessons.trial import Trial
from convoscope.lessons.trials import DROPOUTS, TWENTY_EPOCHS

_USUAL = 0.4


def _judge(measured: Measured) -> list[Finding]:
    return [
        counted("parameters of the one convolution of 32", 693_962, checks.with_one_convolution().count_params()),
        _smaller_gap(measured),
        _best_dropout(measured),
        _twenty_epochs(measured),
    ]


def _smaller_gap(measured: Measured) -> Finding:
    what, claimed = f"gap between training and validation, dropout {_USUAL:g}", "smaller than without dropout"
    without, dropped = DROPOUTS[0.0], DROPOUTS[_USUAL]
    if (lacking := missing(measured, [without, dropped], what, claimed)) is not None:
        return lacking
    before, after = (statistics.fmean(measured.values(trial, "gap")) for trial in (without, dropped))
    told = f"{100 * after:+.2f} points against {100 * before:+.2f}"
    smaller = before - after
    if smaller > CHANCE:
        return Finding(what, claimed, told, f"holds, smaller by {100 * smaller:.2f} points", True)
    return Finding(what, claimed, told, f"differs: smaller by {100 * smaller:.2f} points", False)


def _best_dropout(measured: Measured) -> Finding:
    what = "best dropout rate on held-out images, after the last epoch"
    if (lacking := missing(measured, list(DROPOUTS.values()), what)) is not None:
        return lacking
    last = {rate: measured.course(trial, "val_accuracy")[-1] for rate, trial in DROPOUTS.items()}
    best = max(last, key=lambda rate: statistics.fmean(last[rate]))
    ahead = statistics.fmean(last[best]) - statistics.fmean(last[0.0])
    told = "; ".join(f"{rate:g}: {percents(values)}" for rate, values in last.items())
    answer = (
        f"{best:g}, {100 * ahead:+.2f} points against no dropout"
        if ahead > CHANCE
        else "none is better by more than chance"
    )
    return asked(what, told, answer)


def _twenty_epochs(measured: Measured) -> Finding:
    what, claimed = (
        "two convolutions of 64, 20 epochs",
        "overfits: training accuracy keeps rising, validation accuracy does not",
    )
    if (lacking := missing(measured, [TWENTY_EPOCHS], what, claimed)) is not None:
        return lacking
    trained, validated = ([statistics.fmean(v) for v in course] for course in _courses(measured, TWENTY_EPOCHS))
    best = max(range(len(validated)), key=lambda epoch: validated[epoch])
    rises, falls = trained[-1] - trained[best], validated[best] - validated[-1]
    told = (
        f"validation accuracy is best after epoch {best + 1}, {100 * validated[best]:.2f} %, and ends at "
        f"{100 * validated[-1]:.2f} %; training accuracy goes from {100 * trained[best]:.2f} to "
        f"{100 * trained[-1]:.2f} %"
    )
    holds = rises > CHANCE and falls >= 0 and best + 1 < len(validated)
    return Finding(what, claimed, told, "holds" if holds else "differs: validation accuracy still rises", holds)


def _courses(measured: Measured, trial: Trial) -> tuple[list[list[float]], list[list[float]]]:
    return measured.course(trial, "accuracy"), measured.course(trial, "val_accuracy")


def _charts(measured: Measured) -> list[Chart]:
    rates = list(DROPOUTS)
    trained, validated = (
        Series(name, [in_percent(course[-1]) if course else [] for course in courses])
        for name, courses in (
            ("in training", [_courses(measured, DROPOUTS[rate])[0] for rate in rates]),
            ("on held-out images", [_courses(measured, DROPOUTS[rate])[1] for rate in rates]),
        )
    )
    courses = _courses(measured, TWENTY_EPOCHS)
    return [
        Chart(
            "17-dropout",
            "Fashion-MNIST, one convolution of 32: dropout, and the gap it closes",
            f"After {DROPOUTS[0.0].epochs} epochs. Training accuracy is measured with part of the network dropped, and "
            "is therefore too low; on held-out images the whole network is used.",
            (trained, validated),
            [float(rate) for rate in rates],
            "dropout",
            joined=True,
        ),
        Chart(
            "17-twenty-epochs",
            "Fashion-MNIST, two convolutions of 64: 20 epochs of overfitting",
            "After the first few epochs, the network only memorizes the training images.",
            tuple(
                Series(name, [in_percent(values) for values in course])
                for name, course in zip(("in training", "on held-out images"), courses, strict=True)
            ),
            [float(epoch + 1) for epoch in range(len(courses[0]))],
            "epoch",
            joined=True,
        ),
    ]


CLAIMS = (
    Claim(
        17,
        "Overfitting and dropout",
        "Nearly a million parameters, and 60,000 images: the network memorizes them. Dropout of 0.2 to 0.5 after the "
        "pooling and after the dense layer narrows the gap between training and validation; the exact rate tends not "
        "to matter much.",
        _judge,
        (*DROPOUTS.values(), TWENTY_EPOCHS),
        (checks.with_one_convolution,),
        ("print(with_one_convolution().count_params())",),
        _charts,
    ),
)
