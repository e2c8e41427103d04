from __future__ import annotations

from pathlib import Path

import pytest

from convoscope.runs import RunFolder, TrainSettings, start
from convoscope.runs.preparation import load_data
from convoscope.runs.training import use


@pytest.fixture(autouse=True)
def figures_without_windows() -> None:
    """Draw into memory, also where there is a screen."""
    import matplotlib

    matplotlib.use("agg")


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of a small network on the digits, with validation. Not to be changed."""
    line = "conv 4 3 relu, maxpool 2, flatten, dense 10 softmax"
    settings = TrainSettings.with_defaults("digits", 1, "native", layers=line, epochs=3, validation=0.2, seed=3)
    use(settings)
    folder = RunFolder.create(tmp_path_factory.mktemp("plots") / "first")
    start(folder, settings, load_data(settings))
    return folder.path
