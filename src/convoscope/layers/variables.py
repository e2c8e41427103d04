"""Weights as programs for Keras hold them in their hands: arrays that also answer as its variables do.

They are NumPy arrays in every way; `isinstance(x, np.ndarray)` is True. What is computed with them is a `Tensor`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import ConfigurationError, ShapeError
from convoscope.layers import moments
from convoscope.tensors import Tensor


class Variable(Tensor):
    """A weight of a layer: a view of the layer's own array, which what is written into it changes at once.

    Attributes
    ----------
    name : str
        Of the weight in its layer: ``"kernel"``.
    path : str
        With the layer's: ``"dense/kernel"``.
    trainable : bool
        Whether training changes it.

    Examples
    --------
    >>> from convoscope.layers import Dense
    >>> layer = Dense(2, name="last")
    >>> layer.build((3,), np.random.default_rng(0))
    >>> layer.bias.assign([1, 2])
    <Variable path=last/bias, shape=(2,), dtype=float32, value=[1. 2.]>
    >>> layer.get_weights()[1]
    array([1., 2.], dtype=float32)
    """

    _of: Any = None

    @classmethod
    def of(cls, layer: Any, name: str, trainable: bool, array: npt.NDArray[np.float32]) -> Variable:
        """Return a view of a layer's array."""
        variable = array.view(cls)
        variable._of = (layer, name, trainable)
        return variable

    def __array_finalize__(self, source: Any) -> None:
        self._of = None  # a part of a weight, or what was computed with it, is an array like any other

    @property
    def name(self) -> str:
        """The weight's name in its layer; of a part of it, that of an array."""
        return "array" if self._of is None else str(self._of[1])

    @property
    def path(self) -> str:
        """The layer's name and the weight's."""
        return self.name if self._of is None else f"{self._of[0].name}/{self._of[1]}"

    @property
    def trainable(self) -> bool:
        """Whether training changes it: it can be learned, and its layer is not frozen."""
        return self._of is not None and bool(self._of[2] and self._of[0].trainable)

    @property
    def value(self) -> Tensor:
        """The weight as a tensor: the same memory."""
        return self.view(Tensor)

    def numpy(self) -> npt.NDArray[np.float32]:
        """Return a copy of the values as a plain array."""
        return np.array(self, subok=False)

    def assign(self, value: npt.ArrayLike) -> Variable:
        """Set the weight from an array of its shape, or from a number; return it.

        Raises
        ------
        ShapeError
            If the shape is another one.
        """
        return self._changed(value, lambda new: new)

    def assign_add(self, value: npt.ArrayLike) -> Variable:
        """Add an array to the weight; return it."""
        return self._changed(value, lambda new: self.view(np.ndarray) + new)

    def assign_sub(self, value: npt.ArrayLike) -> Variable:
        """Take an array off the weight; return it."""
        return self._changed(value, lambda new: self.view(np.ndarray) - new)

    def _changed(self, value: npt.ArrayLike, make: Any) -> Variable:
        try:
            new = np.asarray(value, np.float32)
        except (TypeError, ValueError):
            raise ConfigurationError(f"{self.path}: a weight is set from an array, not from {value!r:.80}.") from None
        if new.shape not in (self.shape, ()):
            raise ShapeError(f"{self.path}: its shape is {self.shape}, but got an array of shape {new.shape}.")
        with moments.writing():
            self[...] = make(new)
        return self

    def __repr__(self) -> str:
        if self._of is None:
            return repr(self.view(np.ndarray))
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}, value={self.view(np.ndarray)}>"
