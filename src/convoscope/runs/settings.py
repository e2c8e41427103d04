"""What a training run is told, and what it takes where it is told nothing."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, fields
from typing import Any

from convoscope.errors import ConfigurationError, FileFormatError, unknown_name
from convoscope.recipes.compiling import SCHEDULES

OPTIMIZERS = ("adam", "adamw", "rmsprop", "sgd")
_RATES = {"adam": 1e-3, "adamw": 1e-3, "rmsprop": 1e-3, "sgd": 1e-2}
_DECAYS = {"adamw": 0.004}
_BATCH = 32
# Five epochs of cnn-2 over tens of thousands of images end with less chance in the last steps on larger batches.
_LARGER_BATCH = 64
_EPOCHS = {"digits": 30}
_FEW = 5
_SEEDS = 10_000
_VALIDATION_FOR_PATIENCE = 0.1


@dataclass(frozen=True)
class TrainSettings:
    """All settings of a run, none left open.

    Attributes
    ----------
    dataset : str
        Its name: ``"fashion-mnist"``.
    data_dir : str or None
        A folder to look for it first.
    recipe : str or None
        The recipe that filled in what was not told.
    model : str
        A preset's name, or ``"layers"`` if `layers` says what the model is.
    layers : str or None
        One's own layers in a line.
    epochs, batch_size : int
    learning_rate : float
        The highest one, if the schedule is ``"one-cycle"``.
    schedule : {"constant", "one-cycle"}
    warmup_share : float
        The share of the steps in which the rate climbs, in ``"one-cycle"``.
    optimizer : str
    weight_decay, label_smoothing : float
        See `convoscope.recipes.Recipe`.
    augmentation : str
        Layers in a line that vary the images in training; empty for none.
    dropout : float
        Of the preset; 0 for none.
    filters : int or None
        Of the preset's convolutions; None for the lesson's own.
    seed : int
        First weights, the order of images, dropout and the choice of validation images follow from it.
    threads : int
    engine : str
    validation : float
        The share of the training images that is held back to validate with.
    patience : int or None
        After how many epochs without a better validation accuracy training stops.
    goal_accuracy : float or None
        At which accuracy training stops: of validation if there is one, else of training.
    """

    dataset: str
    data_dir: str | None
    recipe: str | None
    model: str
    layers: str | None
    epochs: int
    batch_size: int
    learning_rate: float
    schedule: str
    warmup_share: float
    optimizer: str
    weight_decay: float
    label_smoothing: float
    augmentation: str
    dropout: float
    filters: int | None
    seed: int
    threads: int
    engine: str
    validation: float
    patience: int | None
    goal_accuracy: float | None

    def __post_init__(self) -> None:
        _whole(self.epochs, "epochs", 1)
        _whole(self.batch_size, "batch-size", 1)
        _whole(self.threads, "threads", 1)
        if self.seed < 0:
            raise ConfigurationError(f"--seed must be 0 or more, but is {self.seed}.")
        if self.optimizer not in OPTIMIZERS:
            raise unknown_name("optimizer", self.optimizer, OPTIMIZERS)
        if self.schedule not in SCHEDULES:
            raise unknown_name("schedule", self.schedule, SCHEDULES)
        if not 0 < self.learning_rate < float("inf"):
            raise ConfigurationError(
                f"--lr must be more than 0, but is {self.learning_rate:g}. Adam's usual rate is 0.001."
            )
        _share(self.dropout, "dropout", "0.4 drops four of ten values")
        _share(self.validation, "val", "0.1 holds back every tenth training image")
        if self.filters is not None:
            _whole(self.filters, "filters", 1)
        if self.patience is not None:
            _whole(self.patience, "patience", 1)
            if not self.validation:
                raise ConfigurationError(
                    "--patience looks at the validation accuracy. Give --val as well, such as --val 0.1."
                )
            if self.schedule == "one-cycle":
                raise ConfigurationError(
                    f"--recipe {self.recipe} plans its rates to the last epoch, which brings the highest accuracy, "
                    f"and --patience ends training before. Leave out one of the two; --epochs makes it shorter."
                )
        if self.goal_accuracy is not None and not 0 < self.goal_accuracy <= 1:
            raise ConfigurationError(
                f"--goal-accuracy must be between 0 and 1, but is {self.goal_accuracy:g}. Write 0.95 for 95 %."
            )

    @classmethod
    def fill_in(cls, dataset: str, threads: int, engine: str, **given: Any) -> TrainSettings:
        """Take what was given, not None, and for the rest what is sensible for that data set.

        Parameters
        ----------
        dataset : str
            A data set's own name.
        threads, engine
            What is used.
        **given
            Any other of the settings. With `recipe`, what is not told is the recipe's.
        """
        told = {name: value for name, value in given.items() if value is not None}
        _refuse_layers_with(told, "--layers")
        recipe = _recipe_settings(dataset, told) if "recipe" in told else {}
        optimizer = told.get("optimizer", recipe.get("optimizer", "adam"))
        model = told.get("model", "layers" if "layers" in told else "cnn-2")
        defaults: dict[str, Any] = {
            "data_dir": None,
            "recipe": None,
            "model": model,
            "layers": None,
            "epochs": _EPOCHS.get(dataset, _FEW),
            "batch_size": _LARGER_BATCH if model == "cnn-2" and dataset != "digits" else _BATCH,
            "learning_rate": _RATES.get(optimizer, 1e-3),
            "schedule": "constant",
            "warmup_share": 0.0,
            "optimizer": optimizer,
            "weight_decay": _DECAYS.get(optimizer, 0.0),
            "label_smoothing": 0.0,
            "augmentation": "",
            "dropout": 0.0,
            "filters": None,
            "seed": secrets.randbelow(_SEEDS),
            "validation": _VALIDATION_FOR_PATIENCE if "patience" in told else 0.0,
            "patience": None,
            "goal_accuracy": None,
        }
        return cls(dataset=dataset, threads=threads, engine=engine, **{**defaults, **recipe, **told})

    @property
    def label(self) -> str:
        """The recipe's name, or else the model's: what folders and pictures of the run are called by."""
        return self.recipe or self.model

    def as_dict(self) -> dict[str, Any]:
        """Give the settings as plain values for ``config.json``."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Any, where: object) -> TrainSettings:
        """Take the settings from what `as_dict` gave; FileFormatError if something is missing."""
        names = {field.name for field in fields(cls)}
        if not isinstance(values, dict) or set(values) != names:
            lacking = ", ".join(sorted(names - set(values))) if isinstance(values, dict) else "all of them"
            raise FileFormatError(
                f"{where} does not have the settings of a run; missing: {lacking or 'none, but some are unknown'}."
            )
        try:
            return cls(**values)
        except TypeError as error:
            raise FileFormatError(f"{where} has a setting of the wrong kind ({error}).") from error


def _recipe_settings(dataset: str, told: dict[str, Any]) -> dict[str, Any]:
    """Return what a recipe fills in, as far as it goes together with what was told."""
    from convoscope import datasets, recipes
    from convoscope.layers.augmentation import Augmentation
    from convoscope.models import parse_layers

    info = datasets.info(dataset, told.get("data_dir"))
    recipe = recipes.get(told["recipe"], info)
    filled = {name: value for name, value in asdict(recipe).items() if name not in ("name", "dataset", "network")}
    filled["epochs"] = round(recipe.epochs)
    optimizer = told.get("optimizer", recipe.optimizer)
    if optimizer != recipe.optimizer:
        if optimizer in OPTIMIZERS and "learning_rate" not in told:
            raise ConfigurationError(
                f"The rate of --recipe {recipe.name}, {recipe.learning_rate:g} at its highest, is one for "
                f"{recipe.optimizer}. Give --lr with --optimizer {optimizer}."
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


def _refuse_layers_with(told: dict[str, Any], what: str) -> None:
    """Refuse settings of a preset beside layers that say all."""
    for name in ("model", "filters", "dropout"):
        if name in told and "layers" in told:
            raise ConfigurationError(
                f"{what} and --{name} were both given, but {what} says all there is in the model. "
                f"{'Leave out one of the two.' if what == '--layers' else 'Say which with --model, or leave one out.'}"
            )


def _whole(value: int, name: str, least: int) -> None:
    if value < least:
        raise ConfigurationError(f"--{name} must be {least} or more, but is {value}.")


def _share(value: float, name: str, example: str) -> None:
    if not 0 <= value < 1:
        raise ConfigurationError(f"--{name} is a share from 0 to below 1 ({example}), but is {value:g}.")
