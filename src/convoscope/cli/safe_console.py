"""A console that lets nothing through that a name could do to a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions
from rich.segment import Segment
from rich.text import Text

from convoscope.names import lines_for_terminal

_WORD = re.compile(r"^\s*\S+\s*|\S+\s*")


def between_words(text: Text, width: int) -> Text:
    """Break the lines of a text between words; a word that is longer than a line is not cut.

    Examples
    --------
    >>> print(between_words(Text("kept in runs/a-long-name today"), 12))
    kept in
    runs/a-long-name
    today
    """
    if text.no_wrap:
        return text
    lines: list[Text] = []
    for line in text.split("\n", allow_blank=True):
        column, cuts = 0, list[int]()
        for word in _WORD.finditer(line.plain):
            if column and column + cell_len(word[0].rstrip()) > width:
                cuts.append(word.start())
                column = 0
            column += cell_len(word[0])
        lines += line.divide(cuts)
    for line in lines:
        line.rstrip()
    return Text("\n").join(lines)


class SafeConsole(Console):
    """A console that writes control characters as codes, wherever they come from.

    Who prints names should write them by `convoscope.names.for_terminal` itself, for the widths of tables are worked
    out before. This is the net below.
    """

    def print(self, *objects: Any, soft_wrap: bool | None = None, **options: Any) -> None:
        """Print. In a terminal, lines with `soft_wrap` end between words; a path that is longer stays whole."""
        if soft_wrap and self.is_terminal:
            texts = [self.render_str(each) if isinstance(each, str) else each for each in objects]
            objects = tuple(between_words(each, self.width) if isinstance(each, Text) else each for each in texts)
        super().print(*objects, soft_wrap=soft_wrap, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Turn a string into text; rich would drop some control characters and pass on others."""
        return super().render_str(lines_for_terminal(text), **options)

    def render(self, renderable: Any, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render an object; of what it yields only the console's own codes can move the cursor."""
        for segment in super().render(renderable, options):
            text, style, control = segment
            # Most pieces are printable or a line's end, and a drawn image has thousands.
            safe = control or text.isprintable() or text == "\n"
            yield segment if safe else Segment(lines_for_terminal(text), style)
