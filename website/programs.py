"""Programs as pages: what a program says of itself, the program, and what it prints."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

from website.contents import ROOT, documents
from website.live import LAB_STATES, frame

_RUN = re.compile(r"^Run this page:.*", re.DOTALL)
_CLAIMS = re.compile(r" Claims? [\d and,]+\.$")
#: What Markdown would take for more than it is.
_SPECIAL = re.compile(r"([*_<>|\\])")
_SLOW = 60  # seconds


def write_programs(source: Path) -> None:
    """Write a page for each program under docs."""
    for file, page in documents().items():
        if file.suffix == ".py":
            (source / f"{page}.md").write_text(as_page(file, page), encoding="utf-8")


def as_page(file: Path, page: str) -> str:
    """Return a program's page.

    Parameters
    ----------
    file : Path
        The program. Its docstring's first paragraph is the page's first words.
    page : str
        What it becomes.
    """
    text = file.read_text(encoding="utf-8")
    heading, paragraphs, code = taken_apart(text)
    shown = f"docs/{file.relative_to(ROOT / 'docs').as_posix()}"
    parts = [f"# {_title(file)}", _escaped(heading), *(_paragraph(each) for each in paragraphs)]
    if page in LAB_STATES:
        parts.append(frame(page, "lab", LAB_STATES[page]))
    parts += ["## The program", f"```python\n{code}```"]
    if page.startswith("filters/"):
        parts += ["## What it prints", f"```text\n{printed(file)}```"]
    else:
        parts += [f"Run it in a clone: `python {shown}`, or `python {shown} digits` on the digits in the package."]
    return "\n\n".join(parts) + "\n"


def taken_apart(source: str) -> tuple[str, list[str], str]:
    """Return a program's first paragraph, the others (without how to run it), and what follows the docstring."""
    first = ast.parse(source).body[0]
    assert isinstance(first, ast.Expr)
    heading, *others = [
        part for part in ast.literal_eval(first.value).strip().split("\n\n") if _RUN.match(part) is None
    ]
    code = "\n".join(source.splitlines()[first.end_lineno :]).strip() + "\n"
    return _CLAIMS.sub("", " ".join(heading.split())), others, code


def printed(file: Path) -> str:
    """Run a program where nothing is kept, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-B", "-W", "error", str(file)],
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=_SLOW,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    return done.stdout


def _title(file: Path) -> str:
    """Return the program's title: as the README beside it has it, or else ``04_two_words.py`` is "Two words"."""
    readme = file.with_name("README.md")
    listed = readme.read_text(encoding="utf-8") if readme.exists() else ""
    if found := re.search(rf"\[([^\]]+)\]\({re.escape(file.name)}\)", listed):
        return found[1]
    words = re.sub(r"^\d+_", "", file.stem).replace("_", " ")
    return words[0].upper() + words[1:]


def _paragraph(text: str) -> str:
    return f"```text\n{text}\n```" if text.startswith(" ") else _escaped(" ".join(text.split()))


def _escaped(text: str) -> str:
    """Return text as Markdown that shows it, what stands in backticks as it is."""
    return "".join(
        part if part.startswith("`") else _SPECIAL.sub(r"\\\1", part) for part in re.split(r"(`[^`]*`)", text)
    )
