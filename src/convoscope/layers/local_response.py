"""LocalResponseNormalization: each channel divided by how strongly those beside it respond."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convoscope.checks import integer, real
from convoscope.errors import ConfigurationError
from convoscope.layers.base import Layer
from convoscope.types import Pair, Shape


class LocalResponseNormalization(Layer):
    """Divide each channel by a power of the sum of squares of the channels around it, itself included.

    Output = input / (bias + alpha × sum of squares) ** beta. AlexNet and GoogLeNet have it, where later networks have
    batch normalization. Krizhevsky and others, "ImageNet classification with deep convolutional neural networks"
    (2012).

    Parameters
    ----------
    depth_radius : int or (int, int)
        How many channels count on either side; or how many before a channel, and how many after it.
    bias : float
        Above 0.
    alpha : float
        At least 0. It multiplies the *sum* of squares, as in TensorFlow. PyTorch's and ONNX's alpha multiplies the mean
        of a whole window, so that ``alpha / size`` goes here.
    beta : float
        At least 0.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    See Also
    --------
    BatchNormalization : with averages over many images, and numbers that are learned.

    Notes
    -----
    Input and output (..., channels). Nothing is learned. The defaults are those of
    ``tf.nn.local_response_normalization``.

    Examples
    --------
    >>> layer = LocalResponseNormalization(2, alpha=1e-4, beta=0.75)
    >>> layer.compute_output_shape((None, 27, 27, 96)), layer.depth_radius
    ((None, 27, 27, 96), (2, 2))
    """

    def __init__(
        self,
        depth_radius: int | Sequence[int] = 5,
        bias: float = 1.0,
        alpha: float = 1.0,
        beta: float = 0.5,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        where = type(self).__name__
        self.depth_radius = _radii(depth_radius, where)
        self.bias = real(bias, "bias", where)
        self.alpha, self.beta = (real(each, name, where) for each, name in ((alpha, "alpha"), (beta, "beta")))
        if self.bias <= 0.0:
            raise ConfigurationError(f"{where}: bias must be above 0, but is {bias!r}.")
        for name in ("alpha", "beta"):
            if getattr(self, name) < 0.0:
                raise ConfigurationError(f"{where}: {name} must be at least 0, but is {getattr(self, name)!r}.")

    def infer_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        radii = self.depth_radius
        told: int | list[int] = radii[0] if radii[0] == radii[1] else list(radii)
        return {
            **super().get_config(),
            "depth_radius": told,
            "bias": self.bias,
            "alpha": self.alpha,
            "beta": self.beta,
        }


def _radii(given: Any, where: str) -> Pair:
    if isinstance(given, (list, tuple)):
        if len(given) != 2:
            raise ConfigurationError(
                f"{where}: depth_radius must be one whole number or two (before, after), but is {given!r}."
            )
        before, behind = (integer(each, "depth_radius", where, minimum=0) for each in given)
        return before, behind
    radius = integer(given, "depth_radius", where, minimum=0)
    return radius, radius
