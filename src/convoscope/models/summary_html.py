"""The summary as a notebook shows it."""

from __future__ import annotations

from typing import Any

from convoscope.errors import ConvoscopeError
from convoscope.models.summary import Row, Summary, summarize
from convoscope.notebook.html import clean, heading, paragraph, table

_MOST = 60  # rows


def summary_html(model: Any) -> str:
    """Return a small table of the layers; the model's `repr` where its shapes are not known yet.

    Examples
    --------
    >>> from convoscope.layers import Dense
    >>> from convoscope.models import Sequential
    >>> "15" in summary_html(Sequential([Dense(3, input_shape=(4,))]))
    True
    """
    try:
        summary = summarize(model)
    except ConvoscopeError:
        return f"<div>{clean(repr(model))}</div>"
    texts = ("layer", "type", "reads") if summary.is_graph else ("layer", "type")
    titles = (*texts, "output", "parameters")
    rows = [(*_texts(row)[: len(texts)], ", ".join(map(_size, row.shapes)), f"{row.params:,}") for row in summary.rows]
    if len(rows) > _MOST:
        half = _MOST // 2
        more = (f"{len(rows) - 2 * half} more layers", *[""] * (len(titles) - 1))
        rows = [*rows[:half], more, *rows[-half:]]
    frozen = f", {summary.non_trainable_params:,} of them not trainable" if summary.non_trainable_params else ""
    return (
        heading(summary.name, _inputs(summary))
        + table(titles, rows, left=len(texts))
        + paragraph(f"{summary.params:,} parameters{frozen} · {summary.multiply_adds:,} multiply-adds per image")
    )


def _inputs(summary: Summary) -> str:
    if len(summary.inputs) == 1:
        return f"input {_size(summary.input_shape)}"
    return "inputs " + ", ".join(f"{name} {_size(shape)}" for name, shape in summary.inputs)


def _texts(row: Row) -> tuple[str, str, str]:
    return row.name, row.kind, ", ".join(row.sources) or "-"


def _size(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))
