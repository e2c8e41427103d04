"""Heat maps by any method, so that all can be judged alike, and how they are brought to an image's size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import SupportsIndex

import numpy as np

from convoscope.engine.base import Array
from convoscope.errors import ConfigurationError, ShapeError, unknown_name
from convoscope.explore.calls import convolution_at, name_at
from convoscope.explore.grad_cam import METHODS as CAMS, grad_cam
from convoscope.explore.occlusion import occlusion
from convoscope.explore.saliency import saliency
from convoscope.explore.submodels import class_count
from convoscope.layers import Layer
from convoscope.models.network import Network

METHODS = (*CAMS, "occlusion", "saliency")
#: From a model, images (N, *input_shape) and their classes (N,) to maps (N, height, width) of any size.
Explainer = Callable[[Network, Array, Array], Array]


@dataclass(frozen=True)
class HeatMaps:
    """A method that makes heat maps of images, ready for one model and for all with the same layers.

    Attributes
    ----------
    name : str
        As people read it, such as "grad_cam at conv2d_1".
    method : str or function
    index : int or None
        Of the call whose maps are weighted, for Grad-CAM and HiResCAM.
    """

    name: str
    method: str | Explainer
    index: int | None = None

    def of(self, model: Network, images: Array, classes: Array) -> Array:
        """Return a map of each image for its class, float64 (N, height, width): large where the evidence is."""
        single = class_count(model) == 1  # one output speaks for class 1, and against class 0
        scored = np.zeros_like(classes) if single else classes
        if callable(self.method):
            return _checked(self.method(model, images, classes), len(images), self.name)
        if self.method == "occlusion":
            each = [occlusion(model, image, int(k)).map for image, k in zip(images, classes, strict=True)]
            return np.stack(each).astype(np.float64)
        if self.method == "saliency":
            return saliency(model, images, scored).maps.astype(np.float64)
        raw = grad_cam(model, images, scored, self.index, self.method).raw.astype(np.float64)
        return raw * np.where(classes == 1, 1, -1)[:, None, None] if single else raw


def heat_maps(model: Network, method: str | Explainer, layer: Layer | str | SupportsIndex | None) -> HeatMaps:
    """Return the method of that name, or a person's own function; of Grad-CAM, at a layer (the last convolution)."""
    if callable(method):
        chosen = HeatMaps(getattr(method, "__name__", type(method).__name__), method)
    elif method not in METHODS:
        raise unknown_name("method of faithfulness", str(method), METHODS)
    elif method in CAMS:
        index = convolution_at(model, layer, method, -1)
        return HeatMaps(f"{method} at {name_at(model, index)}", method, index)
    else:
        chosen = HeatMaps(method, method)
    if layer is not None:
        raise ConfigurationError(
            f"faithfulness: layer can be used only with grad_cam and hires_cam, not with {chosen.name}. Leave it out."
        )
    return chosen


def enlarged(values: Array, height: int, width: int) -> Array:
    """Return maps (N, rows, columns) at another size, (N, height, width): float32, bilinear, edges repeated.

    The page computes the same, operation by operation, so that both rank the pixels alike.

    Examples
    --------
    >>> enlarged(np.array([[[0.0, 4.0]]]), 1, 4).tolist()
    [[[0.0, 1.0, 3.0, 4.0]]]
    """
    at, after, share = _between(values.shape[1], height)
    tall = values[:, at] * (1 - share)[:, None] + values[:, after] * share[:, None]
    at, after, share = _between(values.shape[2], width)
    found = tall[:, :, at] * (1 - share) + tall[:, :, after] * share
    return np.asarray(found, np.float32)


def _between(given: int, wanted: int) -> tuple[Array, Array, Array]:
    """Return, along one axis, the values before and after each wanted one, and the share of the one after it."""
    place = np.clip((np.arange(wanted) + 0.5) * given / wanted - 0.5, 0, given - 1)
    at = np.floor(place).astype(np.int64)
    return at, np.minimum(at + 1, given - 1), place - at


def _checked(told: object, count: int, name: str) -> Array:
    maps = np.asarray(told)
    if maps.ndim != 3 or len(maps) != count or 0 in maps.shape or maps.dtype.kind not in "fiub":
        raise ShapeError(
            f"{name}(model, images, classes) must return one map for each image, an array of shape ({count}, height, "
            f"width), but returned {maps.dtype} of shape {maps.shape}."
        )
    if not np.isfinite(maps).all():
        raise ShapeError(f"{name} must return finite numbers, but some values are not finite.")
    return maps.astype(np.float64)
