"""Names of files and classes on their way out: into JSON, onto a terminal, into a table.

A file's name is bytes to the system and may be anything: not UTF-8, a line break, a terminal's control code, a formula
of a spreadsheet. Inside the program a name stays what it is. Where it leaves, it goes through one of these.
"""

from __future__ import annotations

import json
import os
import unicodedata
from typing import Any

# Zl and Zp are line and paragraph separators; Cf has the marks that turn text around (U+202E), but also joiners of
# emoji and of Indic scripts, which are let through.
_SHOWN_AS_CODE = frozenset({"Cc", "Cs", "Zl", "Zp"})
_REVERSING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def legible(name: str | os.PathLike[str]) -> str:
    r"""Return the text that a name from the file system stands for.

    Parameters
    ----------
    name : str or path-like
        As `os.listdir` and the like return it: what is not UTF-8 is in it as surrogates.

    Returns
    -------
    str
        Encodable text in Unicode's composed form (NFC), so that one name spelled in two ways is one name. A byte that
        is no text is written as ``\xe9``. The file can no longer be opened by it.

    Examples
    --------
    >>> legible("cafe\u0301"), legible("caf\udce9")
    ('café', 'caf\\xe9')
    """
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return unicodedata.normalize("NFC", text)


def for_terminal(text: str) -> str:
    r"""Return `text` with all that would move a terminal's cursor, change its colours or turn its lines around shown.

    Examples
    --------
    >>> print(for_terminal("red\x1b[31m and\nblue"))
    red\x1b[31m and\nblue
    """
    return "".join(_as_code(character) if _is_control(character) else character for character in text)


def lines_for_terminal(text: str) -> str:
    """Return a text of several lines with each line as `for_terminal` returns it."""
    return "\n".join(map(for_terminal, text.split("\n")))


def for_table(cell: object) -> object:
    """Return a cell of a CSV file as it is, or with an apostrophe before what a spreadsheet would compute.

    Numbers stay numbers. See OWASP, "CSV Injection".

    Examples
    --------
    >>> for_table("=1+1"), for_table("rose"), for_table(-0.5), for_table("-0.5")
    ("'=1+1", 'rose', -0.5, '-0.5')
    """
    if not isinstance(cell, str) or not cell.startswith(_FORMULA) or _is_number(cell):
        return cell
    return f"'{cell}"


def json_text(value: Any, **options: Any) -> str:
    r"""Return JSON that is readable, can be encoded as UTF-8 whatever is in it, and is read back as it was.

    Parameters
    ----------
    value : Any
        Plain JSON values. Bytes of a name that are not UTF-8 become escapes such as ``\udce9``.
    **options
        Of `json.dumps`.

    Examples
    --------
    >>> print(json_text({"name": "caf\udce9 münchen"}))
    {"name": "caf\udce9 münchen"}
    """
    text = json.dumps(value, ensure_ascii=False, **options)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in _SHOWN_AS_CODE or character in _REVERSING


def _as_code(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
