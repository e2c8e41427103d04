"""The same charts as SVG, drawn without matplotlib: for the report, in its colours, light or dark."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

from convoscope.experiments.charts import COSTS, figure_of, label_of, meaning_of, pareto, scored_rows
from convoscope.experiments.results import Row

#: The look of a chart; in a page that has these colours as custom properties, it takes them from there.
STYLE = """
.chart text { font: 14px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
              fill: var(--ink, #191c22); }
.chart .faint text, .chart text.faint { fill: var(--muted, #5a616d); }
.chart .axis { stroke: var(--line, #dfe1e5); }
.chart .front { fill: none; stroke: var(--accent, #6a3fd0); stroke-width: 2; }
.chart .ahead { fill: var(--accent, #6a3fd0); stroke: var(--accent, #6a3fd0); stroke-width: 2; }
.chart .behind { fill: var(--card, #ffffff); stroke: var(--strong, #8a909b); stroke-width: 2; }
.chart .bar { stroke: var(--strong, #8a909b); stroke-width: 1; }
.chart .between { stroke: var(--strong, #8a909b); stroke-width: 3; }
"""
_DARK = """
@media (prefers-color-scheme: dark) {
  .chart { --card: #171a20; --ink: #e8eaee; --muted: #a0a7b4; --line: #2b303a; --strong: #6f7786; --accent: #b79bff; }
}
"""
_WIDTH, _HEIGHT = 860, 480
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 30, 24, 62
_LETTER = 7.6  # pixels of a letter, about
_ROW = 30


def charts(table: Sequence[Row]) -> dict[str, str]:
    """Draw all charts of a table.

    Returns
    -------
    dict of str to str
        ``accuracy-seconds``, ``accuracy-parameters`` and ``gap`` as ``<svg>`` elements, which need `STYLE`; none
        of them if no run is finished.
    """
    scored = scored_rows(table)
    if not scored:
        return {}
    return {**{f"accuracy-{cost}": _against(scored, cost) for cost in COSTS}, "gap": _gaps(scored)}


def as_file(chart: str) -> bytes:
    """Return a chart as the content of a file of its own, light or dark as whoever looks at it likes."""
    begin = chart.index(">") + 1
    return f"{chart[:begin]}<style>{STYLE}{_DARK}</style>{chart[begin:]}\n".encode()


class _Axis:
    """Where a value lies between two ends of the drawing, by its size or by its order of magnitude."""

    def __init__(
        self, values: Sequence[float], start: float, end: float, *, log: bool = False, most: float = math.inf
    ) -> None:
        self.log = log and min(values) > 0 and max(values) > min(values)
        low, high = self._scaled(min(values)), self._scaled(max(values))
        margin = 0.1 * (high - low) or 0.5
        self.low, self.high = low - margin, min(high + margin, max(most, high + margin / 4))
        self.start, self.end = start, end

    def _scaled(self, value: float) -> float:
        return math.log10(value) if self.log else value

    def __call__(self, value: float) -> float:
        share = (self._scaled(value) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Return round values, three to eight."""
        if self.log:
            powers = range(math.floor(self.low), math.ceil(self.high) + 1)
            steps: tuple[int, ...] = (1, 2, 5) if self.high - self.low < 3 else (1,)
            found = [step * 10.0**power for power in powers for step in steps]
            found = [each for each in found if self.low <= math.log10(each) <= self.high]
            if len(found) > 1:
                return found
            return [10**self.low, 10**self.high] if not found else [10**self.low, *found, 10**self.high]
        raw = (self.high - self.low) / 6
        size = 10.0 ** math.floor(math.log10(raw))
        step = next(size * each for each in (1, 2, 5, 10) if size * each >= raw)
        first = math.ceil(self.low / step)
        return [number * step for number in range(first, math.floor(self.high / step) + 1)]


def _against(table: Sequence[Row], cost: str) -> str:
    across, up = [figure_of(row, cost) for row in table], [figure_of(row, "val_accuracy") for row in table]
    x = _Axis([each.mean for each in across], _LEFT, _WIDTH - _RIGHT, log=True)
    y = _Axis([100 * each.mean for each in up], _HEIGHT - _BOTTOM, _TOP, most=100.0)
    front = pareto([(one.mean, other.mean) for one, other in zip(across, up, strict=True)])
    parts = [_rules(x, y, COSTS[cost], "accuracy in validation, %", meaning_of(table))]
    line = " ".join(f"{x(across[index].mean):.1f},{y(100 * up[index].mean):.1f}" for index in front)
    parts.append(f'<polyline class="front" points="{line}"/>')
    for index, (one, other) in enumerate(zip(across, up, strict=True)):
        left, top = x(one.mean), y(100 * other.mean)
        at = (one.mean, 100 * other.mean)
        parts += [_bar_across(x, y, at, one.spread)] if one.spread else []
        parts += [_bar_up(x, y, at, 100 * other.spread)] if other.spread else []
        ahead = index in front
        parts.append(f'<circle class="{"ahead" if ahead else "behind"}" cx="{left:.1f}" cy="{top:.1f}" r="5"/>')
        text = label_of(table, index)
        fits = left + 9 + _LETTER * len(text) < _WIDTH
        place = f'x="{left + 9:.1f}"' if fits else f'x="{left - 9:.1f}" text-anchor="end"'
        parts.append(f'<text class="{"" if ahead else "faint"}" {place} y="{top + 17:.1f}">{html.escape(text)}</text>')
    return _chart(parts, _HEIGHT)


def _bar_across(x: _Axis, y: _Axis, at: tuple[float, float], spread: float) -> str:
    column, row = at
    low = (
        max(column - spread, column / 10) if x.log else column - spread
    )  # by its order of magnitude nothing is below 0
    return _bar(x(low), y(row), x(column + spread), y(row))


def _bar_up(x: _Axis, y: _Axis, at: tuple[float, float], spread: float) -> str:
    column, row = at
    return _bar(x(column), y(row - spread), x(column), y(row + spread))


def _bar(*ends: float) -> str:
    return '<line class="bar" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>'.format(*ends)


def _gaps(table: Sequence[Row]) -> str:
    trained = [100 * figure_of(row, "train_accuracy").mean for row in table]
    validated = [there - 100 * figure_of(row, "gap").mean for row, there in zip(table, trained, strict=True)]
    labels = [label_of(table, index) for index in range(len(table))]
    left = 24 + _LETTER * max(map(len, labels))
    height = 50 + _ROW * len(table) + _BOTTOM
    x = _Axis([*trained, *validated], left, _WIDTH - _RIGHT)
    parts = [
        f'<circle class="ahead" cx="{left:.1f}" cy="14" r="5"/><text x="{left + 11:.1f}" y="19">validation</text>',
        f'<circle class="behind" cx="{left + 110:.1f}" cy="14" r="5"/>'
        f'<text x="{left + 121:.1f}" y="19">training</text>',
        *_ticks_across(x, 34, height - _BOTTOM, "accuracy in the last epoch, %"),
    ]
    for index, (one, other, label) in enumerate(zip(validated, trained, labels, strict=True)):
        row = 50 + _ROW * index
        parts.append(f'<text x="{left - 14:.1f}" y="{row + 5}" text-anchor="end">{html.escape(label)}</text>')
        parts.append(f'<line class="between" x1="{x(one):.1f}" y1="{row}" x2="{x(other):.1f}" y2="{row}"/>')
        parts.append(f'<circle class="behind" cx="{x(other):.1f}" cy="{row}" r="5"/>')
        parts.append(f'<circle class="ahead" cx="{x(one):.1f}" cy="{row}" r="5"/>')
    return _chart(parts, height)


def _rules(x: _Axis, y: _Axis, across: str, up: str, meaning: str) -> str:
    """Return both axes with their ticks and names, and what the labels mean."""
    parts = _ticks_across(x, _TOP, _HEIGHT - _BOTTOM, across)
    for value in y.ticks():
        row = y(value)
        parts.append(f'<line class="axis" x1="{_LEFT}" y1="{row:.1f}" x2="{_WIDTH - _RIGHT}" y2="{row:.1f}"/>')
        parts.append(f'<text class="faint" x="{_LEFT - 8}" y="{row + 5:.1f}" text-anchor="end">{value:g}</text>')
    middle = (_HEIGHT - _BOTTOM + _TOP) / 2
    parts.append(f'<text x="18" y="{middle}" text-anchor="middle" transform="rotate(-90 18 {middle})">{up}</text>')
    if meaning:
        corner = f'x="{_WIDTH - _RIGHT}" y="{_HEIGHT - _BOTTOM - 8}" text-anchor="end"'
        parts.append(f'<text class="faint" {corner}>labels: {html.escape(meaning)}</text>')
    return "".join(parts)


def _ticks_across(x: _Axis, top: float, bottom: float, name: str) -> list[str]:
    parts = []
    for value in x.ticks():
        column = x(value)
        parts.append(f'<line class="axis" x1="{column:.1f}" y1="{top}" x2="{column:.1f}" y2="{bottom}"/>')
        text = f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
        parts.append(f'<text class="faint" x="{column:.1f}" y="{bottom + 20}" text-anchor="middle">{text}</text>')
    middle = (x.start + x.end) / 2
    return [*parts, f'<text x="{middle:.1f}" y="{bottom + 46}" text-anchor="middle">{name}</text>']


def _chart(parts: Sequence[str], height: float) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" width="{_WIDTH}" height="{height:g}" '
        f'viewBox="0 0 {_WIDTH} {height:g}">{"".join(parts)}</svg>'
    )
