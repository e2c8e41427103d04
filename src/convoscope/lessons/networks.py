"""Claims 9 to 13: the networks, how they start, and what they count."""

from __future__ import annotations

from convoscope.lessons import checks
from convoscope.lessons.chart import Chart, Series
from convoscope.lessons.claim import Claim, accuracies, in_percent, training_and_test
from convoscope.lessons.finding import Finding, alike, asked, counted, difference, higher, missing, percents
from convoscope.lessons.measured import Measured
from convoscope.lessons.trial import Trial
from convoscope.lessons.trials import (
    BATCHES,
    DENSE,
    FILTERS,
    ONE_OF_32,
    PERCEPTRON,
    POOLINGS,
    SHUFFLED_CONVOLUTIONS,
    SHUFFLED_DENSE,
    STARTS,
    TWO_OF_64,
)

_SUMMARY_OF_TWO = (
    "26×26×64: 640 · 13×13×64: 0 · 11×11×64: 36,928 · 5×5×64: 0 · 1600: 0 · 128: 204,928 · 10: 1,290; total 243,786"
)
_SUMMARY_OF_ONE = "26×26×32: 320 · 13×13×32: 0 · 5408: 0 · 128: 692,352 · 10: 1,290; total 693,962"
_LADDER = (PERCEPTRON, DENSE, ONE_OF_32, TWO_OF_64)


def _ladder(measured: Measured) -> list[Finding]:
    same = checks.table(checks.from_a_list()) == checks.table(checks.by_adding())
    return [
        counted("a list of layers, and adding layers", "the same network", "the same network" if same else "another"),
        higher(measured, DENSE, PERCEPTRON, "a dense layer before the last", "better than none"),
        higher(measured, ONE_OF_32, DENSE, "one convolution before the dense network", "better than the dense one"),
        higher(measured, TWO_OF_64, ONE_OF_32, "two convolutions of 64", "better than one of 32"),
        alike(measured, DENSE, SHUFFLED_DENSE, "dense network, pixels shuffled", "ignores neighbours: equal accuracy"),
        higher(measured, FILTERS[32], SHUFFLED_CONVOLUTIONS, "convolutions, pixels shuffled", "need neighbours: worse"),
        _what_is_left(measured),
    ]


def _what_is_left(measured: Measured) -> Finding:
    what = "lead of convolutions over the dense network, pixels shuffled"
    if (lacking := missing(measured, [SHUFFLED_CONVOLUTIONS, SHUFFLED_DENSE, FILTERS[32], DENSE], what)) is not None:
        return lacking
    before, _ = difference(measured.values(FILTERS[32], "test_accuracy"), measured.values(DENSE, "test_accuracy"))
    after, chance = difference(
        measured.values(SHUFFLED_CONVOLUTIONS, "test_accuracy"), measured.values(SHUFFLED_DENSE, "test_accuracy")
    )
    answer = "ahead" if after > chance else "behind" if after < -chance else "no more than chance"
    return asked(what, f"{100 * after:+.2f} points ({100 * before:+.2f} on the original images)", answer)


def _ladder_charts(measured: Measured) -> list[Chart]:
    trials = (DENSE, FILTERS[32]), (SHUFFLED_DENSE, SHUFFLED_CONVOLUTIONS)
    ordered, shuffled = (
        accuracies(measured, each, "test_accuracy", name)
        for each, name in zip(trials, ("as they are", "pixels shuffled in the same way in all images"), strict=True)
    )
    return [
        Chart(
            "09-networks",
            "Fashion-MNIST: dense against convolutional",
            "Five epochs each. A bar spans the smallest and the largest value of all seeds.",
            training_and_test(measured, _LADDER),
            [trial.what for trial in _LADDER],
        ),
        Chart(
            "09-shuffled",
            "Fashion-MNIST, on test: what shuffled pixels do to either network",
            "The pixels are put in a random order, the same in all images. No information is lost, and a dense "
            "network, in which every pixel is connected to everything, is not affected. A convolution sees only "
            "neighbours.",
            (ordered, shuffled),
            ["dense network", "two convolutions of 32"],
        ),
    ]


def _starts(measured: Measured) -> list[Finding]:
    left = checks.what_relu_leaves()
    return [
        counted("ReLU of -2, -1, 0, 1, 2", [0.0, 0.0, 0.0, 1.0, 2.0], left),
        *(_brought(measured, epoch) for epoch in (1, STARTS["filter_bank"].epochs)),
        _batches(measured),
    ]


def _brought(measured: Measured, epoch: int) -> Finding:
    """Say what known filters are ahead of random ones after an epoch."""
    known, random = STARTS["filter_bank"], STARTS["glorot_uniform"]
    what = f"known filters against random ones, after epoch {epoch}, on held-out images"
    if (lacking := missing(measured, [known, random], what)) is not None:
        return lacking
    first, second = (measured.course(trial, "val_accuracy")[epoch - 1] for trial in (known, random))
    ahead, chance = difference(first, second)
    answer = "no gain beyond chance"
    if abs(ahead) > chance:
        answer = f"they {'gain' if ahead > 0 else 'cost'} {100 * abs(ahead):.2f} points"
    return asked(what, f"{percents(first)} against {percents(second)}", answer)


def _batches(measured: Measured) -> Finding:
    what, claimed = "several images at once", "faster than one at a time"
    if (lacking := missing(measured, list(BATCHES.values()), what, claimed)) is not None:
        return lacking
    seconds = {size: measured.seconds_an_epoch(trial) or 0.0 for size, trial in BATCHES.items()}
    accuracy = {size: percents(measured.values(trial, "test_accuracy")) for size, trial in BATCHES.items()}
    told = "; ".join(f"{size}: {seconds[size]:.2f} s an epoch, test accuracy {accuracy[size]}" for size in BATCHES)
    holds = seconds[32] < seconds[1]
    return Finding(what, claimed, told, "holds" if holds else "differs: it takes longer", holds)


def _start_charts(measured: Measured) -> list[Chart]:
    epochs = STARTS["filter_bank"].epochs
    series = [
        Series(name, [in_percent(values) for values in _filled(measured, STARTS[start], epochs)])
        for start, name in (("filter_bank", "known filters first"), ("glorot_uniform", "random filters first"))
    ]
    return [
        Chart(
            "10-filters-first",
            "MNIST, one convolution of 32: known filters first, and random ones",
            "Accuracy on held-out images. The filter bank has edges, lines, corners, spots and blur. "
            "It initializes 17 of the 32 filters, at the scale of the random ones.",
            tuple(series),
            [float(epoch + 1) for epoch in range(epochs)],
            "epoch",
            joined=True,
        )
    ]


def _filled(measured: Measured, trial: Trial, epochs: int) -> list[list[float]]:
    course = measured.course(trial, "val_accuracy")
    return [*course, *([] for _ in range(epochs - len(course)))]


def _channel(measured: Measured) -> list[Finding]:
    remedy = "x.reshape(-1, 28, 28, 1)"
    message = checks.without_the_channel_axis()
    said = "a warning says so" if "channel axis is missing" in message and remedy in message else message
    return [
        counted("60,000×28×28 reshaped", (60_000, 28, 28, 1), checks.with_the_channel_axis()),
        counted("forgetting it", "a warning says so", said),
    ]


def _summaries(measured: Measured) -> list[Finding]:
    return [
        counted("summary of the two convolutions of 64", _SUMMARY_OF_TWO, checks.table(checks.from_a_list())),
        counted("summary of the one convolution of 32", _SUMMARY_OF_ONE, checks.table(checks.with_one_convolution())),
    ]


def _poolings(measured: Measured) -> list[Finding]:
    return [
        counted("11×11 pixels after pooling", "5×5", checks.pooled_eleven()),
        counted("inputs of the dense layer (the image has 784)", 1600, checks.flattened_values()),
        *(_against_max(measured, pooling) for pooling in POOLINGS if pooling != "max"),
    ]


def _against_max(measured: Measured, pooling: str) -> Finding:
    name = "stride 2, no pooling" if pooling == "stride" else f"{pooling} pooling"
    what = f"{name} instead of max pooling"
    one, other = POOLINGS[pooling], POOLINGS["max"]
    if (lacking := missing(measured, [one, other], what)) is not None:
        return lacking
    first, second = measured.values(one, "test_accuracy"), measured.values(other, "test_accuracy")
    ahead, chance = difference(first, second)
    answer = "no difference beyond chance"
    if abs(ahead) > chance:
        answer = f"{'better' if ahead > 0 else 'worse'} by {100 * abs(ahead):.2f} points"
    seconds = [measured.seconds_an_epoch(trial) or 0.0 for trial in (one, other)]
    told = f"{percents(first)} against {percents(second)}; {seconds[0]:.1f} s an epoch against {seconds[1]:.1f} s"
    return asked(what, told, answer)


def _pooling_charts(measured: Measured) -> list[Chart]:
    names = ["max", "average", "min", "stride 2"]
    return [
        Chart(
            "13-pooling",
            "Fashion-MNIST, two convolutions of 32: what halves the image",
            "With stride 2 there is no pooling: the convolution itself moves by two pixels.",
            training_and_test(measured, list(POOLINGS.values())),
            names,
        )
    ]


CLAIMS = (
    Claim(
        9,
        "Dense against convolutional",
        "A network is built from a list of layers, or by adding one layer after another. Convolutions and poolings "
        "before the dense network make it better: a perceptron, a dense network, one convolution of 32, two of 64. "
        "The reason given is that a convolution looks at a pixel and its neighbours.",
        _ladder,
        (*_LADDER, FILTERS[32], SHUFFLED_DENSE, SHUFFLED_CONVOLUTIONS),
        (checks.from_a_list, checks.by_adding),
        ("from_a_list().summary()", "by_adding().summary()"),
        _ladder_charts,
    ),
    Claim(
        10,
        "How filters start",
        "ReLU throws negative values away. Filters start at random and are learned, or they 'start with a set of known "
        "good filters', of which those that work are learned. Several images are processed at once.",
        _starts,
        (*STARTS.values(), *BATCHES.values()),
        (checks.what_relu_leaves,),
        ("print(what_relu_leaves())",),
        _start_charts,
    ),
    Claim(
        11,
        "The channel axis",
        "The convolution expects a channel axis: 60,000×28×28 becomes 60,000×28×28×1.",
        _channel,
        checks=(checks.from_a_list, checks.with_the_channel_axis, checks.without_the_channel_axis),
        calls=("print(with_the_channel_axis())", "print(without_the_channel_axis())"),
    ),
    Claim(
        12,
        "The summary",
        "The shapes and parameters of all layers. Two convolutions of 64 have 243,786 parameters in all, and one of 32 "
        "has 693,962, 'nearly a million'.",
        _summaries,
        checks=(checks.from_a_list, checks.with_one_convolution),
        calls=("from_a_list().summary()", "with_one_convolution().summary()"),
    ),
    Claim(
        13,
        "Pooling",
        "Pooling halves and rounds down: 11 becomes 5, and the flattened layer has 25 × 64 = 1,600 values where the "
        "image had 784. There are average and min pooling too, and strides shrink an image as pooling does.",
        _poolings,
        tuple(POOLINGS.values()),
        (checks.from_a_list, checks.pooled_eleven, checks.flattened_values),
        ("print(pooled_eleven(), flattened_values())",),
        _pooling_charts,
        shown_with=12,
    ),
)
