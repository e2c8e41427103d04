"""A plugin that hides the native core, as on a machine without a compiler: ``python -m pytest -p tests.no_core``."""

from __future__ import annotations

import sys

# Python's own way to say that there is no such module.
sys.modules["convoscope._native"] = None  # type: ignore[assignment]
