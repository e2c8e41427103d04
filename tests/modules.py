"""Modules that no package holds: the tools, and source that a test wrote."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

TOOLS = Path(__file__).parents[1] / "tools"


def module_of(path: Path) -> ModuleType:
    """Return what a file of Python source defines."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tool_named(name: str) -> ModuleType:
    """Return one of the project's tools, as a module."""
    return module_of(TOOLS / f"{name}.py")
