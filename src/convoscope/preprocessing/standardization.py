"""The other half of `ImageDataGenerator`: values rescaled, centered, divided by their spread, whitened."""
# ruff: noqa: NPY002 - as in Keras, the global generator is what is drawn from

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import ConvoscopeWarning, ShapeError

Array = npt.NDArray[Any]
#: What is added to standard deviations, so that an image of one colour does not divide by 0.
_EPSILON = 1e-6


class Standardization:
    """Learn means and spreads, and apply them; see `ImageDataGenerator` for the parameters.

    Attributes
    ----------
    mean, std : array or None
        Of each channel, as `fit` found them.
    zca_whitening_matrix : array or None
        What `fit` found to multiply flattened images with.
    """

    # What these methods need of the other half.
    channel_axis: int
    row_axis: int
    col_axis: int
    data_format: str
    random_transform: Callable[[Array], Array]

    def __init__(
        self,
        featurewise_center: bool,
        samplewise_center: bool,
        featurewise_std_normalization: bool,
        samplewise_std_normalization: bool,
        zca_whitening: bool,
        zca_epsilon: float,
        rescale: float | None,
        preprocessing_function: Callable[[Array], Array] | None,
        dtype: npt.DTypeLike | None,
    ) -> None:
        self.zca_whitening, self.zca_epsilon = zca_whitening, zca_epsilon
        self.featurewise_std_normalization = featurewise_std_normalization and not zca_whitening
        self.samplewise_std_normalization = samplewise_std_normalization
        self.featurewise_center = featurewise_center or zca_whitening or featurewise_std_normalization
        self.samplewise_center = samplewise_center or samplewise_std_normalization
        if featurewise_std_normalization and zca_whitening:
            _warn("zca_whitening overrides featurewise_std_normalization, which is ignored.")
        for part, named, wanted in (
            ("featurewise", "zca_whitening", zca_whitening and not featurewise_center),
            ("featurewise", "featurewise_std_normalization", self.featurewise_std_normalization > featurewise_center),
            ("samplewise", "samplewise_std_normalization", samplewise_std_normalization > samplewise_center),
        ):
            if wanted:
                _warn(f"{named} needs {part}_center, which is now set to True. Write {part}_center=True.")
        self.rescale = rescale
        self.preprocessing_function = preprocessing_function
        self.dtype = np.dtype(np.float32 if dtype is None else dtype)
        self.mean: Array | None = None
        self.std: Array | None = None
        self.zca_whitening_matrix: Array | None = None

    def standardize(self, x: Array) -> Array:
        """Standardize an image or a batch: in place, where it holds floating-point numbers.

        Parameters
        ----------
        x : array
            One image of three axes, or a batch. Give ``np.copy(x)`` to keep it as it is.

        Returns
        -------
        array of the same shape

        Examples
        --------
        >>> from convoscope.preprocessing.generator import ImageDataGenerator
        >>> ImageDataGenerator(rescale=0.5).standardize(np.array([[[2.0]]]))
        array([[[1.]]])
        """
        if self.preprocessing_function is not None:
            x = self.preprocessing_function(x)
        if x.dtype.kind != "f":
            x = x.astype(self.dtype)
        if self.rescale:
            x *= self.rescale
        if self.samplewise_center:
            x -= np.mean(x, keepdims=True)
        if self.samplewise_std_normalization:
            x /= np.std(x, keepdims=True) + _EPSILON
        if self.featurewise_center and (mean := _fitted(self.mean, "featurewise_center")) is not None:
            x -= mean
        if (
            self.featurewise_std_normalization
            and (std := _fitted(self.std, "featurewise_std_normalization")) is not None
        ):
            x /= std + _EPSILON
        if self.zca_whitening and (matrix := _fitted(self.zca_whitening_matrix, "zca_whitening")) is not None:
            x = (x.reshape(-1, len(matrix)) @ matrix).reshape(x.shape)
        return x

    def fit(self, x: npt.ArrayLike, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Learn what `featurewise_center`, `featurewise_std_normalization` and `zca_whitening` need.

        Parameters
        ----------
        x : array (number, height, width, channels)
            The images; `rescale` is applied to them first.
        augment : bool
            Learn from images changed at random.
        rounds : int
            How many changed versions of each image there are then.
        seed : int, optional
            Seeds NumPy's global generator first.

        Raises
        ------
        ShapeError
            `x` has not four axes.

        Examples
        --------
        >>> from convoscope.preprocessing.generator import ImageDataGenerator
        >>> generator = ImageDataGenerator(featurewise_center=True)
        >>> generator.fit(np.array([1.0, 4.0]).reshape(2, 1, 1, 1))
        >>> generator.mean
        array([[[2.5]]], dtype=float32)
        """
        images = np.array(x, dtype=self.dtype)
        if images.ndim != 4:
            raise ShapeError(
                "ImageDataGenerator.fit takes images of shape (number, height, width, channels), but got an array of "
                f"shape {images.shape}. Greyscale images need a last axis: x[..., None]."
            )
        if seed is not None:
            np.random.seed(seed)
        if self.rescale:
            images *= self.rescale
        if augment:
            changed = np.empty((rounds * len(images), *images.shape[1:]), self.dtype)
            for index in range(len(changed)):
                changed[index] = self.random_transform(images[index % len(images)])
            images = changed
        shape = [1, 1, 1]
        shape[self.channel_axis - 1] = images.shape[self.channel_axis]
        over = (0, self.row_axis, self.col_axis)
        if self.featurewise_center:
            self.mean = np.mean(images, axis=over).reshape(shape)
            images -= self.mean
        if self.featurewise_std_normalization:
            self.std = np.std(images, axis=over).reshape(shape)
            images /= self.std + _EPSILON
        if self.zca_whitening:
            flat = images.reshape(len(images), -1)
            u, s, _ = np.linalg.svd(flat.T, full_matrices=False)
            self.zca_whitening_matrix = (u * (np.sqrt(len(images)) / (s + self.zca_epsilon))).dot(u.T)


def _fitted(found: Array | None, argument: str) -> Array | None:
    """Give what `fit` found, or say that it was not called."""
    if found is None:
        _warn(f"{argument} has no effect yet: first call fit(x) of this ImageDataGenerator with training images.")
    return found


def _warn(message: str) -> None:
    warnings.warn(message, ConvoscopeWarning, stacklevel=4)
