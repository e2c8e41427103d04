"""A console that lets nothing through that a name could do to a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions
from rich.segment import Segment

from convoscope.names import lines_for_terminal


class SafeConsole(Console):
    """A console that writes control characters as codes, wherever they come from.

    Who prints names should write them by `convoscope.names.for_terminal` itself, for the widths of tables are worked
    out before. This is the net below.
    """

    def render(self, renderable: Any, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render an object; of what it yields only the console's own codes can move the cursor."""
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control or text.isprintable() else Segment(lines_for_terminal(text), style)
