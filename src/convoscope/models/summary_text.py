"""The summary as text: Keras' table, and the journey of an image through the layers."""

from __future__ import annotations

import math
import shutil
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from convoscope import streams
from convoscope.checks import flag, integer
from convoscope.engine.receptive_field import ReceptiveField
from convoscope.errors import ConfigurationError
from convoscope.models.summary import Row, Summary, expanded, summarize
from convoscope.names import for_terminal


@dataclass(frozen=True)
class _Columns:
    """Keras' columns: their titles, where they end as shares of the line, how much less each gets, the widest line."""

    titles: tuple[str, ...]
    ends: tuple[float, ...]
    less: tuple[int, ...]  # as rich takes the borders off the columns
    widest: int


_STACK = _Columns(("Layer (type)", "Output Shape", "Param #"), (0.45, 0.80, 1.0), (1, 2, 1), 88)
_GRAPH = _Columns((*_STACK.titles, "Connected to"), (0.3, 0.56, 0.74, 1.0), (1, 1, 2, 1), 108)
_TO_THE_RIGHT = _STACK.titles.index("Param #")

# Below the first, numbers of parameters may be cut off; below the second, nothing fits.
_LEGIBLE = 50
_NARROWEST = 30
_LONGEST = 100_000
_BAR = 28
_NARROWEST_BAR = 8


def print_summary(
    model: Any,
    *,
    line_length: int | None = None,
    print_fn: Callable[[str], Any] | None = None,
    details: bool = False,
    plan: bool = False,
    expand_nested: bool = False,
    show_trainable: bool = False,
) -> None:
    """Print a model's summary, or hand it to `print_fn` in one piece.

    Where the output cannot show box-drawing characters, plainer ones take their place.
    """
    summary = _shown(summarize(model))
    rows = _shown(expanded(model, summary)) if flag(expand_nested, "expand_nested", "summary") else summary
    trainable = flag(show_trainable, "show_trainable", "summary")
    if line_length is not None:
        line_length = integer(line_length, "line_length", "summary", minimum=0, maximum=_LONGEST)
    widest = _columns(summary, trainable).widest
    width = line_length or max(_LEGIBLE, min(widest, shutil.get_terminal_size().columns - 4))
    text = table(rows, width, show_trainable=trainable)
    if details:
        text += "\n\n" + journey(summary, width) + "\n\n" + arithmetic(summary, width)
    if plan:
        from convoscope.models.plan_text import plan_text

        text += "\n\n" + plan_text(model, width)
    if print_fn is not None:
        print_fn(text)
        return
    streams.show(text)


def _shown(summary: Summary) -> Summary:
    """Return a summary whose names, which may come out of any file, do nothing to a terminal."""

    def safe(names: Sequence[str]) -> tuple[str, ...]:
        return tuple(map(for_terminal, names))

    rows = tuple(
        replace(row, name=for_terminal(row.name), sources=safe(row.sources), connected_to=safe(row.connected_to))
        for row in summary.rows
    )
    inputs = tuple((for_terminal(name), shape) for name, shape in summary.inputs)
    return replace(summary, name=for_terminal(summary.name), rows=rows, inputs=inputs)


def table(summary: Summary, width: int, *, show_trainable: bool = False) -> str:
    """Return Keras 3's table, `width` characters wide, with the totals below.

    `show_trainable` adds a column that says of each layer with weights whether it learns: Y or N.

    Examples
    --------
    >>> from convoscope.layers import Dense
    >>> from convoscope.models import Sequential
    >>> print(table(summarize(Sequential([Dense(3, input_shape=(4,))])), 50))
    Model: "sequential"
    ┏━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━┳━━━━━━━━━┓
    ┃ Layer (type)        ┃ Output Shape   ┃ Param # ┃
    ┡━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━╇━━━━━━━━━┩
    │ dense (Dense)       │ (None, 3)      │      15 │
    └─────────────────────┴────────────────┴─────────┘
     Total params: 15 (60.00 B)
     Trainable params: 15 (60.00 B)
     Non-trainable params: 0 (0.00 B)
    """
    columns = _columns(summary, show_trainable)
    widths = _column_widths(columns, width)
    centred = len(widths) - 1 if show_trainable else None
    lines = [
        f'Model: "{summary.name}"',
        _rule("┏━┳┓", widths),
        *_lines("┃", columns.titles, widths, bottom=True, centred=centred),
        _rule("┡━╇┩", widths),
    ]
    for number, row in enumerate(summary.rows):
        if number:
            lines.append(_rule("├─┼┤", widths))
        cells = [f"{row.name} ({row.kind})", _output_shape(row), f"{row.params:,}"]
        cells += [", ".join(row.connected_to) or "-"] if summary.is_graph else []
        cells += [("Y" if row.trainable else "N") if row.params else "-"] if show_trainable else []
        lines += _lines("│", cells, widths, centred=centred)
    lines.append(_rule("└─┴┘", widths))
    for title, count in (
        ("Total", summary.params),
        ("Trainable", summary.trainable_params),
        ("Non-trainable", summary.non_trainable_params),
    ):
        lines.append(f" {title} params: {count:,} ({_memory(4 * count)})")
    return "\n".join(lines)


def journey(summary: Summary, width: int) -> str:
    """Return each layer's output size, with a bar for the image's width as long as there is still an image.

    Where a layer does not read what the line above makes, the line says what it reads.
    """
    sizes = [*_input_sizes(summary), *((row.name, row.shape) for row in summary.rows)]
    texts = _padded(_product(shape) for _, shape in sizes)
    values = [f"{math.prod(shape):>9,} values" for _, shape in sizes]
    names = _shortened([name for name, _ in sizes], width - len(texts[0]) - max(map(len, values)) - 6)
    room = width - len(names[0]) - len(texts[0]) - max(map(len, values)) - 8
    widest = max((_image_width(shape) for _, shape in sizes), default=0)
    most = min(widest, _BAR, room) if room >= _NARROWEST_BAR else 0
    lines = ["The journey of an image"]
    if not summary.is_graph:
        route = " → ".join(_product(shape) for _, shape in _changes(sizes))
        lines += textwrap.wrap(route, width, initial_indent="  ", subsequent_indent="  ")
    for (_, shape), name, text, count, read in zip(sizes, names, texts, values, _read(summary), strict=True):
        pixels = _image_width(shape)
        bar = "█" * (math.ceil(pixels * most / widest) if pixels else 0)
        lines.append("  ".join(("", name, text, *([f"{bar:<{most}}"] if most else []), count)))
        if read:
            lines += textwrap.wrap(f"← {read}", width, initial_indent="    ", subsequent_indent="      ")
    return "\n".join(lines)


def _input_sizes(summary: Summary) -> list[tuple[str, Sequence[int]]]:
    """Return a line for what goes in, where no layer of the model has it."""
    return [] if any(row.is_input for row in summary.rows) else [("input", summary.input_shape)]


def _read(summary: Summary) -> list[str]:
    """Return for each line of the journey what is read there, if it is not what the line above makes."""
    found = [""] * len(_input_sizes(summary))
    if not summary.is_graph:
        return [*found, *[""] * len(summary.rows)]
    for before, row in zip([None, *summary.rows], summary.rows, strict=False):
        plain = row.is_input or (before is not None and row.sources == (before.name,))
        found.append("" if plain else ", ".join(row.sources))
    return found


def arithmetic(summary: Summary, width: int) -> str:
    """Return what each layer sees of the image, how its parameters come about, and what it costs.

    Where a line has no room for it, the arithmetic of the parameters stands below their number.
    """
    layers = [row for row in summary.rows if not row.is_input]
    costs = [f"{row.multiply_adds:,}" if row.multiply_adds else "-" for row in layers]
    sees = [_sees_of_each(row, summary) for row in layers]
    total = f"{summary.multiply_adds:,}"
    sums = [_sum(row) for row in layers]
    names = [row.name for row in layers]
    lines = _aligned(names, sees, sums, costs, f"{summary.params:,}", total)
    if max(map(len, lines)) > width:
        several = [len(summary.inputs) > 1 and ": " in seen for seen in sees]
        short = ["see below" if below else seen for seen, below in zip(sees, several, strict=True)]
        counts = [f"{row.params:,}" if row.params else "-" for row in layers]
        rest = len(_aligned(["Layer"] * len(names), short, counts, costs, f"{summary.params:,}", total)[0])
        shown = _shortened(names, max(len("Layer"), width - rest + len("Layer")))
        first, *rows, last = _aligned(shown, short, counts, costs, f"{summary.params:,}", total)
        lines = [first]
        for line, row, seen, below in zip(rows, layers, sees, several, strict=True):
            lines.append(line)
            lines += _below(f"= {row.arithmetic}", width) if row.arithmetic else []
            lines += _below(f"sees {seen}", width) if below else []
        lines.append(last)
    note = (
        "Receptive fields are height × width in input pixels. Multiply-adds count the products of inputs and weights "
        "in convolutions and dense layers for one image; biases, activations, pooling and normalization are not "
        "counted."
    )
    if any(" of " in seen for seen in sees):
        note += " The rest of the image is not used: windows that it did not fill were dropped at its edge."
    return "\n".join(
        ["What each layer sees, learns and costs", *lines, *textwrap.wrap(note, width, break_on_hyphens=False)]
    )


def _aligned(
    names: Sequence[str], sees: Sequence[str], params: Sequence[str], costs: Sequence[str], sum_: str, cost: str
) -> list[str]:
    """Return the lines of a table with headings and totals; the last column stands to the right."""
    columns = [
        _padded(("Layer", *names, "Total")),
        _padded(("Each value sees", *sees, "")),
        _padded(("Parameters", *params, sum_)),
    ]
    right = ("Multiply-adds", *costs, cost)
    digits = max(map(len, right))
    return ["  " + "  ".join((*cells, last.rjust(digits))) for *cells, last in zip(*columns, right, strict=True)]


def _below(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent="    ", subsequent_indent="      ", break_on_hyphens=False)


def _shortened(names: Sequence[str], room: int) -> list[str]:
    """Return names of one width, of which those that are too long lack their middle."""
    room = max(room, 5)
    half = room // 2
    return _padded(
        name if len(name) <= room else f"{name[: room - half]}…{name[len(name) - half + 1 :]}" for name in names
    )


# ---- the table


def _columns(summary: Summary, trainable: bool) -> _Columns:
    columns = _GRAPH if summary.is_graph else _STACK
    if not trainable:
        return columns
    ends = (*(end * 0.9 for end in columns.ends), 1.0)
    return _Columns((*columns.titles, "Trainable"), ends, (1, *columns.less), columns.widest + 12)


def _output_shape(row: Row) -> str:
    shapes = [f"({', '.join(map(str, shape))})" for shape in row.shown]
    return shapes[0] if len(shapes) == 1 else f"[{', '.join(shapes)}]"


def _column_widths(columns: _Columns, width: int) -> list[int]:
    """Return the columns' inner widths, with a space on each side, as Keras has rich share them out."""
    if width < _NARROWEST:
        raise ConfigurationError(
            f"A summary needs lines of at least {_NARROWEST} characters, but line_length is {width}."
        )
    ends = [int(end * width) for end in columns.ends]
    shares = [end - start for start, end in zip([0, *ends], ends, strict=False)]
    return [share - less for share, less in zip(shares, columns.less, strict=True)]


def _rule(corners: str, widths: Sequence[int]) -> str:
    left, line, cross, right = tuple(corners)
    return left + cross.join(line * width for width in widths) + right


def _lines(
    edge: str, cells: Sequence[str], widths: Sequence[int], *, bottom: bool = False, centred: int | None = None
) -> list[str]:
    """Return a table row, as many lines high as its highest cell; numbers of parameters stand to the right."""
    wrapped = [_wrap(cell, width - 2) for cell, width in zip(cells, widths, strict=True)]
    height = max(map(len, wrapped))
    filled = [
        ([""] * (height - len(cell)) + cell) if bottom else (cell + [""] * (height - len(cell))) for cell in wrapped
    ]
    lines = []
    for parts in zip(*filled, strict=True):
        padded = [part.ljust(width - 2) for part, width in zip(parts, widths, strict=True)]
        padded[_TO_THE_RIGHT] = parts[_TO_THE_RIGHT].rjust(widths[_TO_THE_RIGHT] - 2)
        if centred is not None:
            room = widths[centred] - 2 - len(parts[centred])
            padded[centred] = " " * (room // 2) + parts[centred] + " " * (room - room // 2)
        lines.append(f"{edge} " + f" {edge} ".join(padded) + f" {edge}")
    return lines


def _wrap(text: str, width: int) -> list[str]:
    lines = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
    return [line if len(line) <= width else line[: width - 1] + "…" for line in lines]


def _memory(size: float) -> str:
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} PB"


# ---- journey and arithmetic


def _product(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape))


def _image_width(shape: Sequence[int]) -> int:
    return shape[1] if len(shape) > 1 else 0


def _changes(sizes: Sequence[tuple[str, Sequence[int]]]) -> list[tuple[str, Sequence[int]]]:
    """Return the sizes without those that repeat the one before."""
    return [size for number, size in enumerate(sizes) if number == 0 or size[1] != sizes[number - 1][1]]


def _sees_of_each(row: Row, summary: Summary) -> str:
    """Return what a value sees of each input that it sees anything of; one input alone needs no name."""
    seen = [
        (name, _sees(field))
        for (name, _), field in zip(summary.inputs, row.receptive_fields, strict=True)
        if field is not None
    ]
    return ", ".join(text if len(summary.inputs) == 1 else f"{name}: {text}" for name, text in seen)


def _sees(field: ReceptiveField) -> str:
    image = tuple(axis.length for axis in field.axes)
    unit = "image" if len(image) > 1 else "input"
    if field.whole:
        return f"whole {unit}"
    shared = all(axis.shared for axis in field.axes)
    return f"{_product(field.size)} of {_product(image)}" if shared else _product(field.size)


def _sum(row: Row) -> str:
    if row.arithmetic:
        return f"{row.arithmetic} = {row.params:,}"
    return f"{row.params:,}" if row.params else "-"


def _padded(texts: Any) -> list[str]:
    cells = list(texts)
    width = max(map(len, cells))
    return [cell.ljust(width) for cell in cells]
