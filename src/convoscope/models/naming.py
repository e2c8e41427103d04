"""The names of the layers of one model: each but once, and each layer found by its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import count
from typing import Any

from convoscope.errors import ConfigurationError, unknown_name
from convoscope.layers.symbols import Operation


def name_layers(layers: Sequence[Operation], owner: Any) -> None:
    """See that every layer has a name that no other of them has, and note `owner` as the model that it stands in.

    Layers are named when they are made (see `convoscope.layers.counting`), and keep their names. Only where an
    automatic name is taken, as after `clear_session`, the layer takes the next one that is free.

    Raises
    ------
    ConfigurationError
        If two layers were given the same name.
    """
    taken: dict[str, Operation] = {}
    for layer in layers:
        if layer.has_given_name:
            if layer.name in taken:
                raise ConfigurationError(
                    f"Two layers are named {layer.name!r}, a {type(taken[layer.name]).__name__} and a "
                    f"{type(layer).__name__}, but within a model each name may be used once. Rename one of them."
                )
            taken[layer.name] = layer
    begin: dict[str, int] = {}  # what numbers are taken already: a thousand layers of a kind are not counted each time
    for layer in layers:
        other = other_owner(layer, owner)
        if not layer.has_given_name:
            if layer.name in taken:
                base = layer.base_name()
                known = {*taken, *(each.name for each in layers), *(() if other is None else _names_in(other))}
                begin[base], name = _first_free(base, known, begin.get(base, 0))
                layer.name_anew(name)
            taken[layer.name] = layer
        if other is None:
            layer.adopt(owner)


def layer_named(name: Any, model: Any) -> Any:
    """Return the layer of a model that has that name, or is at that path: ``encoder/conv2d``.

    Raises
    ------
    ConfigurationError
        If there is none, or if several models that stand in this one have a layer of that name.
    """
    for layer in model.layers:
        if isinstance(name, str) and layer.name == name:
            return layer
    within = dict(_within(model))
    if isinstance(name, str) and name in within:
        return within[name]
    found = {path: layer for path, layer in within.items() if layer.name == name}
    if not found:
        known = Counter(layer.name for layer in (*model.layers, *within.values()))
        inner = (path if known[layer.name] > 1 else layer.name for path, layer in within.items())
        raise unknown_name(f"layer in model {model.name!r}", name, [*(layer.name for layer in model.layers), *inner])
    first = next(iter(found.values()))
    if any(layer is not first for layer in found.values()):
        raise ConfigurationError(
            f"Several layers within model {model.name!r} are named {name!r}. Use one of the full names: "
            f"{', '.join(map(repr, found))}."
        )
    return first


def _within(model: Any) -> Iterator[tuple[str, Any]]:
    """Yield the layers of the models that stand in a model, with their paths."""
    for inner in model.layers:
        for layer in getattr(inner, "layers", ()):
            yield f"{inner.name}/{layer.name}", layer
        for path, layer in _within(inner) if hasattr(inner, "layers") else ():
            yield f"{inner.name}/{path}", layer


def call_names(model: Any) -> list[str]:
    """Return a name for each call of the model's graph, in order, that no other call has.

    A layer within a model that stands in this one is named with that model before it, and a call that is not the
    layer's first says so.

    Examples
    --------
    >>> from convoscope.layers import Dense, Input
    >>> from convoscope.models import Model, Sequential
    >>> x, inner = Input(shape=(4,)), Sequential([Dense(4, name="last")], name="inner")
    >>> call_names(Model(x, inner(inner(Dense(4, name="first")(x)))))
    ['first', 'inner/last', 'inner (2nd call)/last']
    """
    names: list[str] = []
    taken: set[str] = set()
    for name in _paths(model):
        free = name
        for number in count(2):
            if free not in taken:
                break
            free = f"{name} [{number}]"  # as where a layer has the name "inner/dense" of its own
        taken.add(free)
        names.append(free)
    return names


def _paths(model: Any) -> list[str]:
    calls: Counter[int] = Counter()
    inner: dict[int, list[str]] = {}
    paths: list[str] = []
    for node in model.node_list:
        operation = node.operation
        calls[id(operation)] += 1
        number = calls[id(operation)]
        own = operation.name if number == 1 else f"{operation.name} ({_ordinal(number)} call)"
        if not hasattr(operation, "node_list"):
            paths.append(own)
            continue
        if id(operation) not in inner:
            inner[id(operation)] = _paths(operation)
        paths += [f"{own}/{name}" for name in inner[id(operation)]]
    return paths


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def other_owner(layer: Operation, owner: Any) -> Any:
    """Return the model, other than `owner`, that the layer stood in first and still stands in; else None."""
    other = layer.owner
    if other is None or other is owner or not any(layer is each for each in other.layers):
        return None
    return other


def _names_in(model: Any) -> set[str]:
    return {layer.name for layer in model.layers}


def _first_free(base: str, taken: Collection[str], begin: int = 0) -> tuple[int, str]:
    """Return the first number from `begin` on that makes a name nobody has, and the name."""
    for number in count(begin):
        name = base if number == 0 else f"{base}_{number}"
        if name not in taken:
            break
    return number, name
