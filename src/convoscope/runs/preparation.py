"""What a run trains, made from its settings: the images, split, and the model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from convoscope.datasets import Dataset, DatasetInfo
from convoscope.datasets.registry import source
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
    """Load the data set that the settings name, in the form that they say."""
    from convoscope.runs.photos import exclusions, load_photos

    if settings.for_backbone is not None:
        return load_photos(settings)
    return source(settings.dataset).load(
        settings.data_dir,
        image_size=settings.image_size,
        color_mode=settings.color_mode,
        validation_split=settings.validation,
        max_pixels=settings.max_pixels,
        exclude=exclusions(settings.exclude, settings.dataset) or None,
        threads=settings.threads,
    )


def has_validation(data: Dataset, settings: TrainSettings) -> bool:
    """Say whether there are validation images: what comes split may have none."""
    return settings.validation > 0 if data.validation is None else len(data.validation[0]) > 0


def split(data: Dataset, settings: TrainSettings) -> Split:
    """Hold out the validation share of the training images: chosen by the seed, in each class alike.

    A data set that comes split stays so.
    """
    if data.validation is not None:
        return Split(data.x_train, data.y_train, data.validation if has_validation(data, settings) else None)
    x, y = with_channels(data.x_train), data.y_train
    if not settings.validation:
        return Split(x, y, None)
    generator = np.random.default_rng([settings.seed, _SPLIT])
    held_out = np.zeros(len(y), bool)
    for label in np.unique(y):
        indices = generator.permutation(np.flatnonzero(y == label))
        held_out[indices[: round(len(indices) * settings.validation)]] = True
    if held_out.all() or not held_out.any():
        raise DataError(
            f"--val {settings.validation:g} of {len(y)} training images leaves none to "
            f"{'train' if held_out.all() else 'validate'} with. Give another fraction."
        )
    return Split(x[~held_out], y[~held_out], (x[held_out], y[held_out]))


def count_to_train(data: Dataset, settings: TrainSettings) -> int:
    """Count the images that `split` leaves to train with."""
    if data.validation is not None:
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
