"""Which pages there are, found by pattern, and the order in which ``contents.json`` has them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from posixpath import relpath

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"

#: Pages from outside docs/.
_ELSEWHERE = {"CHANGELOG.md": "changelog", "CONTRIBUTING.md": "contributing", "SECURITY.md": "security"}
_HOME = ROOT / "README.md"
#: Made while building, of no file.
MADE = ("reference/index", "reference/commands")
#: Folders whose README lists the programs beside it.
_FOLDERS = ("filters", "lessons")


@dataclass(frozen=True)
class Section:
    """A heading of the sidebar, and the entries under it: pages, or ``Other title <page>``."""

    title: str
    entries: tuple[str, ...]

    @property
    def pages(self) -> tuple[str, ...]:
        return tuple(map(_page, self.entries))


def documents() -> dict[Path, str]:
    """Return the name on the site of each file that becomes a page.

    Examples
    --------
    >>> documents()[DOCS / "filters" / "README.md"]
    'filters/index'
    """
    pages = {ROOT / name: page for name, page in _ELSEWHERE.items() if (ROOT / name).exists()}
    for file in sorted([*DOCS.glob("*.md"), *DOCS.glob("*.py")]):
        pages[file] = file.stem
    for folder in _FOLDERS:
        pages[DOCS / folder / "README.md"] = f"{folder}/index"
        pages |= {file: f"{folder}/{file.stem}" for file in sorted((DOCS / folder).glob("*.py"))}
    return pages


def page_of(file: Path) -> str | None:
    """Return the page that a file became; None where it is on none. The README's place is the home page."""
    return "index" if file == _HOME else documents().get(file)


def listed_in(folder: str) -> tuple[str, ...]:
    """Return the programs of a folder, which stand below its own page."""
    return tuple(page for page in documents().values() if page.startswith(f"{folder}/") and not page.endswith("/index"))


def sections() -> list[Section]:
    """Return the sidebar: pages in the order of ``contents.json``, and those that it does not name among the guides.

    A name in the file that no page has is passed over.
    """
    listed = json.loads((Path(__file__).parent / "contents.json").read_text(encoding="utf-8"))
    below = {page for folder in _FOLDERS for page in listed_in(folder)}
    known = {*documents().values(), *MADE}
    others = sorted(known - below - {_page(each) for entry in listed for each in entry["pages"]})
    return [
        Section(
            entry["title"],
            (*(each for each in entry["pages"] if _page(each) in known), *(others if entry.get("others") else ())),
        )
        for entry in listed
    ]


def _page(entry: str) -> str:
    return entry.rpartition("<")[2].removesuffix(">")


def between(page: str, other: str) -> str:
    """Return the way from one page to another.

    Examples
    --------
    >>> between("lessons/index", "images/network.svg")
    '../images/network.svg'
    """
    return relpath(other, str(PurePosixPath(page).parent))
