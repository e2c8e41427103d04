"""Names of files and classes on their way out: into JSON, onto a terminal, into a table.

A file's name is bytes to the system and may be anything: not UTF-8, a line break, a terminal's control code, a formula
of a spreadsheet. Inside the program a name stays what it is. Where it leaves, it goes through one of these.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import unicodedata
from typing import Any

# Zl and Zp are line and paragraph separators; Cf has the marks that turn text around (U+202E), but also joiners of
# emoji and of Indic scripts, which are let through.
_SHOWN_AS_CODE = frozenset({"Cc", "Cs", "Zl", "Zp"})
_REVERSING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_AS_SURROGATES = "surrogateescape"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
# What Markdown takes for markup: not an underscore within a word, and brackets only before an address. The last line is
# what means something where a line begins, number signs also where it ends.
_MARKUP = re.compile(
    r"[\\`*|~$]|(?<![^\W_])_|_(?![^\W_])|\[(?=\^)|\](?=[(\[:])"
    r"|^[+=-](?=[\s=-])|(?<=^\d)[.)](?=\s)|(?<=^\d\d)[.)](?=\s)|(?:^|(?<=\s)|(?<=#))#"
)
_ENTITY = re.compile(r"&(?=#?\w+;)")


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
        is not text is written as ``\xe9``. The file can no longer be opened by it.

    Examples
    --------
    >>> legible("cafe\u0301"), legible("caf\udce9")
    ('café', 'caf\\xe9')
    """
    return unicodedata.normalize("NFC", encodable(name))


def encodable(name: str | os.PathLike[str]) -> str:
    r"""Return a name as `legible` does, but spelled as it is, for those who look for the file by it.

    Examples
    --------
    >>> encodable("caf\udce9") == r"caf\xe9", len(encodable("cafe\u0301"))
    (True, 5)
    """
    return encoded_path(os.fspath(name)).decode("utf-8", "backslashreplace")


def portable_path(path: str | os.PathLike[str]) -> str:
    """Return a path as text that means the same file under any locale, for files that are read again by `native_path`.

    Under an ASCII locale Python hands out ``é`` as two surrogates, and under UTF-8 as one letter.
    """
    return encoded_path(os.fspath(path)).decode("utf-8", _AS_SURROGATES)


def native_path(text: str) -> str:
    """Return a path from a file's text, as this system opens it: the inverse of `portable_path`."""
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return os.fsdecode(encoded_path(text))
    return text


def for_terminal(text: str) -> str:
    r"""Return `text` with all that would move a terminal's cursor, change its colours or turn its lines around shown.

    What is not text in a file's name is written as `legible` does it.

    Examples
    --------
    >>> print(for_terminal("red\x1b[31m and\nblue"))
    red\x1b[31m and\nblue
    """
    if text.isprintable():
        return text
    return "".join(_as_code(character) if _is_control(character) else character for character in encodable(text))


def lines_for_terminal(text: str) -> str:
    """Return a text of several lines with each line as `for_terminal` returns it."""
    return "\n".join(map(for_terminal, text.split("\n")))


def text_of(value: object) -> str:
    """Return an object as text, or its type's name where it cannot say what it is.

    Examples
    --------
    >>> text_of(0.5), text_of(["a"])
    ('0.5', "['a']")
    """
    try:
        return str(value)
    except Exception:  # a stranger's object may raise anything, and no training is worth less than a line about it
        return f"<{type(value).__name__}>"


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


def for_markdown(text: str) -> str:
    r"""Return `text` so that Markdown, in which there may be HTML, shows it as it is, in one line.

    Examples
    --------
    >>> print(for_markdown("batch_size * 2, <b>"))
    batch_size \* 2, &lt;b&gt;
    """
    line = for_terminal(" ".join(text.splitlines()).strip())
    line = _MARKUP.sub(lambda found: f"\\{found[0]}", _ENTITY.sub("&amp;", line))
    return line.replace("<", "&lt;").replace(">", "&gt;")


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


def json_for_terminal(value: Any, encoding: str = "utf-8") -> str:
    r"""Return indented JSON that is read back as it was, and does nothing to a terminal.

    Parameters
    ----------
    value : Any
        Plain JSON values.
    encoding : str
        What the terminal understands. Characters that it lacks become escapes.

    Examples
    --------
    >>> print(json_for_terminal(["\x9b31m", "é"], "ascii"))
    [
      "\u009b31m",
      "\u00e9"
    ]
    """
    text = json_text(value, indent=2)
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = json.dumps(value, indent=2)
    return "".join(f"\\u{ord(each):04x}" if each != "\n" and _is_control(each) else each for each in text)


def command_line(*words: object) -> str:
    """Write a command so that it can be typed as it stands.

    Examples
    --------
    >>> command_line("convoscope", "evaluate", "my runs/first")
    "convoscope evaluate 'my runs/first'"
    """
    return " ".join(_quoted(str(word)) for word in words)


def encoded_path(name: str) -> bytes:
    """Return the bytes of a path: UTF-8, and those that are not as they are."""
    try:
        return name.encode("utf-8", _AS_SURROGATES)
    except UnicodeEncodeError:  # a surrogate that stands for no byte, as Windows allows it in names
        return name.encode("utf-8", "backslashreplace")


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


def _quoted(word: str) -> str:
    """Quote a word for a shell; with the codes that Bash and zsh know where it cannot be shown as it is."""
    if word.isprintable():
        return shlex.quote(word)
    codes = ("".join(f"\\x{byte:02x}" for byte in encoded_path(each)) for each in word)
    return "$'" + "".join(_plain(each) or code for each, code in zip(word, codes, strict=True)) + "'"


def _plain(character: str) -> str:
    return character if character.isprintable() and character not in "'\\" else ""
