"""What is done to values from 0 to 255 before a network gets them: Keras' three modes, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import DataError, ShapeError, unknown_name
from convoscope.layers import Conv2D, Normalization, Rescaling, moments
from convoscope.layers.symbols import Symbol
from convoscope.models import Model
from convoscope.tensors import Tensor, tensor

Array = npt.NDArray[Any]
_ORDERS = ("channels_last", "channels_first")


@dataclass(frozen=True)
class Preparation:
    """Values of each channel less their mean, times a scale; perhaps with the channels turned round.

    Attributes
    ----------
    mean, scale : tuple of float
        Red, green, blue; empty where nothing is done.
    turned : bool
        Whether blue comes first.
    """

    mean: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()
    turned: bool = False

    def layers(self, x: Symbol) -> Symbol:
        """Return prepared values, the channels in their order: `turn` sees to that."""
        if not self.scale:
            return x
        if len(set(self.scale)) == len(set(self.mean)) == 1:
            scale = self.scale[0]
            return Rescaling(scale, -self.mean[0] * scale, name="rescaling")(x)  # type: ignore[no-any-return]
        variance = [scale**-2 for scale in self.scale]
        return Normalization(mean=list(self.mean), variance=variance, name="normalization")(x)  # type: ignore[no-any-return]

    def turn(self, model: Model) -> None:
        """Let a network that takes blue first take red first: its first convolution's kernel is turned round."""
        if self.turned:
            kernel = next(layer for layer in model.leaf_layers if layer.specs).own_weights[0]
            with moments.writing():
                kernel[...] = kernel[:, :, ::-1].copy()

    def symbols(self, x: Symbol) -> Symbol:
        """Return prepared values, the channels turned round where that belongs to it."""
        if not self.turned:
            return self.layers(x)
        kernel = np.diag(self.scale)[:, ::-1].reshape(1, 1, 3, 3)
        bias = -np.multiply(self.mean, self.scale)[::-1]
        return Conv2D(3, 1, weights=[kernel, bias], trainable=False)(x)  # type: ignore[no-any-return]

    def arrays(self, x: Array) -> Array:
        """Return prepared values of images, the channels last."""
        if not self.scale:
            return x
        made: Array = (x - np.array(self.mean, x.dtype)) * np.array(self.scale, x.dtype)
        return made[..., ::-1] if self.turned else made


#: The network does it itself.
INSIDE = Preparation()
#: As PyTorch's networks are trained: ImageNet's mean and deviation of each channel, in values from 0 to 1.
TORCH = Preparation(
    tuple(255 * mean for mean in (0.485, 0.456, 0.406)), tuple(1 / (255 * each) for each in (0.229, 0.224, 0.225))
)
#: By Keras' names.
MODES = {
    "caffe": Preparation((123.68, 116.779, 103.939), (1.0, 1.0, 1.0), turned=True),
    "tf": Preparation((127.5,) * 3, (1 / 127.5,) * 3),
    "torch": TORCH,
}


def preprocess_input(x: Any, data_format: str | None = None, mode: str = "caffe") -> Any:
    """Prepare images as for the training of a kind of networks, as in Keras.

    Parameters
    ----------
    x : array (H, W, 3) or (N, H, W, 3), or Symbol
        Values from 0 to 255. Unlike in Keras, an array is left as it is.
    data_format : {"channels_last", "channels_first"}, optional
        Where the channels of an array are.
    mode : {"caffe", "tf", "torch"}
        ``"caffe"``: blue first, each channel minus ImageNet's mean. ``"tf"``: from -1 to 1. ``"torch"``: from 0 to 1,
        minus the mean of each channel, divided by its standard deviation.

    Returns
    -------
    Tensor or Symbol
        32-bit floats, or an array's own type of floats.

    Raises
    ------
    UnknownNameError
        If there is no such mode or format.
    DataError, ShapeError
        If it is not an array of numbers, or does not have three channels.

    Examples
    --------
    >>> preprocess_input(np.full((1, 1, 3), 255), mode="tf").tolist()
    [[[1.0, 1.0, 1.0]]]
    """
    if mode not in MODES:
        raise unknown_name("mode of preprocess_input", mode, MODES)
    return prepared(x, data_format, MODES[mode])


def prepared(x: Any, data_format: str | None, preparation: Preparation) -> Any:
    """Return images prepared in that way; see `preprocess_input`."""
    if data_format not in (None, *_ORDERS):
        raise unknown_name("data_format of preprocess_input", data_format, _ORDERS)
    if isinstance(x, Symbol):
        return preparation.symbols(x)
    array = np.asarray(x)
    if array.dtype.kind not in "fiub":
        raise DataError(f"preprocess_input takes an array of numbers or a symbol, but got {type(x).__name__}.")
    axis = -1 if data_format != "channels_first" else -3
    if array.ndim not in (3, 4) or array.shape[axis] != 3:
        raise ShapeError(
            "preprocess_input takes an image (H, W, 3) or a batch (N, H, W, 3), red, green and blue, but got shape "
            f"{array.shape}."
        )
    floats = array if array.dtype.kind == "f" else array.astype(np.float32)
    return _tensor(np.moveaxis(preparation.arrays(np.moveaxis(floats, axis, -1)), -1, axis))


def preprocessing(preparation: Preparation, words: str) -> Callable[..., Any]:
    """Return the `preprocess_input` of a network; `words` say what it does."""

    def preprocess_input(x: Any, data_format: str | None = None) -> Any:
        return prepared(x, data_format, preparation)

    preprocess_input.__doc__ = (
        f"{words}\n\n    See `convoscope.applications.imagenet_utils.preprocess_input`, also for the arguments."
    )
    return preprocess_input


def middle_of_photos(size: int, shorter_side: int, interpolation: str) -> dict[str, Any]:
    """Return how the middle of a photo becomes an image of values from 0 to 255, as models keep it."""
    return {
        "height": size,
        "width": size,
        "channels": 3,
        "max_value": 255,
        "fit": "crop",
        "resize": shorter_side,
        "interpolation": interpolation,
    }


def _tensor(array: Array) -> Tensor:
    return tensor(np.ascontiguousarray(array))
