"""The highest accuracy: the recipe ``best`` of each data set. Minutes for each seed, so it is asked for on its own."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.page import Section, spelled, table
from benchmarks.parts.part import OWN, Part
from benchmarks.processes import Measurement
from benchmarks.results import Result
from benchmarks.runner import Options

DATASETS = ("mnist", "fashion-mnist")
SEEDS = {"mnist": 1, "fashion-mnist": 3}  # each takes minutes; MNIST's accuracy hardly varies
QUICK_IMAGES = 640


def rounds(options: Options) -> Sequence[Sequence[Measurement]]:
    seeds = {dataset: options.seeds or (1 if options.quick else SEEDS[dataset]) for dataset in DATASETS}
    job = {
        "task": "accuracy",
        "recipe": "best",
        "data_dir": options.data_dir,
        "images": QUICK_IMAGES if options.quick else None,
        "changes": {"epochs": 1} if options.quick else {},
        "threads": options.threads,
    }
    return [
        [
            Measurement(dataset, OWN, "convoscope", "convoscope", {**job, "dataset": dataset, "seed": seed})
            for dataset in DATASETS
            if seed <= seeds[dataset]
        ]
        for seed in range(1, max(seeds.values()) + 1)
    ]


def section(result: Result) -> Section:
    rows = [
        (
            row,
            spelled(result.spread(row, OWN, "accuracy"), 100, 4),
            spelled(result.spread(row, OWN, "training")),
            str(len(result.of(row, OWN))),
        )
        for row in result.rows()
    ]
    text = f"""
The recipe `best` of each data set from its first epoch to its last, on all training images. The 10,000 test images
are used once, after training.

{table(("", "accuracy, %", "seconds of training", "seeds"), rows)}
"""
    return Section(text, {})


PART = Part("best", "The highest accuracy", ("convoscope",), rounds, section)
