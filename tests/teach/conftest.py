"""What the tests of teaching share."""

from __future__ import annotations

from pathlib import Path

import pytest

from .support import known


@pytest.fixture(autouse=True)
def a_stand_in_and_a_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Know the stand-in for a backbone by its name, and keep nothing in the user's cache."""
    known(monkeypatch)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
