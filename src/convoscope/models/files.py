"""Models as files: one safetensors file has the architecture, the weights and the optimizer's state.

The header's description is JSON: ``format`` ("convoscope-model"), ``version``, ``model`` (architecture, class names,
preprocessing, seed, what was compiled), ``sha256`` of the arrays' bytes and, from a run, ``training_state``.
Version 1 is of plain stacks of layers, version 2 of all other models: see `convoscope.models.architecture`.
A model that was kept in half precision has arrays of 16 bits; read, they are 32.
Arrays are named ``layers/<place>/<weight>``, ``optimizer/<place among all weights>/<slot>`` and ``rejection/<name>``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from convoscope.checks import flag
from convoscope.errors import MissingFileError, StorageError
from convoscope.layers.registered import custom_object_scope
from convoscope.models import architecture, extras, tensorfile
from convoscope.models.endings import saved_for_its_reader
from convoscope.models.file_content import FORMAT, VERSION, WEIGHTS_FORMAT, content_of
from convoscope.models.file_reading import description_in, model_of
from convoscope.models.network import Network
from convoscope.models.subclassed import plain
from convoscope.paths import is_there, user_path

__all__ = [
    "FORMAT",
    "VERSION",
    "WEIGHTS_FORMAT",
    "content_of",
    "load_model",
    "model_of",
    "read_header",
    "save_model",
]


def save_model(
    model: Network,
    path: str | os.PathLike[str],
    include_optimizer: bool = True,
    *,
    overwrite: bool = True,
    training_state: Mapping[str, Any] | None = None,
    half: bool = False,
) -> None:
    """Write a model into one file, from which you can use it and continue its training.

    Parameters
    ----------
    model : Sequential or Model
        It must be built.
    path : path
        Usually ends in ``.safetensors``, which is the format. A name in ``.keras`` or ``.h5`` gets a file that Keras
        loads, if h5py is installed and Keras can express all of the model; a warning says when it is not that.
    include_optimizer : bool
        Whether training can continue from the file exactly as without the interruption; this takes up to twice the room
        of the weights.
    overwrite : bool
        False refuses to replace a file.
    training_state : dict, optional
        Plain JSON values for whoever resumes the training; `read_header` returns them.
    half : bool
        Whether to save the weights in half precision (float16), in half the room, without the optimizer. Each is then
        off by at most 1/2048 of itself, or by 3e-8 if it is below 6e-5; an array with a number beyond 65,504 stays as
        it is. Training continues from slightly different weights.

    Raises
    ------
    NotReadyError
        If the model has no weights yet.
    DataError
        If a weight is not a finite number.
    StorageError
        If the file cannot be written; an existing file is then unchanged.

    Warns
    -----
    ConvoscopeWarning
        If the file will be in another format than its name says.

    Examples
    --------
    >>> import tempfile
    >>> from convoscope.layers import Dense
    >>> from convoscope.models import Sequential
    >>> model = Sequential([Dense(3, input_shape=(4,))])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(model, folder + "/model.safetensors")
    ...     again = load_model(folder + "/model.safetensors")
    >>> all((a == b).all() for a, b in zip(model.weights, again.weights))
    True
    """
    path = user_path(path)
    model.build()
    model = plain(model)
    if not overwrite and os.path.lexists(path):
        raise StorageError(f"{path} already exists, and overwrite=False forbids replacing it. Give another name.")
    if training_state is None and saved_for_its_reader(model, path, include_optimizer=include_optimizer, half=half):
        return
    tensors, metadata = content_of(model, include_optimizer=include_optimizer, half=half)
    if training_state is not None:
        metadata["training_state"] = extras.plain(dict(training_state), "training_state")
    tensorfile.write_tensors(path, tensors, metadata)


def load_model(
    path: str | os.PathLike[str],
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """Read a model that `save_model` wrote: it predicts, and continues training, bit for bit as the saved one would.

    Files of other programs can be read too, if `convoscope.interchange.formats` has a reader for them.

    Parameters
    ----------
    path : path
        The model's file, or the folder of a run, which means the model kept in it.
    custom_objects : dict, optional
        Your own classes in the model, by their names: ``{"Block": Block}``. See also
        `convoscope.keras.utils.register_keras_serializable`.
    compile : bool
        False leaves out the settings of `compile`, and the optimizer's state.
    safe_mode : bool
        As in Keras; loading never runs code from a file here.

    Returns
    -------
    Sequential or Model
        As it was saved.

    Raises
    ------
    MissingFileError
        If there is no such file, or no model in the folder.
    FileFormatError
        If the file is damaged, of another kind, or from a newer Convoscope; the message says which.

    Examples
    --------
    >>> import tempfile
    >>> from convoscope import Sequential, layers
    >>> model = Sequential([layers.Dense(2, input_shape=(3,))], name="small")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(f"{folder}/model.safetensors")
    ...     again = load_model(f"{folder}/model.safetensors")
    >>> again.name, bool((again.get_weights()[0] == model.get_weights()[0]).all())
    ('small', True)
    """
    from convoscope.interchange.formats import OWN, format_of

    path = _file_at(user_path(path))
    flag(safe_mode, "safe_mode", "load_model")
    flag(compile, "compile", "load_model")
    found = format_of(path)
    if found is not OWN:
        with custom_object_scope(custom_objects):
            model = found.read(path)
        if not compile:
            model.optimizer = model.objective = None
        return model
    header, tensors = tensorfile.read_tensors(path)
    return model_of(header.metadata, tensors, path, custom_objects, compile)


def read_header(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read what a file says about its model, without its weights.

    Returns
    -------
    dict
        ``format``, ``version``, ``kind`` ("Sequential" or "Model"), ``model`` (``architecture``, ``class_names``,
        ``preprocessing``, ``seed``, ``training``; of version 2 also ``graph``), ``training_state`` (or None) and
        ``tensors``, the shape of each.

    Examples
    --------
    >>> import tempfile
    >>> from convoscope import Sequential, layers
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Sequential([layers.Dense(2, input_shape=(3,), name="last")]).save(f"{folder}/model.safetensors")
    ...     header = read_header(f"{folder}/model.safetensors")
    >>> header["kind"], header["tensors"]
    ('Sequential', {'layers/0/bias': (2,), 'layers/0/kernel': (3, 2)})
    """
    path = user_path(path)
    header = tensorfile.read_header(path)
    description = description_in(header.metadata, path)
    return {
        "format": FORMAT,
        "version": header.metadata["version"],
        "kind": architecture.kind_of(description, header.metadata["version"]),
        "model": description,
        "training_state": header.metadata.get("training_state"),
        "tensors": dict(header.shapes),
    }


def _file_at(path: Path) -> Path:
    """Return the model's file that a path stands for: of a run's folder, the one in it."""
    file = path / "model.safetensors"
    if not os.path.isdir(path):
        return path
    if is_there(file):
        return file
    if is_there(path / "config.json"):
        raise MissingFileError(
            f"The run in {path} has no model yet, because it was stopped during its first epoch. Resume it: "
            f"convoscope train --resume {path}"
        )
    raise MissingFileError(f"{path} is a folder without a model. Give a run's folder or a file: {file}.")
