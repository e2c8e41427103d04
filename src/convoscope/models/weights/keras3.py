"""Keras 3's files of weights: ``.weights.h5``, and the file of that name within ``.keras`` archives.

A layer's arrays stand under ``layers/dense_1/vars/0``, ``1`` and so on: the place is named by the layer's class and
counted, whatever the layer's own name; that is kept as an attribute. A model within the model has the same below it.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from typing import Any

from convoscope.layers import moments
from convoscope.layers.symbols import Operation
from convoscope.models.weights import hdf5
from convoscope.models.weights.assigning import Assignments

_BEFORE = "_layer_checkpoint_dependencies"  # what Keras 2.12 and 2.13 called the layers of a model


def places(model: Operation) -> Iterator[tuple[str, Operation]]:
    """Yield the model and everything in it once, each with its place in the file; the model's own is ``""``.

    Examples
    --------
    >>> from convoscope.layers import Dense
    >>> from convoscope.models import Sequential
    >>> model = Sequential([Dense(2, input_shape=(4,)), Sequential([Dense(3)]), Dense(4)])
    >>> [place for place, _ in places(model)]
    ['', 'layers/dense', 'layers/sequential', 'layers/sequential/layers/dense', 'layers/dense_1']
    """
    return _places(model, "", set())


def _places(operation: Operation, place: str, seen: set[int]) -> Iterator[tuple[str, Operation]]:
    if id(operation) in seen:
        return
    seen.add(id(operation))
    yield place, operation
    for part, inner in operation.parts():
        below = f"{place}/{part}" if place else part
        if isinstance(inner, Operation):
            yield from _places(inner, below, seen)
        else:
            yield from _contained(inner, below, seen)


def _contained(container: Any, place: str, seen: set[int]) -> Iterator[tuple[str, Operation]]:
    """Yield what stands in a list or dict: its place is named by its class, since names differ from run to run."""
    counts: Counter[str] = Counter()
    for each in container.values() if isinstance(container, dict) else container:
        is_operation = isinstance(each, Operation)
        if not is_operation and not isinstance(each, (list, tuple, dict)):
            continue
        base = each.base_name() if is_operation else "container"
        name = f"{base}_{counts[base]}" if counts[base] else base
        counts[base] += 1
        yield from (_places if is_operation else _contained)(each, f"{place}/{name}", seen)


def written(model: Any) -> bytes:
    """Return the file of a model's weights."""
    content = io.BytesIO()
    with moments.reading(), hdf5.written(content) as file:
        write(file, model)
    return content.getvalue()


def write(file: Any, model: Any) -> None:
    """Write a model's weights into an HDF5 file."""
    for place, operation in places(model):
        variables = file.create_group(f"{place}/vars" if place else "vars")
        variables.attrs["name"] = operation.name
        for number, weight in enumerate(operation.variables_of_its_own()):
            variables.create_dataset(str(number), data=weight)


def find(file: Any, model: Any, found: Assignments) -> None:
    """Note what becomes of each weight of the model."""
    old = hdf5.group_in(file, "layers") is None and hdf5.group_in(file, _BEFORE) is not None
    for place, layer in places(model):
        weights = layer.variables_of_its_own()
        if not weights:
            continue
        where = place.replace("layers", _BEFORE) if old else place
        variables = hdf5.group_in(file, f"{where}/vars" if where else "vars")
        names = [str(number) for number in range(0 if variables is None else len(variables))]
        shapes = [hdf5.shape_of(variables, name) for name in names]
        if found.fits(layer, shapes):  # type: ignore[arg-type]
            found.add_all(weights, [hdf5.array_in(variables, name) for name in names])
