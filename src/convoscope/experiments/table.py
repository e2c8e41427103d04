"""The table of an experiment: its cells as text, for the terminal, Markdown and HTML alike."""

from __future__ import annotations

import html
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from convoscope import names
from convoscope.experiments.results import Figure, Row, best
from convoscope.experiments.space import described, written
from convoscope.names import for_markdown

if TYPE_CHECKING:
    from rich.table import Table

TEST = frozenset({"test_accuracy"})
_LEFT_OUT_FIRST = ("multiply_adds", "images_a_second", "gap", "parameters")
_WIDEST_TEXT = 30
_HEADINGS = {
    "val_accuracy": "validation %",
    "gap": "gap",
    "parameters": "parameters",
    "multiply_adds": "multiply-adds",
    "seconds": "seconds",
    "images_a_second": "images/s",
    "test_accuracy": "test only %",
}
NOTES = (
    "Validation: accuracy on held-out images in the epoch whose model was kept; a star marks the best.",
    "Gap: training accuracy minus validation accuracy in the last epoch, in percentage points. It grows with "
    "overfitting. With dropout or augmentation, training is the harder of the two, and the gap may be negative.",
    "Multiply-adds are for one image. Seconds and images per second include training and validation; runs that share "
    "a machine slow each other down equally.",
    "Test only: accuracy in % on the test images. It is shown separately and is not used for ranking.",
    "± is the standard deviation over the seeds.",
)


@dataclass(frozen=True)
class Cells:
    """A table as text: headings, how many of them stand for varied settings, rows, and the index of the best row."""

    headings: tuple[str, ...]
    varied: int
    rows: tuple[tuple[str, ...], ...]
    best: int | None

    def is_text(self, index: int) -> bool:
        """Say whether a column holds words, which begin at its left."""
        return index < self.varied or self.headings[index] == "note"


def cells(table: Sequence[Row], *, without: Collection[str] = (), together: bool = False) -> Cells:
    """Write down all figures, without some: ``{"test_accuracy"}``; varied settings in a column each, or in one."""
    figures = {name: heading for name, heading in _HEADINGS.items() if name not in without}
    points = next((list(row.point) for row in table if row.point), [])
    if together or not points:
        varied = ["settings" if points else "run"]
        values = [[described(row.point) or row.results[0].folder.name] for row in table]
    else:
        varied = [name.replace("_", " ") for name in points]
        values = [_values(row, points) for row in table]
    notes = [_note(row) for row in table]
    lines = tuple(
        (
            *map(names.for_terminal, value),
            _finished(row),
            *(_cell(name, row.figure(name)) for name in figures),
            *([names.lines_for_terminal(note)] if any(notes) else []),
        )
        for row, value, note in zip(table, values, notes, strict=True)
    )
    headings = (*varied, "runs", *figures.values(), *(["note"] if any(notes) else []))
    first = best(table)
    index = next((number for number, row in enumerate(table) if row is first), None)
    return Cells(headings, len(varied), lines, index)


def markdown(table: Sequence[Row], *, without: Collection[str] = ()) -> str:
    r"""Return the table as Markdown, without the figures named in `without`; an asterisk marks the best row.

    Examples
    --------
    >>> from pathlib import Path
    >>> from convoscope.experiments.results import Result, rows
    >>> def run(filters, accuracy):
    ...     figures = {"val_accuracy": accuracy, "parameters": 1000 * filters}
    ...     return Result(Path("runs"), {"filters": filters}, {"filters": filters}, "finished", None, 5, figures)
    >>> print(markdown(rows([run(8, 0.971), run(16, 0.985)])), end="")
    | filters | runs | validation % | gap | parameters | multiply-adds | seconds | images/s | test only % |
    | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
    | 8 | 1 | 97.10 | - | 8,000 | - | - | - | - |
    | 16 | 1 | 98.50 \* | - | 16,000 | - | - | - | - |
    """
    made = cells(table, without=without)
    aligned = ["---" if made.is_text(index) else "---:" for index in range(len(made.headings))]
    first, *others = (list(map(for_markdown, line)) for line in (made.headings, *_lines(made)))
    return "\n".join(f"| {' | '.join(line)} |" for line in (first, aligned, *others)) + "\n"


def as_html(table: Sequence[Row], *, without: Collection[str] = ()) -> str:
    """Write the table as HTML."""
    made = cells(table, without=without)
    head = "".join(f'<th scope="col">{html.escape(heading)}</th>' for heading in made.headings)
    body = []
    for number in range(len(made.rows)):
        line = _starred(made, number)
        texts = "".join(
            f"<td{' class=text' if made.is_text(index) else ''}>{html.escape(cell)}</td>"
            for index, cell in enumerate(line)
        )
        body.append(f"<tr{' class=best' if number == made.best else ''}>{texts}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"


def for_terminal(table: Sequence[Row], width: int, *, without: Collection[str] = ()) -> Table:
    """Make the table for a console of so many characters; what there is no room for, the report has."""
    from rich.table import Table
    from rich.text import Text

    left_out = set(without)
    for name in _LEFT_OUT_FIRST:
        if _width(cells(table, without=left_out)) > width:
            left_out.add(name)
    made = cells(table, without=left_out)
    if made.varied > 1 and _width(made) > width:
        made = cells(table, without=left_out, together=True)
    drawn = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for index, heading in enumerate(made.headings):
        is_text = made.is_text(index)
        drawn.add_column(heading, justify="left" if is_text else "right", overflow="fold", no_wrap=not is_text)
    for number in range(len(made.rows)):
        style = "bold green" if number == made.best else ""
        drawn.add_row(*(Text(names.for_terminal(cell), style) for cell in _starred(made, number)))
    return drawn


def _width(made: Cells) -> int:
    """Return how many characters wide the table is; headings of words may be folded between them."""
    width = 0
    for index, heading in enumerate(made.headings):
        longest = max(map(len, heading.split() if made.is_text(index) else [heading]))
        texts = [len(_starred(made, number)[index]) for number in range(len(made.rows))]
        width += min(max([longest, *texts]), _WIDEST_TEXT) + 2
    return width - 2


def _finished(row: Row) -> str:
    finished, of = len(row.finished), len(row.results)
    return f"{finished}" if finished == of else f"{finished}/{of}"


def _lines(made: Cells) -> list[list[str]]:
    return [_starred(made, number) for number in range(len(made.rows))]


def _starred(made: Cells, number: int) -> list[str]:
    """Return a row's cells, with a star at the validation accuracy that is best."""
    line = list(made.rows[number])
    if number == made.best:
        line[made.varied + 1] += " *"
    return line


def _cell(name: str, figure: Figure | None) -> str:
    """Write a mean and its spread, as precisely as makes sense for the figure.

    Examples
    --------
    >>> _cell("val_accuracy", Figure(0.97251, 0.0041)), _cell("gap", Figure(0.012, None))
    ('97.25 ± 0.41', '+1.2')
    """
    if figure is None:
        return "-"
    if name.endswith("accuracy"):
        return _with_spread(figure, 100, ".2f")
    if name == "gap":
        return _with_spread(figure, 100, "+.1f")
    if name == "seconds":
        return _with_spread(figure, 1, ",.2f" if figure.mean < 10 else ",.1f")
    return f"{figure.mean:,.0f}"


def _with_spread(figure: Figure, scale: float, form: str) -> str:
    spread = "" if figure.spread is None else f" ± {figure.spread * scale:{form.lstrip('+')}}"
    return f"{figure.mean * scale:{form}}{spread}"


def _values(row: Row, points: Sequence[str]) -> list[str]:
    """Write what a row has of varied settings, or which run it is, if that is not known."""
    if not row.point:
        return [row.results[0].folder.name, *[""] * (len(points) - 1)]
    return [written(row.point.get(name)) for name in points]


def _note(row: Row) -> str:
    """Say what of a row failed or is not done."""
    left = sum(result.state in ("waiting", "begun") for result in row.results)
    told = ((result.state, result.reason) for result in row.results if result.reason is not None)
    parts = [f"{state}: {reason}" for state, reason in dict.fromkeys(told)]
    return " ".join([*parts, *([f"{left} not finished"] if left else [])])
