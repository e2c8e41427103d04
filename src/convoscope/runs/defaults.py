"""What a run takes where it is told nothing: by its data set, its recipe, and what was told."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from typing import Any

from convoscope import recipes
from convoscope.datasets import DatasetInfo
from convoscope.errors import ConfigurationError
from convoscope.layers.augmentation import Augmentation
from convoscope.models import parse_layers

OPTIMIZERS = ("adam", "adamw", "rmsprop", "sgd")
NETWORK = ("filters", "convolutions", "kernel_size", "pooling", "dense_units", "dropout")
VALIDATION = 0.1
_RATES = {"adam": 1e-3, "adamw": 1e-3, "rmsprop": 1e-3, "sgd": 1e-2}
_DECAYS = {"adamw": 0.004}
_BATCH = 32
# Five epochs of cnn-2 over tens of thousands of images end with less chance in the last steps on larger batches.
_LARGER_BATCH = 64
_EPOCHS = {"digits": 30}
_FEW = 5
_SEEDS = 10_000


def with_defaults(info: DatasetInfo, told: dict[str, Any]) -> dict[str, Any]:
    """Give all settings but the data set, threads and engine.

    Parameters
    ----------
    info : DatasetInfo
    told : dict
        What was told; it stays as it is.

    Raises
    ------
    ConfigurationError
        What was told contradicts itself.
    """
    _refuse_layers_with(told, "--layers")
    if not info.is_custom:
        _refuse_for_published(info, told)
    if "augmentation" in told:
        told = {**told, "augmentation": _augmentation(told["augmentation"])}
    recipe: dict[str, Any] = {}
    if "backbone" in told:
        recipe = {"model": told["backbone"], "epochs": 1, "validation": 0.0}
    elif "recipe" in told:
        recipe = _recipe_settings(info, told)
    elif info.is_custom:
        recipe = _fitting_settings(info, told)
    optimizer = told.get("optimizer", recipe.get("optimizer", "adam"))
    model = told.get("model", "layers" if "layers" in told else "cnn-2")
    defaults: dict[str, Any] = {
        "data_dir": None,
        "image_size": None,
        "color_mode": None,
        "max_pixels": None,
        "recipe": None,
        "model": model,
        "layers": None,
        "epochs": _EPOCHS.get(info.name, _FEW),
        "batch_size": _LARGER_BATCH if model == "cnn-2" and info.name != "digits" else _BATCH,
        "learning_rate": _RATES.get(optimizer, 1e-3),
        "schedule": "constant",
        "warmup_share": 0.0,
        "optimizer": optimizer,
        "weight_decay": _DECAYS.get(optimizer, 0.0),
        "label_smoothing": 0.0,
        "augmentation": "",
        "class_weight": "none",
        "dropout": 0.0,
        "filters": None,
        "convolutions": None,
        "kernel_size": None,
        "pooling": None,
        "dense_units": None,
        "seed": secrets.randbelow(_SEEDS),
        "validation": VALIDATION if info.is_custom or "patience" in told else 0.0,
        "patience": None,
        "goal_accuracy": None,
        "snapshots": False,
        "backbone": None,
        "fine_tune": None,
        "minutes": None,
        "exclude": None,
        "based_on": None,
        "test_split": None,
    }
    return {**defaults, **recipe, **told}


def _fitting_settings(info: DatasetInfo, told: dict[str, Any]) -> dict[str, Any]:
    """Give the network and the training that fit your own images.

    By another optimizer, or where training may end before the rates do, the rate is constant.
    """
    network = {} if told.keys().isdisjoint(NETWORK) else {"model": "cnn-2"}
    constant = not told.keys().isdisjoint(("optimizer", "patience"))
    told = {name: value for name, value in {**network, **told}.items() if name != "optimizer"}
    settings = {**_recipe_settings(info, {**told, "recipe": "fast"}), **network}
    if not constant:
        return {**settings, "recipe": "fast"}
    for name in ("learning_rate", "schedule", "warmup_share", "optimizer", "weight_decay"):
        settings.pop(name, None)
    return settings


def _recipe_settings(info: DatasetInfo, told: dict[str, Any]) -> dict[str, Any]:
    """Give what a recipe fills in, as far as it goes together with what was told."""
    recipe = recipes.get(told["recipe"], info)
    filled = {name: value for name, value in asdict(recipe).items() if name not in ("name", "dataset", "network")}
    filled["epochs"] = round(recipe.epochs)
    optimizer = told.get("optimizer", recipe.optimizer)
    if optimizer != recipe.optimizer:
        if optimizer in OPTIMIZERS and "learning_rate" not in told:
            raise ConfigurationError(
                f"The rate of --recipe {recipe.name}, {recipe.learning_rate:g} at its peak, is meant for "
                f"{recipe.optimizer}. Give --lr together with --optimizer {optimizer}."
            )
        del filled["weight_decay"]
    if "layers" in told and any(isinstance(layer, Augmentation) for layer in parse_layers(told["layers"])):
        filled["augmentation"] = ""
    if "layers" in told or "model" in told:
        return filled
    line = recipe.layers(len(info.class_names))
    if line is None:
        return {**filled, "model": recipe.network}
    _refuse_layers_with({**told, "layers": line}, f"--recipe {recipe.name}")
    return {**filled, "model": "layers", "layers": line}


def _augmentation(line: str) -> str:
    """Check layers that are to vary images; "none" is none."""
    if line.strip().lower() == "none":
        return ""
    for layer in parse_layers(line):
        if not isinstance(layer, Augmentation):
            raise ConfigurationError(
                "--augment takes augmentation layers (flip, shift, rotate, zoom, contrast, brightness, erase), but "
                f"{layer.base_name()} is not one. For example: --augment 'flip horizontal, shift 0.1', or none."
            )
    return line


def _refuse_for_published(info: DatasetInfo, told: dict[str, Any]) -> None:
    """Refuse settings that mean something for your own images only."""
    for name, option in (("image_size", "--image-size"), ("color_mode", "--color"), ("max_pixels", "--max-pixels")):
        if name in told:
            raise ConfigurationError(
                f"{option} is only for your own images. All images of {info.name} have the same size and colour mode; "
                "leave it out."
            )


def _refuse_layers_with(told: dict[str, Any], what: str) -> None:
    """Refuse settings of a preset beside layers that say all."""
    for name in ("model", *NETWORK):
        if name in told and "layers" in told:
            raise ConfigurationError(
                f"{what} and --{name.replace('_', '-')} were both given, but {what} already defines the whole model. "
                f"{'Leave out one of the two.' if what == '--layers' else 'Set --model, or leave out one of the two.'}"
            )
