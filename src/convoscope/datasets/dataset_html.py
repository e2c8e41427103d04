"""A data set as a notebook shows it: how many images, of which classes, and some of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from convoscope.notebook.html import heading, paragraph, table, thumbnails

if TYPE_CHECKING:
    from convoscope.datasets.description import Dataset

_CLASSES = 20  # of more, the first are in the table
_PICTURES = 10


def dataset_html(data: Dataset) -> str:
    """Return a small table of the classes' images, and one training image of each of the first classes."""
    info = data.info
    parts = [(name, getattr(data, f"y_{name}", None)) for name in ("train", "val", "test")]
    labels = {name: np.asarray(found) for name, found in parts if found is not None}
    counts = {name: np.bincount(found, minlength=len(info.class_names)) for name, found in labels.items()}
    totals = [f"{len(found):,}" for found in labels.values()]
    rows = [
        (name, *(f"{counted[number]:,}" for counted in counts.values()))
        for number, name in enumerate(info.class_names[:_CLASSES])
    ]
    if len(info.class_names) > _CLASSES:
        rows.append((f"{len(info.class_names) - _CLASSES:,} more classes", *("" for _ in counts)))
    height, width, channels = info.image_shape
    form = f"{'colour' if channels == 3 else 'grey'}, {width} × {height} pixels, {len(info.class_names):,} classes"
    return (
        heading(info.name, form)
        + table(("class", *counts), [*rows, ("all", *totals)])
        + thumbnails(_one_of_each(data), info.max_value)
        + _left_out(data)
    )


def _one_of_each(data: Dataset) -> list[tuple[str, Any]]:
    numbers, indices = np.unique(np.asarray(data.y_train), return_index=True)
    found = list(zip(numbers.tolist(), indices.tolist(), strict=True))[:_PICTURES]
    return [(data.info.class_names[number], data.x_train[index]) for number, index in found]


def _left_out(data: Dataset) -> str:
    skipped = getattr(getattr(data, "report", None), "skipped", None)
    if not skipped:
        return ""
    return paragraph(f"{len(skipped):,} file{'s' * (len(skipped) != 1)} left out: see .report.skipped")
