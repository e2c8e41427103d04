"""Weights without their model: `save_weights` and `load_weights`, in Keras' files and in safetensors files.

What is written follows from the file's name, what is read from what is in it.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from convoscope.checks import flag
from convoscope.errors import ConfigurationError, ConvoscopeWarning, FileFormatError, StorageError
from convoscope.models.unsupported import describe_unsupported
from convoscope.models.weights import hdf5, keras2, keras3, own
from convoscope.models.weights.assigning import Assignments
from convoscope.paths import open_regular, user_path
from convoscope.storage import write_atomically

if TYPE_CHECKING:
    from convoscope.models.weighted import Weighted

__all__ = ["load_weights", "save_weights"]


def save_weights(model: Weighted, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
    """Write the weights of a model, without its architecture and its optimizer, into one file.

    Parameters
    ----------
    model : Sequential or Model
        It must be built.
    filepath : path
        Its ending determines the format: ``.weights.h5`` (Keras 3's; needs h5py), ``.h5`` or ``.hdf5`` (Keras 2's,
        which Keras 3 reads as well; needs h5py), ``.safetensors``. Any other name, such as ``training/cp.ckpt``,
        becomes a safetensors file, with a warning. Missing folders are created.
    overwrite : bool
        False refuses to replace a file.

    Raises
    ------
    NotReadyError
        If the model has no weights yet.
    ConfigurationError
        If h5py is needed and not installed.
    StorageError
        If the file cannot be written; an existing file is then unchanged.

    Examples
    --------
    >>> import tempfile
    >>> from convoscope.layers import Dense
    >>> from convoscope.models import Sequential
    >>> first, second = (Sequential([Dense(3, input_shape=(4,))]) for _ in range(2))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first.save_weights(folder + "/first.safetensors")
    ...     second.load_weights(folder + "/first.safetensors")
    >>> all((a == b).all() for a, b in zip(first.get_weights(), second.get_weights()))
    True
    """
    path = user_path(filepath)
    model.build()
    if not flag(overwrite, "overwrite", "save_weights") and os.path.lexists(path):
        raise StorageError(f"{path} already exists, and overwrite=False forbids replacing it. Give another name.")
    name = path.name.lower()
    if name.endswith(".weights.h5"):
        content = keras3.written(model)
    elif name.endswith((".h5", ".hdf5")):
        content = keras2.written(model)
    else:
        if not name.endswith(".safetensors"):
            warnings.warn(
                f"{path} will be a safetensors file, which Keras cannot read. For a file that Keras can read too, use "
                f"the extension .weights.h5: {path}.weights.h5.",
                ConvoscopeWarning,
                stacklevel=3,
            )
        content = own.written(model)
    _make_folder(path)
    write_atomically(path, [content])


def load_weights(
    model: Weighted, filepath: str | os.PathLike[str], skip_mismatch: bool = False, by_name: bool = False
) -> None:
    """Set the weights of a model from a file: all of them or, on an error, none.

    Parameters
    ----------
    model : Sequential or Model
        It must be built, with the architecture of the saved one.
    filepath : path
        A file that `save_weights` wrote, here or in Keras; Keras' ``.keras``, and ``.h5`` files of Keras 2 with weights
        or a whole model; a model file of Convoscope.
    skip_mismatch : bool
        Whether weights that do not fit are left as they are, with a warning instead of an error.
    by_name : bool
        Whether layers get the weights of the saved layer with their name, and others stay as they are. For Keras 2's
        ``.h5`` files, as in Keras. Without it, layers are taken in their order.

    Raises
    ------
    NotReadyError
        If the model has no weights yet.
    MissingFileError, FileFormatError
        If there is no such file, or it is damaged, or of another kind.
    ShapeError
        If the weights do not fit the model; the message says where.
    """
    path = user_path(filepath)
    model.build()
    found = Assignments(str(path), flag(skip_mismatch, "skip_mismatch", "load_weights"))
    named = flag(by_name, "by_name", "load_weights")
    if not _is_tensors(path):
        with hdf5.opened(path) as file:
            if keras2.is_of_this_kind(file):
                keras2.find(file, model, found, by_name=named)
            else:
                _refuse_names(named, path)
                keras3.find(file, model, found)
    else:
        _refuse_names(named, path)
        own.find(path, model, found)
    found.carry_out(model)


def _is_tensors(path: Path) -> bool:
    """Return whether a file is to be read as safetensors: it is neither HDF5 nor an archive with such a file in it."""
    if path.is_dir():
        open_regular(path)  # says that it is a folder
    with open_regular(path) as file:
        start = file.read(8)
    if start == hdf5.SIGNATURE:
        return False
    if not start.startswith(b"PK\x03\x04"):
        return True
    if hdf5.archived(path):
        return False
    known = describe_unsupported(path)
    raise FileFormatError(
        f"{path} is {known or 'an archive of an unknown kind'}. load_weights reads the files that save_weights of "
        "Convoscope or Keras writes."
    )


def _refuse_names(by_name: bool, path: Path) -> None:
    if by_name:
        raise ConfigurationError(
            f"load_weights: by_name=True works only with .h5 files of Keras 2, as in Keras, but {path} is not one. "
            "Leave it out: layers are matched by their order."
        )


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"The folder {path.parent} cannot be created: {error.strerror or error}.") from None
