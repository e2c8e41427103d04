"""What came of a run as it travels between machines: an attribute of a study's trial, and a folder's ``study.json``."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from convoscope.errors import FileFormatError
from convoscope.experiments.contents import LISTED
from convoscope.experiments.results import BEGUN, DAMAGED, FAILED, FINISHED, WAITING, Result
from convoscope.runs.reading import TEXT, OrNone, Record, check, number, one_of, whole
from convoscope.storage import read_json, write_json

_OUTCOME = Record(
    {
        "state": one_of(WAITING, BEGUN, FINISHED, FAILED, DAMAGED),
        "reason": OrNone(TEXT),
        "epochs": whole(),
        "figures": Record({}, others=number()),
        "settings": LISTED,
        "host": OrNone(TEXT),
        "path": TEXT,
    }
)
_LONGEST_REASON = 4_000  # characters: an attribute must fit into a database's column


def outcome(result: Result) -> dict[str, Any]:
    """Return a run of this machine as a study keeps it."""
    return {
        "state": result.state,
        "reason": None if result.reason is None else result.reason[:_LONGEST_REASON],
        "epochs": result.epochs,
        "figures": result.figures,
        "settings": result.settings,
        "host": result.host or socket.gethostname(),
        "path": os.path.abspath(result.folder),
    }


def as_result(told: Any, point: Mapping[str, Any], where: str) -> Result:
    """Return what a study says of a run; what is damaged becomes the result's reason."""
    try:
        check(told, _OUTCOME, where)
    except FileFormatError as error:
        return Result(Path(where), {}, dict(point), DAMAGED, str(error), 0, {})
    return Result(
        Path(told["path"]),
        told["settings"],
        dict(point),
        told["state"],
        told["reason"],
        told["epochs"],
        {name: float(value) for name, value in told["figures"].items()},
        told["host"],
    )


def write(path: Path, results: list[Result]) -> None:
    """Write ``study.json``: what all machines found, as far as it was known when this one ended."""
    write_json(path, {"results": [{**outcome(result), "point": result.point} for result in results]})


def read(path: Path) -> list[Result]:
    """Read ``study.json``; FileFormatError if it is damaged."""
    content = read_json(path)
    listed = content.get("results")
    if not isinstance(listed, list):
        raise FileFormatError(f"{path} is damaged: results must be a list.")
    found = []
    for index, each in enumerate(listed):
        point = each.get("point") if isinstance(each, dict) else None
        check(point, Record(), f"{path}, results[{index}].point,")
        found.append(as_result(each, point or {}, f"{path}, results[{index}],"))
    return found
