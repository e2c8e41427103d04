"""A value that your own metric keeps from batch to batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.mixins import NDArrayOperatorsMixin

from convoscope import initializers
from convoscope.tensors import tensor


class Variable(NDArrayOperatorsMixin):
    """An array that can be assigned to, as Keras' variables can; in arithmetic it is its value.

    Examples
    --------
    >>> count = Variable(())
    >>> count.assign_add(2)
    >>> float(count / 4)
    0.5
    """

    def __init__(self, shape: tuple[int, ...], initializer: Any = "zeros", name: str | None = None) -> None:
        self.name = name
        self._value: npt.NDArray[np.float64]
        self._begin = np.asarray(initializers.get(initializer)(shape, np.random.default_rng(0)), np.float64)
        self.reset()

    def reset(self) -> None:
        """Take the first value again."""
        self._value = self._begin.copy()

    def assign(self, value: npt.ArrayLike) -> None:
        """Take another value."""
        self._value = np.broadcast_to(np.asarray(value, np.float64), self._value.shape).copy()

    def assign_add(self, value: npt.ArrayLike) -> None:
        """Add to the value."""
        self.assign(self._value + np.asarray(value, np.float64))

    def assign_sub(self, value: npt.ArrayLike) -> None:
        """Subtract from the value."""
        self.assign(self._value - np.asarray(value, np.float64))

    def numpy(self) -> Any:
        """Return the value as an array, or as NumPy's number."""
        return self._value.copy()[()]

    @property
    def shape(self) -> tuple[int, ...]:
        """That of the value."""
        return tuple(self._value.shape)

    @property
    def dtype(self) -> Any:
        """That of the value."""
        return self._value.dtype

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.array(self._value, dtype)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return tensor(getattr(ufunc, method)(*(np.asarray(each) for each in inputs), **options))

    def __float__(self) -> float:
        return float(self._value)

    def __repr__(self) -> str:
        return f"Variable({self.name!r}, {self._value!r})"
