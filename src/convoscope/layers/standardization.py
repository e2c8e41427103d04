"""Normalization: values brought to a mean and a variance that are known beforehand, or found in data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope import initializers
from convoscope.checks import LARGEST_NUMBER, axes, flag
from convoscope.errors import ConfigurationError, DataError, ShapeError
from convoscope.layers import moments
from convoscope.layers.base import Layer, WeightSpec
from convoscope.types import Shape

Array = npt.NDArray[np.float64]


class Normalization(Layer):
    """Subtract a mean and divide by a standard deviation: those given, or those that `adapt` finds in the data.

    Parameters
    ----------
    axis : int, sequence of int, or None
        The axes along which each index has its own mean and variance: -1 means one for each channel, None one for all
        values. The batch axis, 0, cannot be among them.
    mean, variance : float or array, optional
        Give both, or neither and call `adapt`; until then the layer changes nothing.
    invert : bool
        Do the opposite: multiply by the standard deviation and add the mean.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Notes
    -----
    Without given values there are three weights, as in Keras: mean and variance, with the lengths of those axes, and a
    count that is not used. Training does not change them. Standard deviations below 1e-7 count as 1e-7.

    Examples
    --------
    >>> layer = Normalization()
    >>> layer.adapt(np.array([[0.0, 10.0], [2.0, 30.0]]))
    >>> layer.get_weights()[0], layer.get_weights()[1]
    (array([ 1., 20.], dtype=float32), array([  1., 100.], dtype=float32))
    """

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        mean: npt.ArrayLike | None = None,
        variance: npt.ArrayLike | None = None,
        invert: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        none = axis is None or (isinstance(axis, Sequence) and len(axis) == 0)
        self.axis: tuple[int, ...] = () if none else axes(axis, "axis", "Normalization")
        self.mean = None if mean is None else _constant(mean, "mean")
        self.variance = None if variance is None else _constant(variance, "variance")
        self.invert = flag(invert, "invert", "Normalization")
        if (self.mean is None) != (self.variance is None):
            raise ConfigurationError(
                "Normalization: give both mean and variance, or neither and call adapt(data), but "
                f"{'mean' if self.mean is None else 'variance'} is missing."
            )
        if self.variance is not None and not (self.variance >= 0).all():
            raise ConfigurationError("Normalization: variance must be at least 0, but has negative values.")

    def kept_shape(self, input_shape: Shape) -> Shape:
        """Return the input's shape with a 1 for each axis along which the mean is the same."""
        last = len(input_shape)
        kept = self._kept(last)
        if not kept <= set(range(1, last + 1)):
            raise ShapeError(
                f"{self.describe()}: axis must be from 1 to {last}, or from -{last} to -1, for inputs of shape "
                f"{input_shape}, but is {self.axis}. The batch axis, 0, is not allowed."
            )
        return tuple(length if axis in kept else 1 for axis, length in enumerate(input_shape, start=1))

    def weight_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of mean and variance: the lengths of the axes that are kept."""
        return tuple(input_shape[axis - 1] for axis in sorted(self._kept(len(input_shape))))

    def infer_shape(self, input_shape: Shape) -> Shape:
        self.kept_shape(input_shape)
        self.constants(input_shape)
        return input_shape

    def constants(self, input_shape: Shape) -> tuple[Array, Array] | None:
        """Return the given mean and variance for inputs of that shape, or None where they are weights."""
        if self.mean is None or self.variance is None:
            return None
        shape = self.weight_shape(input_shape)
        try:
            return np.broadcast_to(self.mean, shape), np.broadcast_to(self.variance, shape)
        except ValueError:
            raise ShapeError(
                f"{self.describe()}: mean of shape {self.mean.shape} and variance of shape {self.variance.shape} do "
                f"not fit inputs of shape {input_shape}, which need {shape}, or one number."
            ) from None

    def weight_specs(self, input_shape: Shape) -> tuple[WeightSpec, ...]:
        if self.mean is not None:
            return ()
        shape = self.weight_shape(input_shape)
        zeros, ones = initializers.get("zeros"), initializers.get("ones")
        return (
            WeightSpec("mean", shape, zeros, trainable=False),
            WeightSpec("variance", shape, ones, trainable=False),
            WeightSpec("count", (), zeros, trainable=False),
        )

    def adapt(self, data: npt.ArrayLike | Iterable[Any]) -> None:
        """Measure mean and variance of data.

        Parameters
        ----------
        data : array, or iterable of arrays
            All of it, the samples along the first axis; or batches of it, alone or as the first of several arrays
            (images, labels).

        Raises
        ------
        ConfigurationError
            If the layer was made with a mean and a variance.
        ShapeError, DataError
            If the data does not fit the layer, is empty, or has values that are not numbers.

        Examples
        --------
        >>> layer = Normalization()
        >>> layer.adapt(np.array([[1.0, 10.0], [3.0, 30.0]]))
        >>> layer(np.array([[3.0, 10.0]])).round(4)  # one deviation above the mean, and one below
        array([[ 1., -1.]], dtype=float32)
        """
        if self.mean is not None:
            raise ConfigurationError(
                f"{self.describe()} was created with a mean and a variance, so it cannot be adapted."
            )
        batches: Any = [data] if hasattr(data, "__array__") else data
        if not isinstance(batches, Iterable) or isinstance(batches, (str, bytes, dict)):
            raise DataError(f"{self.describe()}: adapt takes an array, or batches of arrays, but got {data!r}.")
        count, mean, squares = 0, np.zeros(()), np.zeros(())
        for batch in batches:
            number, own_mean, own_squares = self._moments(batch[0] if isinstance(batch, tuple) else batch)
            # Chan, Golub and LeVeque, 1979: sums of squares around two means, brought to the mean of all.
            between = own_mean - mean
            total = count + number
            squares = squares + own_squares + between**2 * (count * number / max(total, 1))
            mean = mean + between * (number / max(total, 1))
            count = total
        if not count:
            raise DataError(f"{self.describe()}: cannot adapt to empty data.")
        with moments.writing():
            self._weights[0][...] = mean
            self._weights[1][...] = squares / count

    def _moments(self, batch: npt.ArrayLike) -> tuple[int, Array, Array]:
        """Return how many values each mean is of, the means, and the sums of squares around them."""
        try:
            array = np.asarray(batch, np.float64)
        except (TypeError, ValueError):
            raise DataError(f"{self.describe()}: adapt takes arrays of numbers, but got {batch!r}.") from None
        if array.ndim < 2:
            raise ShapeError(
                f"{self.describe()}: adapt takes samples along the first axis, as in (60000, 28, 28, 1), but the data "
                f"has shape {array.shape}."
            )
        if not np.isfinite(array).all():
            raise DataError(f"{self.describe()}: the data has values that are not finite numbers.")
        self.build(array.shape[1:], np.random.default_rng(0))
        reduced = (0, *(axis for axis in range(1, array.ndim) if axis not in self._kept(array.ndim - 1)))
        number = int(np.prod([array.shape[axis] for axis in reduced]))
        if not number:
            return 0, np.zeros(()), np.zeros(())
        mean = array.mean(axis=reduced)
        return number, mean, array.var(axis=reduced) * number

    def _kept(self, last: int) -> set[int]:
        return {axis + last + 1 if axis < 0 else axis for axis in self.axis}

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "axis": list(self.axis),
            "mean": None if self.mean is None else self.mean.tolist(),
            "variance": None if self.variance is None else self.variance.tolist(),
            "invert": self.invert,
        }


def _constant(value: npt.ArrayLike, argument: str) -> Array:
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.asarray(None)
    if array.dtype.kind not in "iuf" or not (np.abs(array.astype(np.float64)) <= LARGEST_NUMBER).all():
        raise ConfigurationError(f"Normalization: {argument} must be a number or an array of them, but is {value!r}.")
    return array.astype(np.float64)
