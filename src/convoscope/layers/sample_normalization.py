"""Normalizations of each sample on its own: LayerNormalization, GroupNormalization, UnitNormalization."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from convoscope import initializers
from convoscope.checks import LARGEST_SIZE, axes, equal, flag, integer, real
from convoscope.errors import ConfigurationError, ShapeError
from convoscope.initializers import Initializer
from convoscope.layers.base import Layer, WeightSpec
from convoscope.types import Shape


def trailing(given: Sequence[int], input_shape: Shape, where: str) -> int:
    """Return how many axes at the end these are, counted with the batch axis as 0; or say that they are not."""
    last = len(input_shape)
    counted = sorted(axis + last + 1 if axis < 0 else axis for axis in given)
    if counted != list(range(last + 1 - len(counted), last + 1)) or counted[0] < 1:
        raise ShapeError(
            f"{where}: axis must be the last axis or several consecutive last axes, but is {tuple(given)!r} for "
            f"inputs of shape {input_shape}. Channels are the last axis (-1), and the batch axis is 0; a Permute "
            "before this layer moves other axes to the end."
        )
    return len(counted)


class Scaled(Layer):
    """What normalizations have in common that scale by gamma and shift by beta."""

    regulated_weights = ("beta", "gamma")

    def __init__(
        self,
        *,
        epsilon: float,
        center: bool,
        scale: bool,
        beta_initializer: str | dict[str, Any] | Initializer,
        gamma_initializer: str | dict[str, Any] | Initializer,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        kind = type(self).__name__
        self.epsilon = real(epsilon, "epsilon", kind)
        self.center = flag(center, "center", kind)
        self.scale = flag(scale, "scale", kind)
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        if not self.epsilon > 0.0:
            raise ConfigurationError(f"{kind}: epsilon must be above 0, but is {epsilon!r}.")

    def scaled_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of gamma and of beta."""
        raise NotImplementedError

    def weight_specs(self, input_shape: Shape) -> tuple[WeightSpec, ...]:
        shape = self.scaled_shape(input_shape)
        gamma = (self.regulated("gamma", shape, self.gamma_initializer),) if self.scale else ()
        beta = (self.regulated("beta", shape, self.beta_initializer),) if self.center else ()
        return gamma + beta

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
        }


class LayerNormalization(Scaled):
    """Bring each sample, or each of its pixels, to mean 0 and variance 1, then scale by gamma and shift by beta.

    Ba, Kiros and Hinton, "Layer Normalization" (2016). Training and prediction are the same, whatever the batch.

    Parameters
    ----------
    axis : int or sequence of int
        The axes over which mean and variance are taken: the last, -1, or several at the end, such as [1, 2, 3] for all
        of an image.
    epsilon : float
        Added to the variance, to avoid a division by zero.
    center, scale : bool
        Whether there is a beta, and a gamma.
    beta_initializer, gamma_initializer : str or Initializer
        The first values.
    beta_regularizer, gamma_regularizer : str or Regularizer, optional
        A penalty that keeps the weight small: ``"l2"``. See `convoscope.regularizers`.
    beta_constraint, gamma_constraint : str or Constraint, optional
        Bounds that each step keeps the weight within: ``"non_neg"``. See `convoscope.constraints`.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Notes
    -----
    gamma and beta have the lengths of those axes: (channels,) for -1.

    Examples
    --------
    >>> [spec.shape for spec in LayerNormalization().weight_specs((28, 28, 8))]
    [(8,), (8,)]
    """

    def __init__(
        self,
        axis: int | Sequence[int] = -1,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: str | dict[str, Any] | Initializer = "zeros",
        gamma_initializer: str | dict[str, Any] | Initializer = "ones",
        rms_scaling: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(
            epsilon=epsilon,
            center=center,
            scale=scale,
            beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer,
            **options,
        )
        self.axis = axes(axis, "axis", "LayerNormalization")
        if not equal(rms_scaling, False):
            raise ConfigurationError(
                "LayerNormalization: rms_scaling is not supported, and Keras advises against it. Leave it out."
            )

    def infer_shape(self, input_shape: Shape) -> Shape:
        trailing(self.axis, input_shape, self.describe())
        return input_shape

    def scaled_shape(self, input_shape: Shape) -> Shape:
        return input_shape[-len(self.axis) :]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": list(self.axis)}


class GroupNormalization(Scaled):
    """Divide the channels into groups, bring each group of each sample to mean 0 and variance 1, scale and shift.

    Wu and He, "Group Normalization" (2018). Unlike `BatchNormalization` it is the same for batches of any size.

    Parameters
    ----------
    groups : int
        How many, which must divide the number of channels; -1 gives each channel its own (instance normalization), and
        1 is one mean and variance for all of a sample.
    epsilon : float
        Added to the variance, to avoid a division by zero.
    center, scale : bool
        Whether there is a beta, and a gamma: a value of each for each channel.
    beta_initializer, gamma_initializer : str or Initializer
        The first values.
    beta_regularizer, gamma_regularizer : str or Regularizer, optional
        A penalty that keeps the weight small: ``"l2"``. See `convoscope.regularizers`.
    beta_constraint, gamma_constraint : str or Constraint, optional
        Bounds that each step keeps the weight within: ``"non_neg"``. See `convoscope.constraints`.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> [spec.shape for spec in GroupNormalization(4).weight_specs((28, 28, 8))]
    [(8,), (8,)]
    """

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: str | dict[str, Any] | Initializer = "zeros",
        gamma_initializer: str | dict[str, Any] | Initializer = "ones",
        **options: Any,
    ) -> None:
        super().__init__(
            epsilon=epsilon,
            center=center,
            scale=scale,
            beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer,
            **options,
        )
        self.groups = integer(groups, "groups", "GroupNormalization", minimum=-1, maximum=LARGEST_SIZE)
        if self.groups == 0:
            raise ConfigurationError(
                "GroupNormalization: groups must be at least 1, or -1 for one group per channel, but is 0."
            )
        self.axis = integer(axis, "axis", "GroupNormalization", minimum=-LARGEST_SIZE, maximum=LARGEST_SIZE)

    def infer_shape(self, input_shape: Shape) -> Shape:
        trailing([self.axis], input_shape, self.describe())
        channels, groups = input_shape[-1], self.groups_of(input_shape)
        if channels % groups:
            raise ShapeError(
                f"{self.describe()}: the input's {channels} channels cannot be divided into {groups} equal groups. "
                "Choose a value of groups that divides the number of channels."
            )
        return input_shape

    def groups_of(self, input_shape: Shape) -> int:
        """Return the number of groups for inputs of that shape.

        Examples
        --------
        >>> GroupNormalization(groups=4).groups_of((8, 8, 32)), GroupNormalization(groups=-1).groups_of((8, 8, 32))
        (4, 32)
        """
        return input_shape[-1] if self.groups == -1 else self.groups

    def scaled_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[-1],)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "groups": self.groups, "axis": self.axis}


class UnitNormalization(Layer):
    """Bring the values along an axis to length 1: each is divided by the square root of the sum of their squares.

    Parameters
    ----------
    axis : int or sequence of int
        The last axis, -1, or several at the end.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Notes
    -----
    Values that are all zero stay zero: nothing is divided by less than 1e-12.

    Examples
    --------
    >>> UnitNormalization().compute_output_shape((None, 32))
    (None, 32)
    """

    def __init__(self, axis: int | Sequence[int] = -1, **options: Any) -> None:
        super().__init__(**options)
        self.axis = axes(axis, "axis", "UnitNormalization")

    def infer_shape(self, input_shape: Shape) -> Shape:
        trailing(self.axis, input_shape, self.describe())
        return input_shape

    def length(self, input_shape: Shape) -> int:
        """Return how many values are divided by the same norm.

        Examples
        --------
        >>> UnitNormalization(axis=-1).length((8, 8, 32))
        32
        """
        return math.prod(input_shape[-len(self.axis) :])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": list(self.axis)}
