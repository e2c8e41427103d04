"""Whether every link on the built pages leads to a page that is there, and to a part of it that is there."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

_OUTSIDE = re.compile(r"[a-z][a-z0-9+.-]*:|//")


class _Page(HTMLParser):
    """The names of a page's parts, and where it leads."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.parts.add(value)
            elif name in ("href", "src") and value:
                self.links.append(value)


def broken(folder: Path) -> list[str]:
    """Return the links within a built site that lead nowhere, each with the page that it is on.

    Live pages are files of their own, whose addresses hold a state and no part: theirs are not followed.
    """
    live = folder / "live"
    pages = {file: _read(file) for file in sorted(folder.rglob("*.html")) if live not in file.parents}
    found = []
    for file, page in pages.items():
        for link in page.links:
            if _OUTSIDE.match(link):
                continue
            address, _, part = link.partition("#")
            place = address.split("?")[0]
            target = (file.parent / unquote(place)).resolve() if place else file
            missing_part = part and target in pages and unquote(part) not in pages[target].parts
            if missing_part or not target.exists():
                found.append(f"{file.relative_to(folder)}: {link}")
    return found


def _read(file: Path) -> _Page:
    page = _Page()
    page.feed(file.read_text(encoding="utf-8"))
    return page
