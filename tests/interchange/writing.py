"""Checkpoints in PyTorch's newer format, written without PyTorch."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

_STORAGES = {"f4": "FloatStorage", "f8": "DoubleStorage", "i8": "LongStorage"}


class _Global:
    """A name that the pickle imports where PyTorch reads it."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


class _Call:
    def __init__(self, function: _Global, *arguments: Any) -> None:
        self.function, self.arguments = function, arguments


class _Storage:
    def __init__(self, number: int, values: npt.NDArray[Any]) -> None:
        kind = _Global("torch", _STORAGES[values.dtype.str[1:]])
        self.reference = ("storage", kind, str(number), "cpu", values.size)


class _Pickler(pickle._Pickler):  # type: ignore[name-defined,misc] # the one in Python can be told how to write a kind
    dispatch: ClassVar[dict[Any, Any]] = dict(pickle._Pickler.dispatch)  # type: ignore[attr-defined]

    def persistent_id(self, value: Any) -> Any:
        return value.reference if isinstance(value, _Storage) else None

    def save_name(self, value: _Global) -> None:
        self.write(b"c" + f"{value.module}\n{value.name}\n".encode())

    def save_call(self, value: _Call) -> None:
        self.save_name(value.function)
        self.save(value.arguments)
        self.write(b"R")

    dispatch[_Global] = save_name
    dispatch[_Call] = save_call


def write_checkpoint(path: Path, tensors: Mapping[str, npt.NDArray[Any]]) -> Path:
    """Write a ``state_dict`` as ``torch.save`` does."""
    rebuild = _Global("torch._utils", "_rebuild_tensor_v2")
    state = {}
    for number, (name, values) in enumerate(tensors.items()):
        strides = tuple(stride // values.itemsize for stride in np.ascontiguousarray(values).strides)
        state[name] = _Call(rebuild, _Storage(number, values), 0, values.shape, strides[: values.ndim], False, {})
    code = io.BytesIO()
    _Pickler(code, protocol=2).dump(state)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", code.getvalue())
        for number, values in enumerate(tensors.values()):
            archive.writestr(f"archive/data/{number}", np.ascontiguousarray(values).tobytes())
    return path
