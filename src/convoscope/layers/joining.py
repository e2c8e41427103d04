"""Layers that make one value of several: sums, products, and values side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from convoscope.checks import integer, shape as as_shape
from convoscope.errors import ConfigurationError, ShapeError
from convoscope.layers.base import Layer
from convoscope.types import Shape


class Join(Layer):
    """The base of layers that are called on a list of symbols: ``Add()([x, y])``."""

    def infer_shape(self, input_shape: Shape) -> Shape:
        return self.infer_joined_shape((input_shape,))

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Return the output's shape for the inputs' shapes, all with the batch axis first, as in Keras."""
        if not isinstance(input_shape, (list, tuple)) or not all(isinstance(s, (list, tuple)) for s in input_shape):
            raise ConfigurationError(
                f"{self.describe()} takes a list of shapes, as in [(None, 8, 8, 4), (None, 8, 8, 4)], but got "
                f"{input_shape!r}."
            )
        sizes = [as_shape(tuple(each)[1:], "input_shape", type(self).__name__) for each in input_shape]
        return (next(iter(input_shape[0])), *self.checked_shape(*sizes))

    def _check_several(self, shapes: Sequence[Shape], least: int = 1, most: int | None = None) -> None:
        if len(shapes) < least or (most is not None and len(shapes) > most):
            wanted = f"exactly {most}" if least == most else f"at least {least}"
            kind = type(self).__name__
            raise ShapeError(
                f"{self.describe()} takes {wanted} inputs, in a list, as in {kind}()([x, y]), but was called on "
                f"{len(shapes)}."
            )


class Combine(Join):
    """The base of layers that combine values at the same index. An axis of length 1 is stretched to the others'."""

    #: What is done, as the engine calls it.
    mode: ClassVar[str]

    def infer_joined_shape(self, input_shapes: Sequence[Shape]) -> Shape:
        self._check_several(input_shapes)
        rank = max(map(len, input_shapes))
        aligned = [(1,) * (rank - len(shape)) + shape for shape in input_shapes]
        joined = []
        for lengths in zip(*aligned, strict=True):
            longest = max(lengths)
            if any(length not in (1, longest) for length in lengths):
                raise ShapeError(
                    f"{self.describe()} cannot combine its inputs: {_listed(input_shapes)}. They must have the same "
                    "shape, or length 1 along the axes in which they differ. A Conv2D with a kernel of 1 changes the "
                    "number of channels; strides and padding='same' in both branches keep heights and widths equal."
                )
            joined.append(longest)
        return tuple(joined)


class Add(Combine):
    """Add values at the same index: the shortcut of a residual network.

    Called on a list of symbols. Shapes must be equal, or have length 1 along the axes in which they differ.

    Examples
    --------
    >>> from convoscope.layers import Conv2D, Input
    >>> x = Input(shape=(8, 8, 4))
    >>> Add()([x, Conv2D(4, 3, padding="same")(x)]).shape
    (None, 8, 8, 4)
    """

    mode = "add"


class Subtract(Combine):
    """Subtract the second of two inputs from the first.

    Examples
    --------
    >>> import numpy as np
    >>> Subtract()([np.array([[1.0, 9.0]]), np.array([[3.0, 6.0]])])
    Tensor([[-2.,  3.]], dtype=float32)
    """

    mode = "subtract"

    def infer_joined_shape(self, input_shapes: Sequence[Shape]) -> Shape:
        self._check_several(input_shapes, 2, 2)
        return super().infer_joined_shape(input_shapes)


class Multiply(Combine):
    """Multiply values at the same index: ``(8, 8, 4)`` by ``(1, 1, 4)`` weights channels, as squeeze-and-excite does.

    Examples
    --------
    >>> from convoscope.layers import Input
    >>> Multiply()([Input(shape=(8, 8, 4)), Input(shape=(1, 1, 4))]).shape
    (None, 8, 8, 4)
    """

    mode = "multiply"


class Divide(Combine):
    """Divide the first of two inputs by the second, which must not be 0: ``x / y`` of symbols.

    Examples
    --------
    >>> from convoscope.layers import Input
    >>> Divide()([Input(shape=(8, 8, 4)), Input(shape=(8, 8, 1))]).shape
    (None, 8, 8, 4)
    """

    mode = "divide"

    def infer_joined_shape(self, input_shapes: Sequence[Shape]) -> Shape:
        self._check_several(input_shapes, 2, 2)
        return super().infer_joined_shape(input_shapes)


class Average(Combine):
    """Take the mean of values at the same index, over two or more inputs.

    Examples
    --------
    >>> import numpy as np
    >>> Average()([np.array([[1.0, 2.0]]), np.array([[3.0, 6.0]])])
    Tensor([[2., 4.]], dtype=float32)
    """

    mode = "average"


class Maximum(Combine):
    """Take the largest of values at the same index.

    Examples
    --------
    >>> import numpy as np
    >>> Maximum()([np.array([[1.0, 9.0]]), np.array([[3.0, 6.0]])])
    Tensor([[3., 9.]], dtype=float32)
    """

    mode = "maximum"


class Minimum(Combine):
    """Take the smallest of values at the same index.

    Examples
    --------
    >>> import numpy as np
    >>> Minimum()([np.array([[1.0, 9.0]]), np.array([[3.0, 6.0]])])
    Tensor([[1., 6.]], dtype=float32)
    """

    mode = "minimum"


class Concatenate(Join):
    """Put values side by side along an axis, as the branches of an Inception block.

    Parameters
    ----------
    axis : int
        The axis, with the batch axis counted as 0: -1, the default, puts channels behind channels.
    **options
        ``name``, ``trainable``.

    Examples
    --------
    >>> from convoscope.layers import Input
    >>> Concatenate()([Input(shape=(8, 8, 4)), Input(shape=(8, 8, 6))]).shape
    (None, 8, 8, 10)
    """

    def __init__(self, axis: int = -1, **options: Any) -> None:
        super().__init__(**options)
        self.axis = integer(axis, "axis", "Concatenate", minimum=-(2**31))
        if self.axis == 0:
            raise ConfigurationError(
                "Concatenate: axis=0 is the batch axis, along which nothing can be joined. For (N, height, width, "
                "channels), 1 and 2 join images vertically and horizontally, 3 (or -1) joins their channels."
            )

    def infer_joined_shape(self, input_shapes: Sequence[Shape]) -> Shape:
        self._check_several(input_shapes)
        first = input_shapes[0]
        axis = self.sample_axis(len(first))
        others = [shape[:axis] + shape[axis + 1 :] for shape in input_shapes]
        if any(len(shape) != len(first) for shape in input_shapes) or any(other != others[0] for other in others):
            raise ShapeError(
                f"{self.describe()} cannot join its inputs along axis {self.axis}: {_listed(input_shapes)}. They may "
                "differ only along that axis."
            )
        return (*first[:axis], sum(shape[axis] for shape in input_shapes), *first[axis + 1 :])

    def sample_axis(self, rank: int) -> int:
        """Return the axis within a sample of so many axes, from 0."""
        axis = self.axis + rank if self.axis < 0 else self.axis - 1
        if not 0 <= axis < rank:
            raise ShapeError(
                f"{self.describe()}: inputs of {rank + 1} axes, the batch axis included, have no axis {self.axis}."
            )
        return axis

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}


def _listed(shapes: Sequence[Shape]) -> str:
    return ", ".join(f"input {number} has shape {(None, *shape)}" for number, shape in enumerate(shapes))


# ---- the same as functions


def add(inputs: Sequence[Any], **options: Any) -> Any:
    """Add symbols: short for ``Add(**options)(inputs)``.

    Examples
    --------
    >>> from convoscope.layers import Input
    >>> add([Input(shape=(8, 8, 4)), Input(shape=(8, 8, 4))]).shape
    (None, 8, 8, 4)
    """
    return Add(**options)(inputs)


def subtract(inputs: Sequence[Any], **options: Any) -> Any:
    """Subtract the second symbol from the first: short for ``Subtract(**options)(inputs)``.

    Examples
    --------
    >>> from convoscope.layers import Input
    >>> subtract([Input(shape=(8, 8, 4)), Input(shape=(8, 8, 4))]).shape
    (None, 8, 8, 4)
    """
    return Subtract(**options)(inputs)


def multiply(inputs: Sequence[Any], **options: Any) -> Any:
    """Multiply symbols: short for ``Multiply(**options)(inputs)``.

    Examples
    --------
    >>> from convoscope.layers import Input
    >>> multiply([Input(shape=(8, 8, 4)), Input(shape=(1, 1, 4))]).shape  # a factor for each channel
    (None, 8, 8, 4)
    """
    return Multiply(**options)(inputs)


def average(inputs: Sequence[Any], **options: Any) -> Any:
    """Take the mean of symbols: short for ``Average(**options)(inputs)``.

    Examples
    --------
    >>> from convoscope.layers import Input
    >>> average([Input(shape=(8, 8, 4)), Input(shape=(8, 8, 4))]).shape
    (None, 8, 8, 4)
    """
    return Average(**options)(inputs)


def maximum(inputs: Sequence[Any], **options: Any) -> Any:
    """Take the largest of symbols: short for ``Maximum(**options)(inputs)``.

    Examples
    --------
    >>> from convoscope.layers import Input
    >>> maximum([Input(shape=(8, 8, 4)), Input(shape=(1, 1, 4))]).shape  # an axis of length 1 is stretched
    (None, 8, 8, 4)
    """
    return Maximum(**options)(inputs)


def minimum(inputs: Sequence[Any], **options: Any) -> Any:
    """Take the smallest of symbols: short for ``Minimum(**options)(inputs)``.

    Examples
    --------
    >>> from convoscope.layers import Input
    >>> minimum([Input(shape=(8, 8, 4)), Input(shape=(8, 8, 1))]).shape  # an axis of length 1 is stretched
    (None, 8, 8, 4)
    """
    return Minimum(**options)(inputs)


def concatenate(inputs: Sequence[Any], axis: int = -1, **options: Any) -> Any:
    """Put symbols side by side: short for ``Concatenate(axis, **options)(inputs)``.

    Examples
    --------
    >>> from convoscope.layers import Input
    >>> concatenate([Input(shape=(8, 8, 4)), Input(shape=(8, 8, 16))]).shape
    (None, 8, 8, 20)
    """
    return Concatenate(axis, **options)(inputs)
