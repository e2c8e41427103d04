"""The Markdown that our own documents consist of, as HTML: paragraphs, lists, tables, images, links, code, bold."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

_IMAGE = re.compile(r"^!\[([^\]]*)\]\(([^)]+)\)$")
_RULE = re.compile(r"^\|(?: *:?-+:? *\|)+$")
_CELLS = re.compile(r"(?<!\\)\|")
_CODE = re.compile(r"`([^`]+)`")
_BOLD = re.compile(r"\*\*([^*]+)\*\*")
_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")
_NUMBER = re.compile(r"^[-+−]?[\d,.]+(?: %)?$|^-$")


def as_html(text: str, picture: Callable[[str, str], str]) -> str:
    """Return HTML.

    Parameters
    ----------
    text : str
        Markdown as we write it. What it has besides stays text; HTML in it is shown and not obeyed.
    picture : callable
        Returns the HTML of an image, from its address and its words.

    Notes
    -----
    Links become their words: they lead to files of the repository, which a page's reader may not have.

    Examples
    --------
    >>> as_html("**Two** of `1 < 2`.", lambda address, words: "")
    '<p><strong>Two</strong> of <code>1 &lt; 2</code>.</p>'
    """
    return "\n".join(
        _block(part.strip("\n"), picture) for part in re.split(r"\n{2,}", text.strip("\n")) if part.strip()
    )


def inline(text: str) -> str:
    """Return a line's HTML.

    Examples
    --------
    >>> inline("see [there](docs/x.md) &lt; a *b*")
    'see there &lt; a *b*'
    """
    pieces = _CODE.split(html.unescape(text))
    return "".join(f"<code>{html.escape(each)}</code>" if i % 2 else _words(each) for i, each in enumerate(pieces))


def _words(text: str) -> str:
    return _BOLD.sub(r"<strong>\1</strong>", _LINK.sub(r"\1", html.escape(text, quote=False)))


def _block(part: str, picture: Callable[[str, str], str]) -> str:
    lines = part.split("\n")
    if found := _IMAGE.match(part):
        return picture(found[2], found[1])
    if len(lines) > 1 and _RULE.match(lines[1].strip()):
        return _table(lines[0], lines[2:])
    if part.startswith(" "):
        return f'<pre tabindex="0">{html.escape(_unindented(lines))}</pre>'
    if all(line.startswith("- ") for line in lines):
        return f"<ul>{''.join(f'<li>{inline(line[2:])}</li>' for line in lines)}</ul>"
    return f"<p>{inline(' '.join(line.strip() for line in lines))}</p>"


def _unindented(lines: list[str]) -> str:
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(line[margin:] for line in lines)


def _table(heading: str, lines: list[str]) -> str:
    head = "".join(f'<th scope="col">{inline(cell)}</th>' if cell else "<td></td>" for cell in _cells(heading))
    body = [_cells(line) for line in lines]
    numeric = [all(map(_NUMBER.match, column)) for column in zip(*body, strict=True)]
    rows = "".join(f"<tr>{''.join(map(_cell, cells, numeric, range(len(cells))))}</tr>" for cells in body)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div class="wide" tabindex="0" role="group" aria-label="Table">{table}</div>'


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in _CELLS.split(line.strip())[1:-1]]


def _cell(cell: str, is_number: bool, column: int) -> str:
    if column == 0:
        return f'<th scope="row">{inline(cell)}</th>'
    kind = ' class="number"' if is_number else ""
    return f"<td{kind}>{inline(cell)}</td>"
