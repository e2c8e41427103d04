"""What a training run is told, and what it takes where it is told nothing."""

from __future__ import annotations

from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any

from convoscope import datasets
from convoscope.datasets import DatasetInfo
from convoscope.errors import ConfigurationError, FileFormatError, unknown_name
from convoscope.models import parse_layers
from convoscope.models.presets import POOLINGS, preset_names
from convoscope.names import native_path, portable_path
from convoscope.recipes.compiling import SCHEDULES
from convoscope.runs.defaults import OPTIMIZERS, with_defaults
from convoscope.runs.reading import FLAG, TEXT, Kind, OrNone, Plain, Record, check, number, whole

#: What `TrainSettings.model` is of runs of earlier versions that do not say which network was trained from scratch.
FROM_SCRATCH = "scratch"
_PATHS = ("dataset", "data_dir", "exclude", "based_on")
CLASS_WEIGHTS = ("auto", "none")
UNKNOWN = Plain("ignored, because this version of Convoscope has no such setting", lambda value: False)
_KINDS: dict[str, Kind] = {
    "str": TEXT,
    "int": whole(),
    "float": number(),
    "bool": FLAG,
    "tuple[int, int]": Plain(
        "a height and a width",
        lambda value: isinstance(value, list) and len(value) == 2 and not any(map(whole(1).problem, value, "xx")),
    ),
}


@dataclass(frozen=True)
class TrainSettings:
    """All settings of a run, with no defaults left open.

    Attributes
    ----------
    dataset : str
        Its name: ``"fashion-mnist"``; of your own images the path of their folder or table.
    data_dir : str or None
        The folder that is searched first for it; for your own images, where they are kept decoded.
    image_size : (height, width) or None
    color_mode : str or None
        The form of your own images, if it was given and not chosen from them.
    recipe : str or None
        The recipe that set what was not given.
    model : str
        A preset's name, or ``"layers"`` if `layers` says what the model is.
    layers : str or None
        Your own layers in a line.
    epochs, batch_size : int
    learning_rate : float
        The highest one, if the schedule is ``"one-cycle"``.
    schedule : {"constant", "one-cycle"}
    warmup_share : float
        The share of the steps in which the rate rises, in ``"one-cycle"``.
    optimizer : str
    weight_decay, label_smoothing : float
        See `convoscope.recipes.Recipe`.
    augmentation : str
        Layers in a line that vary the images in training; empty for none.
    class_weight : {"auto", "none"}
        Whether each class is weighted as if it had as many images as the others.
    dropout : float
        Of the preset; 0 for none.
    filters : int or None
        Of the preset's convolutions; None for the lesson's own.
    convolutions, kernel_size, dense_units : int or None
    pooling : str or None
        Of the preset; None for the lesson's own. See `convoscope.models.build_preset`.
    max_pixels : int or None
        The most pixels that one of your own images may have; None for the default.
    seed : int
        Determines first weights, the order of images, dropout and the choice of validation images.
    threads : int
    engine : str
    device : str or None
        Where PyTorch computes; None with another engine.
    precision : str or None
        See `convoscope.set_precision`; None with the reference engine, and for the engine's own.
    validation : float
        The share of the training images that is held out to validate with; of your own images, the share of all, as
        far as they do not come with validation images.
    patience : int or None
        After how many epochs without a better validation accuracy training stops.
    goal_accuracy : float or None
        At which accuracy training stops: of validation if there is one, else of training.
    snapshots : bool
        Whether the weights after each epoch are kept, to look back at.
    backbone : str or None
        The pretrained backbone that a classifier of photos is put on; None where training begins from scratch. What
        says how to train from scratch then means nothing.
    fine_tune : int or None
        How many of its last blocks learn on; None if that is to be tried.
    minutes : float or None
        How long fine-tuning may take.
    compared_with : str or None
        The pretrained backbone that held-out images preferred training from scratch to. The images are split as for it.
    exclude : str or None
        The path of a list of files that are left out.
    based_on : str or None
        The path of the run whose split of the images is kept.
    test_split : float or None
        The share of photos that is set aside to test a backbone's classifier with; None for what suits their number.
    """

    dataset: str
    data_dir: str | None
    image_size: tuple[int, int] | None
    color_mode: str | None
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
    class_weight: str
    dropout: float
    filters: int | None
    seed: int
    threads: int
    engine: str
    validation: float
    patience: int | None
    goal_accuracy: float | None
    # Runs of earlier versions lack these.
    snapshots: bool = False
    convolutions: int | None = None
    kernel_size: int | None = None
    pooling: str | None = None
    dense_units: int | None = None
    max_pixels: int | None = None
    backbone: str | None = None
    fine_tune: int | None = None
    minutes: float | None = None
    exclude: str | None = None
    based_on: str | None = None
    compared_with: str | None = None
    test_split: float | None = None
    device: str | None = None
    precision: str | None = None

    def __post_init__(self) -> None:
        _whole(self.epochs, "epochs", 1)
        if self.fine_tune is not None:
            _whole(self.fine_tune, "fine-tune", 1)
        if self.minutes is not None and not 0 <= self.minutes < float("inf"):
            raise ConfigurationError(
                f"--minutes, the time limit of fine-tuning, must be at least 0, but is {self.minutes:g}. Try 3."
            )
        _whole(self.batch_size, "batch-size", 1)
        _whole(self.threads, "threads", 1)
        if self.seed < 0:
            raise ConfigurationError(f"--seed must be 0 or more, but is {self.seed}.")
        if self.layers is not None:
            parse_layers(self.layers)
        elif self.for_backbone is None and self.model not in preset_names():
            raise unknown_name("model", self.model, preset_names())
        if self.optimizer not in OPTIMIZERS:
            raise unknown_name("optimizer", self.optimizer, OPTIMIZERS)
        if self.schedule not in SCHEDULES:
            raise unknown_name("schedule", self.schedule, SCHEDULES)
        if self.class_weight not in CLASS_WEIGHTS:
            raise unknown_name("class-weight", self.class_weight, CLASS_WEIGHTS)
        if not 0 < self.learning_rate < float("inf"):
            raise ConfigurationError(
                f"--lr must be more than 0, but is {self.learning_rate:g}. Adam's usual rate is 0.001."
            )
        _share(self.dropout, "dropout", "0.4 drops four of ten values")
        _share(self.validation, "val", "0.1 holds out every tenth training image")
        _share(self.test_split or 0.0, "test-split", "0.1 holds out every tenth image")
        for name, least in (("filters", 1), ("convolutions", 0), ("kernel_size", 1), ("dense_units", 1)):
            if (number := getattr(self, name)) is not None:
                _whole(number, name.replace("_", "-"), least)
        if self.pooling is not None and self.pooling not in POOLINGS:
            raise unknown_name("pooling", self.pooling, POOLINGS)
        if self.patience is not None:
            _whole(self.patience, "patience", 1)
            if not self.validation:
                raise ConfigurationError("--patience needs validation. Also give --val, such as --val 0.1.")
            if self.schedule == "one-cycle":
                raise ConfigurationError(
                    f"--recipe {self.recipe} schedules its learning rates up to the last epoch, but --patience may "
                    "stop before that. Leave out one of the two; use --epochs for a shorter run."
                )
        if self.goal_accuracy is not None and not 0 < self.goal_accuracy <= 1:
            raise ConfigurationError(
                f"--goal-accuracy must be between 0 and 1, but is {self.goal_accuracy:g}. Write 0.95 for 95 %."
            )

    @classmethod
    def with_defaults(cls, dataset: str | DatasetInfo, threads: int, engine: str, **given: Any) -> TrainSettings:
        """Take what was given, not None, and for the rest what is sensible for that data set.

        Parameters
        ----------
        dataset : str or DatasetInfo
            A data set's name, or what is known of it.
        threads, engine
            What is used.
        **given
            Any other of the settings. With `recipe`, what is not told is the recipe's; for your own images that is
            so without being asked for.
        """
        told = {name: value for name, value in given.items() if value is not None}
        info = datasets.info(dataset, told.get("data_dir")) if isinstance(dataset, str) else dataset
        return cls(dataset=info.key, threads=threads, engine=engine, **with_defaults(info, told))

    @property
    def for_backbone(self) -> str | None:
        """The pretrained backbone that photos are brought into form for, whether it was chosen in the end or not."""
        return self.backbone or self.compared_with

    @property
    def computing(self) -> str:
        """The engine, for people to read."""
        where = f" on {self.device}" if self.device else ""
        how = f", {self.precision}" if self.device or self.precision not in (None, "float32") else ""
        return f"{self.engine} engine{where}{how}"

    @property
    def label(self) -> str:
        """What folders and pictures of the run are called by: its backbone, its recipe, or else its model."""
        backbone = None if self.backbone is None else Path(self.backbone).stem
        return backbone or self.recipe or self.model

    def as_dict(self) -> dict[str, Any]:
        """Give the settings as plain values for ``config.json``."""
        paths = {name: portable_path(path) for name in _PATHS if (path := getattr(self, name)) is not None}
        return {**asdict(self), **paths}

    @classmethod
    def from_dict(cls, values: Any, where: object) -> TrainSettings:
        """Take the settings from what `as_dict` gave; FileFormatError if something is missing."""
        needed = {each.name: kind_of(each.name) for each in fields(cls) if each.default is MISSING}
        optional = {each.name: kind_of(each.name) for each in fields(cls) if each.default is not MISSING}
        check(values, Record(needed, optional, others=UNKNOWN), f"{where}")
        size = values["image_size"]
        if values.get("backbone") is not None and size is not None:  # as earlier versions wrote it
            values = {**values, "backbone": None, "compared_with": values["backbone"], "model": FROM_SCRATCH}
        try:
            paths = {name: native_path(path) for name in _PATHS if (path := values.get(name)) is not None}
            return cls(**{**values, **paths, "image_size": None if size is None else tuple(size)})
        except ConfigurationError as error:
            raise FileFormatError(f"{where} is damaged: its settings are not valid. {error}") from error


def kind_of(name: str) -> Kind:
    """Return what a setting has to be in a file, by how it is declared."""
    declared = str(next(each.type for each in fields(TrainSettings) if each.name == name))
    kind = _KINDS[declared.removesuffix(" | None")]
    return OrNone(kind) if declared.endswith(" | None") else kind


def _whole(value: int, name: str, least: int) -> None:
    if value < least:
        raise ConfigurationError(f"--{name} must be {least} or more, but is {value}.")


def _share(value: float, name: str, example: str) -> None:
    if not 0 <= value < 1:
        raise ConfigurationError(f"--{name} must be at least 0 and below 1 ({example}), but is {value:g}.")
