"""Keras' arguments that mean nothing here: accepted at the value that is computed anyway, refused at any other."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from convoscope import old_keras
from convoscope.checks import equal
from convoscope.errors import ConfigurationError, unknown_name


def reject_unsupported(
    options: Mapping[str, Any],
    accepted: Mapping[str, tuple[Any, ...]],
    owner: type,
    renamed: Mapping[str, str] | None = None,
) -> None:
    """Reject extra arguments of a constructor that are not supported.

    Parameters
    ----------
    options : mapping
        The extra arguments.
    accepted : mapping
        The arguments that Keras has, each with the values that change nothing.
    owner : type
        Whose constructor it is.
    renamed : mapping, optional
        Old names and what they are called now.
    """
    where = owner.__name__
    for name, value in options.items():
        if renamed and name in renamed:
            raise ConfigurationError(
                f"{where}: the argument {name!r} is called {renamed[name]!r}. Write {renamed[name]}={value!r}."
            )
        if name not in accepted:
            if (old := old_keras.argument(where, name, value)) is not None:
                raise old
            raise unknown_name(f"argument of {where}", name, argument_names(owner))
        if not any(value is allowed or (allowed is not None and equal(value, allowed)) for allowed in accepted[name]):
            usable = " or ".join(repr(allowed) for allowed in accepted[name])
            raise ConfigurationError(
                f"{where}: {name}={value!r} is not supported; leave it out, or set it to {usable}."
            )


def argument_names(owner: type) -> list[str]:
    """Return the arguments of a class's constructor, and of the constructors that it passes them on to."""
    names: list[str] = []
    for kind in owner.__mro__:
        if kind is object or "__init__" not in vars(kind):
            continue
        for parameter in inspect.signature(vars(kind)["__init__"]).parameters.values():
            if parameter.name not in ("self", *names) and parameter.kind is not parameter.VAR_KEYWORD:
                names.append(parameter.name)
    return names
