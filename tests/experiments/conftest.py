"""A small finished comparison, not to be changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from convoscope.experiments import Experiment, compare

FIXED = {"model": "dense", "epochs": 3, "batch_size": 64}


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    return compare(
        "digits",
        {"dense_units": [4, 32]},
        out=tmp_path_factory.mktemp("experiments") / "units",
        seeds=2,
        fixed=FIXED,
        jobs=1,
        threads=1,
        engine="reference",
    )


def states(experiment: Experiment) -> dict[str, str]:
    """Give the state of each run by the name of its folder."""
    from convoscope.experiments import results

    return {Path(result.folder).name: result.state for result in results(experiment)}
