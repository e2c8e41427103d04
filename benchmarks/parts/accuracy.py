"""(b) Time to accuracy: the recipe ``fast``, only as long as each accuracy takes."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.page import Section, number, spelled, table
from benchmarks.parts.part import OWN, Part
from benchmarks.plot import Bar, Group, bars
from benchmarks.results import Result
from benchmarks.runner import Measurement, Options

#: The epochs that the recipe takes to each accuracy, chosen by training on 50,000 of the training images and looking at
#: the other 10,000 (`tools/choose_recipes.py`).
EPOCHS = {"mnist": {0.99: 1.0, 0.994: 4.0}, "fashion-mnist": {0.91: 3.0, 0.92: 5.0, 0.93: 10.0}}
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
    wanted = [(dataset, target, epochs) for dataset, targets in EPOCHS.items() for target, epochs in targets.items()]
    return [
        [
            Measurement(
                f"{dataset}, {100 * target:.1f} %",
                OWN,
                "convoscope",
                "convoscope",
                {**job, "dataset": dataset, "target": target, "epochs": epochs, "seed": seed},
            )
            for dataset, target, epochs in wanted
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
The recipe `fast` of each data set, its rates stretched over just so many epochs as the accuracy takes: chosen
beforehand on 10,000 of the training images. One process for each seed trains on all 60,000 and looks at the 10,000 test
images once, when training has ended. Training begins with the images in memory and no model yet; the process begins
with Python, the imports and the data files. All seeds are in the medians.

{table(heading, rows)}
"""
    return Section(text, {"accuracy": bars("Time to accuracy", "seconds; shorter is better", groups)})


PART = Part("b", "Time to accuracy", ("convoscope",), rounds, section)
