"""Arrays on the device: whole if they fit there, else batch by batch, copied beside computing."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from convoscope.engine.base import Array

#: From rows, as an array and on the device, to the samples in these rows, on the device.
Source = Callable[[npt.NDArray[np.int64], Tensor], Tensor]

_PIECE = 1 << 26  # bytes that are copied at a time
_PART_OF_FREE = 0.5  # of the device's free memory: computing needs some


class Shelf:
    """Whole arrays on the device, as long as they are kept: between the stretches of one epoch.

    An array is known again by its identity. What is written into one meanwhile is not seen, so `clear` is called before
    somebody else may write.

    Parameters
    ----------
    device : torch.device
    free : function, optional
        From the device to its free bytes. Empty on the processor, where arrays are used directly.
    """

    def __init__(self, device: torch.device, free: Callable[[torch.device], int] | None = None) -> None:
        self._device, self._free = device, free or free_memory
        self._kept: dict[int, tuple[weakref.ref[Any], Tensor]] = {}

    def source(self, array: Array, keep: bool) -> Source:
        """Return where samples of an array come from; `keep` it on the device if it fits."""
        kept = self._kept.get(id(array))
        if kept is not None and kept[0]() is array:
            whole = kept[1]
        elif keep and array.nbytes <= _PART_OF_FREE * self._free(self._device):
            whole = _whole(array, self._device)
            self._kept[id(array)] = (weakref.ref(array, self._forget(id(array))), whole)
        else:
            return lambda rows, _: as_tensor(array[rows], self._device)
        return lambda _, rows: whole.index_select(0, rows)

    def _forget(self, key: int) -> Callable[[object], None]:
        def forget(_: object) -> None:
            self._kept.pop(key, None)

        return forget

    def clear(self) -> None:
        """Let go of all of them."""
        self._kept.clear()


def _whole(array: Array, device: torch.device) -> Tensor:
    """Return a whole array on the device, copied in pieces: it may be larger than the memory that is left here."""
    at_once = max(1, _PIECE * len(array) // max(1, array.nbytes))
    whole = torch.empty(array.shape, dtype=as_tensor(array[:0], device).dtype, device=device)
    for start in range(0, len(array), at_once):
        whole[start : start + at_once] = as_tensor(array[start : start + at_once], device)
    return whole


def as_tensor(array: Array, device: torch.device) -> Tensor:
    """Return a copy of an array on the device: 8-bit and whole numbers as they are, others in single precision."""
    kind = array.dtype if array.dtype in (np.uint8, np.int32, np.int64) else np.float32
    tensor = torch.from_numpy(np.array(array, kind, order="C"))
    if device.type == "cuda":  # from pinned memory, beside what is computed meanwhile
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def as_array(tensor: Tensor) -> Array:
    """Return a tensor's values in memory, in single precision."""
    found: Array = np.ascontiguousarray(tensor.detach().float().cpu().numpy())
    return found


def free_memory(device: torch.device) -> int:
    """Return how many bytes of the device nobody uses."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    if device.type == "mps":
        return int(torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory())
    return 0  # of the processor's memory arrays have theirs already
