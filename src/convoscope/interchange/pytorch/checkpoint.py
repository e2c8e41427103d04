"""read_checkpoint: the tensors of a file that ``torch.save`` wrote, by their names."""

from __future__ import annotations

import os
import zipfile
from typing import Any, BinaryIO

from convoscope.errors import ConvoscopeError, FileFormatError
from convoscope.interchange.pytorch import archive, legacy
from convoscope.interchange.pytorch.tensors import Array, Tensor
from convoscope.paths import open_regular, user_path
from convoscope.pickles import DAMAGED, UnknownInPickleError, as_text

_MOST_INSTRUCTIONS = 1_000_000  # a checkpoint of 1,000 tensors with its optimizer's state has 100,000
_LARGEST_FILE = 1 << 32
#: Under which of its keys a training program keeps the weights.
_WITHIN = ("state_dict", "model_state_dict", "model", "net")
_DEPTH = 3
_PARALLEL = "module."  # what DataParallel puts before every name
_SAVE = "Save the weights alone in PyTorch: torch.save(model.state_dict(), path)."


def read_checkpoint(path: str | os.PathLike[str]) -> dict[str, Array]:
    """Read the tensors of a file that ``torch.save`` wrote, without PyTorch and without running any code of the file.

    Parameters
    ----------
    path : path
        A ``.pth`` or ``.pt`` file in PyTorch's older or newer format, with a ``state_dict``, alone or within a
        dictionary under ``state_dict``, ``model_state_dict``, ``model`` or ``net``.

    Returns
    -------
    dict of str to array
        In the file's order and layout (PyTorch's: channels first), read-only. bfloat16 becomes float32. What is no
        tensor is left out, and so is the ``module.`` before every name that DataParallel writes.

    Raises
    ------
    MissingFileError
        There is no such file.
    FileFormatError
        It is damaged, cut short, no such file, or has more in it than tensors: the message names what it would run.

    Examples
    --------
    >>> read_checkpoint("weights.pth")["fc.weight"].shape  # doctest: +SKIP
    (1000, 512)
    """
    shown = str(user_path(path))
    try:
        with open_regular(shown) as file:
            return _tensors(_read(file, shown), shown)
    except ConvoscopeError:
        raise
    except UnknownInPickleError as error:
        what = f"would run {error.name}" if error.name else str(error)
        raise FileFormatError(
            f"{shown} was not read: it {what}, but for safety only tensors are read from PyTorch's files. Nothing in "
            f"it was run. {_SAVE}"
        ) from error
    except (*DAMAGED, zipfile.BadZipFile, RuntimeError, EOFError, OSError) as error:
        raise FileFormatError(
            f"{shown} is damaged, cut short or not a file of torch.save. Download or save it again."
        ) from error


def is_checkpoint(path: str | os.PathLike[str]) -> bool:
    """Return whether a file begins as PyTorch's do, and is no archive of Keras.

    Raises
    ------
    MissingFileError
        There is no such file.
    """
    found = user_path(path)
    with open_regular(found) as file:
        start = file.read(len(legacy.MAGIC))
    return start == legacy.MAGIC or (start.startswith(archive.MAGIC) and found.suffix.lower() != ".keras")


def _read(file: BinaryIO, path: str) -> Any:
    size = os.fstat(file.fileno()).st_size
    if size > _LARGEST_FILE:
        raise FileFormatError(f"{path} has {size:,} bytes; PyTorch's files may have at most {_LARGEST_FILE:,}.")
    start = file.read(len(legacy.MAGIC))
    file.seek(0)
    if start.startswith(archive.MAGIC):
        return archive.read(file, size, path, _MOST_INSTRUCTIONS)
    if start == legacy.MAGIC:
        return legacy.read(file.read(), path, _MOST_INSTRUCTIONS)
    raise FileFormatError(
        f"{path} was not written by torch.save: it begins with {start[:4]!r}, unlike PyTorch's older "
        "files, and unlike its newer ones, which are zip archives."
    )


def _tensors(found: Any, path: str) -> dict[str, Array]:
    state = _state(found, _DEPTH)
    if state is None:
        has = f"it has {', '.join(ascii(key)[:40] for key in list(found)[:8])}" if isinstance(found, dict) else ""
        raise FileFormatError(
            f"{path} has no tensors in the expected places: at the top level or under "
            f"{', '.join(_WITHIN)}{f' ({has})' if has else ''}. {_SAVE}"
        )
    arrays = {as_text(name): value.array() for name, value in state.items() if isinstance(value, Tensor)}
    if all(name.startswith(_PARALLEL) for name in arrays):
        return {name.removeprefix(_PARALLEL): array for name, array in arrays.items()}
    return arrays


def _state(found: Any, depth: int) -> dict[Any, Any] | None:
    """Return the dictionary that has tensors in it: this one, or one within."""
    if not isinstance(found, dict) or not depth:
        return None
    if any(isinstance(value, Tensor) for value in found.values()):
        return found
    keys = (key for name in _WITHIN for key in (name, name.encode()))  # Python 2 wrote bytes
    within = (_state(found[key], depth - 1) for key in keys if key in found)
    return next((state for state in within if state is not None), None)
