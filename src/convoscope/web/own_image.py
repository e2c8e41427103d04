"""A person's own images on the explorer's page: prepared here, as for training and for ``convoscope predict``."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import numpy as np

from convoscope.datasets.images.preprocessing import Prepared, Preprocessing
from convoscope.errors import ConfigurationError, ConvoscopeError
from convoscope.explore.image_predictions import ImagePrediction, predict_prepared
from convoscope.web.explored import Explored
from convoscope.web.questions import read_image, test_image


def takes_images(explored: Explored) -> bool:
    """Whether the model takes one image, grey or in colour."""
    shapes = explored.model.plan_input_shapes
    return len(shapes) == 1 and len(shapes[0]) in (2, 3) and (*shapes[0], 1)[2] in (1, 3)


def preparation(explored: Explored) -> Preprocessing:
    """Return how the page's own images become what the model takes: as its file says, or by its input's shape.

    Without preprocessing in the file, they get the values of the images that the page was opened with.
    """
    model = explored.model
    if model.preprocessing is not None and "height" in model.preprocessing:
        return Preprocessing.from_dict(model.preprocessing)
    height, width, channels = (*model.plan_input_shape, 1)[:3]
    low, high = explored.input_range
    return Preprocessing((height, width), channels=channels, max_value=high if low == 0 and 0 < high <= 255 else 255)


def own_image(explored: Explored, content: bytes) -> dict[str, Any]:
    """Prepare the content of an image file, and say what the model makes of it.

    Returns
    -------
    dict
        ``image``: base64 of float32 values; ``notes`` and ``hint``; of a model that knows classes ``probabilities``,
        and ``rejection``, as the function of that name answers it, or None. Of a file that is no image: ``problem``.
    """
    told = preparation(explored)
    try:
        prepared = told.prepare(content)
    except ConvoscopeError as error:  # it is the file that is wrong, and not the question
        return {"problem": str(error)}
    low, high = explored.input_range
    if low != 0:
        shares = prepared.pixels.astype(np.float64) / told.max_value
        prepared = replace(prepared, pixels=(low + shares * (high - low)).astype(np.float32))
    values = np.ascontiguousarray(prepared.pixels, "<f4")
    answer = {"image": base64.b64encode(values.tobytes()).decode(), "notes": prepared.notes, "hint": prepared.hint}
    if explored.has_image_outputs:
        return answer
    ((_, found),) = predict_prepared(explored.model, [prepared])
    assert isinstance(found, ImagePrediction)
    return {**answer, "probabilities": found.probabilities.astype(float).tolist(), "rejection": _told(found)}


def rejection(explored: Explored, question: dict[str, Any]) -> dict[str, Any]:
    """Answer whether an image, as the model receives it, belongs to none of the classes.

    ``image`` is the number of a test image, or the values of another.

    Returns
    -------
    dict
        ``none``; ``score``, how foreign it is; and ``threshold``, from where on it belongs to none.
    """
    if explored.model.rejection is None:
        raise ConfigurationError("This model cannot recognize images that belong to none of its classes.")
    told, shape = question.get("image"), explored.model.plan_input_shape
    image = read_image(told, shape) if isinstance(told, str) else explored.images[test_image(explored, told)]
    image = np.asarray(image, np.float32)
    ((_, found),) = predict_prepared(explored.model, [Prepared("the image", image)])
    assert isinstance(found, ImagePrediction)
    return _told(found) or {}


def _told(found: ImagePrediction) -> dict[str, Any] | None:
    if found.score is None:
        return None
    return {"none": found.none_of_these, "score": found.score, "threshold": found.threshold}
