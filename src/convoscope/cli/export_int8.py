"""The images that an export in 8 bits is calibrated with, and those that tell what it costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy.typing as npt

    from convoscope.datasets import Dataset
    from convoscope.models import Sequential
    from convoscope.runs import RunFolder

_CALIBRATING, _TESTING = 200, 1000  # images at most; more change little


def int8_options(trained: Path, model: Sequential, run: RunFolder | None, images: str | None) -> dict[str, Any]:
    """Return the options of the writer.

    Parameters
    ----------
    trained : Path
        What the model was loaded from.
    model : Sequential or Model
    run : RunFolder or None
    images : str, optional
        A data set, a folder of a folder for each class, or one of images. By default the data of the run.

    Raises
    ------
    ConfigurationError
        If there is no run, and no images are named.
    DataError
        If a folder has no image that can be read.
    """
    from convoscope.errors import ConfigurationError

    if images is not None:
        return _of_folder(model, Path(images)) if _is_plain(Path(images)) else _of_dataset(model, images)
    if run is None:
        raise ConfigurationError(
            f"{trained} is a model outside a run's folder, so there are no images to calibrate it with. Choose some "
            "with --calibration FOLDER."
        )
    return _of_run(run)


def _of_run(run: RunFolder) -> dict[str, Any]:
    from convoscope.runs.preparation import load_data
    from convoscope.runs.training import settings_of

    data = load_data(settings_of(run))
    x_train, x_test = _with_channels(data)
    chosen = _spread(len(x_test), _TESTING)
    return {
        "quantize": "int8",
        "calibration": x_train[_spread(len(x_train), _CALIBRATING)],
        "test": (x_test[chosen], data.y_test[chosen]),
    }


def _of_dataset(model: Sequential, name: str) -> dict[str, Any]:
    from convoscope.cli.trained import other_images
    from convoscope.runs.training import knows_classes

    data = other_images(model, name, None)
    _, images = _with_channels(data)
    chosen = _spread(len(images), _TESTING)
    found = {"quantize": "int8", "calibration": images[_spread(len(images), _CALIBRATING)]}
    if knows_classes(model, list(data.info.class_names)):
        found["test"] = (images[chosen], data.y_test[chosen])
    return found


def _is_plain(folder: Path) -> bool:
    """Whether images are in the folder itself, and not in one for each class."""
    return folder.is_dir() and any(each.is_file() and not each.name.startswith(".") for each in folder.iterdir())


def _of_folder(model: Sequential, folder: Path) -> dict[str, Any]:
    import numpy as np

    from convoscope.datasets.images.preprocessing import Prepared, Preprocessing
    from convoscope.errors import ConfigurationError, DataError

    if model.preprocessing is None:
        raise ConfigurationError(
            "The model does not say how to prepare images for it, so it cannot be calibrated with image files. In "
            'Python, model.export("model.tflite", quantize="int8", calibration=x) takes an array.'
        )
    files = sorted(each for each in folder.iterdir() if each.is_file())
    files = [files[at] for at in _spread(len(files), _CALIBRATING)]
    each = Preprocessing.from_dict(model.preprocessing).prepare_each(files, errors="return")
    images = [prepared.pixels for prepared in each if isinstance(prepared, Prepared)]
    if not images:
        raise DataError(f"No file in {folder} is a readable image, and --calibration needs about a hundred.")
    return {"quantize": "int8", "calibration": np.stack(images)}


def _with_channels(data: Dataset) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    from convoscope.runs.preparation import with_channels

    return with_channels(data.x_train), with_channels(data.x_test)


def _spread(count: int, most: int) -> list[int]:
    """Return indices spread over all, as data sets are often sorted."""
    return [at * count // most for at in range(most)] if count > most else list(range(count))
