"""Random contrast and brightness: in training every image is lit a little different each time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convoscope.checks import bounds
from convoscope.errors import ConfigurationError
from convoscope.layers.augmentation import Augmentation, value_range_of
from convoscope.types import Bounds


class RandomContrast(Augmentation):
    """In training, change the contrast of each image: scale its values about the mean of each channel.

    Parameters
    ----------
    factor : float or (float, float)
        (lower, upper): contrast is multiplied by a number from 1 - lower to 1 + upper. One number f is both, as Keras'
        documentation has it and as in Keras 2; Keras 3 takes it as (0, f).
    value_range : (float, float)
        The least and the largest value that images may have, such as (0, 1): results are clipped to it.
    seed : int, optional
        Used instead of the model's seed.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> RandomContrast(0.2, value_range=(0, 1)).contrast
    (0.8, 1.2)
    """

    def __init__(
        self,
        factor: float | Sequence[float],
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(seed=seed, **options)
        both = bounds(factor, "factor", "RandomContrast")
        self.factor: Bounds = both if isinstance(factor, Sequence) else (both[1], both[1])
        self.value_range = value_range_of(value_range, "RandomContrast")
        if not isinstance(factor, Sequence) and factor < 0:
            raise ConfigurationError(f"RandomContrast: factor must be from 0 to 1, but is {factor!r}.")

    @property
    def contrast(self) -> Bounds:
        """What contrast is multiplied by: the number for a draw of 0, and for one of 1."""
        return 1.0 - self.factor[0], 1.0 + self.factor[1]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": list(self.factor), "value_range": list(self.value_range)}


class RandomBrightness(Augmentation):
    """In training, add a random number to all values of an image.

    Parameters
    ----------
    factor : float or (float, float)
        The least and the largest number as a share of the value range, from -1 to 1. One number f means (-f, f).
    value_range : (float, float)
        The least and the largest value that images may have, such as (0, 1): results are clipped to it.
    seed : int, optional
        Used instead of the model's seed.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> RandomBrightness(0.2, value_range=(0, 1)).factor
    (-0.2, 0.2)
    """

    def __init__(
        self,
        factor: float | Sequence[float],
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(seed=seed, **options)
        self.factor: Bounds = bounds(factor, "factor", "RandomBrightness")
        self.value_range = value_range_of(value_range, "RandomBrightness")

    @property
    def shift(self) -> Bounds:
        """The least and the largest number that is added."""
        whole = self.value_range[1] - self.value_range[0]
        return self.factor[0] * whole, self.factor[1] * whole

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": list(self.factor), "value_range": list(self.value_range)}
