"""Arrays of values one after another in one row, each at a place that a GPU's widest reads may begin at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
import torch
from torch import Tensor

from convoscope.engine.base import Array
from convoscope.engine.torch.data import as_tensor

_UNIT = 32  # values: 128 bytes. cuDNN reads 16 at a time, and fails at weights that begin elsewhere


class Layout:
    """Where each of some arrays lies in the row.

    Parameters
    ----------
    shapes : of the arrays
    """

    def __init__(self, shapes: Sequence[Sequence[int]]) -> None:
        self._shapes = [tuple(shape) for shape in shapes]
        self._sizes = [math.prod(shape) for shape in shapes]
        self._rooms = [-(-size // _UNIT) * _UNIT for size in self._sizes]
        self._counts: dict[torch.device, Tensor] = {}

    def pieces(self, row: Tensor) -> list[Tensor]:
        """Return the arrays that lie in a row, as views of it."""
        parts = zip(row.split(self._rooms), self._sizes, self._shapes, strict=True)
        return [part[:size].view(shape) for part, size, shape in parts]

    def row(self, arrays: Sequence[Tensor]) -> Tensor:
        """Return the row of some arrays, zeros between them."""
        zeros = arrays[0].new_zeros(_UNIT)
        parts: list[Tensor] = []
        for array, size, room in zip(arrays, self._sizes, self._rooms, strict=True):
            parts += [array.reshape(-1), zeros[: room - size]]
        return torch.cat(parts)

    def load(self, arrays: Sequence[Array], device: torch.device) -> Tensor:
        """Copy arrays in memory to a row on a device."""
        row = np.zeros(sum(self._rooms), np.float32)
        for (start, size), array in zip(self._places(), arrays, strict=True):
            row[start : start + size] = array.reshape(-1)
        return as_tensor(row, device)

    def save(self, row: Tensor, arrays: Sequence[Array]) -> None:
        """Copy a row on a device to arrays in memory."""
        values = row.cpu().numpy()
        for (start, size), array in zip(self._places(), arrays, strict=True):
            array[...] = values[start : start + size].reshape(array.shape)

    def spread(self, values: Tensor) -> Tensor:
        """Return a row with one value for the whole of each array."""
        if values.device not in self._counts:  # kept: nothing can be copied to a GPU while a step is recorded
            self._counts[values.device] = torch.tensor(self._rooms, device=values.device)
        return values.repeat_interleave(self._counts[values.device], output_size=sum(self._rooms))

    def _places(self) -> list[tuple[int, int]]:
        starts = accumulate(self._rooms, initial=0)
        return list(zip(starts, self._sizes, strict=False))
