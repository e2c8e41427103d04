"""The names that checkpoints of tensors have in them, and what each of them means here."""

from __future__ import annotations

from typing import Any

from convoscope.interchange.pytorch.tensors import Kind, Storage, Tensor
from convoscope.pickles import KnownName, as_text, checked_key, encoded

_KINDS = {
    "Double": "f8",
    "Float": "f4",
    "Half": "f2",
    "BFloat16": "bf2",
    "Long": "i8",
    "Int": "i4",
    "Short": "i2",
    "Char": "i1",
    "Byte": "u1",
    "Bool": "b1",
    "ComplexFloat": "c8",
    "ComplexDouble": "c16",
}
_TYPES = {
    "float64": "f8",
    "float32": "f4",
    "float16": "f2",
    "bfloat16": "bf2",
    "int64": "i8",
    "int32": "i4",
    "int16": "i2",
    "int8": "i1",
    "uint64": "u8",
    "uint32": "u4",
    "uint16": "u2",
    "uint8": "u1",
    "bool": "b1",
    "complex64": "c8",
    "complex128": "c16",
}


def _ordered(pairs: Any = ()) -> dict[Any, Any]:
    if not isinstance(pairs, (list, tuple)):
        raise TypeError("no pairs")
    return {checked_key(key): value for key, value in pairs}


def _tensor(storage: Any, offset: Any, size: Any, strides: Any, *_: Any) -> Tensor:
    return Tensor(storage, offset, size, strides)


def _typed_tensor(storage: Any, offset: Any, size: Any, strides: Any, *more: Any) -> Tensor:
    """Return a tensor of one of the newer types, whose storage is bytes."""
    wanted = as_kind(more[2])  # behind whether there are gradients, and hooks
    if not isinstance(storage, Storage) or storage.kind.size != 1:
        raise TypeError("no bytes")
    typed = Storage(wanted, storage.count // wanted.size, lambda: wanted.values(storage.values.tobytes()))
    return Tensor(typed, offset, size, strides)


def _parameter(data: Any, *_: Any) -> Tensor:
    if not isinstance(data, Tensor):
        raise TypeError("no tensor")
    return data


def _size(lengths: Any = ()) -> tuple[Any, ...]:
    return tuple(lengths) if isinstance(lengths, (list, tuple)) else ()


def _device(*parts: Any) -> str:
    return ":".join(map(as_text, parts))


def as_kind(name: Any) -> Kind:
    """Return the type of numbers that a name stands for."""
    if not isinstance(name, KnownName) or not isinstance(name.meaning, Kind):
        raise TypeError("no type of numbers")
    return name.meaning


NAMES: dict[tuple[str, str], Any] = {
    **{("torch", f"{name}Storage"): Kind(code) for name, code in _KINDS.items()},
    **{("torch", name): Kind(code) for name, code in _TYPES.items()},
    ("torch.storage", "UntypedStorage"): Kind("u1"),
    ("torch", "Size"): _size,
    ("torch", "device"): _device,
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_tensor_v3"): _typed_tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("collections", "OrderedDict"): _ordered,
    ("_codecs", "encode"): encoded,
}
