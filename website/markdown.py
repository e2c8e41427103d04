"""The documents as the site has them: links go to its pages, and what is not on it is named without a link."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from website.contents import DOCS, ROOT, between, documents, listed_in, page_of
from website.live import LAB_STATES, frame

_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
_OUTSIDE = re.compile(r"[a-z]+:")
#: Where a document has a live page on the site, on a line of its own; elsewhere such a comment is not seen.
_LIVE = re.compile(r"^<!-- live: (lab|explorer) -->$", re.MULTILINE)
_FENCE = re.compile(r"^(```.*?^```)", re.MULTILINE | re.DOTALL)


def rewritten(text: str, file: Path, page: str) -> str:
    """Return a document whose links lead to pages of the site.

    Parameters
    ----------
    text : str
        Markdown.
    file : Path
        Where it lies, from which its links count.
    page : str
        What it becomes, without its ending: ``"lessons/index"``.

    Raises
    ------
    ValueError
        If a link leads nowhere.
    """
    parts = _FENCE.split(text)
    return "".join(part if number % 2 else _with_links(part, file, page) for number, part in enumerate(parts))


def _with_links(text: str, file: Path, page: str) -> str:
    def link(found: re.Match[str]) -> str:
        picture, words, address = found.groups()
        place, hash_, part = address.partition("#")
        if _OUTSIDE.match(address) or not place:
            return found[0]
        target = (file.parent / place).resolve()
        if not target.exists():
            raise ValueError(f"{file.relative_to(ROOT)} links to {address}, which is not there.")
        if picture or target.parent == DOCS / "images":
            return f"{picture}[{words}]({between(page, f'images/{target.name}')})"
        to = page_of(target)
        return words if to is None else f"[{words}]({between(page, f'{to}.md')}{hash_}{part})"

    text = _LIVE.sub(lambda found: frame(page, found[1], LAB_STATES.get(page, "")), text)
    return _LINK.sub(link, text)


def write_documents(source: Path) -> None:
    """Write each Markdown file, with the list of the programs below it where there are any, and all pictures."""
    for file, page in documents().items():
        if file.suffix != ".md":
            continue
        text = rewritten(file.read_text(encoding="utf-8"), file, page)
        folder, _, name = page.rpartition("/")
        if folder and name == "index":
            text += toctree([other.removeprefix(f"{folder}/") for other in listed_in(folder)])
        target = source / f"{page}.md"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    shutil.copytree(DOCS / "images", source / "images")


def toctree(pages: list[str], caption: str = "") -> str:
    """Return MyST for an entry of the sidebar."""
    caption = f":caption: {caption}\n" if caption else ""
    return "\n\n```{toctree}\n:hidden:\n" + caption + "\n" + "\n".join(pages) + "\n```\n"
