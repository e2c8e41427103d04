"""A tiny data set, and settings to train on it in no time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convoscope.datasets import Dataset, info
from convoscope.runs import TrainSettings


@pytest.fixture(scope="session")
def data() -> Dataset:
    from convoscope.datasets import load

    whole = load("digits")
    return Dataset(whole.x_train[:256], whole.y_train[:256], whole.x_test[:100], whole.y_test[:100], info("digits"))


def settings(**given: Any) -> TrainSettings:
    defaults = {"model": None if "layers" in given else "dense", "seed": 7, "epochs": 4}
    return TrainSettings.with_defaults("digits", 1, "reference", **{**defaults, **given})


def tensors(path: Any) -> dict[str, np.ndarray]:
    from safetensors.numpy import load_file

    return load_file(path)
