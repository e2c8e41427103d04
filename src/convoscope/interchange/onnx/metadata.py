"""What Convoscope writes into an ONNX file besides the network, so that its own models come back as they were.

All of it stands in the file's ``metadata_props``, as text. LiteRT files have the same in their ``metadata``:

``convoscope``
    JSON: ``format``, ``version``, ``model`` and ``sha256`` as in a file of `convoscope.models.files`, and ``tensors``:
    where each array of the model is. ``{"initializer": name, "parts": [...], "order": [...], "shape": [...]}`` is the
    file's initializer of that name, reshaped to ``parts``, its axes put in that ``order``, and reshaped to ``shape``.
    Where a normalization's factors were multiplied into it, ``folded`` says first how they are taken out again, see
    `Folded`.
    ``{"base64": text, "shape": [...]}`` is the array itself, as float32, little-endian: of what the network does not
    need as it is, such as a variance that has become a factor. ``nodes`` is a checksum of the nodes: their operators,
    and the names of what they read and make.
``class_names``
    JSON: a list, in the order of the probabilities.
``preprocessing``
    JSON: how photos are brought to size before they go in. See `convoscope.Preprocessing`.
``none_of_these_threshold``
    A number: an image is of none of the classes if the output ``none_of_these_score`` is above it.
``origin``
    JSON: when and on what the model was trained.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import FileFormatError
from convoscope.names import json_text

if TYPE_CHECKING:
    from convoscope.models.network import Network
    from convoscope.types import Shape

Array = npt.NDArray[np.float32]
#: The property with the whole description.
KEY = "convoscope"


@dataclass(frozen=True)
class Folded:
    """An initializer that is an array of a model times factors, rounded; and how the array itself comes back.

    The initializer is divided by the factors in double precision, and rounded to single. What comes out is the array,
    or a few floats beside it: how many, one number for each value, is kept in the file, compressed. So a file is little
    larger, and a model comes back to the last bit.

    Attributes
    ----------
    array : array of float32
        The initializer.
    factor : array of float64
        In a shape that it can be divided by.
    """

    array: Array
    factor: npt.NDArray[np.float64]

    def kept(self, original: Array) -> dict[str, Any] | None:
        """Return what is written, or None if some value is too far from the quotient. `original` lies as `array`."""
        steps = _ordinals(original) - _ordinals(_divided(self.array, self.factor))
        if np.abs(steps).max(initial=0) > 127:
            return None
        return {
            "factor": _text(self.factor.astype("<f8").tobytes()),
            "shape": list(self.factor.shape),
            "steps": _text(_packed(steps.astype(np.int8).tobytes())),
        }


def _packed(steps: bytes) -> bytes:
    """Compress numbers that are mostly -1, 0 and 1, and in which nothing repeats: a bit or two for each."""
    packing = zlib.compressobj(strategy=zlib.Z_HUFFMAN_ONLY)
    return packing.compress(steps) + packing.flush()


def _unfolded(told: Any, array: Array) -> Array:
    """Return what `Folded.kept` was told of.

    Raises
    ------
    ValueError
        If it does not fit to the initializer.
    """
    factor = np.frombuffer(_bytes(told["factor"]), "<f8").reshape(_sizes(told["shape"]))
    unpacking = zlib.decompressobj()
    try:
        content = unpacking.decompress(_bytes(told["steps"]), array.size + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if len(content) != array.size or factor.ndim != array.ndim:
        raise ValueError("its factors do not fit")
    steps = np.frombuffer(content, np.int8).reshape(array.shape)
    quotient = _divided(array, factor)
    if quotient.shape != array.shape:
        raise ValueError("its factors do not fit")
    return _from_ordinals(_ordinals(quotient) + steps)


def _divided(array: Array, factor: npt.NDArray[np.float64]) -> Array:
    with np.errstate(all="ignore"):  # factors may be 0
        return np.asarray(array / factor, np.float32)


def _ordinals(array: Array) -> npt.NDArray[np.int64]:
    """Return whole numbers that count floats in their order: neighbours differ by 1, and -0 comes before 0."""
    bits = np.ascontiguousarray(array, np.float32).view(np.int32).astype(np.int64)
    return np.where(bits < 0, -(2**31) - 1 - bits, bits)


def _from_ordinals(ordinals: npt.NDArray[np.int64]) -> Array:
    bits = np.where(ordinals < 0, -(2**31) - 1 - ordinals, ordinals)
    return np.clip(bits, -(2**31), 2**31 - 1).astype(np.int32).view(np.float32)


@dataclass(frozen=True)
class Stored:
    """Where an array of a model is in a file, and how it comes back: reshape, transpose, reshape.

    Attributes
    ----------
    initializer : str
    parts : tuple of int
        The shape that the initializer is brought to first.
    order : tuple of int
        The axes of that in their new order.
    folded : Folded, optional
        The factors in it.
    """

    initializer: str
    parts: Shape
    order: tuple[int, ...]
    folded: Folded | None = None


#: A node's operator, and the names of what it reads and makes.
Wiring = tuple[str, Sequence[str], Sequence[str]]


def checksum(nodes: Iterable[Wiring]) -> str:
    """Return what tells the nodes of a file from any others."""
    return sha256(json_text([[op, list(reads), list(makes)] for op, reads, makes in nodes]).encode()).hexdigest()


def properties(model: Network, stored: Mapping[str, Stored], nodes: Iterable[Wiring]) -> dict[str, str]:
    """Return what the file says of a built model; `stored` are the arrays that are initializers, by their names.

    Raises
    ------
    DataError
        If a weight is not a finite number.
    """
    from convoscope.models.files import content_of

    tensors, content = content_of(model)
    places = {name: _place(array, stored.get(name)) for name, array in tensors.items()}
    return {KEY: json_text({**content, "tensors": places, "nodes": checksum(nodes)}), **besides(model)}


def besides(model: Network) -> dict[str, str]:
    """Return the properties that are for people and other programs, without the description of the model itself."""
    described = {}
    if model.class_names is not None:
        described["class_names"] = json_text(list(model.class_names))
    if model.preprocessing is not None:
        described["preprocessing"] = json_text(model.preprocessing)
    if model.rejection is not None:
        described["none_of_these_threshold"] = repr(float(model.rejection.threshold))
    if model.origin is not None:
        described["origin"] = json_text(model.origin)
    return described


def class_names(told: Mapping[str, str]) -> list[str] | None:
    """Return the names of the classes that a file tells as a list, under the key that ours have it."""
    try:
        names = json.loads(told.get("class_names", "null"))
    except (ValueError, RecursionError):
        return None
    good = isinstance(names, list) and all(isinstance(name, str) for name in names) and len(set(names)) == len(names)
    return names if good else None


def restored(
    text: str, initializers: Mapping[str, npt.NDArray[Any]], nodes: Iterable[Wiring], path: object
) -> Network | None:
    """Make the model that the property ``convoscope`` of a file describes.

    Parameters
    ----------
    text : str
        The property.
    initializers : mapping of str to array
        The file's, by their names.
    nodes : iterable of (operator, names, names)
        The file's.
    path : path
        What messages call the file.

    Returns
    -------
    Sequential or Model, or None
        None if nodes or initializers are no longer those that were written: another program has changed the network,
        so it has to be read as any other.

    Raises
    ------
    FileFormatError
        If the description is damaged.
    """
    from convoscope.models.files import model_of
    from convoscope.models.tensorfile import fingerprint

    try:
        told = json.loads(text)
        if not isinstance(told, dict) or not isinstance(told.get("tensors"), dict):
            raise ValueError("it has no tensors")
        if told.get("nodes") != checksum(nodes):
            return None
        tensors = {str(name): _array(place, initializers) for name, place in told["tensors"].items()}
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        raise FileFormatError(f"{path} is damaged: its description of the model cannot be read ({error}).") from error
    whole = {name: array for name, array in tensors.items() if array is not None}
    if len(whole) < len(tensors) or fingerprint(whole) != told.get("sha256"):
        return None
    made: Network = model_of(told, whole, str(path))
    return made


def _place(array: npt.NDArray[Any], stored: Stored | None) -> dict[str, Any]:
    shape = list(array.shape)
    if stored is not None:
        parts, order = list(stored.parts), list(stored.order)
        place = {"initializer": stored.initializer, "parts": parts, "order": order, "shape": shape}
        if stored.folded is None:
            return place
        # The way from the initializer to the array, backwards.
        moved = array.reshape([stored.parts[axis] for axis in stored.order]).transpose(np.argsort(stored.order))
        kept = stored.folded.kept(moved.reshape(stored.folded.array.shape))
        if kept is not None:
            return {**place, "folded": kept}
    return {"base64": _text(np.ascontiguousarray(array, "<f4").tobytes()), "shape": shape}


def _array(place: Any, initializers: Mapping[str, npt.NDArray[Any]]) -> Array | None:
    """Return an array as the model has it, or None if its initializer is not there or has another size."""
    shape = _sizes(place["shape"])
    if "base64" in place:
        return np.frombuffer(_bytes(place["base64"]), "<f4").astype(np.float32).reshape(shape)
    found, parts, order = initializers.get(place["initializer"]), _sizes(place["parts"]), _sizes(place["order"])
    if found is None or found.dtype != np.float32 or found.size != math.prod(parts):
        return None
    if "folded" in place:
        found = _unfolded(place["folded"], found)
    return np.array(found.reshape(parts).transpose(order), np.float32, order="C").reshape(shape)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _bytes(text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None


def _sizes(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list) or not all(type(size) is int and size >= 0 for size in value):
        raise ValueError(f"{value!r:.80} is not a shape")
    return tuple(value)
