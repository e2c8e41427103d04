"""A model made of what its file has of it, which may be anybody's: all of it is checked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from convoscope.engine.base import Array
from convoscope.errors import FileFormatError
from convoscope.layers.registered import custom_object_scope
from convoscope.models import architecture, extras, tensorfile
from convoscope.models.file_content import FORMAT, VERSION, WEIGHTS_FORMAT, slots_of, weights_of
from convoscope.models.network import Network
from convoscope.training.draws import Draws
from convoscope.types import Shape

_BESIDE = ("optimizer/", "rejection/")  # how arrays are called that are no weights


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
    description = description_in(metadata, path)
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


def description_in(metadata: Mapping[str, Any], path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return what a header says of the model, if it is that of a model and of a known version."""
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
    _check_shapes({name: weight.shape for name, weight in weights_of(model).items()}, found, path)
    for name in found:
        if not np.isfinite(tensors[name]).all():
            raise FileFormatError(f"{path} is damaged: tensor {name!r} has values that are not finite numbers.")
    for place, layer in enumerate(model.leaf_layers):
        layer.take_weights([tensors[f"layers/{place}/{spec.name}"] for spec in layer.specs])
    extras.take(model, description, tensors, path)
    if description["training"] is not None:
        set_training(model, description["training"], tensors, path)
    if "draws" in description:  # files did not say so once
        model.draws = Draws.of(description["draws"])
    return model


def set_training(
    model: Network, training: dict[str, Any], tensors: Mapping[str, Array], path: str | os.PathLike[str]
) -> None:
    """Compile a model as its file says, and give its optimizer the steps and slots that it had."""
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
    slots = slots_of(model)
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
