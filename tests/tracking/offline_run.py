"""A Weights & Biases run of an offline folder: the records of its file, as the library's own messages.

The library has no reader of its own in Python. The file is LevelDB's log format after a header of 7 bytes: blocks of
32 kB, in them pieces with a checksum (4 bytes), a length (2) and a type (1): whole, first, middle or last.
"""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_BLOCK, _HEADER, _PIECE = 32768, 7, 7
_PATIENCE = 60.0  # seconds
_WHOLE, _LAST = 1, 4


class OfflineRun:
    """What is in a folder ``offline-run-...``.

    ``config`` and ``summary`` are dictionaries, ``history`` has one for each step.
    """

    def __init__(self, folder: Path) -> None:
        from wandb.proto.wandb_internal_pb2 import Record

        (file,) = folder.glob("*.wandb")
        self.folder = folder
        self.config: dict[str, Any] = {}
        self.summary: dict[str, Any] = {}
        self.history: list[dict[str, Any]] = []
        self.name = self.project = ""
        self.exit_code: int | None = None
        for content in _records(file.read_bytes()):
            record = Record()
            record.ParseFromString(content)
            kind = record.WhichOneof("record_type")
            if kind == "run":
                self.name, self.project = record.run.display_name, record.run.project
                self.config |= {each.key: json.loads(each.value_json) for each in record.run.config.update}
            elif kind == "history":
                self.history.append({_name(item): json.loads(item.value_json) for item in record.history.item})
            elif kind == "summary":
                self.summary |= {_name(item): json.loads(item.value_json) for item in record.summary.update}
            elif kind == "exit":
                self.exit_code = record.exit.exit_code

    @classmethod
    def ended(cls, folder: Path) -> OfflineRun:
        """Read a run that is over: the library's service still writes when its ``finish`` has returned."""
        limit = time.monotonic() + _PATIENCE
        while (run := cls(folder)).exit_code is None and time.monotonic() < limit:
            time.sleep(0.02)
        return run

    def table(self, name: str) -> dict[str, Any]:
        """Read a table that the history names."""
        (path,) = {row[f"{name}/path"] for row in self.history if f"{name}/path" in row}
        content: dict[str, Any] = json.loads((self.folder / "files" / path).read_text())
        return content


def _name(item: Any) -> str:
    return item.key or "/".join(item.nested_key)


def _records(data: bytes) -> Iterator[bytes]:
    assert data[:4] == b":W&B" or not data
    position, pieces = _HEADER, b""
    while position < len(data):
        room = _BLOCK - position % _BLOCK
        if room < _PIECE:
            position += room
            continue
        if position + _PIECE > len(data):
            return
        _, length, kind = struct.unpack_from("<IHB", data, position)
        if position + _PIECE + length > len(data):
            return
        pieces += data[position + _PIECE : position + _PIECE + length]
        position += _PIECE + length
        if kind in (_WHOLE, _LAST):
            yield pieces
            pieces = b""
