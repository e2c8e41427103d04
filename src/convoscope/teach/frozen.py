"""The learner that people get: a pretrained network that stays as it is, and a logistic head on its features."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from convoscope.applications import backbone
from convoscope.layers import Dense
from convoscope.models import Model
from convoscope.models.network import Network
from convoscope.teach import pictures
from convoscope.teach.learning import Array, Head
from convoscope.transfer.head import fit_head

DEFAULT = "efficientnet-lite0"


class FrozenBackbone:
    """A `Learner`: a backbone's last maps, and a head on their means.

    Parameters
    ----------
    name : str
        See `convoscope.applications.backbone`.

    Attributes
    ----------
    name : str
    size : int
        Pixels a side that it takes.
    recipe : str
        Features are the same where it is the same.
    """

    def __init__(self, name: str = DEFAULT) -> None:
        self._backbone = backbone(name)
        self.name, self.size = self._backbone.name, self._backbone.size
        self.recipe = f"{self._backbone.digest} {pictures.preprocessing(self.size).as_dict()}"
        self._network = self._backbone.build()
        self.maps(np.zeros((1, self.size, self.size, 3), np.uint8))  # the first time takes longer

    @staticmethod
    def check(name: str) -> None:
        """Raise UnknownNameError if there is no backbone of that name."""
        backbone(name)

    def maps(self, images: npt.NDArray[np.uint8]) -> Array:
        """Return the last maps (N, height, width, D) of images (N, size, size, 3)."""
        return np.asarray(self._network.predict(images, verbose=0), np.float32)

    def fit(self, features: Array, labels: npt.NDArray[np.int64], class_names: Sequence[str]) -> Head:
        """Fit a head on features (N, D), its strength by cross-validation."""
        return fit_head(features, labels, len(class_names))

    def model(self, head: Head, class_names: Sequence[str]) -> Network:
        """Return one model of backbone and head: images (size, size, 3) from 0 to 255 in, probabilities out."""
        base = self._backbone.build(pooling="avg")
        dense = Dense(len(class_names), activation="softmax", name="head")
        model = Model(base.input, dense(base.output), name=f"{self.name}-taught")
        dense.set_weights([head.kernel, head.bias])
        model.class_names, model.preprocessing = list(class_names), pictures.preprocessing(self.size).as_dict()
        return model
