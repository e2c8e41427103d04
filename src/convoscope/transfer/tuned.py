"""What a fine-tuned network needs beside its weights: calibration, and when to refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from convoscope.transfer.calibration import best_temperature, softmax
from convoscope.transfer.frozen import Classified
from convoscope.transfer.network import FEATURES
from convoscope.transfer.photos import Photos
from convoscope.transfer.rejecting import rejection_of

if TYPE_CHECKING:
    from convoscope.models import Model


def finished(model: Model, photos: Photos, trial: Model, held_out: npt.NDArray[np.integer]) -> Classified:
    """Calibrate a fine-tuned model, and find when it should refuse.

    Parameters
    ----------
    model : Model
        Fine-tuned on all images.
    photos : Photos
    trial : Model
        Fine-tuned in the same way without the images `held_out`: it tells what to expect of new ones.
    held_out : array of int

    Returns
    -------
    Classified
        Of the held-out images, what the trial said.
    """
    kernel, bias = (np.asarray(weight, np.float64) for weight in trial.layers[-1].get_weights())
    seen = _features(trial, photos.images[held_out])
    scores = seen @ kernel + bias
    labels = photos.labels[held_out]
    temperature = best_temperature(scores, labels)
    last = model.layers[-1]
    last.set_weights([weight / np.float32(temperature) for weight in last.get_weights()])
    features = _features(model, photos.images)
    learned = np.setdiff1d(np.arange(len(photos)), held_out)
    probabilities = np.zeros((len(photos), len(photos.class_names)))
    probabilities[held_out] = softmax(scores / temperature)
    judged = np.zeros(len(photos), bool)
    judged[held_out] = True
    model.rejection = rejection_of(
        features,
        photos.labels,
        [np.asarray(weight) for weight in last.get_weights()],
        seen=(_features(trial, photos.images[learned]), photos.labels[learned]),
        held_out=(seen, scores / temperature, labels),
    )
    return Classified(model, features, probabilities, judged, temperature, 0.0, np.where(judged, 0, 1))


def _features(model: Model, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    from convoscope.models import Model

    layer = model.get_layer(FEATURES)
    return np.asarray(Model(model.inputs, layer.output).predict(images, verbose=0), np.float32)
