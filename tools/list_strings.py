"""List every text that a user may see, with its file and line: for reading them one after another.

python tools/list_strings.py [--kind message|docstring|page] [PATH ...]

From Python come the texts in code (messages, warnings, help, reports: whatever has several words) and the docstrings of
public names; from JavaScript and HTML, the texts of the pages. Without a path, everything in `src/convoscope`.
"""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "convoscope"
KINDS = ("message", "docstring", "page")

_WORDS = re.compile(r"[A-Za-z]{2,}[,;:.)]*\s+\S*[A-Za-z]{2,}|[A-Za-z]{3,}[.!?]$")
_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)|"(?P<double>(?:\\.|[^"\\\n])*)"|'(?P<single>(?:\\.|[^'\\\n])*)'"""
    r"""|`(?P<template>(?:\\.|[^`\\])*)`""",
    re.DOTALL,
)

_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Text:
    """A text and where it stands."""

    path: Path
    line: int
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {' '.join(self.text.split())}"


def texts(path: Path) -> Iterator[Text]:
    """Yield the texts of one source file, in the order of their lines."""
    source = path.read_text(encoding="utf-8")
    reader = {".py": _python, ".js": _javascript, ".html": _html}.get(path.suffix)
    found = reader(source) if reader else iter(())
    for line, kind, text in sorted(found, key=lambda one: one[0]):
        yield Text(path, line, kind, text)


def _python(source: str) -> Iterator[tuple[int, str, str]]:
    tree = ast.parse(source)
    docstrings = set()
    for documented, public in _documented(tree, public=True):
        text = ast.get_docstring(documented)
        first = documented.body[0] if documented.body else None
        if text is not None and isinstance(first, ast.Expr):
            docstrings.add(id(first.value))
            if public:
                yield first.lineno, "docstring", text
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    for part in ast.walk(tree):
        if isinstance(part, ast.JoinedStr):
            text = _shown(part)
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            text = part.value if id(part) not in inner and id(part) not in docstrings else ""
        else:
            continue
        if _WORDS.search(text):
            yield part.lineno, "message", text


def _documented(node: ast.AST, *, public: bool) -> Iterator[tuple[_Documented, bool]]:
    """Yield what may have a docstring, and whether its name and those around it are public."""
    if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        name = getattr(node, "name", "")
        public = public and (not name.startswith("_") or name.startswith("__"))
        yield node, public
        public = public and not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    for child in ast.iter_child_nodes(node):
        yield from _documented(child, public=public)


def _shown(node: ast.JoinedStr) -> str:
    """Return an f-string as it reads, with what it puts in between braces."""
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else "{" + ast.unparse(part.value) + "}"  # type: ignore[attr-defined]
        for part in node.values
    )


def _javascript(source: str) -> Iterator[tuple[int, str, str]]:
    for match in _TOKEN.finditer(source):
        text = match["double"] or match["single"] or match["template"] or ""
        if match["comment"] is None and _WORDS.search(text):
            yield source.count("\n", 0, match.start()) + 1, "page", text


class _Page(HTMLParser):
    """Collects the texts of a page: what stands between its tags, and the attributes that are shown or read aloud."""

    SHOWN = ("title", "aria-label", "placeholder", "alt", "content", "data-text")

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, str, str]] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        for name, value in attrs:
            if name in self.SHOWN and value and _WORDS.search(value):
                self.found.append((self.getpos()[0], "page", value))

    def handle_data(self, data: str) -> None:
        if self._inside not in ("script", "style") and re.search("[A-Za-z]{2}", data):
            self.found.append((self.getpos()[0], "page", data))


def _html(source: str) -> Iterator[tuple[int, str, str]]:
    page = _Page()
    page.feed(source)
    yield from page.found


def main() -> None:
    parser = argparse.ArgumentParser(description="List every text that a user may see.")
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH")
    parser.add_argument("--kind", choices=KINDS, help="only texts of this kind")
    given = parser.parse_args()
    for start in given.paths or [SOURCE]:
        files = [start] if start.is_file() else sorted(start.rglob("*"))
        for path in files:
            if path.suffix in (".py", ".js", ".html"):
                for text in texts(path):
                    if given.kind in (None, text.kind):
                        print(text)


if __name__ == "__main__":
    main()
