"""Dropout: against learning the training images by heart."""

from __future__ import annotations

from typing import Any

from convoscope.checks import fraction, integer
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

    differs_in_training = True

    def __init__(self, rate: float, noise_shape: None = None, seed: int | None = None, **options: Any) -> None:
        super().__init__(noise_shape=noise_shape, **options)
        self.rate = fraction(rate, "rate", "Dropout")
        self.seed = None if seed is None else integer(seed, "seed", "Dropout", minimum=0)

    def infer_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
