"""A model out of Keras' file, of any of its editions."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from convoscope.errors import ConvoscopeWarning, FileFormatError
from convoscope.interchange.keras import beside, container, labels, training
from convoscope.interchange.keras.container import Contents
from convoscope.layers.registered import get_registered_object
from convoscope.layers.serialization import KINDS, MODELS
from convoscope.layers.unfilled import building_unfilled
from convoscope.models.architecture import DEEPEST, UNMAKEABLE
from convoscope.models.keras_config import is_operator, model_from
from convoscope.models.network import Network
from convoscope.models.old_configs import renewed
from convoscope.models.weights import keras2, keras3
from convoscope.models.weights.assigning import Assignments
from convoscope.paths import user_path

_SMALL = 1 << 26  # bytes of weights that any file may have
_MOST_PACKED = 100  # how many bytes of weights come out of one byte of the file, at most


def read(path: Path) -> Any:
    """Read a model that Keras, or `write`, saved: layers, weights, what was compiled and the optimizer's state.

    Parameters
    ----------
    path : path
        A ``.keras`` or ``.h5`` file. Names of classes are taken from Teachable Machine's ``labels.txt`` beside it.

    Returns
    -------
    Sequential or Model

    Raises
    ------
    FileFormatError
        If it is damaged, or has layers that there are none of here; all of these are named at once.
    ConfigurationError
        If h5py is not installed.
    """
    path = user_path(path)
    with container.opened(path) as contents:
        description = renewed(contents.architecture)
        _check_kinds(description, path)
        _take_whole_samples(description, path)
        model = _made(description, path)
        _check_size(model, path)
        _fill(model, contents, path)
        beside.take(model, contents.ours, path)
        training.restore(model, contents, path)
    if model.class_names is None:
        model.class_names = labels.beside(path, model.output_shape)
    return model


def _made(description: dict[str, Any], path: Path) -> Network:
    """Make the model, with weights that take no memory yet."""
    try:
        with building_unfilled():
            model: Network = model_from(description)
            model.build()
    except UNMAKEABLE as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise FileFormatError(f"{path} describes a model that cannot be built: {reason}") from error
    return model


def _check_size(model: Network, path: Path) -> None:
    """Say so if the weights that are described cannot stand in a file of that size."""
    needed, size = 4 * sum(weight.size for weight in model.own_weights), container.size_of(path)
    if needed > max(_SMALL, _MOST_PACKED * size):
        raise FileFormatError(
            f"{path} describes a model with {needed:,} bytes of weights, more than a file of {size:,} bytes can "
            "contain."
        )


def _fill(model: Network, contents: Contents, path: Path) -> None:
    found = Assignments(str(path), skip_mismatch=False)
    if keras2.is_of_this_kind(contents.file):
        keras2.find(contents.file, model, found, by_name=False)
    else:
        keras3.find(contents.file, model, found)
    found.fill(model)


def _take_whole_samples(description: Any, path: Path) -> None:
    """Take dropouts that drop whole samples (noise_shape) for ordinary ones, and say so: they predict the same."""
    found = []
    for name, config in _layers(description):
        if name == "Dropout" and isinstance(config, dict) and config.get("noise_shape") is not None:
            del config["noise_shape"]
            found.append(str(config.get("name")))
    if found:
        warnings.warn(
            f"{path}: in training, {_several(found)} dropped whole samples in Keras (noise_shape), and drop single "
            "values here.",
            ConvoscopeWarning,
            stacklevel=4,
        )


# ---- which layers there are none of here


def _check_kinds(description: Any, path: Path) -> None:
    """Name all layers at once that cannot be made here."""
    unknown: dict[str, list[str]] = {}
    for name, config in _kinds(description):
        unknown.setdefault(name, []).append(str(config.get("name", "")) if isinstance(config, dict) else "")
    if not unknown:
        return
    listed = "; ".join(f"{kind} ({_several(names)})" for kind, names in unknown.items())
    hints = []
    if "Lambda" in unknown:
        hints.append(
            "A Lambda contains Python code, which is never run from a file: save the model with another layer "
            "instead, such as Rescaling"
        )
    if len(unknown) > ("Lambda" in unknown):
        hints.append(
            "Register a custom class that consists of layers: convoscope.keras.utils.register_keras_serializable, or "
            "load_model(path, custom_objects={...})"
        )
    raise FileFormatError(f"{path} has layers that Convoscope does not support: {listed}. {'. '.join(hints)}.")


def _several(names: list[str]) -> str:
    shown = [repr(name[:60]) for name in names[:6]]
    return ", ".join(shown) + (f" and {len(names) - 6} more" if len(names) > 6 else "")


def _kinds(description: Any) -> Iterator[tuple[str, Any]]:
    """Yield the class and settings of each layer that is not known, at any depth."""
    for name, config in _layers(description):
        known = name in KINDS or name in MODELS or name == "Functional" or get_registered_object(name) is not None
        if name == "Lambda" or not known:
            yield name.rpartition(">")[2], config


def _layers(description: Any) -> Iterator[tuple[str, Any]]:
    """Yield the class and settings of each layer and model, at any depth."""
    waiting = [(description, 0)]
    while waiting:
        each, depth = waiting.pop()
        if not isinstance(each, dict) or depth > DEEPEST or is_operator(each):
            continue
        name, config = each.get("class_name"), each.get("config")
        if not isinstance(name, str):
            continue
        yield (name if name in KINDS else str(each.get("registered_name") or name)), config
        if isinstance(config, dict) and isinstance(config.get("layers"), list):
            waiting += [(inner, depth + 1) for inner in reversed(config["layers"])]
