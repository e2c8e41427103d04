"""The filter lab as a widget: any kernel on any image, in the notebook, the kernel in step with Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import traitlets

from convoscope.errors import ConfigurationError
from convoscope.filters.kernel import Kernel
from convoscope.filters.named import get
from convoscope.web.bundle import offline_page
from convoscope.web.lab import Start, embedded, offline
from convoscope.web.site import page_files
from convoscope.widgets.base import PageWidget

_LARGEST = 7  # rows and columns of a kernel on the page
_HEADER = 12  # bytes of an image's shape


def _image(told: Any, _: Any) -> npt.NDArray[np.float32] | None:
    """Read an image from the page: its shape, and its values."""
    if told is None:
        return None
    height, width, channels = np.frombuffer(told, "<u4", 3)
    values = np.frombuffer(told, "<f4", offset=_HEADER).reshape(height, width, channels)
    return values[..., 0] if channels == 1 else values


class LabWidget(PageWidget):
    """Open the filter lab in a notebook: any kernel on any image, every step visible.

    Parameters
    ----------
    image : array (height, width) or (height, width, 3), optional
        Values 0 to 255, or floats 0 to 1. Without one the page begins with its own samples.
    kernel : str, array (k, k) or (k, k, 3), or Kernel, optional
        What the page begins with: a kernel's name such as ``"sobel-x"``, its text, or its numbers.
    height : int
        Of the page, in pixels; at least 240. The bar below the page changes it too.

    Attributes
    ----------
    kernel : float64 array (k, k), or (k, k, 3) with one for each colour; None
        The kernel of the selected step; None where that is a pooling. Can be set, to what the parameter takes.
    weight, bias : float or None
        The sum of products is multiplied by `weight`, then `bias` is added. Can be set.
    step : int
        The index of the selected step in the chain. Can be set.
    image : float32 array (height, width) or (height, width, 3), or None
        The image that the chain starts with, 0 to 255; None until the page is loaded.

    Raises
    ------
    ConfigurationError
        The kernel is not square, or larger than 7×7.

    See Also
    --------
    convoscope.filters : The same arithmetic in Python.

    Examples
    --------
    >>> import convoscope as cs
    >>> widget = cs.LabWidget(kernel="sobel-x")
    >>> widget.kernel
    array([[-1.,  0.,  1.],
           [-2.,  0.,  2.],
           [-1.,  0.,  1.]])
    >>> widget.kernel = [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
    """

    told = ("image", "step", "count", "kernels", "weight", "bias", "address")
    wanted = ("step", "kernels", "weight", "bias")

    step = traitlets.Int(0, min=0).tag(sync=True)
    count = traitlets.Int(1, read_only=True).tag(sync=True)
    kernels = traitlets.List(None, allow_none=True).tag(sync=True)
    weight = traitlets.Float(None, allow_none=True).tag(sync=True)
    bias = traitlets.Float(None, allow_none=True).tag(sync=True)
    image = traitlets.Any(None, allow_none=True, read_only=True).tag(
        sync=True, to_json=lambda value, _: None, from_json=_image
    )
    address = traitlets.Unicode("", read_only=True).tag(sync=True)
    kernel = traitlets.Any(None, allow_none=True)

    def __init__(self, image: Any = None, kernel: Any = None, *, height: int = 720) -> None:
        given = None if image is None else np.asarray(image)
        self._start = Start(None if given is None else "image.png", given)
        page = offline_page(page_files(), "lab/index.html", embedded(self._start), notebook=True)
        super().__init__(page, "Filter lab", height=height)
        if kernel is not None:
            self.kernel = kernel

    def offline(self) -> str:
        """Return the page as one file of HTML, with the image that it was opened with."""
        return offline(self._start)

    @traitlets.validate("kernel")
    def _valid_kernel(self, proposal: Any) -> npt.NDArray[np.float64] | None:
        given = proposal["value"]
        if given is None:
            return None
        kernel = given if isinstance(given, Kernel) else get(given)
        height, width = kernel.shape
        if height != width or height > _LARGEST or kernel.values.shape[2:] not in ((), (3,)):
            raise ConfigurationError(
                f"The page takes square kernels of 1×1 to {_LARGEST}×{_LARGEST} numbers, one for all colours or three, "
                f"but this one has the shape {kernel.values.shape}."
            )
        if not self._from_page and not isinstance(given, np.ndarray | list | tuple):  # what has a weight of its own
            self.weight, self.bias = kernel.weight, kernel.bias
        return np.array(kernel.values, np.float64)

    @traitlets.observe("kernel")
    def _tell_kernel(self, change: Any) -> None:
        values = change["new"]
        if values is not None and not self._from_page:
            planes = [values] if values.ndim == 2 else list(np.moveaxis(values, -1, 0))
            self.kernels = [plane.tolist() for plane in planes]

    @traitlets.observe("kernels")
    def _hear_kernels(self, change: Any) -> None:
        planes = change["new"]
        if self._from_page:
            values = None if planes is None else np.moveaxis(np.array(planes, np.float64), 0, -1)
            self.kernel = values if values is None or values.shape[-1] > 1 else values[..., 0]
