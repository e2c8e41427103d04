"""Dropout and noise: against learning the training images by heart."""

from __future__ import annotations

from typing import Any

from convoscope.checks import fraction, integer, real
from convoscope.errors import ConfigurationError
from convoscope.layers import geometry
from convoscope.layers.base import Layer
from convoscope.types import Shape


class Dropout(Layer):
    """In training, set a random share of the values to zero and scale the others up by as much; else do nothing.

    Srivastava and others, "Dropout", Journal of Machine Learning Research 15 (2014).

    Parameters
    ----------
    rate : float
        The share that is set to zero, from 0 to below 1; 0.2 to 0.5 is usual.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.
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
    """In training, set a random share of whole feature maps to zero and scale the others up by as much.

    Neighbouring pixels of a feature map are much alike, so that dropping some of them hides little. Tompson and others,
    "Efficient Object Localization Using Convolutional Networks" (2015).

    Parameters
    ----------
    rate : float
        The share of the maps that is set to zero, from 0 to below 1.
    seed : int, optional
        Replaces the run's seed.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.
    """

    def __init__(self, rate: float, data_format: str | None = None, seed: int | None = None, **options: Any) -> None:
        super().__init__(seed, data_format=data_format, **options)
        self.rate = fraction(rate, "rate", "SpatialDropout2D")

    def infer_shape(self, input_shape: Shape) -> Shape:
        return geometry.image_shape(input_shape, self.describe())

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate}


class GaussianNoise(Noise):
    """In training, add noise to each value.

    Parameters
    ----------
    stddev : float
        The noise's standard deviation, from 0 to 1.
    seed : int, optional
        Replaces the run's seed.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.
    """

    def __init__(self, stddev: float, seed: int | None = None, **options: Any) -> None:
        super().__init__(seed, **options)
        self.stddev = real(stddev, "stddev", "GaussianNoise", finite=False)
        if not 0.0 <= self.stddev <= 1.0:
            raise ConfigurationError(f"GaussianNoise: stddev must be from 0 to 1, but is {stddev!r}.")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "stddev": self.stddev}


class GaussianDropout(Noise):
    """In training, multiply each value by noise of mean 1, as varied as what `Dropout` multiplies by.

    Srivastava and others, "Dropout", Journal of Machine Learning Research 15 (2014), section 10.

    Parameters
    ----------
    rate : float
        From 0 to below 1: the noise has the standard deviation sqrt(rate / (1 - rate)).
    seed : int, optional
        Replaces the run's seed.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.
    """

    def __init__(self, rate: float, seed: int | None = None, **options: Any) -> None:
        super().__init__(seed, **options)
        self.rate = fraction(rate, "rate", "GaussianDropout")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate}


class AlphaDropout(Noise):
    """In training, set a random share of the values to what selu makes of very negative ones; keep mean and variance.

    Klambauer and others, "Self-Normalizing Neural Networks" (2017).

    Parameters
    ----------
    rate : float
        The share of the values, from 0 to below 1.
    seed : int, optional
        Replaces the run's seed.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.
    """

    def __init__(self, rate: float, noise_shape: None = None, seed: int | None = None, **options: Any) -> None:
        super().__init__(seed, noise_shape=noise_shape, **options)
        self.rate = fraction(rate, "rate", "AlphaDropout")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate}
