"""A classifier that says where in a picture it sees a class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from convoscope.models import Model

Array = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
_TINIEST = 1e-12


@dataclass(frozen=True, eq=False)
class Seen:
    """What a classifier makes of a picture.

    Attributes
    ----------
    probabilities : array of float32, shape (classes,)
    none : bool or None
        Whether it shows none of the classes; None if the classifier cannot tell.
    maps : array of float32, shape (height, width, D)
        The last maps of the backbone.
    kernel : array of float32, shape (D, classes)
        What the direction of their mean is multiplied by, for the scores of the classes.
    """

    probabilities: Array
    none: bool | None
    maps: Array
    kernel: Array

    def evidence(self, index: int) -> Floats:
        """Return where there is evidence for a class: (height, width), below 0 against it.

        It is a class activation map (Zhou et al., "Learning deep features for discriminative localization", 2016):
        behind the maps there are only their mean, its length, and one product. So each position has its share of the
        score, and the shares sum to the score without its bias.
        """
        positions = self.maps.shape[0] * self.maps.shape[1]
        length = max(float(np.linalg.norm(self.maps.mean(axis=(0, 1), dtype=np.float64))), _TINIEST)
        return np.asarray(self.maps @ self.kernel[:, index].astype(np.float64) / (positions * length))


class EvidentClassifier:
    """A classifier of `convoscope.transfer.assemble` that also gives the last maps of its backbone.

    Its probabilities are those of ``model.predict_images``, to the last digit.

    Parameters
    ----------
    model : Model
        It ends in maps, their mean, the direction of that, and a dense layer.
    """

    def __init__(self, model: Model) -> None:
        *_, maps, _, direction, head = model.layers
        self._network = Model(model.inputs, [maps.output, direction.output, head.output])
        self._kernel: Array = np.asarray(head.get_weights()[0])
        self._rejection = model.rejection

    def look(self, pixels: npt.NDArray[np.uint8]) -> Seen:
        """Classify an image (height, width, 3) with values from 0 to 255."""
        maps, features, probabilities = self._network.predict(pixels[None], verbose=0)
        rejection = self._rejection
        none = None if rejection is None else bool(rejection.score(features)[0] > rejection.threshold)
        return Seen(probabilities[0], none, maps[0], self._kernel)
