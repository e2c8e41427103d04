"""Whether every file of a run is whole, and whether two runs came to the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image

from convoscope.errors import ConvoscopeError
from convoscope.models import load_model
from convoscope.models.tensorfile import read_tensors

_LEFT = re.compile(r"\..+\.\d+-\d+")
_HALF = ".half-"  # of the cache of decoded images
_ASIDE = frozenset({"seconds", "images_a_second", "created", "data_dir"})


def broken(folder: Path) -> Iterator[str]:
    """Name each file in a folder that cannot be read. What a kill left beside the files does not count."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or _LEFT.fullmatch(path.name):
            continue
        try:
            _read(path)
        except (ConvoscopeError, OSError, ValueError, SyntaxError, AssertionError) as error:
            yield f"{path.relative_to(folder)} is not whole: {type(error).__name__}: {str(error)[:200]}"


def leftovers(folder: Path) -> Iterator[str]:
    """Name each file that was being written and is still there."""
    for path in sorted(folder.rglob(".*")):
        if _LEFT.fullmatch(path.name) or path.name.startswith(_HALF):
            yield f"{path.relative_to(folder)} was left"


def no_prefix(folder: Path, undisturbed: Path) -> Iterator[str]:
    """Say it if a run's history is not the beginning of the undisturbed one's."""
    own, whole = _history(folder), _history(undisturbed)
    if own != whole[: len(own)]:
        yield f"history.jsonl is no beginning of the undisturbed one: {_epochs(own)} and {_epochs(whole)}"


def differences(folder: Path, undisturbed: Path) -> Iterator[str]:
    """Name each file in which a finished run differs from the undisturbed one, but for times."""
    names = {path.name for path in folder.iterdir() if not _LEFT.fullmatch(path.name)}
    wanted = {path.name for path in undisturbed.iterdir()}
    if names != wanted:
        yield f"there are {sorted(names - wanted)} too many, and {sorted(wanted - names)} are missing"
        return
    if _history(folder) != _history(undisturbed):
        yield f"history.jsonl differs: {_epochs(_history(folder))} and {_epochs(_history(undisturbed))}"
    for name in ("config.json", "report.json"):
        if _timeless(_json(folder / name)) != _timeless(_json(undisturbed / name)):
            yield f"{name} differs"
    for path in sorted(undisturbed.rglob("*.safetensors")):
        own = folder / path.relative_to(undisturbed)
        if not own.exists():
            yield f"{own.name} is missing"
        elif not _same_tensors(own, path):
            yield f"{own.name} has other weights"


def _read(path: Path) -> None:
    if path.suffix == ".json":
        _json(path)
    elif path.suffix == ".jsonl":
        _lines(path)
    elif path.suffix == ".safetensors":
        load_model(path)
    elif path.suffix in (".png", ".svg", ".html", ".csv", ".md"):
        content = path.read_bytes()
        assert content, "it is empty"
        if path.suffix == ".png":
            with PIL.Image.open(path) as image:
                image.load()
        if path.suffix in (".svg", ".html"):
            assert content.rstrip().endswith((b"</html>", b"</svg>")), "its end is missing"


def _json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def _lines(path: Path) -> list[Any]:
    """Read JSON lines; the last one may have been cut by a kill."""
    text = path.read_text("utf-8")
    whole, _, _ = text.rpartition("\n")
    return [json.loads(line) for line in whole.splitlines()]


def _history(folder: Path) -> list[Any]:
    path = folder / "history.jsonl"
    return [_timeless(line) for line in _lines(path)] if path.exists() else []


def _epochs(lines: list[Any]) -> str:
    return ", ".join(f"{line.get('epoch')}: {line.get('loss')}" for line in lines)


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _timeless(held) for name, held in value.items() if name not in _ASIDE}
    return value


def _same_tensors(one: Path, other: Path) -> bool:
    a, b = read_tensors(one)[1], read_tensors(other)[1]
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)
