"""A report in the terminal: a table of the classes, the confusion matrix, the worst mistakes as small images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from convoscope.names import for_terminal
from convoscope.report.classification import Report
from convoscope.report.interval import with_interval
from convoscope.report.pixels import Image, draw, resized, to_rgb

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

_WIDEST_IMAGE = 28
_NAME = 16  # characters: longer names of classes are folded
_CAPTION = 18  # characters, for "> 99 % sure #59999"
_GREEN, _RED = (46, 160, 67), (218, 54, 51)


def percent(share: float, digits: int = 1) -> str:
    """Write a share as a percentage that never rounds up to a perfect 100 or down to nothing.

    Examples
    --------
    >>> percent(0.98765), percent(1.0), percent(0.99999), percent(0.00001)
    ('98.8 %', '100 %', '> 99.9 %', '< 0.1 %')
    """
    if share in (0.0, 1.0):
        return f"{share:.0%}".replace("%", " %")
    low = 10.0**-digits
    if share * 100 < low / 2:
        return f"< {low:.{digits}f} %"
    if share * 100 > 100 - low / 2:
        return f"> {100 - low:.{digits}f} %"
    return f"{share * 100:.{digits}f} %"


def print_report(console: Console, report: Report, images: Image, max_value: float, subject: str) -> None:
    """Print a whole report.

    Parameters
    ----------
    console : rich.console.Console
    report : dict
        What `classification_report` returned.
    images : array of shape (images, height, width[, channels])
        The images that it is about.
    max_value : float
        The largest value that a pixel of them can have.
    subject : str
        What they are: ``"the test images of digits"``.
    """
    from rich.text import Text

    right = report["images"] - report["mistakes"]
    headline = Text.assemble(
        ("Accuracy ", "bold"),
        (with_interval(right, report["images"]), "bold green"),
        f"  {right:,} of {report['images']:,} right",
        (f", {for_terminal(subject)}", "dim"),
    )
    console.print(headline, soft_wrap=True)
    if "caveat" in report:
        console.print(Text(report["caveat"], "yellow"), soft_wrap=True)
    for title, part in parts(console, report, images, max_value):
        console.print()
        console.print(Text.assemble((title, "bold")), soft_wrap=True)
        console.print(part)


def remind(console: Console, caveats: Sequence[str]) -> None:
    """Print what limits a result, below it: what is said above it has left the screen."""
    from rich.text import Text

    if caveats:
        console.print()
        console.print(Text("Keep in mind", "bold"))
    for caveat in caveats:
        console.print(Text(for_terminal(caveat), "yellow"), soft_wrap=True)


def parts(console: Console, report: Report, images: Image, max_value: float) -> Iterator[tuple[str, RenderableType]]:
    """Give the titles, tables and pictures of a report, one after the other."""
    yield "Classes", class_table(report, bars=console.width - 64 if console.is_terminal else 0)
    if not report["mistakes"]:
        return
    headings = confusion_headings(report, console.width)
    if headings is not None:
        title = "Confusion: rows are true classes, columns are predictions"
        if headings != _names(report):
            title = "Confusion: rows are true classes, columns (by row number) are predictions"
        yield title, confusion_table(report, headings)
    else:
        yield "The most frequent confusions", confusion_list(report)
    drawn = console.is_terminal and console.encoding.startswith("utf")
    if drawn:
        yield "The worst mistakes", mistake_pictures(console, report, images, max_value)
    if not drawn or "file" in report["worst_mistakes"][0]:
        yield "The worst mistakes' files" if drawn else "The worst mistakes", mistake_list(report)


def class_table(report: Report, bars: int = 0) -> Table:
    """Make the table with a row for each class; `bars` is the room for a drawing of f1, in characters."""
    from rich.text import Text

    table = _table()
    table.add_column("class", overflow="fold")
    for heading in ("images", "precision", "recall", "f1"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in report["classes"]:
        cells = [Text(percent(row[key]), _grade(row[key])) for key in ("precision", "recall", "f1")]
        if bars >= 8:
            cells.append(bar(row["f1"], min(bars, 30), _grade(row["f1"])))
        table.add_row(Text(for_terminal(row["name"])), f"{row['support']:,}", *cells)
    return table


def confusion_headings(report: Report, room: int) -> list[str] | None:
    """Choose what stands over the columns of the confusion matrix.

    Returns
    -------
    list of str or None
        The names of the classes if there is room for them, or else their numbers, from 1; None if the columns are too
        many for either.
    """
    names = _names(report)
    numbers = [str(number) for number in range(1, len(names) + 1)]
    for headings in (names, numbers):
        numbered = 0 if headings is names else len(numbers[-1]) + 1
        rows = min(_NAME, max(map(len, names))) + numbered + 1
        if rows + len(names) * _cell_width(report, headings) <= room:
            return headings
    return None


def confusion_table(report: Report, headings: Sequence[str]) -> Table:
    """Make the confusion matrix: a row for each true class, a column for each prediction, green where they agree."""
    from rich.text import Text

    names = _names(report)
    matrix = report["confusion_matrix"]
    width = _cell_width(report, headings)
    if list(headings) != names:
        digits = max(map(len, headings))
        names = [f"{number:>{digits}} {name}" for number, name in zip(headings, names, strict=True)]
    table = _table(gap=0)
    table.add_column("", overflow="fold")
    for heading in headings:
        table.add_column(Text(f"{heading} "), justify="right", no_wrap=True, min_width=width)
    for index, (name, row) in enumerate(zip(names, matrix, strict=True)):
        total = max(1, sum(row))
        cells = [
            Text(f"{count or '·'} ".rjust(width), _heat(count / total, agrees=column == index))
            for column, count in enumerate(row)
        ]
        table.add_row(Text(f"{name} "), *cells)
    return table


def _cell_width(report: Report, headings: Sequence[str]) -> int:
    counts = (str(count) for row in report["confusion_matrix"] for count in row)
    return max(3, *map(len, counts), *map(len, headings)) + 1


def confusion_list(report: Report, most: int = 12) -> Table:
    """Make a list of the most frequent confusions, where the matrix has too many columns to be shown."""
    from rich.text import Text

    names = _names(report)
    matrix = report["confusion_matrix"]
    pairs = [
        (count, true, said)
        for true, row in enumerate(matrix)
        for said, count in enumerate(row)
        if count and true != said
    ]
    table = _table()
    for heading in ("true class", "prediction"):
        table.add_column(heading, overflow="fold")
    table.add_column("times", justify="right")
    table.add_column("of", justify="right")
    for count, true, said in sorted(pairs, key=lambda pair: -pair[0])[:most]:
        table.add_row(Text(names[true]), Text(names[said]), f"{count:,}", f"{sum(matrix[true]):,}")
    return table


def mistake_list(report: Report, most: int = 8) -> Table:
    """Make a list of the worst mistakes without pictures, with the image's number or, if it has one, its file."""
    from rich.text import Text

    names = _names(report)
    table = _table()
    filed = "file" in report["worst_mistakes"][0]
    table.add_column("file" if filed else "image", justify="left" if filed else "right", overflow="fold")
    for heading in ("true class", "prediction"):
        table.add_column(heading, overflow="fold")
    table.add_column("probability", justify="right")
    for mistake in report["worst_mistakes"][:most]:
        true, said = Text(names[mistake["true"]]), Text(names[mistake["predicted"]])
        image = Text(for_terminal(str(mistake.get("file", mistake["index"]))))
        table.add_row(image, true, said, percent(mistake["probability"]))
    return table


def mistake_pictures(console: Console, report: Report, images: Image, max_value: float, rows: int = 1) -> Table:
    """Draw the worst mistakes side by side, as many as there is room for."""
    from rich.console import Group
    from rich.text import Text

    names = _names(report)
    width = picture_width(images.shape[2], console.width)
    column = max(width, _CAPTION)
    columns = max(1, (console.width + 2) // (column + 2))
    grid = _table(header=False)
    for _ in range(columns):
        grid.add_column(width=column, no_wrap=True, overflow="ellipsis")
    cells = []
    for mistake in report["worst_mistakes"][: columns * rows]:
        colours = resized(to_rgb(images[mistake["index"]], max_value), width)
        caption = [
            Text.assemble(("true ", "dim"), (names[mistake["true"]], "green")),
            Text.assemble(("predicted ", "dim"), (names[mistake["predicted"]], "red")),
            Text(f"{percent(mistake['probability'], 0)} sure #{mistake['index']}", "dim"),
        ]
        cells.append(Group(*draw(colours, in_colour=console.color_system is not None), *caption))
    for start in range(0, len(cells), columns):
        grid.add_row(*cells[start : start + columns])
    return grid


def bar(share: float, width: int, style: str) -> Text:
    """Draw a share as a line of a given width, the rest of it faint."""
    from rich.text import Text

    full = round(share * width)
    return Text.assemble(("━" * full, style), ("━" * (width - full), "bright_black"))


def picture_width(pixels: int, room: int) -> int:
    """Choose how many characters wide an image is drawn: its own width, or what lets three stand in a row."""
    if pixels < _CAPTION:
        return pixels * (_CAPTION // pixels)
    return max(_CAPTION, min(pixels, (room - 4) // 3, _WIDEST_IMAGE))


def _names(report: Report) -> list[str]:
    return [for_terminal(row["name"]) for row in report["classes"]]


def _table(header: bool = True, gap: int = 2) -> Table:
    from rich.table import Table

    return Table(box=None, pad_edge=False, show_header=header, header_style="dim", padding=(0, gap, 0, 0))


def _grade(share: float) -> str:
    return "green" if share >= 0.9 else "yellow" if share >= 0.75 else "red"


def _heat(share: float, *, agrees: bool) -> str:
    """Colour a cell of the matrix by its share of the row; a tenth of the row astray is as red as it gets."""
    if share == 0:
        return "dim"
    strength = share if agrees else min(1.0, 0.25 + share * 7.5)
    red, green, blue = (round(30 + (full - 30) * strength) for full in (_GREEN if agrees else _RED))
    return f"white on rgb({red},{green},{blue})"
