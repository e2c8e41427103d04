"""Pickled dictionaries of arrays, lists and texts, as CIFAR's batches are, read without running any of their code."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import FileFormatError
from convoscope.pickles import DAMAGED, Filled, PickleMachine, UnknownInPickleError, as_text, encoded

_KINDS = re.compile(r"[<>|]([ui][1248]|f[248]|b1)")
_MOST_AXES = 4


class _Type(Filled):
    """A type of numbers, whose byte order follows."""

    def __init__(self, kind: Any, *_: Any) -> None:
        self.kind = as_text(kind)

    def fill(self, state: Any) -> None:
        order = as_text(state[1])
        self.kind = f"{order if order in '<>' else '|'}{self.kind.lstrip('<>|=')}"


class _Array(Filled):
    """An array, whose values follow."""

    def __init__(self, *_: Any) -> None:
        self.values: npt.NDArray[Any] | None = None

    def fill(self, state: Any) -> None:
        _, shape, kind, by_columns, content = state
        self.values = _array(shape, kind.kind, by_columns, content)


def _no_call(*_: Any) -> Any:
    raise UnknownInPickleError("calls a type")


#: What the names mean; NumPy has moved one of them.
_NAMES = {
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
    ("numpy", "ndarray"): _no_call,
    ("numpy", "dtype"): _Type,
    ("_codecs", "encode"): encoded,
}


def read_pickled(content: bytes, what: str) -> dict[str, Any]:
    """Read a pickled dictionary, of the protocols 2 to 4.

    Parameters
    ----------
    content : bytes
        The pickle.
    what : str
        What messages call it.

    Returns
    -------
    dict
        Arrays, and lists, texts, bytes and numbers as they are. Keys that are bytes are decoded.

    Raises
    ------
    FileFormatError
        It is damaged, cut short, no dictionary, or has something else in it: then nothing of it was run.

    Examples
    --------
    >>> import pickle
    >>> read_pickled(pickle.dumps({b"labels": [3, 4]}, protocol=2), "the file")
    {'labels': [3, 4]}
    """
    try:
        found = PickleMachine(memoryview(content), _NAMES).run()
    except UnknownInPickleError as error:
        raise FileFormatError(
            f"{what} is an unsafe pickle: it {error}, which array files do not need. Nothing in it was run. Replace "
            "it with the published file."
        ) from error
    except DAMAGED as error:
        raise FileFormatError(
            f"{what} is damaged, cut short or not a pickle. Replace it with the published file."
        ) from error
    if not isinstance(found, dict):
        raise FileFormatError(f"{what} should contain a dictionary, but contains a {type(found).__name__}. Replace it.")
    return {as_text(key): _filled(value, what) for key, value in found.items()}


def _array(shape: Any, kind: str, by_columns: Any, content: Any) -> npt.NDArray[Any]:
    """Make an array of numbers of its bytes."""
    if not _KINDS.fullmatch(kind) or len(shape) > _MOST_AXES or not all(isinstance(n, int) and n >= 0 for n in shape):
        raise UnknownInPickleError(f"has an array of type {kind!r} and shape {shape}")
    data = content.encode("latin1") if isinstance(content, str) else content
    values: npt.NDArray[Any] = np.frombuffer(data, np.dtype(kind)).reshape(shape, order="F" if by_columns else "C")
    return values


def _filled(value: Any, what: str) -> Any:
    if not isinstance(value, _Array):
        return value
    if value.values is None:
        raise FileFormatError(f"{what} has an array without values. Replace it with the published file.")
    return value.values
