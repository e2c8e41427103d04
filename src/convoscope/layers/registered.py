"""Classes of yours that descriptions of layers and models may name: Keras' ``custom_objects``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from convoscope.errors import ConfigurationError

Kind = TypeVar("Kind", bound=type)

_registered: dict[str, Any] = {}
_in_scope: ContextVar[Mapping[str, Any]] = ContextVar("custom_objects", default={})  # noqa: B039 - never changed


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[Kind], Kind]:
    """Make a class known by its name, so that `load_model` makes layers or models of it without `custom_objects`.

    Parameters
    ----------
    package : str
        Stands before the name: ``"Custom>Block"``.
    name : str, optional
        The class's own if left out.

    Examples
    --------
    >>> from convoscope.layers import Dense
    >>> @register_keras_serializable()
    ... class Broad(Dense):
    ...     pass
    >>> get_registered_object("Custom>Broad") is Broad
    True
    """

    def register(kind: Kind) -> Kind:
        if not isinstance(kind, type) or not hasattr(kind, "from_config"):
            raise ConfigurationError(
                f"register_keras_serializable decorates a layer or model class, but was applied to {kind!r}."
            )
        _registered[f"{package}>{name or kind.__name__}"] = kind
        return kind

    return register


@contextmanager
def custom_object_scope(objects: Mapping[str, Any] | None) -> Iterator[None]:
    """Let descriptions that are read within name these classes: ``with custom_object_scope({"Block": Block}): ...``."""
    if objects is not None and not isinstance(objects, Mapping):
        raise ConfigurationError(f"custom_objects must be a dict of names and classes, but is {objects!r}.")
    token = _in_scope.set({**_in_scope.get(), **(objects or {})})
    try:
        yield
    finally:
        _in_scope.reset(token)


def get_registered_object(name: str) -> Any:
    """Return the class that a description's name stands for; None if nobody has told of it."""
    known = {**_registered, **_in_scope.get()}
    last = name.rpartition(">")[2]
    return known.get(name) or known.get(last) or known.get(f"Custom>{last}")


def get_registered_name(kind: type) -> str:
    """Return the name that a class was registered under, or its own."""
    return next((name for name, known in _registered.items() if known is kind), kind.__name__)
