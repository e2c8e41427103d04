"""The model that a run kept, made as sure of itself as it is right, and told where it comes from."""

from __future__ import annotations

import numpy as np

from convoscope.datasets import Dataset
from convoscope.layers import Dense
from convoscope.models import Sequential, load_model, save_model
from convoscope.runs.folder import RunFolder
from convoscope.runs.photos import origin
from convoscope.runs.preparation import with_channels
from convoscope.runs.settings import TrainSettings
from convoscope.transfer.calibration import best_temperature

_ENOUGH = 30  # images tell how sure to be
_TINIEST = 1e-12


def calibrated(folder: RunFolder, settings: TrainSettings, data: Dataset) -> Sequential:
    """Load the model that a run on your own images kept, and calibrate it by the validation images.

    The temperature goes into the weights of its last layer. One of a published data set, or with fewer than 30
    validation images, stays as it was trained.
    """
    model: Sequential = load_model(folder.model)
    if not data.info.is_custom or model.origin is not None:
        return model
    temperature = _temperature(model, data)
    last = model.layers[-1]
    if temperature is not None:
        last.set_weights([weight / np.float32(temperature) for weight in last.get_weights()])
    model.origin = {**origin(settings, data.info, data.digest()), "temperature": temperature}
    save_model(model, folder.model, include_optimizer=False)
    return model


def _temperature(model: Sequential, data: Dataset) -> float | None:
    last = model.layers[-1]
    if data.validation is None or len(data.validation[0]) < _ENOUGH:
        return None
    if not isinstance(last, Dense) or last.activation != "softmax":
        return None
    images, labels = data.validation
    told = np.asarray(model.predict(with_channels(images), verbose=0), np.float64)
    return best_temperature(np.log(np.maximum(told, _TINIEST)), labels.astype(np.int64))
