"""Arrays of the tensors that stand in a LiteRT file; whole numbers that stand for real ones become these."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from convoscope.checks import MOST_VALUES
from convoscope.interchange.litert.reader.records import TensorRecord
from convoscope.interchange.litert.schema import DTYPES, TensorType
from convoscope.interchange.onnx.reader.network import UnsupportedError
from convoscope.interchange.onnx.reader.tensors import Array
from convoscope.interchange.onnx.reader.wire import DamagedError

#: Whole numbers that a file may have for real ones, beyond four for each of its bytes.
_LEAST_VALUES = 1 << 20
_QUANTIZED = (
    TensorType.INT4,
    TensorType.INT8,
    TensorType.UINT8,
    TensorType.INT16,
    TensorType.UINT16,
    TensorType.INT32,
    TensorType.INT64,
)


def is_quantized(record: TensorRecord) -> bool:
    """Return whether a tensor's whole numbers stand for real ones."""
    return record.scale is not None and record.kind in _QUANTIZED


def type_name(kind: int) -> str:
    """Return the name of a type, by its number."""
    return TensorType(kind).name if kind in TensorType.__members__.values() else f"type {kind}"


class Constants:
    """Makes arrays, as long as there are not far more numbers in them than in the file.

    Parameters
    ----------
    size : int
        The file's bytes.
    """

    def __init__(self, size: int) -> None:
        self.left = 4 * size + _LEAST_VALUES

    def array(self, record: TensorRecord) -> Array:
        """Return the array of a tensor; of 32 bits and the file's own bytes if its numbers are.

        Raises
        ------
        DamagedError
            Its sizes, its bytes and its quantization do not fit.
        UnsupportedError
            It is of a form that has no array.
        """
        assert record.content is not None
        if record.is_odd:
            raise UnsupportedError(f"its constant {record.name!r:.80} cannot be read: {record.is_odd}")
        shape, kind = tuple(record.sizes), record.kind
        if any(not 0 <= size <= MOST_VALUES for size in shape) or math.prod(size or 1 for size in shape) > MOST_VALUES:
            raise DamagedError(f"the tensor {record.name!r:.120} is said to have the shape {shape!r:.120}")
        if kind not in (*DTYPES, TensorType.INT4, TensorType.BFLOAT16):
            raise UnsupportedError(f"its constant {record.name!r:.80} is of the type {type_name(kind)}")
        flat = self._flat(record, math.prod(shape))
        return self._real(record, flat.reshape(shape)) if is_quantized(record) else flat.reshape(shape)

    def _flat(self, record: TensorRecord, count: int) -> Array:
        content, kind = record.content, record.kind
        assert content is not None
        if kind == TensorType.INT4:
            needed, code = (count + 1) // 2, "<u1"
        else:
            code = "<u2" if kind == TensorType.BFLOAT16 else DTYPES[TensorType(kind)]
            needed = count * np.dtype(code).itemsize
        if len(content) != needed:
            raise DamagedError(
                f"the tensor {record.name!r:.120} of shape {tuple(record.sizes)} takes {needed:,} bytes, but has "
                f"{len(content):,}"
            )
        flat: Array = np.frombuffer(content, code)
        if kind == TensorType.INT4:
            self._take(count)
            halves = np.stack([flat << 4, flat], axis=-1).reshape(-1)[:count]
            flat = halves.view(np.int8) >> 4
        elif kind == TensorType.BFLOAT16:
            self._take(count)
            flat = (flat.astype("<u4") << 16).view("<f4")
        return flat

    def _real(self, record: TensorRecord, array: Array) -> Array:
        """Return the real numbers: scale × (number - zero point), in each index of an axis with its own."""
        self._take(array.size)
        scale: Array
        zero: Array
        scale, zero = (np.asarray(each, np.float64).reshape(-1) for each in (record.scale, self._zero(record)))
        if scale.size > 1 or zero.size > 1:
            axis, rank = record.axis, array.ndim
            if not 0 <= axis < rank or {scale.size, zero.size} - {1, array.shape[axis]}:
                raise DamagedError(f"the tensor {record.name!r:.120} has {scale.size} scales for {array.shape}")
            around = [1] * rank
            around[axis] = -1
            scale, zero = (each.reshape(around) if each.size > 1 else each for each in (scale, zero))
        if not np.isfinite(scale).all():
            raise DamagedError(f"the tensor {record.name!r:.120} has a scale that is not a finite number")
        with np.errstate(over="ignore"):
            real: Array = ((array - zero) * scale).astype(np.float32).reshape(array.shape)
        return real

    def _zero(self, record: TensorRecord) -> Any:
        zero = record.zero_point
        return 0 if zero is None or not len(zero) else zero

    def _take(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise DamagedError("its tensors share their bytes, and together have far more numbers than the file")
