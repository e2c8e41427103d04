"""Where the time of the lesson's epoch goes, part by part, beside the least that each part can take."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks import runner
from benchmarks.page import Section, number, spelled, table
from benchmarks.parts.lesson import PEAK, WARM_UP
from benchmarks.parts.part import FILES, OWN, Part
from benchmarks.processes import Measurement
from benchmarks.results import Result
from benchmarks.runner import Options

BATCH = 32
_FLOAT = 4  # bytes
_TOUCHED = 7  # floats of memory that Adam reads or writes for each weight: w, m and v both, and the gradient once
LAYERS = ("convolution 1", "convolution 2", "dense 1", "dense 2")
AROUND = {
    "reading": "reading images",
    "preparing": "weights into the kernels' layout",
    "scoring": "the loss, and copying the outputs",
    "clearing": "clearing gradients",
    "updating": "adding up gradients, Adam",
}


@dataclass(frozen=True)
class Share:
    """A part of an epoch: seconds an image of all threads, and what it cannot do without, for each image."""

    name: str
    seconds: float
    multiply_adds: float = 0.0
    traffic: float = 0.0  # bytes


@dataclass(frozen=True)
class Limits:
    """What one thread of the machine does in a second at most."""

    multiply_adds: float
    copying: float  # bytes
    hertz: float
    lanes: int

    def least(self, part: Share) -> float:
        """Return the seconds that a part takes at least."""
        return max(part.multiply_adds / self.multiply_adds, part.traffic / self.copying)

    def cycles(self, part: Share) -> float:
        """Return the cycles that a part takes for each multiply-add of a whole vector."""
        return part.seconds * self.hertz / (part.multiply_adds / self.lanes)


def rounds(options: Options) -> Sequence[Sequence[Measurement]]:
    folder = FILES / "fashion-mnist"
    job = {"task": "data", "name": "fashion-mnist", "folder": str(folder), "data_dir": options.data_dir}
    if failed := runner.prepare("convoscope", "convoscope", job, options.pythons):
        sys.exit(f"Fashion-MNIST could not be made ready: {failed}")
    common = {"task": "profile", "batch": BATCH, "warm_up": WARM_UP, "data": str(folder)}
    common["images"] = 6_400 if options.quick else 60_000
    measurements = []
    for threads in sorted({1, options.threads}):
        told = {**common, "threads": threads}
        row = row_of(threads)
        measurements.append(Measurement(row, OWN, "convoscope", "convoscope", told))
        measurements.append(Measurement(row, PEAK, None, "peak", {"task": "peak", "threads": threads}))
    return [measurements] * options.rounds


def row_of(threads: int) -> str:
    return f"{threads} thread{'s' * (threads > 1)}"


def section(result: Result) -> Section:
    images = 6_400 if result.settings["quick"] else 60_000
    tables = [_of_row(result, row, images) for row in result.rows() if result.of(row, OWN) and result.of(row, PEAK)]
    text = f"""
Where the seconds of an epoch of the lesson's network go: Fashion-MNIST, {images:,} images, batch {BATCH}, after a
warm-up of {WARM_UP:,}. The core counts them itself, step by step, in all threads (`engine.native`, `start_profile`).
Microseconds are those of all threads together, for an image.

*Least* is what a part takes if it only does what its method cannot do without, at the processor's peak (multiply-adds
on registers, measured beside it): convolution 1 forward as a direct sum, convolution 2 forward the products of its
4×4 and 2×2 Winograd tiles without their transforms; backward, the multiply-adds of the values that pooling has passed
on and ReLU has not set to zero; dense 1 backward those of inputs above zero. Adam's least is what it reads and writes,
by the speed of copying arrays of that size. A cycle is one of the clock at that moment; a vector has as many
multiply-adds as it has lanes, and two can begin in a cycle: 0.5 is the peak.

{"".join(tables)}
"""
    return Section(text)


def _of_row(result: Result, row: str, images: int) -> str:
    threads = int(row.split()[0])
    parts, limits = shares(result, row, images), limits_of(result, row, threads)
    whole = result.spread(row, OWN)
    assert whole is not None
    per_image = whole.median * threads / images
    rest = Share("waiting, and all else", per_image - sum(part.seconds for part in parts))
    lines = [_line(part, limits, per_image) for part in (*parts, rest)]
    least = sum(map(limits.least, parts))
    lines.append(("**all**", number(per_image * 1e6), "100 %", "", "", number(least * 1e6), number(per_image / least)))
    heading = ("", "µs", "share", "multiply-adds", "cycles a vector", "least, µs", "times the least")
    return f"""
**{row}**: {spelled(whole)} seconds, **{number(per_image / least)} times the least**; {limits.lanes} lanes at
{number(limits.hertz / 1e9)} GHz, {number(2e-9 * limits.multiply_adds)} GFLOP/s a thread.

{table(heading, lines)}
"""


def _line(part: Share, limits: Limits, whole: float) -> tuple[str, ...]:
    least = limits.least(part)
    return (
        part.name,
        number(part.seconds * 1e6),
        f"{part.seconds / whole:.1%}",
        f"{part.multiply_adds:,.0f}" if part.multiply_adds else "",
        f"{limits.cycles(part):.2f}" if part.multiply_adds else "",
        number(least * 1e6) if least else "",
        number(part.seconds / least) if least else "",
    )


def limits_of(result: Result, row: str, threads: int) -> Limits:
    """Return the limits that were measured beside a row."""
    peaks, own = result.of(row, PEAK), result.of(row, OWN)
    return Limits(
        max(sample["flops"] for sample in peaks) / 2 / threads,
        statistics.median(sample["copying"] for sample in own) / threads,
        max(sample["hertz"] for sample in peaks),
        peaks[0]["lanes"],
    )


def shares(result: Result, row: str, images: int) -> list[Share]:
    """Return the parts of an image's time, medians of the rounds."""
    samples = result.of(row, OWN)
    median = samples[0] | {
        "live": [_median(sample["live"][i] for sample in samples) for i in range(3)],
        "weights": samples[0]["weights"],
    }
    layers = [i for i, (label, *_) in enumerate(median["steps"]) if label.startswith(("convolution", "dense"))]
    found = [
        Share(f"{name}, {way}", _median(sample["steps"][i][back] for sample in samples) / images, work)
        for i, name, works in zip(layers, LAYERS, _work(median), strict=True)
        for back, (way, work) in enumerate(zip(("forward", "backward"), works, strict=True), start=1)
    ]
    others = [i for i in range(len(median["steps"])) if i not in layers]
    seconds = _median(sum(sum(sample["steps"][i][1:]) for i in others) for sample in samples) / images
    found.append(Share("scaling the images, softmax", seconds))
    for name, words in AROUND.items():
        seconds = _median(sample["around"][name] for sample in samples) / images
        traffic = _TOUCHED * _FLOAT * median["weights"] / BATCH if name == "updating" else 0.0
        found.append(Share(words, seconds, traffic=traffic))
    return found


def _work(sample: dict[str, Any]) -> tuple[tuple[float, float], ...]:
    """Return the multiply-adds of an image that each layer cannot do without, forward and backward."""
    first, second, _ = sample["live"]
    return (
        (26 * 26 * 9 * 64, first * 13 * 13 * 64 * 9),
        (16 * 16 * 64 * 64, second * 5 * 5 * 64 * 9 * 64 * 2),  # 6 + 6 + 4 products for 4 + 4 + 2 places
        (1600 * 128, second * 1600 * 128 * 2),
        (128 * 10, 128 * 10 * 2),
    )


def _median(values: Iterable[float]) -> float:
    return statistics.median(list(values))


PART = Part("profile", "Where the epoch's time goes", ("convoscope",), rounds, section)
