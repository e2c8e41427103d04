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

import numpy as np

from convoscope.checks import flag
from convoscope.engine.base import Array
from convoscope.errors import (
    DataError,
    FileFormatError,
    MissingFileError,
    StorageError,
)
from convoscope.layers import moments
from convoscope.layers.registered import custom_object_scope
from convoscope.models import architecture, extras, tensorfile
from convoscope.models.endings import warn_of_ending
from convoscope.models.network import Network
from convoscope.models.subclassed import plain
from convoscope.models.tensorfile import AnyFloats
from convoscope.paths import is_there, user_path
from convoscope.training.draws import Draws
from convoscope.types import Shape

FORMAT = "convoscope-model"
VERSION = 2
WEIGHTS_FORMAT = "convoscope-weights"
_BESIDE = ("optimizer/", "rejection/")  # how arrays are called that are no weights
_LARGEST_HALF = float(np.finfo(np.float16).max)


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
        Usually ends in ``.safetensors``, which is the format.
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
    warn_of_ending(path)
    if not overwrite and os.path.lexists(path):
        raise StorageError(f"{path} already exists, and overwrite=False forbids replacing it. Give another name.")
    tensors, metadata = content_of(model, include_optimizer=include_optimizer, half=half)
    if training_state is not None:
        metadata["training_state"] = extras.plain(dict(training_state), "training_state")
    tensorfile.write_tensors(path, tensors, metadata)


def content_of(
    model: Network, *, include_optimizer: bool = False, half: bool = False
) -> tuple[dict[str, AnyFloats], dict[str, Any]]:
    """Return all that a file has of a built model: copies of its arrays, by their names, and the description.

    Raises
    ------
    DataError
        If a weight is not a finite number.
    """
    taken, description = _taken(model, include_optimizer and not half)
    tensors: dict[str, AnyFloats] = {}
    for name, array in taken.items():
        is_weight = name.startswith("layers/")
        if is_weight and not np.isfinite(array).all():
            raise DataError(
                f"{model.leaf_layers[_layer_of(name)].describe()} has weights that are not finite numbers, so its "
                "predictions are meaningless and it is not saved. Train it again with a lower learning rate."
            )
        tensors[name] = _halved(array) if half and is_weight else array
    metadata = {
        "format": FORMAT,
        "version": 1 if model.is_plain else 2,
        "model": description,
        "sha256": tensorfile.fingerprint(tensors),
    }
    return tensors, metadata


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


def model_of(
    metadata: Mapping[str, Any],
    tensors: Mapping[str, Array],
    path: str | os.PathLike[str],
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
) -> Any:
    """Make the model that a file has, of what `content_of` returned for it; the arrays become the model's own.

    Raises
    ------
    FileFormatError
        If they are not those of a model; the message calls the file by its `path`.
    """
    description = _description(metadata, path)
    if not compile:
        description = {**description, "training": None}
    try:
        with custom_object_scope(custom_objects):
            model = _make(description, metadata["version"], tensors, path)
    except FileFormatError:
        raise
    except architecture.UNMAKEABLE as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise FileFormatError(f"{path} describes a model that cannot be built: {reason}") from error
    fingerprint = tensorfile.fingerprint(tensors)
    if metadata.get("sha256", fingerprint) != fingerprint:
        raise FileFormatError(
            f"{path} is damaged: its weights differ from those that were saved. Download or save it again."
        )
    return model


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
    description = _description(header.metadata, path)
    return {
        "format": FORMAT,
        "version": header.metadata["version"],
        "kind": architecture.kind_of(description, header.metadata["version"]),
        "model": description,
        "training_state": header.metadata.get("training_state"),
        "tensors": dict(header.shapes),
    }


# ---- what is written


def _describe(model: Network, include_optimizer: bool) -> dict[str, Any]:
    return {
        **architecture.described(model),
        **extras.described(model),
        "seed": model.seed,
        **({} if model.draws == Draws() else {"draws": model.draws.described()}),
        "training": _training(model) if include_optimizer and model.compiled else None,
    }


def _training(model: Network) -> dict[str, Any]:
    from convoscope.training import losses, metrics, optimizers

    assert model.optimizer is not None
    assert model.objective is not None
    goals = model.objective.goals

    def of_outputs(values: list[Any]) -> Any:
        """Return what each output has: of one output not in a list."""
        return values[0] if len(values) == 1 else values

    described = {
        "optimizer": optimizers.serialize(model.optimizer),
        "loss": of_outputs([None if goal.loss is None else losses.serialize(goal.loss) for goal in goals]),
        "metrics": of_outputs([list(map(metrics.serialize, goal.metrics)) for goal in goals]),
        "iterations": model.optimizer.iterations,
    }
    if any(goal.weight != 1.0 for goal in goals):
        described["loss_weights"] = [goal.weight for goal in goals]
    if any(goal.weighted_metrics for goal in goals):
        described["weighted_metrics"] = of_outputs([list(map(metrics.serialize, g.weighted_metrics)) for g in goals])
    return described


def _taken(model: Network, with_optimizer: bool) -> tuple[dict[str, AnyFloats], dict[str, Any]]:
    """Return copies of the weights and slots, and the description, of one moment: another thread may be training."""
    with moments.reading():
        tensors: dict[str, Array] = _weights(model) | extras.arrays(model) | (_slots(model) if with_optimizer else {})
        return {name: array.copy() for name, array in tensors.items()}, _describe(model, with_optimizer)


def _weights(model: Network) -> dict[str, Array]:
    return {
        f"layers/{place}/{spec.name}": weight
        for place, layer in enumerate(model.leaf_layers)
        for spec, weight in zip(layer.specs, layer.own_weights, strict=True)
    }


def _halved(array: Array) -> AnyFloats:
    return array if np.abs(array).max(initial=0) > _LARGEST_HALF else array.astype(np.float16)


def _slots(model: Network) -> dict[str, Array]:
    """Return the optimizer's arrays by their names in the file: views of them, so that they can be written too."""
    if model.optimizer is None or not model.optimizer.iterations:
        return {}
    trainable = model.own_trainable_weights
    places = [place for place, weight in enumerate(model.own_weights) if any(weight is each for each in trainable)]
    slots = model.optimizer.slots_for(trainable)
    names = model.optimizer.rule().slots
    return {
        f"optimizer/{place}/{name}": array
        for place, arrays in zip(places, slots, strict=True)
        for name, array in zip(names, arrays, strict=True)
    }


def _layer_of(name: str) -> int:
    return int(name.split("/")[1])


# ---- what is read


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


def _description(metadata: Mapping[str, Any], path: str | os.PathLike[str]) -> dict[str, Any]:
    if metadata.get("format") == WEIGHTS_FORMAT:
        raise FileFormatError(
            f"{path} contains only weights, not a model. Create the same model and call its load_weights."
        )
    if metadata.get("format") != FORMAT:
        raise FileFormatError(
            f"{path} is a safetensors file, but its header does not describe a Convoscope model. It may come from "
            "another program; only files from model.save() can be loaded."
        )
    version = metadata.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise FileFormatError(f"{path} has the unknown version {version!r}.")
    if version > VERSION:
        raise FileFormatError(
            f"{path} was written by a newer Convoscope: its format has version {version}, but this version of "
            f"Convoscope reads only up to {VERSION}. Upgrade Convoscope."
        )
    description: Any = metadata.get("model")
    if not isinstance(description, dict):
        raise FileFormatError(f"{path} has no model description in its header.")
    return description


def _make(
    description: dict[str, Any], version: int, tensors: Mapping[str, Array], path: str | os.PathLike[str]
) -> Network:
    # Weights take no memory yet: a description that was tampered with could ask for more of it than there is.
    model = architecture.made(description, version)
    found = {name: array.shape for name, array in tensors.items() if not name.startswith(_BESIDE)}
    _check_shapes({name: weight.shape for name, weight in _weights(model).items()}, found, path)
    for name in found:
        if not np.isfinite(tensors[name]).all():
            raise FileFormatError(f"{path} is damaged: tensor {name!r} has values that are not finite numbers.")
    for place, layer in enumerate(model.leaf_layers):
        layer.take_weights([tensors[f"layers/{place}/{spec.name}"] for spec in layer.specs])
    extras.take(model, description, tensors, path)
    if description["training"] is not None:
        _set_training(model, description["training"], tensors, path)
    if "draws" in description:  # files did not say so once
        model.draws = Draws.of(description["draws"])
    return model


def _set_training(
    model: Network, training: dict[str, Any], tensors: Mapping[str, Array], path: str | os.PathLike[str]
) -> None:
    from convoscope.training import optimizers

    model.compile(
        optimizer=optimizers.deserialize(training["optimizer"]),
        loss=training["loss"],
        loss_weights=training.get("loss_weights"),
        metrics=training["metrics"],
        weighted_metrics=training.get("weighted_metrics"),
    )
    assert model.optimizer is not None
    model.optimizer.iterations = training["iterations"]
    slots = _slots(model)
    found = {name: array.shape for name, array in tensors.items() if name.startswith("optimizer/")}
    _check_shapes({name: slot.shape for name, slot in slots.items()}, found, path)
    for name, slot in slots.items():
        slot[...] = tensors[name]


def _check_shapes(needed: Mapping[str, Shape], found: Mapping[str, Shape], path: str | os.PathLike[str]) -> None:
    missing, strange = sorted(set(needed) - set(found)), sorted(set(found) - set(needed))
    if missing:
        raise FileFormatError(f"{path} is damaged: these tensors are missing: {', '.join(missing)}.")
    if strange:
        raise FileFormatError(f"{path} has tensors that its model does not use: {', '.join(strange)}.")
    for name, shape in needed.items():
        if found[name] != shape:
            raise FileFormatError(
                f"{path} is damaged: tensor {name!r} has shape {found[name]}, but its layer needs {shape}."
            )
