"""Weights in a safetensors file: named as in the files of whole models, which are read as well."""

from __future__ import annotations

import os
from typing import Any

from safetensors.numpy import save

from convoscope.errors import FileFormatError
from convoscope.layers import moments
from convoscope.models import files, tensorfile
from convoscope.models.files import FORMAT, WEIGHTS_FORMAT
from convoscope.models.weights.assigning import Assignments
from convoscope.names import json_text

VERSION = 1


def written(model: Any) -> bytes:
    """Return the file of a model's weights."""
    with moments.reading():
        layers = model.leaf_layers
        tensors = {
            f"layers/{place}/{spec.name}": weight.copy()
            for place, layer in enumerate(layers)
            for spec, weight in zip(layer.specs, layer.own_weights, strict=True)
        }
    description = {
        "format": WEIGHTS_FORMAT,
        "version": VERSION,
        "layers": [layer.name for layer in layers],
        "sha256": tensorfile.fingerprint(tensors),
    }
    return save(tensors, {tensorfile.KEY: json_text(description)})


def find(path: str | os.PathLike[str], model: Any, found: Assignments) -> None:
    """Note what becomes of each weight of the model."""
    header, tensors = tensorfile.read_tensors(path)
    kind, version = header.metadata.get("format"), header.metadata.get("version")
    if kind not in (WEIGHTS_FORMAT, FORMAT):
        raise FileFormatError(
            f"{path} is a safetensors file, but not from Convoscope, according to its header. You can set its arrays "
            "as weights with model.set_weights."
        )
    newest = VERSION if kind == WEIGHTS_FORMAT else files.VERSION
    if type(version) is not int or not 1 <= version <= newest:
        raise FileFormatError(
            f"{path} has version {version!r:.40} of its format; this version of Convoscope reads only up to {newest}."
        )
    fingerprint = tensorfile.fingerprint(tensors)
    if header.metadata.get("sha256", fingerprint) != fingerprint:
        raise FileFormatError(
            f"{path} is damaged: its weights differ from those that were saved. Download or save it again."
        )
    saved: dict[str, list[str]] = {}
    for name in header.shapes:
        if name.startswith("layers/"):
            saved.setdefault(name.split("/")[1], []).append(name)
    layers = [layer for layer in model.leaf_layers if layer.specs]
    if len(saved) != len(layers):
        found.mismatch(f"model {model.name!r} has {len(layers)} layers with weights, but the file has {len(saved)}.")
        return
    for place, layer in zip(sorted(saved, key=_number), layers, strict=True):
        names = [f"layers/{place}/{spec.name}" for spec in layer.specs]
        shapes = [header.shapes.get(name) for name in names]
        strange = sorted(set(saved[place]) - set(names))
        if strange:
            found.mismatch(f"{layer.describe()} has no weight {strange[0].rpartition('/')[2]!r}, but the file has one.")
        elif found.fits(layer, shapes):
            found.add_all(layer.own_weights, [tensors[name] for name in names])


def _number(place: str) -> int:
    return int(place) if place.isdecimal() and len(place) < 10 else -1
