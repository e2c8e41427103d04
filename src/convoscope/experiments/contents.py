"""What ``experiment.json`` holds."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from convoscope.errors import FileFormatError
from convoscope.runs import TrainSettings
from convoscope.runs.reading import TEXT, Kind, ListOf, OrNone, Plain, Record, check, number, one_of, whole
from convoscope.runs.settings import UNKNOWN, kind_of

COMPARISON, SEARCH = "comparison", "search"


def _is_value(value: Any) -> bool:
    if isinstance(value, list):
        return all(not whole(1).problem(side, "") for side in value)
    return any(kind.problem(value, "") is None for kind in (TEXT, number(), one_of(None, True, False)))


def is_folders_name(value: Any) -> bool:
    """Say whether a value names a folder within another, and leads nowhere else."""
    return (
        isinstance(value, str)
        and value != ""
        and Path(value).name == value
        and not set(value) & set("\\\0")
        and value != ".."
    )


@dataclass(frozen=True)
class _RangeOrList:
    """What a search draws from: numbers between two, or one of some values."""

    kind: Kind
    expected: str = "a list of values, or low and high"

    def problem(self, value: Any, key: str) -> str | None:
        """Say what is wrong with either."""
        if isinstance(value, list):
            return ListOf(self.kind, least=1, expected="a list of at least one value").problem(value, key)
        if (problem := Record({"low": number(), "high": number()}).problem(value, key)) is not None:
            return problem
        return None if value["low"] < value["high"] else f"{key} must be increasing, but is not"


_VALUE = Plain("a value of a setting", _is_value)
_SETTINGS = {each.name: OrNone(kind_of(each.name)) for each in fields(TrainSettings)}
#: A run's settings where they are only looked at: some may be missing, or of another version.
LISTED = Record({}, _SETTINGS, others=_VALUE)
_SETTING_VALUES = Record({}, _SETTINGS, others=UNKNOWN)
_BOTH: dict[str, Kind] = {"dataset": TEXT, "threads": whole(1)}
_RUN = Record(
    {
        "name": Plain("the name of a folder", is_folders_name),
        "point": Record({}, others=_VALUE),
        "settings": Record(),  # which `TrainSettings` knows best
    }
)
_KINDS = {
    COMPARISON: Record(
        {
            **_BOTH,
            "varied": Record({}, others=ListOf(_VALUE)),
            "fixed": Record({}, others=_VALUE),
            "at_once": whole(1),
            "runs": ListOf(_RUN, least=1, expected="a list of at least one run"),
        },
        {"seeds": ListOf(whole())},
    ),
    SEARCH: Record(
        {
            **_BOTH,
            "varied": Record({}, {name: _RangeOrList(kind) for name, kind in _SETTINGS.items()}, others=UNKNOWN),
            "fixed": _SETTING_VALUES,
            "seed": whole(),
            "engine": TEXT,
        },
        {"lesson": OrNone(_SETTING_VALUES)},
    ),
}


def check_experiment(content: dict[str, Any], where: Path) -> None:
    """Check what was read from ``experiment.json``.

    Raises
    ------
    FileFormatError
        With the key, what was expected, and what came.
    """
    check(content, Record({"kind": one_of(*_KINDS)}), where)
    check(content, _KINDS[content["kind"]], where)
    names = [run["name"] for run in content.get("runs", ())]
    if len(set(names)) < len(names):
        raise FileFormatError(f"{where} is damaged: two of its runs have the same name.")
