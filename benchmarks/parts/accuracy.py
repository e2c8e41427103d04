"""Time to accuracy: the recipe ``fast``, as long as each accuracy takes; and the same recipe in PyTorch."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import runner
from benchmarks.page import Section, number, ratio, spelled, table
from benchmarks.parts.part import FILES, OWN, Part
from benchmarks.plot import Bar, Group, bars
from benchmarks.processes import Measurement
from benchmarks.results import Result
from benchmarks.runner import Options

#: What is changed in the recipe for each accuracy, chosen by training on 50,000 of the training images and looking at
#: the other 10,000 (`tools/choose_recipes.py`). MNIST: 99.02 % after 0.6 epochs (two seeds; after 0.5 98.90, three),
#: 99.43 after 2 (two). Fashion-MNIST: 91.37 after 1.7 epochs, 92.2 after 3, 92.66 after 4.5 (two each); with flips and
#: some shifts 93.3 after 8, 93.1 after 9, 93.4 after 12 (one each; with dropout 93.1, all with a smoothing of 0.1).
TARGETS: dict[str, dict[float, dict[str, Any]]] = {
    "mnist": {
        0.99: {
            "epochs": 0.6,
            "learning_rate": 5e-3,
            "warmup_share": 0.25,
            "augmentation": "shift 0.04 interpolation=nearest",
        },
        0.994: {"epochs": 2.0},
    },
    "fashion-mnist": {
        0.91: {"epochs": 1.8},
        0.92: {"epochs": 3.5},
        0.93: {
            "epochs": 12.0,
            "label_smoothing": 0.1,
            "augmentation": "flip horizontal, shift 0.03 interpolation=nearest",
        },
    },
}
SEEDS = 10
PYTORCH = "PyTorch"
PYTORCH_SEEDS = 1  # ten minutes each
QUICK_IMAGES = 3_200


def seeds_of(options: Options) -> range:
    """Return the seeds that the recipe `fast` is trained with."""
    return range(1, (options.seeds or (2 if options.quick else SEEDS)) + 1)


def job_of(options: Options) -> dict[str, Any]:
    """Return what all trainings by the recipe `fast` are told."""
    return {
        "task": "accuracy",
        "recipe": "fast",
        "data_dir": options.data_dir,
        "images": QUICK_IMAGES if options.quick else None,
        "threads": options.threads,
    }


def rounds(options: Options) -> Sequence[Sequence[Measurement]]:
    job = job_of(options)
    wanted = [(dataset, target, changes) for dataset, targets in TARGETS.items() for target, changes in targets.items()]
    _make_ready(options)

    def measured(seed: int) -> Iterator[Measurement]:
        for dataset, target, changes in wanted:
            row, own = f"{dataset}, {100 * target:.1f} %", {"target": target, "seed": seed}
            yield Measurement(
                row, OWN, "convoscope", "convoscope", {**job, **own, "dataset": dataset, "changes": changes}
            )
            if seed <= PYTORCH_SEEDS:
                told = {"task": "recipe", "file": str(_recipe_file(dataset, target)), "data": str(FILES / dataset)}
                settings = {"images": job["images"], "threads": job["threads"]}
                yield Measurement(row, PYTORCH, "pytorch", "pytorch", {**told, **settings, **own})

    return [list(measured(seed)) for seed in seeds_of(options)]


def _recipe_file(dataset: str, target: float) -> Path:
    return FILES / "recipes" / f"{dataset}-{target}.json"


def _make_ready(options: Options) -> None:
    """Write what PyTorch reads: the images, and the recipes."""
    jobs: list[dict[str, Any]]
    for dataset, targets in TARGETS.items():
        folder = str(FILES / dataset)
        jobs = [{"task": "data", "name": dataset, "folder": folder, "data_dir": options.data_dir}]
        for target, changes in targets.items():
            file = str(_recipe_file(dataset, target))
            jobs.append({"task": "recipe", "dataset": dataset, "recipe": "fast", "changes": changes, "file": file})
        for job in jobs:
            if failed := runner.prepare("convoscope", "convoscope", job, options.pythons):
                sys.exit(f"{dataset} could not be made ready: {failed}")


def section(result: Result) -> Section:
    rows, groups = [], []
    for row in result.rows():
        samples = result.of(row, OWN)
        training, whole = result.spread(row, OWN, "training"), result.spread(row, OWN, "whole")
        accuracy = result.spread(row, OWN, "accuracy")
        reached = sum(sample["accuracy"] >= sample["target"] for sample in samples)
        epochs = number(samples[0]["epochs"], 2) if samples else "–"
        peer = result.spread(row, PYTORCH, "training")
        rows.append(
            (
                row,
                epochs,
                spelled(training),
                spelled(whole),
                spelled(accuracy, 100, 4),
                f"{reached} of {len(samples)}",
                spelled(peer),
                spelled(result.spread(row, PYTORCH, "accuracy"), 100, 4),
                ratio(peer, training),
            )
        )
        if training and whole:
            drawn = [Bar("from the start of training", training), Bar("from the start of the process", whole)]
            groups.append(Group(row, drawn))
    heading = (
        "",
        "epochs",
        "seconds of training",
        "seconds since the process began",
        "accuracy, %",
        "seeds that reach it",
        "PyTorch, seconds of training",
        "PyTorch, accuracy, %",
        f"{OWN} is faster by",
    )
    text = f"""
The recipe `fast` of each data set, with its learning-rate schedule stretched over the number of epochs that the
accuracy needs, and a few settings changed (`benchmarks/parts/accuracy.py`). All of this was chosen beforehand on
10,000 of the training images. One process per seed trains on all 60,000 and uses the 10,000 test images once, after
training. The time of training starts with the images in memory and no model; the time of the process includes
starting Python, the imports and reading the data files. The medians include all seeds.

PyTorch trains by the same recipe in the same rounds, for the first seed: the same network and first
weights, batches, optimizer, learning rates, smoothing, flips and shifts (`benchmarks/programs/torch_recipe.py`).

{table(heading, rows)}
"""
    return Section(text, {"accuracy": bars("Time to accuracy", "seconds; shorter is better", groups)})


PART = Part("accuracy", "Time to accuracy", ("convoscope", "pytorch"), rounds, section)
