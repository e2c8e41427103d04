"""``convoscope evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from convoscope.datasets import Dataset
    from convoscope.runs import RunFolder

EXAMPLES = (
    "convoscope evaluate runs/digits-cnn-2-1",
    "convoscope evaluate model.safetensors --data fashion-mnist",
    "convoscope evaluate runs/digits-cnn-2-1 --json",
)


def command(
    trained: Annotated[Path, typer.Argument(metavar="RUN|MODEL", help="A run's folder or a model's file.")],
    data: Annotated[str | None, typer.Option(help="The data set to test with. Default: the run's own.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="A folder to look for the data set first.")] = None,
    as_json: Annotated[bool, typer.Option("--json", metavar="", help="Print the report as JSON.")] = False,
) -> None:
    """Test a trained model: accuracy, classes, confusions, the worst mistakes."""
    import json

    from convoscope.cli.console import results
    from convoscope.cli.trained import load
    from convoscope.report.terminal import print_report
    from convoscope.runs.training import test

    model, run = load(trained)
    images = _load_data(trained, run, data, data_dir)
    report = {"data": f"the test images of {images.info.name}", **test(model, images)}
    if as_json:
        print(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        print_report(results(), report, images.x_test, images.info.max_value, report["data"])


def _load_data(trained: Path, run: RunFolder | None, name: str | None, data_dir: Path | None) -> Dataset:
    from convoscope import datasets
    from convoscope.errors import ConfigurationError
    from convoscope.runs.training import settings_of

    if run is not None:
        settings = settings_of(run)
        return datasets.load(name or settings.dataset, data_dir or settings.data_dir)
    if name is None:
        raise ConfigurationError(
            f"{trained} is a model outside a run's folder, so there is no telling what to test it with. "
            f"Say it with --data: {', '.join(datasets.names())}."
        )
    return datasets.load(name, data_dir)
