"""Python as HTML, its words told apart by colour."""

from __future__ import annotations

import html
import io
import keyword
import tokenize

_KINDS = {tokenize.COMMENT: "comment", tokenize.STRING: "string", tokenize.NUMBER: "number"}
# From Python 3.12 on an f-string comes in pieces.
_PIECES = ("FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END")
_KINDS |= {getattr(tokenize, name): "string" for name in _PIECES if hasattr(tokenize, name)}


def coloured(code: str) -> str:
    """Return a program's HTML: what is no name, operator or blank stands in a ``<span>`` with its kind as class.

    Examples
    --------
    >>> coloured("x = 1  # one")
    'x = <span class="number">1</span>  <span class="comment"># one</span>'
    """
    lines = code.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    parts, done = [], 0
    for kind, text, (row, column), (last, end), _ in tokenize.generate_tokens(io.StringIO(code).readline):
        named = "keyword" if kind == tokenize.NAME and keyword.iskeyword(text) else _KINDS.get(kind)
        if named is None:
            continue
        begin, stop = starts[row - 1] + column, starts[last - 1] + end
        parts += [html.escape(code[done:begin], quote=False), _span(named, code[begin:stop])]
        done = stop
    return "".join([*parts, html.escape(code[done:], quote=False)])


def _span(kind: str, text: str) -> str:
    return f'<span class="{kind}">{html.escape(text, quote=False)}</span>'
