"""Which layers of a description are one and the same.

A layer, or a model, may stand in several of the models that another one is made of. The first time it is described in
full, and gets a number; from then on its description is that number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

#: The key under which the number stands.
SHARED = "shared"

_descriptions: ContextVar[dict[int, dict[str, Any]] | None] = ContextVar("descriptions", default=None)
_made: ContextVar[dict[int, Any] | None] = ContextVar("made", default=None)


@contextmanager
def one_description() -> Iterator[None]:
    """Describe one model, with all that stand in it. Within another such block it is part of that one."""
    with _kept(_descriptions):
        yield


@contextmanager
def one_making() -> Iterator[None]:
    """Make one model from its description, with all that stand in it. Within another such block it is part of that."""
    with _kept(_made):
        yield


def described(operation: Any, describe: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the description of a layer or model, or the number of the one that was made before."""
    known = _descriptions.get()
    if known is None:
        return describe()
    if id(operation) not in known:
        known[id(operation)] = description = describe()
        return description
    first = known[id(operation)]
    # How many had been described in full before it: a number that no other one has.
    number = first.setdefault(SHARED, list(known).index(id(operation)))
    return {"class_name": first["class_name"], SHARED: number}


def made(description: dict[str, Any], make: Callable[[], Any]) -> Any:
    """Return what a description says, made now or, if it is the number of one, before."""
    known, number = _made.get(), description.get(SHARED)
    if known is None or number is None:
        return make()
    if number not in known:
        known[number] = make()
    return known[number]


@contextmanager
def _kept(variable: ContextVar[Any]) -> Iterator[None]:
    if variable.get() is not None:
        yield
        return
    token = variable.set({})
    try:
        yield
    finally:
        variable.reset(token)
