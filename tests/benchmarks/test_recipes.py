"""The recipes of the race to an accuracy."""

from __future__ import annotations

import pytest

import convoscope as cs
from benchmarks.programs.recipes import RECIPES


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_lets_look_at_the_model_as_often_as_asked_and_learns(name: str) -> None:
    (images, labels), (test, truth) = cs.datasets.digits.load_data()
    # 1,437 images in batches of 32 are 45 steps; looked at every 20, that is three times an epoch.
    accuracies = [
        (model.predict(test[..., None], verbose=0).argmax(axis=1) == truth).mean()
        for model in RECIPES[name](images[..., None], labels, 1, 32, 20, 8)
    ]
    assert len(accuracies) == 3 * 8
    assert accuracies[-1] > 0.5 > accuracies[0]
