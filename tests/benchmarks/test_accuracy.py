"""What the time to accuracy changes in the recipes."""

from __future__ import annotations

from dataclasses import replace

import pytest

import convoscope as cs
from benchmarks.parts.accuracy import TARGETS


@pytest.mark.parametrize(
    ("dataset", "target"), [(dataset, target) for dataset, targets in TARGETS.items() for target in targets]
)
def test_a_recipe_as_it_is_changed_for_an_accuracy_makes_a_classifier(dataset: str, target: float) -> None:
    recipe = replace(cs.recipes.get("fast", dataset), **TARGETS[dataset][target])
    assert recipe.model((28, 28, 1), 10).output_shape == (None, 10)


@pytest.mark.parametrize("dataset", TARGETS)
def test_a_higher_accuracy_takes_more_epochs(dataset: str) -> None:
    targets = TARGETS[dataset]
    assert [targets[target]["epochs"] for target in sorted(targets)] == sorted(
        changes["epochs"] for changes in targets.values()
    )
