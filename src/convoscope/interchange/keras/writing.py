"""A model as a file that Keras reads."""

from __future__ import annotations

import io
import json
import os
import warnings
import zipfile
from pathlib import Path
from typing import Any

from convoscope.checks import flag
from convoscope.errors import ConfigurationError, ConvoscopeWarning, StorageError
from convoscope.interchange.keras import beside, container, limits, optimizer_state, training
from convoscope.layers import moments
from convoscope.models.keras_config import described
from convoscope.models.network import Network
from convoscope.models.subclassed import plain
from convoscope.models.weights import hdf5, keras2, keras3
from convoscope.paths import user_path
from convoscope.storage import write_atomically

#: Whose form of files this is.
KERAS_VERSION = "3.15.1"
_LEGACY = (".h5", ".hdf5")


def write(model: Any, path: str | os.PathLike[str], *, include_optimizer: bool = True, overwrite: bool = True) -> None:
    """Write a model so that Keras loads it, predicts the same and trains on: ``keras.models.load_model(path)``.

    Class names, preprocessing, rejection and origin lie beside, where Keras leaves them alone: a model that comes back
    has them. Keras does not keep them when it saves the model again.

    Parameters
    ----------
    model : Sequential or Model
        It must be built.
    path : path
        In ``.keras``, or in ``.h5`` for the one HDF5 file of Keras 2, which Keras 3 still reads.
    include_optimizer : bool
        Whether what was compiled, and the optimizer's state, are written. Of an ``.h5`` file Keras takes the settings,
        and begins with a new state.
    overwrite : bool
        False refuses to replace a file.

    Raises
    ------
    ConfigurationError
        If Keras cannot express the model; the message says which layers. Or if h5py is not installed.
    StorageError
        If the file cannot be written; what stood there before still does.

    Warns
    -----
    ConvoscopeWarning
        If something is written as something else, or what was compiled is left out.
    """
    path = user_path(path)
    _check_name(path)
    model.build()
    model = plain(model)
    if not flag(overwrite, "overwrite", "write") and os.path.lexists(path):
        raise StorageError(f"{path} already exists, and overwrite=False forbids replacing it. Give another name.")
    limits.check(model)
    for words in limits.replaced(model):
        warnings.warn(f"{path}: {words}.", ConvoscopeWarning, stacklevel=3)
    with_training = flag(include_optimizer, "include_optimizer", "write") and model.compiled
    _put(model, path, _compiled(model, path) if with_training else None)


def save(model: Network, path: Path, *, include_optimizer: bool = True) -> None:
    """Write a model as `write` does, but only if nothing has to be left out or replaced.

    Raises
    ------
    ConfigurationError
        If Keras cannot express all of the model; the message says what. Or if h5py is not installed.
    """
    _check_name(path)
    limits.check(model)
    problems = limits.replaced(model)
    compiled = None
    if include_optimizer and model.compiled:
        try:
            compiled = training.described(model)
        except training.InexpressibleError as error:
            problems.append(f"the model was compiled with {error}")
    if problems:
        raise ConfigurationError("; ".join(problems) + ".")
    _put(model, path, compiled)


def _check_name(path: Path) -> None:
    if path.name.lower().endswith(".weights.h5"):
        raise ConfigurationError(
            f"Keras treats {path.name} as a weights file. model.save_weights({path.name!r}) writes these; for a whole "
            "model, use the extension .keras."
        )


def _put(model: Network, path: Path, compiled: dict[str, Any] | None) -> None:
    with moments.reading():
        make = _legacy if path.name.lower().endswith(_LEGACY) else _archive
        content = make(model, compiled)
    write_atomically(path, [content])


def _compiled(model: Network, path: Path) -> dict[str, Any] | None:
    try:
        return training.described(model)
    except training.InexpressibleError as error:
        warnings.warn(
            f"{path}: the settings of compile are left out, because they include {error}. Compile the model "
            "there before you train it.",
            ConvoscopeWarning,
            stacklevel=4,
        )
        return None


def _archive(model: Network, compiled: dict[str, Any] | None) -> bytes:
    """Return a ``.keras`` file."""
    description = {"build_config": {"input_shape": None}, **described(model), "registered_name": None}
    if compiled is not None:
        description["compile_config"] = compiled
    entries = {
        container.METADATA: json.dumps({"keras_version": KERAS_VERSION, "date_saved": "1980-01-01@00:00:00"}),
        container.CONFIG: json.dumps(description),
        container.OURS_ENTRY: json.dumps(beside.described(model)),
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in entries.items():
            archive.writestr(_entry(name), text)
        archive.writestr(_entry(hdf5.MEMBER), _weights(model, with_optimizer=compiled is not None))
    return content.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    """Return an entry without a date: the same model gives the same file."""
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.external_attr = 0o600 << 16
    return entry


def _weights(model: Network, *, with_optimizer: bool) -> bytes:
    content = io.BytesIO()
    with hdf5.written(content) as file:
        keras3.write(file, model)
        if with_optimizer:
            assert model.optimizer is not None
            variables = file.create_group("optimizer/vars")
            variables.attrs["name"] = model.optimizer.name
            for number, (_, value) in enumerate(optimizer_state.arrays(model)):
                variables.create_dataset(str(number), data=value)
    return content.getvalue()


def _legacy(model: Network, compiled: dict[str, Any] | None) -> bytes:
    """Return one HDF5 file with everything."""
    content = io.BytesIO()
    description = described(model)
    with hdf5.written(content) as file:
        file.attrs["keras_version"] = KERAS_VERSION
        file.attrs["backend"] = "tensorflow"  # whose layout the arrays have
        kept = {"class_name": description["class_name"], "config": description["config"]}
        file.attrs["model_config"] = json.dumps(kept)
        file.attrs[container.OURS_ATTRIBUTE] = json.dumps(beside.described(model))
        keras2.write(file.create_group("model_weights"), model)
        if compiled is not None:
            told = {name: value for name, value in compiled.items() if name != "optimizer"}
            file.attrs["training_config"] = json.dumps({**told, "optimizer_config": compiled["optimizer"]})
            group = file.create_group(optimizer_state.OURS)
            arrays = optimizer_state.arrays(model)
            hdf5.write_names(group, "weight_names", [name for name, _ in arrays])
            for name, value in arrays:
                group.create_dataset(name, data=value)
    return content.getvalue()
