"""Charts of what was measured: first what is in them, then how they are drawn."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convoscope.drawing import INK, PAPER, finish, new_figure, series

_LONGEST_TICK, _TICKS = 16, 72  # characters below a mark, and below all of them


@dataclass(frozen=True)
class Series:
    """Marks of one kind: for each place the values of all seeds, none where nothing is finished."""

    name: str
    values: Sequence[Sequence[float]]


@dataclass(frozen=True)
class Chart:
    """What a chart shows.

    Attributes
    ----------
    name : str
        Of its file.
    title, caption : str
        The title is also what those read who do not see it.
    series : tuple of Series
    places : sequence of float or of str
        Where the marks stand: numbers to scale, or words beside each other.
    across, up : str
        What the axes say.
    joined : bool
        Whether lines join the marks.
    logarithmic : bool
        Whether the axis across is.
    level : float or None
        A line straight across: what is claimed.
    """

    name: str
    title: str
    caption: str
    series: tuple[Series, ...]
    places: Sequence[float] | Sequence[str]
    across: str = ""
    up: str = "accuracy, %"
    joined: bool = False
    logarithmic: bool = False
    level: float | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(values for series in self.series for values in series.values)


def draw(chart: Chart) -> Any:
    """Draw a chart: a mark at each mean, and a bar from the smallest to the largest of the seeds' values.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    NotReadyError
        If matplotlib is not installed.
    """
    drawing, ((axes,),) = new_figure(1, 1, 7.2, 4.2, shown=False)
    places, names = _places(chart)
    for number, each in enumerate(chart.series):
        found = [(place, values) for place, values in zip(places, each.values, strict=True) if values]
        means = [statistics.fmean(values) for _, values in found]
        beside = 0.0 if names is None else 0.12 * (number - (len(chart.series) - 1) / 2)
        look = series(number)
        axes.errorbar(
            [place + beside for place, _ in found],
            means,
            yerr=[
                [mean - min(values) for mean, (_, values) in zip(means, found, strict=True)],
                [max(values) - mean for mean, (_, values) in zip(means, found, strict=True)],
            ],
            **{**look, "linestyle": look["linestyle"] if chart.joined else "none", "markersize": 7},
            markerfacecolor=PAPER if number % 2 else look["color"],
            elinewidth=1,
            capsize=3,
            label=each.name,
        )
    if chart.level is not None:
        axes.axhline(chart.level, color=INK, lw=0.8, linestyle=(0, (1, 2)))
    _mark(axes, chart, places, names)
    axes.margins(y=0.12)
    axes.set_xlabel(chart.across)
    axes.set_ylabel(chart.up)
    if len(chart.series) > 1:
        axes.legend(frameon=False, fontsize=9)
    finish(axes, chart.title)
    return drawing


def _mark(axes: Any, chart: Chart, places: Sequence[float], names: Sequence[str] | None) -> None:
    """Put numbers or words below the marks."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    if names is not None:
        axes.set_xticks(places, names, fontsize=9)
        axes.set_xlim(places[0] - 0.5, places[-1] + 0.5)
    elif chart.logarithmic:
        axes.set_xscale("log")
        axes.set_xticks(places)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, place: f"{value:,.10g}"))
        axes.xaxis.set_minor_formatter(FuncFormatter(lambda value, place: ""))
    elif all(place == int(place) for place in places):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _places(chart: Chart) -> tuple[list[float], list[str] | None]:
    """Return where the marks stand, and the words below them if they are words."""
    if any(isinstance(place, str) for place in chart.places):
        width = min(_LONGEST_TICK, _TICKS // len(chart.places))
        return [float(number) for number in range(len(chart.places))], [
            _folded(str(place), width) for place in chart.places
        ]
    return [float(place) for place in chart.places], None


def _folded(text: str, width: int) -> str:
    """Break a text into lines that fit beside each other.

    Examples
    --------
    >>> _folded("two convolutions of 64", 16)
    'two convolutions\\nof 64'
    """
    import textwrap

    return "\n".join(textwrap.wrap(text, width))
