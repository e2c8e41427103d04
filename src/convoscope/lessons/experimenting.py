"""Claims 18 and 19: another data set, a goal to stop at, and the experiments that the lessons set."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import Any

from convoscope import datasets
from convoscope.lessons.chart import Chart, Series
from convoscope.lessons.claim import Claim, accuracies, training_and_test
from convoscope.lessons.finding import CHANCE, Finding, asked, counted, missing, percents
from convoscope.lessons.measured import Measured
from convoscope.lessons.trial import Trial
from convoscope.lessons.trials import CONVOLUTIONS, DIGITS, FILTERS, GOAL, ONE_OF_32, TO_THE_GOAL

_CLASSES = "T-shirt/top, Trouser, Pullover, Dress, Coat, Sandal, Shirt, Sneaker, Bag, Ankle boot"
_PIXELS = 784
_CONVOLUTIONAL = {
    **{f"2 of {filters}": trial for filters, trial in FILTERS.items()},
    "1 of 64": CONVOLUTIONS[1],
    "3 of 64": CONVOLUTIONS[3],
}


def _other_data(measured: Measured) -> list[Finding]:
    one = DIGITS["1 convolution"]
    what = "the network with one convolution of 32, trained by the same code"
    names = counted("its ten classes", _CLASSES, ", ".join(datasets.info("fashion-mnist").class_names))
    if (lacking := missing(measured, [one, ONE_OF_32], what)) is not None:
        return [names, lacking]
    digits, clothes = measured.values(one, "test_accuracy"), measured.values(ONE_OF_32, "test_accuracy")
    lost = statistics.fmean(digits) - statistics.fmean(clothes)
    told = f"MNIST {percents(digits)}, Fashion-MNIST {percents(clothes)}"
    return [names, asked(what, told, f"clothes are harder, by {100 * lost:.2f} points")]


def _experiments(measured: Measured) -> list[Finding]:
    return [
        _goal(measured),
        _faster(measured),
        *(
            _sweet_spot(measured, what, trials)
            for what, trials in (("filters", FILTERS), ("convolutions", CONVOLUTIONS))
        ),
        _small_pictures(measured),
    ]


def _goal(measured: Measured) -> Finding:
    what, claimed = f"stop when {100 * GOAL:g} % is reached in training", "stops before its last epoch"
    if (lacking := missing(measured, [TO_THE_GOAL], what, claimed)) is not None:
        return lacking
    epochs = [result.epochs for result in measured.rows[TO_THE_GOAL].finished]
    reached = percents(measured.values(TO_THE_GOAL, "train_accuracy"))
    holds = all(why == "goal" for why in measured.stopped(TO_THE_GOAL))
    told = f"after {' and '.join(map(str, epochs))} of {TO_THE_GOAL.epochs} epochs, with {reached}"
    return Finding(what, claimed, told, "holds" if holds else "differs: it did not reach the goal", holds)


def _faster(measured: Measured) -> Finding:
    what, claimed = "an epoch with 16 filters instead of 64", "faster"
    if (lacking := missing(measured, [FILTERS[16], FILTERS[64]], what, claimed)) is not None:
        return lacking
    few, many = (measured.seconds_an_epoch(FILTERS[filters]) or 0.0 for filters in (16, 64))
    told = f"{few:.2f} s against {many:.2f} s, with one thread each"
    return Finding(what, claimed, told, f"holds, {many / few:.1f} times" if few < many else "differs", few < many)


def _sweet_spot(measured: Measured, what: str, trials: Mapping[int, Trial]) -> Finding:
    """The fewest with which nothing beyond chance is lost against the best."""
    asked_for = f"{', '.join(map(str, trials))} {what}: is there a sweet spot?"
    if (lacking := missing(measured, list(trials.values()), asked_for)) is not None:
        return lacking
    means = {number: statistics.fmean(measured.values(each, "test_accuracy")) for number, each in trials.items()}
    told = "; ".join(f"{number}: {percents(measured.values(each, 'test_accuracy'))}" for number, each in trials.items())
    best = max(means.values())
    sweet = min(number for number, mean in means.items() if best - mean <= CHANCE)
    grows = sweet == max(trials)
    return asked(asked_for, told, f"{sweet}: {'more is better, as far as tested' if grows else 'more does not help'}")


def _small_pictures(measured: Measured) -> Finding:
    what = f"does accuracy rise if fewer than the image's {_PIXELS} values reach the dense layer?"
    if (lacking := missing(measured, list(_CONVOLUTIONAL.values()), what)) is not None:
        return lacking
    means = {name: statistics.fmean(measured.values(each, "test_accuracy")) for name, each in _CONVOLUTIONAL.items()}
    fewer, more = (
        max((name for name in means if (flattened(_CONVOLUTIONAL[name]) < _PIXELS) is small), key=lambda n: means[n])
        for small in (True, False)
    )
    told = "; best of the others: ".join(
        f"{name}, {flattened(each):,} values, {percents(measured.values(each, 'test_accuracy'))}"
        for name, each in ((name, _CONVOLUTIONAL[name]) for name in (fewer, more))
    )
    ahead = means[fewer] - means[more]
    answer = "just as good"
    if abs(ahead) > CHANCE:
        answer = f"{'better' if ahead > 0 else 'worse'} by {100 * abs(ahead):.2f} points"
    return asked(what, told, answer)


def flattened(trial: Trial) -> int:
    """Count the values that the dense layer of a trial's network gets of an image of 28×28 pixels.

    Examples
    --------
    >>> [flattened(FILTERS[filters]) for filters in (8, 16, 64)]
    [200, 400, 1600]
    """
    from convoscope.models import build_preset
    from convoscope.models.summary import summarize

    told: dict[str, Any] = {name: trial.settings.get(name) for name in ("filters", "convolutions", "pooling")}
    model = build_preset(trial.settings["model"], (28, 28, 1), 10, **told)
    return next(row.values for row in summarize(model).rows if row.kind == "Flatten")


def _charts(measured: Measured) -> list[Chart]:
    by_size = sorted(_CONVOLUTIONAL.items(), key=lambda named: flattened(named[1]))
    sizes = [flattened(trial) for _, trial in by_size]
    named = ", ".join(f"{name} ({size:,})" for (name, _), size in zip(by_size, sizes, strict=True))
    return [
        Chart(
            "19-filters",
            "Fashion-MNIST, two convolutions: how many filters?",
            "Five epochs each, with 8, 16, 32 and 64 filters in both convolutions.",
            training_and_test(measured, list(FILTERS.values())),
            [float(number) for number in FILTERS],
            "filters in each convolution",
            joined=True,
            logarithmic=True,
        ),
        Chart(
            "19-convolutions",
            "Fashion-MNIST: from no convolution to three",
            "Five epochs each, with 64 filters and a pooling after each convolution.",
            training_and_test(measured, list(CONVOLUTIONS.values())),
            [str(number) for number in CONVOLUTIONS],
            "convolutions",
            joined=True,
        ),
        Chart(
            "19-flattened",
            "Fashion-MNIST, on test: how much of the image reaches the dense layer?",
            f"From left to right: {named}. The image has {_PIXELS} pixels.",
            (accuracies(measured, [trial for _, trial in by_size], "test_accuracy", "on test"),),
            [float(size) for size in sizes],
            "values before the dense layer",
            logarithmic=True,
        ),
        Chart(
            "19-seconds",
            "Fashion-MNIST, two convolutions: what filters cost",
            "Median of all epochs, with one thread per run; several runs trained at the same time.",
            (Series("seconds", [_seconds(measured, trial) for trial in FILTERS.values()]),),
            [float(number) for number in FILTERS],
            "filters in each convolution",
            "seconds an epoch",
            joined=True,
            logarithmic=True,
        ),
    ]


def _seconds(measured: Measured, trial: Trial) -> list[float]:
    seconds = measured.seconds_an_epoch(trial)
    return [] if seconds is None else [seconds]


CLAIMS = (
    Claim(
        18,
        "The same code on another data set",
        "Fashion-MNIST is very similar to MNIST, but has clothes: T-shirt/top, Trouser, Pullover, Dress, Coat, Sandal, "
        "Shirt, Sneaker, Bag, Ankle boot.",
        _other_data,
        (DIGITS["1 convolution"], ONE_OF_32),
    ),
    Claim(
        19,
        "Experiments, and a goal",
        "Training stops when a goal is reached. The lessons ask: 'what impact will 16 instead of 64 have'? One "
        "convolution fewer, one more, only the first? What happens if fewer than 784 values reach the dense layer? "
        "'Training should be faster, but is there a sweet spot?'",
        _experiments,
        (*FILTERS.values(), *CONVOLUTIONS.values(), TO_THE_GOAL),
        charts=_charts,
    ),
)
