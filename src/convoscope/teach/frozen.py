"""The learner that people get: a pretrained network that stays as it is, and a logistic head on its features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.applications import backbone
from convoscope.applications.backbones import DEFAULT
from convoscope.models import Model
from convoscope.models.network import Network
from convoscope.models.rejection import Rejection
from convoscope.teach import pictures
from convoscope.teach.learning import Array
from convoscope.transfer.assembling import assemble
from convoscope.transfer.head import Head, fit_head
from convoscope.transfer.rejecting import fit_rejection


class FrozenBackbone:
    """A `Learner`: a backbone's last maps, and a head on their means.

    The backbone's kernels are rounded to 16 bits at once, before anything is learned: the page that is saved has
    half the size then, and still answers what the program answers, to the last digits of a float.

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
        self.recipe = f"{self._backbone.digest} in 16 bits {pictures.preprocessing(self.size).as_dict()}"
        self._network = self._rounded()
        self.maps(np.zeros((1, self.size, self.size, 3), np.uint8))  # the first time takes longer

    @staticmethod
    def check(name: str) -> None:
        """Raise UnknownNameError if there is no backbone of that name."""
        backbone(name)

    def maps(self, images: npt.NDArray[np.uint8]) -> Array:
        """Return the last maps (N, height, width, D) of images (N, size, size, 3)."""
        return np.asarray(self._network.predict(images, verbose=0), np.float32)

    def fit(
        self, features: Array, labels: npt.NDArray[np.int64], classes: int, groups: npt.NDArray[np.int64]
    ) -> tuple[Head, Rejection | None]:
        """Fit a head on features (N, D), its strength by cross-validation, and what refuses other pictures."""
        head = fit_head(features, labels, classes, groups=groups)
        return head, fit_rejection(features, labels, head)

    def model(self, head: Head, class_names: Sequence[str]) -> Network:
        """Return one model of backbone and head: images (size, size, 3) from 0 to 255 in, probabilities out."""
        return assemble(self._rounded(pooling="avg"), head, class_names, pictures.preprocessing(self.size).as_dict())

    def _rounded(self, **options: Any) -> Model:
        network = self._backbone.build(**options)
        network.set_weights([rounded(each) if each.ndim > 1 else each for each in network.get_weights()])
        return network


def rounded(weight: Array) -> Array:
    """Return the nearest numbers of 16 bits, in 32 bits."""
    return weight.astype(np.float16).astype(np.float32)
