"""Where new pixels lie in an old image, and how much each old pixel counts there: Resize along one axis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from convoscope.interchange.onnx.reader.context import check_laid_out
from convoscope.interchange.onnx.reader.network import UnsupportedError
from convoscope.interchange.onnx.reader.tensors import Array


@dataclass(frozen=True)
class Along:
    """How one axis is resized.

    Attributes
    ----------
    own, made : int
        Its length before and behind.
    scale : float
        By how much it grows, as the file says it: ``made`` may be rounded.
    coordinates : str
        ONNX's coordinate_transformation_mode.
    region : (float, float)
        Which part of it is resized with "tf_crop_and_resize", as shares of its length.
    """

    own: int
    made: int
    scale: float
    coordinates: str
    region: tuple[float, float] = (0.0, 1.0)

    @property
    def positions(self) -> Array:
        """Where each new pixel lies among the old ones, whose middles are 0, 1, 2 and so on."""
        x, mode = np.arange(self.made, dtype=np.float64), self.coordinates
        whole = self.own * self.scale
        whole = self.made if abs(whole - self.made) < 1e-6 * self.made else whole
        if mode == "half_pixel_symmetric":
            return self.own / 2 * (1 - self.made / whole) + (x + 0.5) / self.scale - 0.5
        if mode == "half_pixel" or (mode == "pytorch_half_pixel" and self.made > 1):
            return (x + 0.5) / self.scale - 0.5
        if mode == "asymmetric":
            return x / self.scale
        if mode == "align_corners":
            return x * (self.own - 1) / (whole - 1) if whole != 1 else x * 0
        if mode == "pytorch_half_pixel":
            return x * 0
        if mode == "tf_crop_and_resize":
            first, last = (each * (self.own - 1) for each in self.region)
            return first + x * (last - first) / (self.made - 1) if self.made > 1 else np.array([(first + last) / 2])
        raise UnsupportedError(f"its coordinate_transformation_mode is {mode!r:.40}")

    @property
    def outside(self) -> Array:
        """Which new pixels lie outside of the image, where that means a value of its own."""
        positions = self.positions
        if self.coordinates != "tf_crop_and_resize":
            return np.zeros(self.made, bool)
        found: Array = (positions < 0) | (positions > self.own - 1)
        return found

    def shares(self, kernel: Callable[[Array], Array], reach: int, *, smooths: bool, excludes: bool) -> Array:
        """Return how much each old pixel counts in each new one, as a matrix (own, made).

        Parameters
        ----------
        kernel : callable
            How much a pixel counts at a distance.
        reach : int
            Beyond which distance none counts.
        smooths : bool
            Whether the kernel is stretched where the image shrinks.
        excludes : bool
            Whether pixels outside of the image do not count; else the outermost stand for them.
        """
        stretch = min(self.scale, 1.0) if smooths else 1.0
        far = int(np.ceil(reach / stretch))
        check_laid_out(max(self.own, 2 * far + 2) * self.made)
        positions = self.positions
        around = np.floor(positions).astype(np.int64)[:, None] + np.arange(-far, far + 2)  # (made, those around)
        counts = kernel(np.abs(around - positions[:, None]) * stretch)
        if excludes:
            counts = np.where((around < 0) | (around >= self.own), 0.0, counts)
        if excludes or smooths:
            counts = counts / counts.sum(axis=1, keepdims=True)
        found = np.zeros((self.own, self.made))
        np.add.at(found, (np.clip(around, 0, self.own - 1), np.arange(self.made)[:, None]), counts)
        found[:, self.outside] = 0
        return found


def linear(distance: Array) -> Array:
    """Return how much a pixel counts between its neighbours, along a straight line."""
    found: Array = np.clip(1 - distance, 0, 1)
    return found


def cubic(a: float) -> Callable[[Array], Array]:
    """Return the cubic convolution of Keys (1981), whose slope at a distance of 1 is `a`."""

    def kernel(distance: Array) -> Array:
        near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
        apart = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
        found: Array = np.where(distance <= 1, near, np.where(distance < 2, apart, 0.0))
        return found

    return kernel
