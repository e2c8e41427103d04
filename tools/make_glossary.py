"""Write `docs/glossary.md` from the explorer's glossary, `src/convoscope/web/static/explorer/glossary.js`.

python tools/make_glossary.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "convoscope" / "web" / "static" / "explorer" / "glossary.js"
PAGE = ROOT / "docs" / "glossary.md"
INTRODUCTION = """\
# Glossary

Look up the technical terms of convolutional networks. The explorer explains them in the same words: it underlines each
term where it first appears. Point at it, reach it with Tab, or touch it. `tools/make_glossary.py` writes this page.
"""


def terms() -> list[dict[str, Any]]:
    """Return the glossary's entries: the array in the module is JSON."""
    source = SOURCE.read_text(encoding="utf-8")
    array = source.split("export const GLOSSARY = ")[1].split("\n];")[0] + "\n]"
    entries: list[dict[str, Any]] = json.loads(array)
    return entries


def page() -> str:
    """Return the page: a heading for each term, so that it can be linked, in alphabetical order."""
    entries = sorted(terms(), key=lambda entry: str(entry["term"]).lower())
    parts = [f"## {entry['term'][0].upper()}{entry['term'][1:]}\n\n{entry['text']}\n" for entry in entries]
    return "\n".join([INTRODUCTION, *parts])


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
