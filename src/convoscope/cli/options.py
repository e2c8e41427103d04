"""How the command line reads what is typed, where that is more than text or a number."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import wraps
from pathlib import Path
from typing import Any, get_type_hints


def read_path(text: str | Path) -> Path:
    """Read a path, with ``~`` for a home folder that there is. For ``parser=`` of every option that takes one.

    It has to be the text as it was typed: a Path has lost the ``./`` of ``./~alt``.
    """
    from convoscope.paths import user_path

    return user_path(text)


read_path.__name__ = "path"  # what --help calls the kind of value


def grouped(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command take its options in groups: each field of a parameter that is a dataclass becomes an option.

    Parameters
    ----------
    command : callable
        Its parameters are those that Typer knows, and dataclasses whose fields are annotated as Typer's parameters are.

    Returns
    -------
    callable
        Has the parameters one by one, in the order in which they are written, which is their order in ``--help``.
    """
    hints = get_type_hints(command, include_extras=True)
    del hints["return"]
    groups: dict[str, Any] = {name: hint for name, hint in hints.items() if is_dataclass(hint)}
    members = {name: [field.name for field in fields(group)] for name, group in groups.items()}
    given = inspect.signature(command).parameters
    flat: dict[str, inspect.Parameter] = {}
    for name, hint in hints.items():
        if name not in groups:
            flat[name] = given[name].replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hint)
            continue
        options = get_type_hints(groups[name], include_extras=True)
        for field in fields(groups[name]):
            flat[field.name] = inspect.Parameter(
                field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=options[field.name]
            )

    @wraps(command)
    def one_by_one(**values: Any) -> Any:
        made = {
            name: group(**{option: values.pop(option) for option in members[name]}) for name, group in groups.items()
        }
        return command(**values, **made)

    one_by_one.__annotations__ = {name: parameter.annotation for name, parameter in flat.items()}
    one_by_one.__signature__ = inspect.Signature(list(flat.values()))  # type: ignore[attr-defined]
    return one_by_one
