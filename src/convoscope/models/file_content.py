"""What a model's file has of it: the arrays, by their names there, and the description."""

from __future__ import annotations

from typing import Any

import numpy as np

from convoscope.engine.base import Array
from convoscope.errors import DataError
from convoscope.layers import moments
from convoscope.models import architecture, extras, tensorfile
from convoscope.models.network import Network
from convoscope.models.tensorfile import AnyFloats
from convoscope.training.draws import Draws

FORMAT = "convoscope-model"
VERSION = 2
WEIGHTS_FORMAT = "convoscope-weights"
_LARGEST_HALF = float(np.finfo(np.float16).max)


def content_of(
    model: Network, *, include_optimizer: bool = False, half: bool = False
) -> tuple[dict[str, AnyFloats], dict[str, Any]]:
    """Return all that a file has of a built model: copies of its arrays, by their names, and the description.

    Raises
    ------
    DataError
        If a weight is not a finite number.
    """
    taken, description = _taken(model, include_optimizer and not half)
    tensors: dict[str, AnyFloats] = {}
    for name, array in taken.items():
        is_weight = name.startswith("layers/")
        if is_weight and not np.isfinite(array).all():
            raise DataError(
                f"{model.leaf_layers[_layer_of(name)].describe()} has weights that are not finite numbers, so its "
                "predictions are meaningless and it is not saved. Train it again with a lower learning rate."
            )
        tensors[name] = _halved(array) if half and is_weight else array
    metadata = {
        "format": FORMAT,
        "version": 1 if model.is_plain else 2,
        "model": description,
        "sha256": tensorfile.fingerprint(tensors),
    }
    return tensors, metadata


def _describe(model: Network, include_optimizer: bool) -> dict[str, Any]:
    return {
        **architecture.described(model),
        **extras.described(model),
        "seed": model.seed,
        **({} if model.draws == Draws() else {"draws": model.draws.described()}),
        "training": described_training(model) if include_optimizer and model.compiled else None,
    }


def described_training(model: Network) -> dict[str, Any]:
    """Return what a model was compiled with, and how many steps its optimizer has taken, as plain JSON values."""
    from convoscope.training import losses, metrics, optimizers

    assert model.optimizer is not None
    assert model.objective is not None
    goals = model.objective.goals

    def of_outputs(values: list[Any]) -> Any:
        """Return what each output has: of one output not in a list."""
        return values[0] if len(values) == 1 else values

    described = {
        "optimizer": optimizers.serialize(model.optimizer),
        "loss": of_outputs([None if goal.loss is None else losses.serialize(goal.loss) for goal in goals]),
        "metrics": of_outputs([list(map(metrics.serialize, goal.metrics)) for goal in goals]),
        "iterations": model.optimizer.iterations,
    }
    if any(goal.weight != 1.0 for goal in goals):
        described["loss_weights"] = [goal.weight for goal in goals]
    if any(goal.weighted_metrics for goal in goals):
        described["weighted_metrics"] = of_outputs([list(map(metrics.serialize, g.weighted_metrics)) for g in goals])
    return described


def _taken(model: Network, with_optimizer: bool) -> tuple[dict[str, AnyFloats], dict[str, Any]]:
    """Return copies of the weights and slots, and the description, of one moment: another thread may be training."""
    with moments.reading():
        tensors: dict[str, Array] = (
            weights_of(model) | extras.arrays(model) | (slots_of(model) if with_optimizer else {})
        )
        return {name: array.copy() for name, array in tensors.items()}, _describe(model, with_optimizer)


def weights_of(model: Network) -> dict[str, Array]:
    """Return the weights by their names in the file: the arrays themselves."""
    return {
        f"layers/{place}/{spec.name}": weight
        for place, layer in enumerate(model.leaf_layers)
        for spec, weight in zip(layer.specs, layer.own_weights, strict=True)
    }


def _halved(array: Array) -> AnyFloats:
    return array if np.abs(array).max(initial=0) > _LARGEST_HALF else array.astype(np.float16)


def slots_of(model: Network) -> dict[str, Array]:
    """Return the optimizer's arrays by their names in the file: views of them, so that they can be written too."""
    if model.optimizer is None or not model.optimizer.iterations:
        return {}
    trainable = model.own_trainable_weights
    places = [place for place, weight in enumerate(model.own_weights) if any(weight is each for each in trainable)]
    slots = model.optimizer.slots_for(trainable)
    names = model.optimizer.rule().slots
    return {
        f"optimizer/{place}/{name}": array
        for place, arrays in zip(places, slots, strict=True)
        for name, array in zip(names, arrays, strict=True)
    }


def _layer_of(name: str) -> int:
    return int(name.split("/")[1])
