r"""Kernels as text: one grammar for the command line, for Python and, in ``lab/kernel-text.js``, for the lab's page.

What may be written:

- **Rows** end with a semicolon or a line end: ``-1 0 1; -2 0 2; -1 0 1``. Empty rows and a separator at the end are
  nothing.
- **Values** are separated by blanks, tabs or commas: ``1 2 1``, ``1,2,1``, ``1, 2, 1``. Two commas with nothing between
  them are an error.
- **Numbers** have a sign or none, a point, an exponent: ``-1``, ``.5``, ``1e-3``; so are fractions, ``1/9`` or ``½``.
  The minus may be Unicode's. There is no NaN and no infinity.
- **Decimal commas** are for texts in which blanks separate the values: ``0,1 0,2 0,1`` is 0.1, 0.2 and 0.1, while
  ``1,2,1`` has no blank and is 1, 2 and 1. What can be read both ways is an error: commas with and without a blank
  after them (``1,2, 3``), points and commas (``0.5 0,5``), several commas in one value (``1,2,3 4,5,6``), and values
  with and without a comma whose rows have equal lengths either way (``1,2 3; 4,5 6``). Tabs, which spreadsheets write,
  settle the last: then a comma is a decimal comma.
- **Tables** of a spreadsheet: where several lines have as many semicolons each, with one number between two, the
  semicolons separate values, and a comma is a decimal comma: ``0,1;0,2`` above ``0,3;0,4``.
- **Brackets** of all kinds: ``[1 2; 3 4]`` as in MATLAB, ``[[1, 2], [3, 4]]`` as in Python, ``[[1. 2.] [3. 4.]]`` as
  NumPy prints it. Within brackets a comma always separates. Where there are brackets within brackets, each pair is a
  row, and a line end within it is a blank.
- **Calls** around them are left out: ``kernel = np.array([[1, 2], [3, 4]], dtype=np.float32)``, ``np.float32(0.5)``,
  ``torch.tensor(...)``, ``tf.constant(...)``. So are a declaration in C, and LaTeX's
  ``\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}``.

``tests/values/kernel_texts.json`` has examples, which both sides are tested with.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from math import isfinite

from convoscope.errors import ConfigurationError
from convoscope.filters.kernel import LARGEST
from convoscope.names import for_terminal

LONGEST = 2_000_000  # characters
_DEEPEST = 8  # brackets within brackets, calls among them

_SIGNS = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"), "-")
_STROKES = dict.fromkeys(map(ord, "\u2044\u2215"), "/")
_INVISIBLE = dict.fromkeys(map(ord, "\xad\u200c\u200d\u200e\u200f\u2060"), "")
_LINE_ENDS = dict.fromkeys(map(ord, "\r\x0b\x0c\x85\u2028\u2029"), "\n")
_BLANKS = dict.fromkeys([9, 0xA0, *range(0x2000, 0x200C), 0x202F, 0x205F, 0x3000, 0xFEFF], " ")
_PLAIN = {**_SIGNS, **_STROKES, **_INVISIBLE, **_LINE_ENDS, **_BLANKS}
_ONE_SIGN = re.compile("(?<![0-9.,/])[\xbc-\xbe\u2150-\u215e](?![0-9.,/])")  # a fraction such as ½

_DECIMAL = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_NUMBER = re.compile(rf"({_DECIMAL})(?:/({_DECIMAL}))?")
_WITH_COMMA = r"[+-]?[0-9]+(?:,[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_NUMBER_WITH_COMMA = re.compile(rf"{_WITH_COMMA}(?:/{_WITH_COMMA})?")
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)

_LIBRARY = r"(?:(?:np|numpy|jnp|cp|torch|tf)\.)?"
_TYPE = r"(?:float(?:16|32|64)?_?|double|single|half|u?int(?:8|16|32|64)?_?|bool_?)"
_MAKER = rf"(?:as)?(?:array|matrix)|mat|[tT]ensor|FloatTensor|constant|list|tuple|{_TYPE}"
_MATRIX = r"\{(?:[bBpvV]?matrix|smallmatrix|array)\*?\}(?: ?\{[lcr|]+\})?"  # LaTeX's
_LEFT_OUT = (  # what code has around the numbers, and what stands there instead
    (re.compile(r"^(?:[A-Za-z_][A-Za-z0-9_]* ){0,3}[A-Za-z_][A-Za-z0-9_.]*(?: ?\[[0-9]*\]){0,4} ?= ?"), ""),
    (re.compile(rf"^[$ \n]*(?:\\\[ ?)?(?:\\left ?[\[({{|.] ?)?\\begin ?{_MATRIX}"), ""),
    (re.compile(rf"\\end ?{_MATRIX} ?(?:\\right ?[\])}}|.] ?)?(?:\\\])?[ \n$.,]*$"), ""),
    (re.compile(rf"\\[dt]?frac ?\{{ ?({_DECIMAL}) ?\}} ?\{{ ?({_DECIMAL}) ?\}}"), r"\1/\2"),
    (re.compile(r"\\\\"), ";"),
    (re.compile(r"(?<=[0-9.]) ?& ?(?=[-+.0-9])"), " "),
    (re.compile(r"(?<=[;,]) ?\.\.\.\n"), " "),  # MATLAB's row that goes on; NumPy's ... for what it leaves out stays
    (re.compile(r",[ \n]?(?:dtype|copy|order|ndmin|subok|device|requires_grad|name) ?= ?[A-Za-z0-9_.'\"<>|]+"), ""),
    (re.compile(rf",[ \n]?['\"]?{_LIBRARY}{_TYPE}['\"]?(?=[ \n]?\))"), ""),
    (re.compile(rf"(?<![A-Za-z0-9_.]){_LIBRARY}(?:{_MAKER}) ?\("), "("),
    (re.compile(rf"\([ \n]?({_NUMBER.pattern})[ \n]?\)"), r" \1 "),
    (re.compile(r" */ *"), "/"),
)
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_EXAMPLE = "For example: -1 0 1; -2 0 2; -1 0 1."


def rows_of(text: str) -> list[list[float]]:
    """Read a kernel's rows from text in this module's grammar.

    Parameters
    ----------
    text : str

    Returns
    -------
    list of list of float
        All of the same length, and at most 255 × 255 values.

    Raises
    ------
    ConfigurationError
        It says which row, what was expected, and what came.

    Examples
    --------
    >>> rows_of("0,1 0,2 0,1"), rows_of("1,2,1")
    ([[0.1, 0.2, 0.1]], [[1.0, 2.0, 1.0]])
    >>> rows_of("np.array([[1, 0], [0, 1]], dtype=np.float32)")
    [[1.0, 0.0], [0.0, 1.0]]
    """
    if len(text) > LONGEST:
        raise ConfigurationError(f"A kernel's text has at most {LONGEST:,} characters, but got {len(text):,}.")
    words = _words(_without_code(text), tabs="\t" in text)
    if not any(words):
        raise ConfigurationError(f"A kernel needs numbers, but there are none in the text. {_EXAMPLE}")
    rows = [[_value(word, number) for word in row] for number, row in enumerate(words, 1)]
    width = len(rows[0])
    for number, row in enumerate(rows, 1):
        if len(row) != width:
            raise ConfigurationError(
                f"Every row of a kernel has as many values as the first: row 1 has {width}, but row {number} has "
                f"{len(row)}. Rows end with a semicolon or a line end, as in -1 0 1; -2 0 2; -1 0 1."
            )
    if max(len(rows), width) > LARGEST:
        raise ConfigurationError(
            f"A kernel has at most {LARGEST} rows and columns, but got {len(rows)}×{width}. Apply a smaller "
            "kernel several times instead."
        )
    return rows


def _without_code(text: str) -> str:
    """Return the text with plain signs, blanks and line ends, and without assignments, calls and their arguments."""
    text = _ONE_SIGN.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    plain = re.sub(" +", " ", text.translate(_PLAIN))
    plain = re.sub("[ \n]*\n[ \n]*", "\n", plain).strip(" \n")
    for pattern, instead in _LEFT_OUT:
        plain = pattern.sub(instead, plain)
    plain = re.sub(" +", " ", plain).strip(" \n;")
    return re.sub(r"(?<=[)\]}]) ?,$", "", plain)


def _words(text: str, *, tabs: bool) -> list[list[str]]:
    """Return the words of each row that has any; `tabs`: whether there were some."""
    pairs = _pairs(text)
    while pairs.get(0) == len(text) - 1 and text[0] == "(":  # a call's brackets are none of the kernel's
        inner = text[1:-1].strip(" \n,")
        within = _pairs(inner)
        if within.get(0) != len(inner) - 1:
            break
        text, pairs = inner, within
    if not pairs:
        if table := _table(text):
            return table
        rows = _rows(text)
        return list(_by_blanks(rows)) if _have_decimal_commas(rows, tabs) else [_split(row) for row in rows]
    if pairs.get(0) == len(text) - 1:
        text = text[1:-1]
        pairs = _pairs(text)
    return _grouped(text, pairs) if pairs else [_split(row) for row in _rows(text)]


def _pairs(text: str) -> dict[int, int]:
    """Return where each bracket that opens is closed."""
    pairs: dict[int, int] = {}
    open_: list[int] = []
    for position, character in enumerate(text):
        if character in "([{":
            open_.append(position)
        elif character in ")]}":
            if not open_ or _CLOSING[text[open_[-1]]] != character:
                raise ConfigurationError(f"The bracket {character} has no opening bracket. {_EXAMPLE}")
            pairs[open_.pop()] = position
        if len(open_) > _DEEPEST:
            raise ConfigurationError(
                f"The brackets of a kernel mark its rows, but here they are nested too deeply. {_EXAMPLE}"
            )
    if open_:
        raise ConfigurationError(f"The bracket {text[open_[-1]]} is not closed. {_EXAMPLE}")
    return pairs


def _grouped(text: str, pairs: dict[int, int]) -> list[list[str]]:
    """Return the words of rows in brackets of their own."""
    groups: list[str] = []
    outside = ""
    after = 0
    for opened in sorted(pairs):
        if opened < after:
            continue
        outside += text[after:opened]
        after = pairs[opened] + 1
        groups.append(text[opened + 1 : after - 1].replace("\n", " "))
    if outside := (outside + text[after:]).strip(" \n,;"):
        raise ConfigurationError(f"{_quoted(outside)} is outside the brackets of the rows. {_EXAMPLE}")
    for number, row in enumerate(groups, 1):
        if wrong := next((character for character in row if character in ";([{"), None):
            raise ConfigurationError(
                f"Row {number} has brackets of its own, so there are only numbers in it, but got {wrong}. {_EXAMPLE}"
            )
    return [_split(row) for row in groups]


def _table(text: str) -> list[list[str]] | None:
    """Return the cells of a table as spreadsheets write it where the comma is taken: lines of ``0,1;0,2``."""
    lines = [[cell.strip(" ") for cell in line.removesuffix(";").split(";")] for line in text.split("\n")]
    if len(lines) < 2 or len(lines[0]) < 2 or not _even(lines):
        return None
    if not all(_NUMBER.fullmatch(cell) or _NUMBER_WITH_COMMA.fullmatch(cell) for line in lines for cell in line):
        return None
    return [[cell.replace(",", ".") for cell in line] for line in lines]


def _rows(text: str) -> list[str]:
    rows = [row.strip(" ") for row in re.split("[;\n]", text)]
    return [row for row in rows if row]


def _split(row: str) -> list[str]:
    """Split a row at blanks and at commas, of which one may end it."""
    row = row.strip(" ").removesuffix(",").strip(" ")
    return re.split(" ?, ?| ", row) if row else []


def _by_blanks(rows: list[str]) -> Iterator[list[str]]:
    return ([word.replace(",", ".") for word in row.split(" ")] for row in rows)


def _have_decimal_commas(rows: list[str], tabs: bool) -> bool:
    """Return whether the commas stand for points, or say that nobody can know."""
    trimmed = [row.removesuffix(",").strip(" ") for row in rows]
    between_digits = any(re.search("[0-9],[0-9]", row) for row in trimmed)
    if not between_digits or not any(" " in row for row in trimmed):
        return False
    words = [row.split(" ") for row in trimmed]
    every = [word for row in words for word in row]
    for word in every:
        if "," not in word and not _NUMBER.fullmatch(word) and not _NOT_FINITE.fullmatch(word):
            _value(word, next(number for number, row in enumerate(words, 1) if word in row))
    mixed = not tabs and not all("," in word for word in every)
    unknown = mixed and _even(words) and _even([_split(row) for row in rows])
    if unknown or not all(map(_NUMBER_WITH_COMMA.fullmatch, every)):
        word = next(word for word in every if "," in word)
        raise ConfigurationError(
            f"The commas, as in {_quoted(word)}, may separate values or stand for decimal points. Write decimals with "
            "a point and separate values with spaces: 0.1 0.2 0.1; 1 2 1."
        )
    return True


def _even(rows: list[list[str]]) -> bool:
    return len({len(row) for row in rows}) == 1


def _value(word: str, row: int) -> float:
    found = _NUMBER.fullmatch(word)
    if not word:
        raise ConfigurationError(f"A value is missing in row {row}: there is nothing between two commas.")
    if not found:
        if _NOT_FINITE.fullmatch(word):
            raise ConfigurationError(f"A kernel's numbers must be finite, but got {_quoted(word)} in row {row}.")
        raise ConfigurationError(
            f"A kernel is made of numbers, but {_quoted(word)} in row {row} is not a number. {_EXAMPLE} "
            "Or give one name, such as sobel-x."
        )
    above, below = float(found[1]), float(found[2] or 1)
    if below == 0:
        raise ConfigurationError(f"{_quoted(word)} in row {row} is a division by zero.")
    value = above / below
    if not (isfinite(above) and isfinite(below) and isfinite(value)):
        raise ConfigurationError(f"{_quoted(word)} in row {row} is too large for a number: at most 1.8e308.")
    return value


def _quoted(word: str) -> str:
    return f"“{for_terminal(word if len(word) <= 40 else word[:39] + '…')}”"
