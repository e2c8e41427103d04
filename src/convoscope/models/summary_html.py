"""The summary as a notebook shows it."""

from __future__ import annotations

from typing import Any

from convoscope.errors import ConvoscopeError
from convoscope.models.summary import Row, summarize
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
    rows = [_cells(row) for row in summary.rows]
    if len(rows) > _MOST:
        half = _MOST // 2
        rows = [*rows[:half], (f"{len(rows) - 2 * half} more layers", "", "", ""), *rows[-half:]]
    frozen = f", {summary.non_trainable_params:,} of them not trainable" if summary.non_trainable_params else ""
    return (
        heading(summary.name, f"input {_size(summary.input_shape)}")
        + table(("layer", "type", "output", "parameters"), rows, left=2)
        + paragraph(f"{summary.params:,} parameters{frozen} · {summary.multiply_adds:,} multiply-adds an image")
    )


def _cells(row: Row) -> tuple[str, str, str, str]:
    return row.name, row.kind, _size(row.shape), f"{row.params:,}"


def _size(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))
