"""The lessons as they are written: scripts in ``docs/lessons``, what was measured in ``docs/lessons.md``, charts.

An installed package has copies of them; a clone has the files themselves.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.abc import Traversable

_SCRIPT = re.compile(r"(\d\d)_\w+\.py")
_SECTION = re.compile(r"^## (\d+)\. (.*)$", re.MULTILINE)
_LISTED = re.compile(r"^- ([\d, ]+): \[([^\]]+)\]\((\d\d_\w+\.py)\): (.*)$", re.MULTILINE)
_CLAIMS = re.compile(r" Claims? [\d and,]+\.$")
_RUN = re.compile(r"^Run this page:.*", re.DOTALL)
_PROGRAMS = re.compile(r"^(?:Counted with this code:|As a program:|To repeat it:)", re.MULTILINE)
HELPER = "lesson_data.py"


@dataclass(frozen=True)
class Lesson:
    """One lesson.

    Attributes
    ----------
    number : int
        Of its first claim.
    name : str
        Of its file.
    title, short : str
        A few words, and a line, as the lessons' list has them.
    heading : str
    paragraphs : tuple of str
        What its file begins with. Those that begin with a blank are tables, set as they are.
    code : str
        The program, without that.
    source : str
        The whole file.
    claims : tuple of int
    """

    number: int
    name: str
    title: str
    short: str
    heading: str
    paragraphs: tuple[str, ...]
    code: str
    source: str
    claims: tuple[int, ...]


def listed() -> list[dict[str, Any]]:
    """Return the number, title, line and address of each lesson, as the gallery lists them.

    A copy of the package that somebody made without the lessons' files has none.

    Examples
    --------
    >>> listed()[2]["title"], listed()[2]["address"]
    ('The channel axis', 'lessons/11/')
    """
    return [
        {"number": number, "title": title, "text": short[:1].upper() + short[1:], "address": f"lessons/{number}/"}
        for number, title, _, short, _ in _entries()
    ]


def lesson(number: int) -> Lesson | None:
    """Read a lesson; None where there is none of that number."""
    for own, title, name, short, claims in _entries():
        if own == number:
            source = _read("lessons", name)
            told, code = _taken_apart(source)
            heading, *paragraphs = told
            heading = _CLAIMS.sub("", heading).removesuffix(".")
            return Lesson(own, name, title, short, heading, tuple(paragraphs), code, source, claims)
    return None


def helper() -> str:
    """Return the file that the lessons take their images from."""
    return _read("lessons", HELPER)


def measured(claim: int) -> str:
    """Return what ``docs/lessons.md`` has of a claim: Markdown, without its heading and its programs."""
    text = _read("lessons.md")
    parts = list(_SECTION.finditer(text))
    for found, after in zip(parts, [*parts[1:], None], strict=True):
        if int(found[1]) == claim:
            section = text[found.end() : None if after is None else after.start()]
            return _PROGRAMS.split(section, maxsplit=1)[0].strip()
    return ""


def claim_title(claim: int) -> str:
    """Return a claim's title in ``docs/lessons.md``."""
    found = [each[2] for each in _SECTION.finditer(_read("lessons.md")) if int(each[1]) == claim]
    return found[0] if found else ""


def chart(name: str) -> str | None:
    """Return a chart of ``docs/images`` as SVG; None where it is not there, or the name is none of a chart."""
    if re.fullmatch(r"lesson-[\w-]+\.svg", name) is None:
        return None
    return _read("images", name) or None


def _entries() -> list[tuple[int, str, str, str, tuple[int, ...]]]:
    """Return number, title, file, line and claims of each lesson of the list, in its order."""
    text = _read("lessons", "README.md")
    found = []
    for claims, title, name, short in _LISTED.findall(text):
        numbers = tuple(int(each) for each in claims.split(","))
        found.append((numbers[0], title, name, short, numbers))
    return found


def _taken_apart(source: str) -> tuple[list[str], str]:
    """Return the paragraphs of a script's docstring, and the script below it."""
    first = ast.parse(source).body[0]
    assert isinstance(first, ast.Expr)
    docstring = ast.literal_eval(first.value)
    code = "\n".join(source.splitlines()[first.end_lineno :]).strip() + "\n"
    paragraphs = [part for part in docstring.strip().split("\n\n") if _RUN.match(part) is None]
    return [part if part.startswith(" ") else " ".join(part.split()) for part in paragraphs], code


@cache
def _documents() -> Traversable | None:
    places: tuple[Traversable, ...] = (
        resources.files("convoscope") / "lessons" / "docs",
        Path(__file__).parents[3] / "docs",
    )
    return next((place for place in places if (place / "lessons").is_dir()), None)


def _read(*parts: str) -> str:
    """Return the text of a document; empty where there is none."""
    file = _documents()
    for part in parts:
        file = None if file is None else file / part
    return "" if file is None or not file.is_file() else file.read_text(encoding="utf-8")
