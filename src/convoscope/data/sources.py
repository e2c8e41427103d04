"""Where the elements of data sets come from."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from convoscope.data.spec import TensorSpec
from convoscope.data.structure import as_element, mapped, rows
from convoscope.errors import ConfigurationError, MissingFileError
from convoscope.tensors import tensor

Make = Callable[[], Iterator[Any]]


def slices(tensors: Any) -> tuple[Make, int]:
    """Return what gives the rows of arrays, and how many there are."""
    whole = as_element(tuple(tensors) if _is_list_of_arrays(tensors) else tensors)
    count = rows(whole, "Dataset.from_tensor_slices")
    return lambda: (mapped(lambda leaf, at=at: leaf[at], whole) for at in range(count)), count


def generated(
    generator: Callable[..., Any], output_types: Any, output_shapes: Any, args: Any, output_signature: Any
) -> Make:
    """Return what gives the elements of a person's generator, of the types that were asked for."""
    if not callable(generator):
        raise ConfigurationError(
            "Dataset.from_generator takes a function that returns a generator, so that it can start again, but got a "
            f"{type(generator).__name__}. Write from_generator(lambda: ...), or give the function without parentheses."
        )
    signature = output_signature
    if signature is None and output_types is not None:
        types = tuple(output_types) if isinstance(output_types, list) else output_types
        signature = _with_shapes(types, output_shapes)
    given = tuple(args) if args is not None else ()

    def made() -> Iterator[Any]:
        for number, element in enumerate(generator(*given), 1):
            if signature is None:
                yield as_element(tuple(element) if isinstance(element, list) else element)
                continue
            where = f"Dataset.from_generator, element {number}"
            fitting = tuple(element) if isinstance(signature, tuple) else element
            yield mapped(lambda spec, leaf, where=where: tensor(spec.convert(leaf, where)), signature, fitting)

    return made


def files(file_pattern: Any) -> tuple[Make, int]:
    """Return what gives the files that match patterns, and how many there are."""
    patterns = [file_pattern] if isinstance(file_pattern, (str, os.PathLike)) else list(np.asarray(file_pattern).flat)
    found = sorted({path for pattern in patterns for path in glob.glob(os.fspath(str(pattern)))})
    if not found:
        raise MissingFileError(f"Dataset.list_files: no file matches {', '.join(map(str, patterns)) or 'nothing'}.")
    return lambda: (tensor(path) for path in found), len(found)


def _with_shapes(types: Any, shapes: Any) -> Any:
    """Return specs of types and shapes, where a shape is a tuple itself."""
    if isinstance(types, dict):
        return {key: _with_shapes(types[key], None if shapes is None else shapes[key]) for key in types}
    if isinstance(types, tuple):
        each = shapes if shapes is not None else [None] * len(types)
        return tuple(_with_shapes(dtype, shape) for dtype, shape in zip(types, each, strict=True))
    return TensorSpec(None if shapes is None else tuple(shapes), types)


def _is_list_of_arrays(given: Any) -> bool:
    """Whether something is a list of arrays of different shapes, which make no array together."""
    if not isinstance(given, list) or not given or not all(hasattr(each, "shape") for each in given):
        return False
    return len({each.shape for each in given}) > 1
