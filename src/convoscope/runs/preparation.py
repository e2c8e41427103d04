"""What a run trains, made from its settings: the images, split, and the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope import datasets
from convoscope.datasets import Dataset, DatasetInfo, FolderDataset
from convoscope.datasets.registry import is_own, load_own
from convoscope.errors import DataError
from convoscope.models import Sequential, build_preset, parse_layers
from convoscope.models.layer_line import model_from_line
from convoscope.recipes.compiling import compile_classifier, steps_an_epoch
from convoscope.runs.settings import TrainSettings

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.uint8]
_SPLIT = 0x73706C6974  # "split": keeps the choice of validation images apart from the order of epochs


@dataclass(frozen=True, eq=False)
class Split:
    """Images (N, height, width, channels) with labels (N,), to train with and perhaps to validate with."""

    x: Images
    y: Labels
    validation: tuple[Images, Labels] | None


def with_channels(images: Images) -> Images:
    """Give grey images (N, height, width) the channel axis that layers expect. No copy."""
    return images[..., None] if images.ndim == 3 else images


def load_data(settings: TrainSettings) -> Dataset:
    """Load the data set that the settings name."""
    if not is_own(settings.dataset):
        return datasets.load(settings.dataset, settings.data_dir)
    return load_own(
        settings.dataset,
        settings.data_dir,
        image_size=settings.image_size,
        color_mode=settings.color_mode,
        validation_split=settings.validation,
        max_pixels=settings.max_pixels,
        threads=settings.threads,
    )


def has_validation(data: Dataset, settings: TrainSettings) -> bool:
    """Say whether there are images to validate with: one's own may come with some, or be too few."""
    return len(data.x_val) > 0 if isinstance(data, FolderDataset) else settings.validation > 0


def split(data: Dataset, settings: TrainSettings) -> Split:
    """Hold back the validation share of the training images: chosen by the seed, in each class alike.

    One's own images are split already.
    """
    if isinstance(data, FolderDataset):
        validation = (data.x_val, data.y_val) if has_validation(data, settings) else None
        return Split(data.x_train, data.y_train, validation)
    x, y = with_channels(data.x_train), data.y_train
    if not settings.validation:
        return Split(x, y, None)
    generator = np.random.default_rng([settings.seed, _SPLIT])
    held_back = np.zeros(len(y), bool)
    for label in np.unique(y):
        places = generator.permutation(np.flatnonzero(y == label))
        held_back[places[: round(len(places) * settings.validation)]] = True
    if held_back.all() or not held_back.any():
        raise DataError(
            f"--val {settings.validation:g} of {len(y)} training images leaves none to "
            f"{'train' if held_back.all() else 'validate'} with. Give another share."
        )
    return Split(x[~held_back], y[~held_back], (x[held_back], y[held_back]))


def count_to_train(data: Dataset, settings: TrainSettings) -> int:
    """Count the images that `split` leaves to train with."""
    if isinstance(data, FolderDataset):
        return len(data.x_train)
    classes: list[int] = np.bincount(data.y_train).tolist()
    return sum(count - round(count * settings.validation) for count in classes)


def build_model(settings: TrainSettings, info: DatasetInfo, images: int) -> Sequential:
    """Make the model, compiled. It takes images of 8 bits as they are: its first layer scales them to 0..1.

    Parameters
    ----------
    settings : TrainSettings
    info : DatasetInfo
    images : int
        How many there are to train with: a schedule is stretched over all steps of the run.
    """
    scale, classes = 1 / info.max_value, len(info.class_names)
    varied = parse_layers(settings.augmentation) if settings.augmentation else []
    if settings.layers is not None:
        model = model_from_line(
            settings.layers, info.image_shape, classes, scale=scale, augmentation=varied, seed=settings.seed
        )
    else:
        model = build_preset(
            settings.model,
            info.image_shape,
            classes,
            filters=settings.filters,
            convolutions=settings.convolutions,
            kernel_size=settings.kernel_size,
            pooling=settings.pooling,
            dense_units=settings.dense_units,
            dropout=settings.dropout,
            scale=scale,
            augmentation=varied,
            seed=settings.seed,
        )
    model.class_names = list(info.class_names)
    compile_classifier(model, settings, settings.epochs * steps_an_epoch(images, settings.batch_size))
    return model


def preprocessing(data: Dataset) -> dict[str, Any]:
    """Describe how an image has to be brought into the form that the model was trained on.

    With ``edge``, how light the edges of the training images are: it tells what to put behind transparent images.
    """
    if isinstance(data, FolderDataset):  # whose images may be more than memory holds
        return data.preprocessing
    info, images = data.info, data.x_train
    height, width, channels = info.image_shape
    border = np.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], axis=1)
    return {
        "height": height,
        "width": width,
        "channels": channels,
        "max_value": info.max_value,
        "scale": 1 / info.max_value,
        "edge": round(float(border.mean()) / info.max_value, 4),
    }
