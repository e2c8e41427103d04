"""The tool that tries settings for a recipe."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.modules import tool_named

import convoscope as cs


@pytest.fixture
def tool() -> Any:
    return tool_named("choose_recipes")


def test_settings_are_tried_on_held_out_images_and_the_test_images_are_not_there(
    tool: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = cs.datasets.load("digits")
    nothing: Any = np.empty(0)
    monkeypatch.setattr(cs.datasets, "load", lambda name: replace(data, x_test=nothing, y_test=nothing))
    trial = "batch_size=64; augmentation=shift 0.1 interpolation=nearest"
    tool.main(["digits", "fast", "--epochs", "2", "--held-out", "300", "--seeds", "2", trial])
    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith("as it is")
    assert second.endswith(trial)


def test_the_accuracy_is_that_on_the_held_out_images(tool: Any) -> None:
    data = cs.datasets.load("digits")
    recipe = replace(cs.recipes.get("fast", "digits"), network="dense", epochs=10)
    # With wrong labels on the held-out images, what has been learned from the others is wrong on nearly all of them.
    wrong = np.concatenate([data.y_train[:-300], (data.y_train[-300:] + 5) % 10])
    right, _ = tool.validate(recipe, data, 300, 1)
    accuracy, _ = tool.validate(recipe, replace(data, y_train=wrong), 300, 1)
    assert right > 0.9
    assert accuracy < 0.05
