"""What a trained network needs beside its weights: calibration, and when to refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from convoscope.transfer.calibration import best_temperature, softmax
from convoscope.transfer.frozen import Classified
from convoscope.transfer.rejecting import Learned, rejection_of
from convoscope.transfer.rows import AnyImages, Batches, Rows

if TYPE_CHECKING:
    from convoscope.models import Model, Sequential


def finished(
    model: Model | Sequential,
    trial: Model | Sequential,
    images: AnyImages,
    labels: npt.NDArray[np.integer],
    held_out: npt.NDArray[np.integer],
) -> Classified:
    """Calibrate a model, and find when it should refuse.

    Parameters
    ----------
    model : Model or Sequential
        Trained on all images; its last layer is a softmax over the classes.
    trial : Model or Sequential
        Trained in the same way without the images `held_out`: it tells what to expect of new ones.
    images : array of uint8, shape (N, height, width, 3), or Rows
    labels : array of int, shape (N,)
    held_out : array of int

    Returns
    -------
    Classified
        Of the held-out images, what the trial said.
    """
    kernel, bias = (np.asarray(weight, np.float64) for weight in trial.layers[-1].get_weights())
    seen = _features(trial, Rows(images, held_out))
    scores = seen @ kernel + bias
    truth = labels[held_out]
    temperature = best_temperature(scores, truth)
    last = model.layers[-1]
    last.set_weights([weight / np.float32(temperature) for weight in last.get_weights()])
    features = _features(model, images)
    learned = np.setdiff1d(np.arange(len(labels)), held_out)
    probabilities = np.zeros((len(labels), len(bias)))
    probabilities[held_out] = softmax(scores / temperature)
    judged = np.zeros(len(labels), bool)
    judged[held_out] = True
    model.rejection = rejection_of(
        Learned(features, labels, *(np.asarray(weight) for weight in last.get_weights())),
        Learned(_features(trial, Rows(images, learned)), labels[learned], kernel / temperature, bias / temperature),
        (seen, truth),
    )
    return Classified(model, features, probabilities, judged, temperature, 0.0, np.where(judged, 0, 1))


def _features(model: Model | Sequential, images: AnyImages) -> npt.NDArray[np.float32]:
    """Return what goes into the last layer."""
    from convoscope.models import Model

    before = Model(model.inputs, model.layers[-2].output)
    return np.asarray(before.predict(Batches(images), verbose=0), np.float32)
