"""Arrays that also answer ``.numpy()``, as TensorFlow's do: what data sets and Keras' array functions give."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Tensor", "tensor"]


class Tensor(np.ndarray[Any, np.dtype[Any]]):
    """A NumPy array in every respect, with the methods that programs written for TensorFlow call.

    Results of arithmetic are tensors too, also where they are a single number.

    Examples
    --------
    >>> loss = tensor([1.0, 2.0]).mean()
    >>> loss.numpy(), f"{loss:.2f}"
    (np.float64(1.5), '1.50')
    """

    def numpy(self) -> Any:
        """Return the plain array, a view of this one; of a single number, NumPy's scalar."""
        plain = self.view(np.ndarray)
        return plain[()] if plain.ndim == 0 else plain

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        # NumPy would turn what has no axes into a scalar, which has no numpy().
        return np.asarray(array).view(Tensor)

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return found if isinstance(found, Tensor) else tensor(found)

    def __iter__(self) -> Any:
        return (self[index] for index in range(len(self)))

    def __hash__(self) -> int:  # type: ignore[override] # a class name is looked up in dicts
        if self.ndim:
            raise TypeError("unhashable type: 'Tensor'; x.numpy() gives the array, and a single number can be hashed")
        return hash(self.item())


def tensor(values: npt.ArrayLike, dtype: npt.DTypeLike | None = None) -> Tensor:
    """Return values as a `Tensor`: a view where they are an array already."""
    return np.asarray(values, dtype).view(Tensor)
