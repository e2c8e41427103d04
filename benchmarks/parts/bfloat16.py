"""Products in bfloat16: whether training learns as well with them as in float32, and how long layers take."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from benchmarks import sweep
from benchmarks.page import Section, ratio, spelled, table
from benchmarks.parts.accuracy import TARGETS, job_of, seeds_of
from benchmarks.parts.part import OWN, Part
from benchmarks.processes import Measurement
from benchmarks.results import Result
from benchmarks.runner import Options

ROUNDED = f"{OWN}, bf16"
#: The recipes of these targets are trained: see `benchmarks.parts.accuracy`.
TRAINED = {"mnist": 0.994, "fashion-mnist": 0.91}
PRECISIONS = {OWN: "float32", ROUNDED: "bf16"}
#: Of the sweep and the networks, by their labels.
LAYERS = (
    "lesson, batch 32",
    "28×28×64 conv 64 3×3, batch 32",
    "28×28×32 conv 32 5×5, batch 32",
    "32×32×32 conv 64 3×3 stride 2, batch 32",
    "14×14×256 conv 64 1×1, batch 32",
    "14×14×128 conv 128 3×3 pool 2, batch 32",
    "8×8×256 conv 256 3×3, batch 32",
    "small VGG 64×64×3, batch 32",
    "ResNet-20 32×32×3, batch 32",
    "U-Net 64×64×3, batch 16",
)


def rounds(options: Options) -> Sequence[Sequence[Measurement]]:
    job = job_of(options)
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
            for peer, precision in PRECISIONS.items()
        ]
        for seed in seeds_of(options)
    ]


def difference(result: Result, row: str) -> tuple[float, float] | None:
    """Return how much more accurate bf16 is in the mean over pairs of the same seed, and the standard error of that."""
    pairs = zip(result.of(row, ROUNDED), result.of(row, OWN), strict=False)
    each = [rounded["accuracy"] - plain["accuracy"] for rounded, plain in pairs]
    return (statistics.mean(each), statistics.stdev(each) / math.sqrt(len(each))) if len(each) > 1 else None


def _units(result: Result) -> str:
    return ", ".join(sorted({sample["unit"] for sample in result.samples if sample.get("unit")})) or "–"


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
difference is the mean over pairs of the same seed, with its standard error. Multiplied by: {_units(result)}.

{table(heading, rows)}
"""
    return Section(text, {})


def layer_rounds(options: Options) -> Sequence[Sequence[Measurement]]:
    job = {"task": "row", "threads": options.threads, "budget": 0.1 if options.quick else 0.3}
    job["work"] = 1e9 if options.quick else 1.5e10
    rows = sweep.rows_with(options.rows, [sweep.find(name) for name in (LAYERS[:2] if options.quick else LAYERS)])
    measurements = [
        Measurement(row, peer, "convoscope", "convoscope", {**job, "row": row, "precision": precision})
        for row in map(sweep.label, rows)
        for peer, precision in PRECISIONS.items()
    ]
    return [measurements] * options.rounds


def layer_section(result: Result) -> Section:
    rows = []
    for row in result.rows():
        cells = [row]
        for kind in ("forward", "step"):
            plain, rounded = result.spread(row, OWN, kind), result.spread(row, ROUNDED, kind)
            cells += [spelled(plain, 1e6), spelled(rounded, 1e6), ratio(plain, rounded)]
        rows.append(cells)
    heading = [
        "",
        *(f"{kind}, {what}" for kind in ("forward", "step") for what in ("float32, µs", "bf16, µs", "ratio")),
    ]
    text = f"""
Some rows of the tables below in `float32` and in `bf16`: a ratio above 1 says how many times as fast bf16 is.
Multiplied by: {_units(result)}.

{table(heading, rows)}
"""
    return Section(text, {})


LAYERS_PART = Part("bf16-layers", "Layers in bfloat16", ("convoscope",), layer_rounds, layer_section)
PART = Part("bf16", "Products in bfloat16", ("convoscope",), rounds, section)
