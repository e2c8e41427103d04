"""``convoscope evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from convoscope.cli.options import read_path

if TYPE_CHECKING:
    from convoscope.datasets import Dataset
    from convoscope.models import Sequential
    from convoscope.runs import RunFolder

HELP = "Test a trained model: accuracy, results for each class, confusions and the worst mistakes."
EXAMPLES = (
    "convoscope evaluate runs/digits-cnn-2-1",
    "convoscope evaluate model.safetensors --data fashion-mnist",
    "convoscope evaluate runs/my_photos-fast-1 --data other_photos",
    "convoscope evaluate runs/digits-cnn-2-1 --json",
)


def command(
    trained: Annotated[
        Path, typer.Argument(parser=read_path, metavar="RUN|MODEL", help="A run's folder or a model's file.")
    ],
    data: Annotated[
        str | None,
        typer.Option(help="The data set, or a folder of images, to test on. Default: the run's own data set."),
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(parser=read_path, help="The folder to search first for the data set.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", metavar="", help="Print the report as JSON.")] = False,
) -> None:
    """Run ``convoscope evaluate``; `HELP` says what it does."""
    from convoscope.cli.console import print_json, results
    from convoscope.cli.trained import load
    from convoscope.errors import ConfigurationError
    from convoscope.explore.image_outputs import has_image_outputs
    from convoscope.report import WORST
    from convoscope.report.terminal import print_report, remind
    from convoscope.runs.reporting import CAVEAT, TRAINED
    from convoscope.runs.training import test

    model, run = load(trained)
    if has_image_outputs(model):
        raise ConfigurationError(
            f"The model in {trained} outputs images, not classes, so there are no correct predictions to count. In "
            "Python, model.evaluate(x, y) compares its outputs with the target images y; convoscope explore "
            f"{trained} shows the outputs."
        )
    images, are_the_runs = _load_data(trained, model, run, data, data_dir)
    report = {"data": images.test_subject, "part": images.test_part, **test(model, images, worst=WORST)}
    if are_the_runs and images.test_part == "validation" and _chose(run):
        report["caveat"] = CAVEAT
    if are_the_runs and images.test_part == "cross-validation":
        report |= {"data": f"the images of {images.info.name}", "part": "training", "caveat": TRAINED}
    if as_json:
        print_json(report)
    else:
        print_report(results(), report, images.x_test, images.info.max_value, report["data"])
        remind(results(), [report["caveat"]] if "caveat" in report else [])


def _chose(run: RunFolder | None) -> bool:
    """Say whether the validation images chose the epoch that the run kept."""
    from convoscope.paths import is_there

    return run is not None and is_there(run.report) and "caveat" in run.read_report()


def _load_data(
    trained: Path, model: Sequential, run: RunFolder | None, name: str | None, data_dir: Path | None
) -> tuple[Dataset, bool]:
    """Load the test images, and say whether they are of the data set that the run was trained on."""
    import warnings
    from dataclasses import replace

    from convoscope import datasets
    from convoscope.cli.trained import other_images
    from convoscope.datasets.registry import source
    from convoscope.errors import ConfigurationError, ConvoscopeWarning
    from convoscope.runs.preparation import load_data
    from convoscope.runs.training import settings_of, what_changed

    if name is None and run is None:
        raise ConfigurationError(
            f"{trained} is a model outside a run's folder, so its test data are unknown. Choose them with --data: "
            f"{', '.join(datasets.names())}, or your own folder."
        )
    settings = None if run is None else settings_of(run)
    if name is not None:
        name = source(name).key
    if run is None or settings is None or name not in (None, settings.dataset):
        assert name is not None
        return other_images(model, name, data_dir or (None if settings is None else settings.data_dir)), False
    images = load_data(settings if data_dir is None else replace(settings, data_dir=str(data_dir)))
    if (changed := what_changed(run, images)) is not None:
        warnings.warn(changed, ConvoscopeWarning, stacklevel=1)
    return images, True
