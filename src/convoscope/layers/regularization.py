"""Dropout and noise: against learning the training images by heart."""

from __future__ import annotations

from typing import Any

from convoscope.checks import fraction, integer, real
from convoscope.errors import ConfigurationError
from convoscope.layers import geometry
from convoscope.layers.base import Layer
from convoscope.types import Shape


class Dropout(Layer):
    """In training, set a random share of the values to zero and divide the others by 1 - `rate`; otherwise do nothing.

    Srivastava and others, "Dropout", Journal of Machine Learning Research 15 (2014).

    Parameters
    ----------
    rate : float
        The share that is set to zero, from 0 to below 1; 0.2 to 0.5 is usual.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.ones((1, 1000), np.float32)
    >>> bool((Dropout(0.5)(x) == x).all())  # as in prediction
    True
    >>> np.unique(Dropout(0.5)(x, training=True)).tolist()  # about half of them each
    [0.0, 2.0]
    """

    differs_in_training = only_in_training = True

    def __init__(self, rate: float, noise_shape: None = None, seed: int | None = None, **options: Any) -> None:
        super().__init__(noise_shape=noise_shape, **options)
        self.rate = fraction(rate, "rate", "Dropout")
        self.seed = None if seed is None else integer(seed, "seed", "Dropout", minimum=0)

    def infer_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


class Noise(Layer):
    """What the other layers have in common that change values at random in training, and in training alone."""

    differs_in_training = only_in_training = True

    def __init__(self, seed: int | None, **options: Any) -> None:
        super().__init__(**options)
        self.seed = None if seed is None else integer(seed, "seed", type(self).__name__, minimum=0)

    def infer_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": self.seed}


class SpatialDropout2D(Noise):
    """In training, set a random share of whole feature maps to zero and divide the others by 1 - `rate`.

    Neighbouring pixels of a feature map are much alike, so dropping some of them hides little. Tompson and others,
    "Efficient Object Localization Using Convolutional Networks" (2015).

    Parameters
    ----------
    rate : float
        The share of the maps that is set to zero, from 0 to below 1.
    seed : int, optional
        Used instead of the model's seed.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> maps = np.asarray(SpatialDropout2D(0.5, seed=1)(np.ones((1, 5, 5, 8), np.float32), training=True))
    >>> sorted(set(maps.mean(axis=(0, 1, 2)).tolist()))  # each of the 8 maps is dropped or doubled as a whole
    [0.0, 2.0]
    """

    def __init__(self, rate: float, data_format: str | None = None, seed: int | None = None, **options: Any) -> None:
        super().__init__(seed, data_format=data_format, **options)
        self.rate = fraction(rate, "rate", "SpatialDropout2D")

    def infer_shape(self, input_shape: Shape) -> Shape:
        return geometry.image_shape(input_shape, self.describe())

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate}


class GaussianNoise(Noise):
    """In training, add normal noise of mean 0 to each value; otherwise do nothing.

    Parameters
    ----------
    stddev : float
        The noise's standard deviation, from 0 to 1.
    seed : int, optional
        Used instead of the model's seed.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> varied = GaussianNoise(0.1, seed=1)(np.ones((1, 100_000), np.float32), training=True)
    >>> round(float(np.mean(varied)), 1), round(float(np.std(varied)), 1)
    (1.0, 0.1)
    """

    def __init__(self, stddev: float, seed: int | None = None, **options: Any) -> None:
        super().__init__(seed, **options)
        self.stddev = real(stddev, "stddev", "GaussianNoise", finite=False)
        if not 0.0 <= self.stddev <= 1.0:
            raise ConfigurationError(f"GaussianNoise: stddev must be from 0 to 1, but is {stddev!r}.")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "stddev": self.stddev}


class GaussianDropout(Noise):
    """In training, multiply each value by normal noise of mean 1 and of the variance of `Dropout`'s factors.

    Srivastava and others, "Dropout", Journal of Machine Learning Research 15 (2014), section 10.

    Parameters
    ----------
    rate : float
        From 0 to below 1: the noise has standard deviation sqrt(rate / (1 - rate)).
    seed : int, optional
        Used instead of the model's seed.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> varied = GaussianDropout(0.2, seed=1)(np.ones((1, 100_000), np.float32), training=True)
    >>> round(float(np.mean(varied)), 1), round(float(np.std(varied)), 1)  # 1 and sqrt(0.2 / 0.8)
    (1.0, 0.5)
    """

    def __init__(self, rate: float, seed: int | None = None, **options: Any) -> None:
        super().__init__(seed, **options)
        self.rate = fraction(rate, "rate", "GaussianDropout")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate}


class AlphaDropout(Noise):
    """In training, set a random share of the values to selu's lower limit, then restore mean and variance.

    Klambauer and others, "Self-Normalizing Neural Networks" (2017).

    Parameters
    ----------
    rate : float
        The share of the values, from 0 to below 1.
    seed : int, optional
        Used instead of the model's seed.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(1, 100_000)).astype(np.float32)
    >>> varied = AlphaDropout(0.2, seed=1)(x, training=True)
    >>> abs(float(np.mean(varied))) < 0.02, abs(float(np.std(varied)) - 1) < 0.02
    (True, True)
    """

    def __init__(self, rate: float, noise_shape: None = None, seed: int | None = None, **options: Any) -> None:
        super().__init__(seed, noise_shape=noise_shape, **options)
        self.rate = fraction(rate, "rate", "AlphaDropout")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate}
