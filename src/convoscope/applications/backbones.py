"""Backbones: what a new classifier is put on, and all that is to be known of one to use it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from convoscope.applications import efficientnet_lite
from convoscope.applications.arguments import IMAGENET
from convoscope.applications.weights import PUBLISHED
from convoscope.errors import unknown_name
from convoscope.models import Model


@dataclass(frozen=True)
class Backbone:
    """A network without its classifier, and how images are brought into the form that it was trained on.

    Attributes
    ----------
    name : str
        ``"efficientnet-lite0"``.
    size : int
        Height and width of its images, in pixels.
    crop : float
        Which share of the shorter side of a photo is cut out of its middle, and brought to `size`.
    interpolation : str
        How: ``"bicubic"``.
    digest : str
        The SHA-256 sum of the file of its weights, in hexadecimal: features are the same where it is.
    block_names : tuple of str
        What the names of layers begin with, block by block, from the input on.

    Examples
    --------
    >>> lite0 = backbone("efficientnet-lite0")
    >>> lite0.size, lite0.block_names[:3], lite0.digest[:8]
    (224, ('stem', 'block1a', 'block2a'), '57934424')
    """

    name: str
    size: int
    crop: float
    interpolation: str
    digest: str
    block_names: tuple[str, ...]
    _network: Callable[..., Model]
    _weights: Any

    def build(self, input_shape: tuple[int | None, ...] | None = None, **options: Any) -> Model:
        """Return the network, with its weights: values from 0 to 255 go in, and feature maps come out.

        Parameters
        ----------
        input_shape : tuple of int, optional
            Height, width and channels; `size` and 3 channels if left out.
        **options
            ``pooling``, ``input_tensor``, ``name``: see `convoscope.applications.EfficientNetLite0`.
        """
        shape = (self.size, self.size, 3) if input_shape is None else input_shape
        return self._network(include_top=False, weights=self._weights, input_shape=shape, **options)

    @property
    def preprocessing(self) -> dict[str, Any]:
        """How a photo becomes an image for it, as it is kept with models: `convoscope.Model.preprocessing`."""
        return {"height": self.size, "width": self.size, "channels": 3, "max_value": 255, "fit": "crop"}


_PADDING = 32  # pixels around the image that EfficientNets are tested on


def _lite(lite: efficientnet_lite.Lite) -> Backbone:
    return Backbone(
        name=lite.name,
        size=lite.size,
        crop=lite.size / (lite.size + _PADDING),
        interpolation="bicubic",
        digest=PUBLISHED[lite.name].sha256,
        block_names=efficientnet_lite.block_names(lite),
        _network=partial(efficientnet_lite.build, lite),
        _weights=IMAGENET,
    )


def backbone(name: str | os.PathLike[str]) -> Backbone:
    """Return the backbone of a name.

    Raises
    ------
    UnknownNameError
        There is none of that name.
    """
    known = {lite.name: lite for lite in efficientnet_lite.LITE.values() if lite.name in PUBLISHED}
    if name not in known:
        raise unknown_name("backbone", name, known)
    return _lite(known[str(name)])
