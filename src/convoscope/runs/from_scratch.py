"""Settings of a run on photos for which held-out images preferred training from scratch to a pretrained backbone."""

from __future__ import annotations

from dataclasses import asdict, replace

from convoscope.recipes import Recipe
from convoscope.runs.settings import TrainSettings
from convoscope.transfer.scratch import SIDE


def from_scratch(settings: TrainSettings, recipe: Recipe, classes: int) -> TrainSettings:
    """Return what the run turned out to be: one without a backbone, on smaller images."""
    told = {name: value for name, value in asdict(recipe).items() if name not in ("name", "dataset", "network")}
    line = recipe.layers(classes)
    return replace(
        settings,
        **{**told, "epochs": round(recipe.epochs)},
        recipe=recipe.name,
        model=recipe.network if line is None else "layers",
        layers=line,
        backbone=None,
        compared_with=settings.backbone,
        image_size=(SIDE, SIDE),
    )


def undecided(settings: TrainSettings) -> TrainSettings:
    """Return what such a run was begun with."""
    if settings.compared_with is None:
        return settings
    backbone = settings.compared_with
    return replace(
        settings,
        recipe=None,
        model=backbone,
        layers=None,
        backbone=backbone,
        compared_with=None,
        image_size=None,
        epochs=1,
    )
