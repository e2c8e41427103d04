"""The command that trains a run for longer: one that works for that run, and trains the same network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convoscope.datasets import DatasetInfo
    from convoscope.runs import RunFolder, TrainSettings

# Settings that a recipe fills in, or that are told beside it, by what they are called on the command line.
_OPTIONS = {
    "filters": "filters",
    "convolutions": "convolutions",
    "kernel_size": "kernel-size",
    "pooling": "pooling",
    "dense_units": "dense-units",
    "dropout": "dropout",
    "batch_size": "batch-size",
    "learning_rate": "lr",
    "optimizer": "optimizer",
    "validation": "val",
    "augmentation": "augment",
    "image_size": "image-size",
    "color_mode": "color",
    "max_pixels": "max-pixels",
}


def longer(
    folder: RunFolder, settings: TrainSettings, epochs: int, info: DatasetInfo | None = None
) -> tuple[object, ...]:
    """Return the words of a command that trains for more epochs.

    With a constant learning rate the run goes on. A recipe spreads its learning rates over all epochs and ends near
    zero, so more epochs mean a new run with the same settings.

    Parameters
    ----------
    folder : RunFolder
    settings : TrainSettings
        The run's.
    epochs : int
    info : DatasetInfo, optional
        Of the run's images, if they are at hand.
    """
    if settings.schedule == "constant":
        return ("train", "--resume", folder, "--epochs", epochs)
    words = ("train", settings.dataset, "--recipe", settings.recipe, "--epochs", epochs)
    return (*words, *_options(settings, epochs, info))


def _options(settings: TrainSettings, epochs: int, info: DatasetInfo | None) -> list[object]:
    """Return the options without which the recipe would train something else."""
    from convoscope.datasets.registry import source
    from convoscope.errors import ConvoscopeError
    from convoscope.runs.defaults import with_defaults

    told: dict[str, Any] = {"recipe": settings.recipe, "epochs": epochs}
    words: list[object] = []
    try:
        known = source(settings.dataset).known if info is None else info
        if known is None:
            return _told_unread(settings)
        filled = with_defaults(known, told)
        name = "model" if settings.layers is None else "layers"
        if filled[name] != getattr(settings, name):
            told[name] = getattr(settings, name)
            words += [f"--{name}", told[name]]
        for name, option in _OPTIONS.items():
            value = getattr(settings, name)
            if with_defaults(known, told).get(name) != value:
                told[name] = value
                words += [f"--{option}", _written(value)]
    except ConvoscopeError:  # what cannot be told again in these words
        return _told_unread(settings)
    return words


def _told_unread(settings: TrainSettings) -> list[object]:
    """Return what can be told without a look at the images."""
    told = {_OPTIONS[name]: getattr(settings, name) for name in ("image_size", "color_mode", "max_pixels")}
    return [word for name, value in told.items() if value is not None for word in (f"--{name}", _written(value))]


def _written(value: Any) -> str:
    if isinstance(value, tuple):
        return "x".join(map(str, value))
    return "none" if value == "" else str(value)
