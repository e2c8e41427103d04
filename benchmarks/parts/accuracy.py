"""(b) Time to accuracy."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.page import Section, spelled, table
from benchmarks.parts.part import OWN, Part
from benchmarks.plot import Bar, Group, bars
from benchmarks.results import Result, Spread
from benchmarks.runner import Measurement, Options

TARGETS = {"mnist": (0.99, 0.994), "fashion-mnist": (0.91, 0.92, 0.93)}
QUICK_TARGETS = {"mnist": (0.8, 0.9), "fashion-mnist": (0.6, 0.7)}


def rounds(options: Options) -> Sequence[Sequence[Measurement]]:
    targets = QUICK_TARGETS if options.quick else TARGETS
    job = {
        "task": "accuracy",
        "data_dir": options.data_dir,
        "recipe": options.recipe,
        "batch": 32,
        "every": 50 if options.quick else 100,
        "epochs": 1 if options.quick else 15,
        "images": 12_800 if options.quick else 60_000,
        "threads": options.threads,
    }
    seeds = range(1, (2 if options.quick else options.seeds) + 1)
    return [
        [
            Measurement(
                dataset,
                OWN,
                "convoscope",
                "convoscope",
                {**job, "dataset": dataset, "seed": seed, "targets": list(wanted)},
            )
            for dataset, wanted in targets.items()
        ]
        for seed in seeds
    ]


def section(result: Result) -> Section:
    rows, groups = [], []
    for dataset in result.rows():
        samples = result.of(dataset, OWN)
        targets = QUICK_TARGETS if result.settings["quick"] else TARGETS
        for target in map(str, targets[dataset]):
            reached = [sample for sample in samples if target in sample["reached"]]
            training = [sample["reached"][target] for sample in reached]
            whole = [sample["before"] + sample["reached"][target] for sample in reached]
            name = f"{dataset}, {100 * float(target):.1f} %"
            rows.append(
                (
                    name,
                    spelled(Spread.of(training) if training else None),
                    spelled(Spread.of(whole) if whole else None),
                    f"{len(reached)} of {len(samples)}",
                )
            )
            if training:
                drawn = [Bar("from the start of training", Spread.of(training))]
                groups.append(Group(name, [*drawn, Bar("from the start of the process", Spread.of(whole))]))
        best = [100 * sample["best"] for sample in samples]
        if best:
            rows.append((f"{dataset}, best seen, %", f"{spelled(Spread.of(best), digits=4)}", "", ""))
    heading = ("", "seconds of training", "seconds since the process began", "seeds that reach it")
    text = f"""
The recipe "{result.settings["recipe"]}" (`benchmarks/programs/recipes.py`), one process for each seed. The accuracy is
that on the 10,000 test images, looked at every so many steps only to stop the watch: nothing in the training depends on
it, and the looking is not on the clock. The first time that it is reached counts. Training begins with the images in
memory and no model yet; the process begins with Python, the imports and the data files. Medians are over the seeds that
reach it.

{table(heading, rows)}
"""
    return Section(text, {"accuracy": bars("Time to accuracy", "seconds; shorter is better", groups)})


PART = Part("b", "Time to accuracy", ("convoscope",), rounds, section)
