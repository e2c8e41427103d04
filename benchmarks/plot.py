"""Bar charts as SVG, written by hand: horizontal bars in groups, with the spread as a whisker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from benchmarks.results import Spread

COLOURS = ("#2563a8", "#d98032", "#7a7a7a", "#4c9a5b", "#9a5fb0", "#b8a02e")
_WIDTH, _LABEL, _VALUE, _BAR, _GAP = 920, 380, 90, 16, 10


@dataclass(frozen=True)
class Bar:
    """One bar; its series decides the colour."""

    series: str
    spread: Spread


@dataclass(frozen=True)
class Group:
    """Bars that belong together, under one label."""

    label: str
    bars: Sequence[Bar]


def bars(title: str, unit: str, groups: Sequence[Group], *, line: float | None = None) -> str:
    """Return an SVG document.

    Parameters
    ----------
    title, unit : str
        The heading, and what the numbers are.
    groups : sequence of Group
        From top to bottom.
    line : float, optional
        A value to mark by a vertical line, such as 1 among ratios.
    """
    series = list(dict.fromkeys(bar.series for group in groups for bar in group.bars))
    largest = max((bar.spread.high for group in groups for bar in group.bars), default=1.0) or 1.0
    scale = (_WIDTH - _LABEL - _VALUE) / largest
    parts = [f'<text x="12" y="24" font-size="16" font-weight="bold">{escape(title)}</text>']
    parts += [f'<text x="12" y="44" fill="#555">{escape(unit)}</text>']
    y = 58
    if len(series) > 1:
        for index, name in enumerate(series):
            x = 12 + index * (_WIDTH - 24) / len(series)
            parts.append(f'<rect x="{x:.1f}" y="{y}" width="12" height="12" fill="{_colour(index)}"/>')
            parts.append(f'<text x="{x + 18:.1f}" y="{y + 10}">{escape(name)}</text>')
        y += 28
    top = y
    for group in groups:
        middle = y + _BAR * len(group.bars) / 2 + 4
        parts.append(f'<text x="{_LABEL - 10}" y="{middle:.1f}" text-anchor="end">{escape(group.label)}</text>')
        for bar in group.bars:
            parts += _bar(bar, series.index(bar.series), y, scale)
            y += _BAR
        y += _GAP
    if line is not None:
        x = _LABEL + line * scale
        parts.append(f'<line x1="{x:.1f}" y1="{top - 4}" x2="{x:.1f}" y2="{y}" stroke="#c00" stroke-dasharray="4 3"/>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{y + 8}" viewBox="0 0 {_WIDTH} {y + 8}"'
    style = 'font-family="system-ui, sans-serif" font-size="12"'
    return "\n".join([f"{head} {style}>", '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>", ""])


def _bar(bar: Bar, index: int, y: int, scale: float) -> list[str]:
    median, low, high = (_LABEL + value * scale for value in (bar.spread.median, bar.spread.low, bar.spread.high))
    middle = y + (_BAR - 2) / 2
    return [
        f'<rect x="{_LABEL}" y="{y}" width="{median - _LABEL:.1f}" height="{_BAR - 2}" fill="{_colour(index)}"/>',
        f'<line x1="{low:.1f}" y1="{middle}" x2="{high:.1f}" y2="{middle}" stroke="#222"/>',
        f'<text x="{high + 6:.1f}" y="{middle + 4}">{bar.spread.median:.3g}</text>',
    ]


def _colour(index: int) -> str:
    return COLOURS[index % len(COLOURS)]
