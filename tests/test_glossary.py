"""docs/glossary.md says what the explorer says: ``tools/make_glossary.py`` writes it."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_page_is_made_from_the_explorers_glossary() -> None:
    page = runpy.run_path(str(ROOT / "tools" / "make_glossary.py"))["page"]()
    assert page.count("\n## ") == 21
    assert (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8") == page, "run python tools/make_glossary.py"
