"""A console that lets nothing through that a name could do to a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions
from rich.segment import Segment
from rich.text import Text

from convoscope.names import lines_for_terminal


class SafeConsole(Console):
    """A console that writes control characters as codes, wherever they come from.

    Who prints names should write them by `convoscope.names.for_terminal` itself, for the widths of tables are worked
    out before. This is the net below.
    """

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
