"""Random augmentation: in training every image is seen a little different each time.

Each image of a batch draws numbers of its own (`convoscope.engine.philox` says which). In prediction these layers do
nothing. Names, arguments, defaults and the meaning of factors are Keras'.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convoscope.checks import bounds, integer, real
from convoscope.errors import ConfigurationError, unknown_name
from convoscope.layers import geometry
from convoscope.layers.base import Layer
from convoscope.types import Bounds, Shape

FLIP_MODES = ("horizontal", "vertical", "horizontal_and_vertical")
FILL_MODES = ("constant", "nearest", "reflect", "wrap")
INTERPOLATIONS = ("nearest", "bilinear")


class Augmentation(Layer):
    """What the random layers have in common: images go in and come out in the same shape.

    Parameters
    ----------
    seed : int, optional
        Replaces the run's seed: the layer then draws the same numbers in the same step of every run.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.
    """

    differs_in_training = only_in_training = True
    varies_images = True

    def __init__(self, seed: int | None = None, data_format: str | None = None, **options: Any) -> None:
        super().__init__(data_format=data_format, **options)
        self.seed = None if seed is None else integer(seed, "seed", type(self).__name__, minimum=0)

    def infer_shape(self, input_shape: Shape) -> Shape:
        return geometry.image_shape(input_shape, self.describe())

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": self.seed}


class RandomFlip(Augmentation):
    """In training, mirror about half of the images.

    Parameters
    ----------
    mode : {"horizontal_and_vertical", "horizontal", "vertical"}
        ``"horizontal"`` swaps left and right, ``"vertical"`` top and bottom. With both, each is drawn on its own, as
        the words say and as in Keras 2; Keras 3 draws once and mirrors both ways or not at all.
    seed : int, optional
        Used instead of the model's seed.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> RandomFlip("horizontal").compute_output_shape((None, 28, 28, 1))
    (None, 28, 28, 1)
    """

    def __init__(self, mode: str = "horizontal_and_vertical", seed: int | None = None, **options: Any) -> None:
        super().__init__(seed=seed, **options)
        self.mode = _one_of(mode, FLIP_MODES, "flip mode for RandomFlip")

    @property
    def flips(self) -> tuple[bool, bool]:
        """Whether images are ever mirrored along the height, and along the width."""
        return "vertical" in self.mode, "horizontal" in self.mode

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mode": self.mode}


class ResamplingAugmentation(Augmentation):
    """The base of layers that read an image between and beyond its pixels.

    Parameters
    ----------
    fill_mode : {"reflect", "constant", "nearest", "wrap"}
        What lies around the image (a b c d): ``"reflect"`` (d c b a | a b c d | d c b a), ``"constant"``
        (k k k k | a b c d | k k k k), ``"nearest"`` (a a a a | a b c d | d d d d), ``"wrap"``
        (a b c d | a b c d | a b c d).
    interpolation : {"bilinear", "nearest"}
        Between pixels: a mean of four, weighted by their nearness, or the nearest one.
    seed : int, optional
        Used instead of the model's seed.
    fill_value : float
        The k of ``"constant"``.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.
    """

    def __init__(
        self,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(seed=seed, **options)
        kind = type(self).__name__
        self.fill_mode = _one_of(fill_mode, FILL_MODES, f"fill mode for {kind}")
        self.interpolation = _one_of(interpolation, INTERPOLATIONS, f"interpolation for {kind}")
        self.fill_value = real(fill_value, "fill_value", kind)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "fill_mode": self.fill_mode,
            "interpolation": self.interpolation,
            "fill_value": self.fill_value,
        }


class RandomTranslation(ResamplingAugmentation):
    """In training, shift each image by a random part of its size.

    Parameters
    ----------
    height_factor, width_factor : float or (float, float)
        The least and the largest shift as a share of the height (positive is down) and of the width (positive is
        right), from -1 to 1. One number f means (-f, f).
    fill_mode : {"reflect", "constant", "nearest", "wrap"}
        What lies around an image a b c d: ``"reflect"`` d c b a, ``"constant"`` `fill_value`, ``"nearest"`` a a a a on
        the left and d d d d on the right, ``"wrap"`` a b c d.
    interpolation : {"bilinear", "nearest"}
        Between pixels: a mean of four, weighted by their nearness, or the nearest one.
    seed : int, optional
        Used instead of the model's seed.
    fill_value : float
        The value for ``"constant"``.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> RandomTranslation(0.1, (0, 0.2)).width_factor
    (0.0, 0.2)
    """

    def __init__(
        self,
        height_factor: float | Sequence[float],
        width_factor: float | Sequence[float],
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, **options)
        self.height_factor: Bounds = bounds(height_factor, "height_factor", "RandomTranslation")
        self.width_factor: Bounds = bounds(width_factor, "width_factor", "RandomTranslation")

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "height_factor": list(self.height_factor),
            "width_factor": list(self.width_factor),
        }


class RandomRotation(ResamplingAugmentation):
    """In training, rotate each image about its centre by a random angle.

    Parameters
    ----------
    factor : float or (float, float)
        The least and the largest angle as a share of a full turn, from -1 to 1; positive is counter-clockwise. One
        number f means (-f, f): 0.05 rotates by up to 18 degrees.
    fill_mode : {"reflect", "constant", "nearest", "wrap"}
        What lies around an image a b c d: ``"reflect"`` d c b a, ``"constant"`` `fill_value`, ``"nearest"`` a a a a on
        the left and d d d d on the right, ``"wrap"`` a b c d.
    interpolation : {"bilinear", "nearest"}
        Between pixels: a mean of four, weighted by their nearness, or the nearest one.
    seed : int, optional
        Used instead of the model's seed.
    fill_value : float
        The value for ``"constant"``.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> RandomRotation(0.05, fill_mode="constant").factor
    (-0.05, 0.05)
    """

    def __init__(
        self,
        factor: float | Sequence[float],
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, **options)
        self.factor: Bounds = bounds(factor, "factor", "RandomRotation")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": list(self.factor)}


class RandomZoom(ResamplingAugmentation):
    """In training, show more or less of each image.

    Parameters
    ----------
    height_factor : float or (float, float)
        The least and the largest change of the height that is shown, as a share of it, from above -1 to 1: positive
        shows more, and things become smaller. One number f means (-f, f).
    width_factor : float or (float, float), optional
        The same for the width. Left out, the width changes as the height does, and nothing is distorted.
    fill_mode : {"reflect", "constant", "nearest", "wrap"}
        What lies around an image a b c d: ``"reflect"`` d c b a, ``"constant"`` `fill_value`, ``"nearest"`` a a a a on
        the left and d d d d on the right, ``"wrap"`` a b c d.
    interpolation : {"bilinear", "nearest"}
        Between pixels: a mean of four, weighted by their nearness, or the nearest one.
    seed : int, optional
        Used instead of the model's seed.
    fill_value : float
        The value for ``"constant"``.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> RandomZoom(0.2).height_factor
    (-0.2, 0.2)
    """

    def __init__(
        self,
        height_factor: float | Sequence[float],
        width_factor: float | Sequence[float] | None = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, **options)
        self.height_factor: Bounds = bounds(height_factor, "height_factor", "RandomZoom")
        self.width_factor: Bounds | None = (
            None if width_factor is None else bounds(width_factor, "width_factor", "RandomZoom")
        )
        for name, factor in (("height_factor", self.height_factor), ("width_factor", self.width_factor)):
            if factor is not None and factor[0] <= -1.0:
                raise ConfigurationError(
                    f"RandomZoom: {name} must be above -1, at which nothing of the image is left, but is {factor!r}."
                )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "height_factor": list(self.height_factor),
            "width_factor": None if self.width_factor is None else list(self.width_factor),
        }


class RandomErasing(Augmentation):
    """In training, overwrite a random rectangle of an image.

    Zhong, Zheng, Kang, Li and Yang, "Random Erasing Data Augmentation", 2017; sides and noise are drawn as in Keras.

    Parameters
    ----------
    factor : float or (float, float)
        The least and the largest probability that an image is touched, from 0 to 1; each image draws its own between
        them. One number f means (0, f), so that 1.0 touches half of the images and (1, 1) all.
    scale : (float, float) or float
        The least and the largest share of the image that is erased. Each side is the square root of a share drawn
        separately, so the aspect ratio varies too. One number s means (0, s).
    fill_value : float, optional
        The value that is written, clipped to `value_range`. If left out, normal noise whose standard deviation is the
        upper end of `value_range`, clipped to it.
    value_range : (float, float)
        The least and the largest value that images may have, such as (0, 1).
    seed : int, optional
        Used instead of the model's seed.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> RandomErasing(0.5, fill_value=0).factor
    (0.0, 0.5)
    """

    def __init__(
        self,
        factor: float | Sequence[float] = 1.0,
        scale: float | Sequence[float] = (0.02, 0.33),
        fill_value: float | None = None,
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(seed=seed, **options)
        self.factor: Bounds = bounds(factor, "factor", "RandomErasing", least=0)
        self.scale: Bounds = bounds(scale, "scale", "RandomErasing", least=0)
        self.fill_value = None if fill_value is None else real(fill_value, "fill_value", "RandomErasing")
        self.value_range = value_range_of(value_range, "RandomErasing")

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "factor": list(self.factor),
            "scale": list(self.scale),
            "fill_value": self.fill_value,
            "value_range": list(self.value_range),
        }


def _one_of(value: Any, known: Sequence[str], what: str) -> str:
    if not isinstance(value, str) or value not in known:
        raise unknown_name(what, value, known)
    return str(value)


def value_range_of(value: Any, where: str) -> Bounds:
    """Return the least and the largest value that images have, or say that these are not two such numbers."""
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence) or len(value) != 2:
        raise ConfigurationError(f"{where}: value_range must be two numbers, as in (0, 255), but is {value!r}.")
    low, high = (real(end, "each end of value_range", where) for end in value)
    if not low < high:
        raise ConfigurationError(f"{where}: value_range must be (smaller, larger), but is {value!r}.")
    return low, high
