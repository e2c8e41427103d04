"""The pages as widgets of a notebook: in the output of a cell, without a server, and in step with Python.

They need anywidget, an extra: ``pip install 'convoscope[widget]'``. Jupyter, JupyterLab, VS Code, Colab and marimo
show them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from convoscope.errors import NotReadyError
from convoscope.wording import installing

if TYPE_CHECKING:
    from convoscope.widgets.explorer import ExplorerWidget
    from convoscope.widgets.lab import LabWidget

_MODULES = {"ExplorerWidget": "explorer", "LabWidget": "lab"}
_NEEDED = ("anywidget", "ipywidgets", "traitlets")

__all__ = ["ExplorerWidget", "LabWidget"]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'convoscope.widgets' has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(f"convoscope.widgets.{_MODULES[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name not in _NEEDED:
            raise
        raise NotReadyError(
            f"A notebook's widget needs anywidget, which is not installed. Install it: {installing('widget')}. "
            "Without it, model.explore(x, y) opens the same page."
        ) from None
