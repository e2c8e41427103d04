"""Time to accuracy: the recipe ``fast``, as long as each accuracy takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.page import Section, number, spelled, table
from benchmarks.parts.part import OWN, Part
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
QUICK_IMAGES = 3_200


def rounds(options: Options) -> Sequence[Sequence[Measurement]]:
    seeds = options.seeds or (2 if options.quick else SEEDS)
    job = {
        "task": "accuracy",
        "recipe": "fast",
        "data_dir": options.data_dir,
        "images": QUICK_IMAGES if options.quick else None,
        "threads": options.threads,
    }
    wanted = [(dataset, target, changes) for dataset, targets in TARGETS.items() for target, changes in targets.items()]
    return [
        [
            Measurement(
                f"{dataset}, {100 * target:.1f} %",
                OWN,
                "convoscope",
                "convoscope",
                {**job, "dataset": dataset, "target": target, "changes": changes, "seed": seed},
            )
            for dataset, target, changes in wanted
        ]
        for seed in range(1, seeds + 1)
    ]


def section(result: Result) -> Section:
    rows, groups = [], []
    for row in result.rows():
        samples = result.of(row, OWN)
        training, whole = result.spread(row, OWN, "training"), result.spread(row, OWN, "whole")
        accuracy = result.spread(row, OWN, "accuracy")
        reached = sum(sample["accuracy"] >= sample["target"] for sample in samples)
        epochs = number(samples[0]["epochs"], 2) if samples else "–"
        rows.append(
            (row, epochs, spelled(training), spelled(whole), spelled(accuracy, 100, 4), f"{reached} of {len(samples)}")
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
    )
    text = f"""
The recipe `fast` of each data set, with its learning-rate schedule stretched over the number of epochs that the
accuracy needs, and a few settings changed (`benchmarks/parts/accuracy.py`). All of this was chosen beforehand on
10,000 of the training images. One process per seed trains on all 60,000 and uses the 10,000 test images once, after
training. The time of training starts with the images in memory and no model; the time of the process includes
starting Python, the imports and reading the data files. The medians include all seeds.

{table(heading, rows)}
"""
    return Section(text, {"accuracy": bars("Time to accuracy", "seconds; shorter is better", groups)})


PART = Part("accuracy", "Time to accuracy", ("convoscope",), rounds, section)
