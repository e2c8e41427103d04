"""Settings that are checked before your own images are read, because reading can take minutes."""

from __future__ import annotations

import os
from typing import Any

from convoscope.datasets import DatasetInfo
from convoscope.models.presets import check_preset
from convoscope.runs.settings import TrainSettings


def check_before_reading(path: str | os.PathLike[str], **given: Any) -> None:
    """Raise ConfigurationError for settings that are invalid for any images.

    Parameters
    ----------
    path : str or path-like
        Of the images.
    **given
        What `TrainSettings.with_defaults` takes.
    """
    check_network(TrainSettings.with_defaults(unread(path), 1, "reference", **given))


def check_network(settings: TrainSettings) -> None:
    """Raise ConfigurationError if a preset does not have what is set."""
    if settings.layers is None:
        check_preset(
            settings.model,
            filters=settings.filters,
            convolutions=settings.convolutions,
            kernel_size=settings.kernel_size,
            pooling=settings.pooling,
            dense_units=settings.dense_units,
            dropout=settings.dropout,
        )


def unread(path: str | os.PathLike[str]) -> DatasetInfo:
    """Describe images of which nothing is known yet, so that all is allowed that some images would allow."""
    return DatasetInfo(
        name="unread",
        title="",
        image_shape=(28, 28, 1),
        max_value=255,
        class_names=("0", "1"),
        train_count=1_000,
        test_count=1_000,
        licence="",
        source="",
        urls=(),
        files=(),
        where=os.fspath(path),
    )
