"""The list of programs: which repository, which revision, which file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LIST = Path(__file__).with_name("list.json")


@dataclass(frozen=True)
class Program:
    """One program: where it is, and what it needs beside itself."""

    repository: str
    revision: str
    path: str
    #: Files of the same repository that the program imports or opens.
    beside: tuple[str, ...] = ()
    #: Archives, as `standins` knows them, that lie unpacked beside it.
    unpacked: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What tables call it."""
        return f"{self.repository}: {self.path}"

    @property
    def files(self) -> tuple[str, ...]:
        """All files that have to be fetched."""
        return (self.path, *self.beside)


def programs(path: Path = LIST) -> list[Program]:
    """Return the programs of the list, in its order."""
    found: list[Program] = []
    for repository in json.loads(path.read_text(encoding="utf-8")):
        for entry in repository["programs"]:
            found.append(_program(repository, entry if isinstance(entry, dict) else {"path": entry}))
    return found


def _program(repository: dict[str, Any], entry: dict[str, Any]) -> Program:
    return Program(
        repository["repository"],
        repository["revision"],
        entry["path"],
        tuple(entry.get("beside", ())),
        tuple(entry.get("unpacked", ())),
    )
