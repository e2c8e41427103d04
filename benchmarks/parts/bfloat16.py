"""Products in bfloat16: whether training learns as well with them as in float32, and how long it takes."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from benchmarks.page import Section, ratio, spelled, table
from benchmarks.parts.accuracy import QUICK_IMAGES, SEEDS, TARGETS
from benchmarks.parts.part import OWN, Part
from benchmarks.processes import Measurement
from benchmarks.results import Result
from benchmarks.runner import Options

ROUNDED = f"{OWN}, bf16"
#: The recipes of these targets are trained: see `benchmarks.parts.accuracy`.
TRAINED = {"mnist": 0.994, "fashion-mnist": 0.91}


def rounds(options: Options) -> Sequence[Sequence[Measurement]]:
    seeds = options.seeds or (2 if options.quick else SEEDS)
    job = {
        "task": "accuracy",
        "recipe": "fast",
        "data_dir": options.data_dir,
        "images": QUICK_IMAGES if options.quick else None,
        "threads": options.threads,
    }
    return [
        [
            Measurement(
                dataset,
                peer,
                "convoscope",
                "convoscope",
                {**job, "dataset": dataset, "changes": TARGETS[dataset][target], "precision": precision, "seed": seed},
            )
            for dataset, target in TRAINED.items()
            for peer, precision in ((OWN, "float32"), (ROUNDED, "bf16"))
        ]
        for seed in range(1, seeds + 1)
    ]


def difference(result: Result, row: str) -> tuple[float, float] | None:
    """Return how much more accurate bf16 is in the mean over pairs of the same seed, and the standard error of that."""
    pairs = zip(result.of(row, ROUNDED), result.of(row, OWN), strict=False)
    each = [rounded["accuracy"] - plain["accuracy"] for rounded, plain in pairs]
    return (statistics.mean(each), statistics.stdev(each) / math.sqrt(len(each))) if len(each) > 1 else None


def section(result: Result) -> Section:
    rows = []
    for row in result.rows():
        plain, rounded = result.spread(row, OWN, "training"), result.spread(row, ROUNDED, "training")
        found = difference(result, row)
        rows.append(
            (
                row,
                spelled(result.spread(row, OWN, "accuracy"), 100, 4),
                spelled(result.spread(row, ROUNDED, "accuracy"), 100, 4),
                f"{100 * found[0]:+.3f} ± {100 * found[1]:.3f}".replace("-", "−") if found else "–",
                spelled(plain),
                spelled(rounded),
                ratio(plain, rounded),
            )
        )
    units = ", ".join(sorted({sample["unit"] for sample in result.samples if sample.get("unit")}))
    heading = (
        "",
        "accuracy, float32, %",
        "accuracy, bf16, %",
        "difference",
        "seconds, float32",
        "seconds, bf16",
        "bf16 is faster by",
    )
    text = f"""
The recipe `fast`, with the epochs and settings of the table of times to accuracy, in `float32` and in `bf16`
(`convoscope.set_precision`): the factors of convolutions' and dense layers' products are rounded to bfloat16, their
sums are in float32, and so is everything else. Both are trained with the same seeds, one after the other. The
difference is the mean over pairs of the same seed, with its standard error. Multiplied by: {units or "–"}.

{table(heading, rows)}
"""
    return Section(text, {})


PART = Part("bf16", "Products in bfloat16", ("convoscope",), rounds, section)
