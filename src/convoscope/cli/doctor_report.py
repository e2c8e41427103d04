"""What an issue report needs, as Markdown: versions and the machine, and nothing of the person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Any


def report(found: Mapping[str, Any]) -> str:
    """Return what `convoscope.cli.doctor.examine` found as text to paste into an issue.

    Paths are left out or shortened: a home folder often has a person's name in it.
    """
    why = "" if found["engine"] == "native" else f" ({found['why']})"
    used = found["instructions"]
    lines = [
        f"- Convoscope {found['convoscope']}, engine: {found['engine']}{why}",
        f"- installed: {_installed()}",
        f"- instructions: {used['used']} (usable: {', '.join(used['usable'])})" if used else None,
        f"- threads: {found['threads']} of {found['processors']} processors ({found['threads_because']})",
        f"- processor: {found['processor']}",
        f"- platform: {found['platform']}",
        f"- Python {found['python']}{' in a virtual environment' if _is_environment() else ''}",
        f"- dependencies: {', '.join(_needed())}",
        f"- optional packages: {', '.join(_extras()) or 'none'}",
        f"- engine 'torch': {_pytorch(found)}",
        f"- data sets on disk: {', '.join(_on_disk(found['datasets']))}",
    ]
    body = "\n".join(line for line in lines if line is not None)
    return without_home(f"### Environment (`convoscope doctor --report`)\n\n{body}\n")


def without_home(text: str, home: Path | None = None) -> str:
    """Return a text with ~ for the home folder.

    Examples
    --------
    >>> without_home("/home/ann/.cache and /home/anna", Path("/home/ann"))
    '~/.cache and /home/anna'
    """
    folder = str(Path.home() if home is None else home)
    return re.sub(rf"{re.escape(folder)}(?![\w.-])", "~", text) if len(folder) > 1 else text


def _installed() -> str:
    """Say which wheel is installed, and whether from a clone: an error may be in one of them alone."""
    try:
        package = distribution("convoscope")
    except PackageNotFoundError:
        return "no, run from its sources"
    tags = re.findall(r"^Tag: (\S+)$", package.read_text("WHEEL") or "", re.MULTILINE)
    editable = '"editable": true' in (package.read_text("direct_url.json") or "")
    return f"{', '.join(tags) or 'a wheel without a tag'}{' (editable, from a clone)' if editable else ''}"


def _is_environment() -> bool:
    import sys

    return sys.prefix != sys.base_prefix


def _requirements() -> list[tuple[str, bool]]:
    """Return the names of what the package needs, and whether each belongs to an extra."""
    try:
        told = distribution("convoscope").requires or []
    except PackageNotFoundError:  # run from its sources, without an install
        return []
    names = [(re.match(r"[A-Za-z0-9._-]+", one), "extra ==" in one) for one in told]
    return [(name.group(), extra) for name, extra in names if name]


def _needed() -> list[str]:
    return [f"{name} {_version(name) or 'missing'}" for name, extra in _requirements() if not extra]


def _extras() -> list[str]:
    needed = {name for name, extra in _requirements() if not extra}
    names = sorted({name for name, extra in _requirements() if extra} - needed - {"torch"})
    return [f"{name} {_version(name)}" for name in names if _version(name)]


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _pytorch(found: Mapping[str, Any]) -> str:
    if found["pytorch"] is None:
        return str(found["engines"]["torch"])
    return "; ".join(what if name == "version" else f"{name}: {what}" for name, what in found["pytorch"].items())


def _on_disk(datasets: Mapping[str, str]) -> list[str]:
    return [name for name, where in datasets.items() if where != "not on disk"]
