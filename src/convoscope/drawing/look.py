"""One look for every figure: it is told apart in grey as well, by markers, lines, hatching and lightness."""

from __future__ import annotations

from typing import Any

from convoscope.errors import NotReadyError
from convoscope.names import for_terminal
from convoscope.wording import installing

INK, FAINT, GRID, FRONT, PAPER = "#1c1e21", "#8a9097", "#e3e5e8", "#0b57a4", "white"
# Colour maps: of feature maps, of values that add and take away, of heat, and of shares.
MAPS, SIGNED, HEAT, SHARES = "gray", "RdBu_r", "inferno", "Blues"
# Two that are compared: one light, dashed and hollow, the other dark, whole and filled.
TRAINING = {"color": FAINT, "linestyle": "--", "marker": "o", "markerfacecolor": PAPER}
VALIDATION = {"color": FRONT, "linestyle": "-", "marker": "o", "markerfacecolor": FRONT}
# Bars side by side: each with a hatching of its own.
BARS = ({"color": FRONT}, {"color": "#bcd4ec", "hatch": "////", "edgecolor": FRONT})
GAP = {"facecolor": "none", "edgecolor": "#c4c9ce", "hatch": "////", "linewidth": 0.0}
# Any number of lines: colours of different lightness, and from the eighth on other markers for the same.
_COLOURS = (FRONT, "#d98324", INK, "#6fa8dc", "#8f2d56", FAINT, "#4c9a6a")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">")
_LINES = ("-", "--", "-.", ":")
# Backends without windows, where an open figure would only take room, or be shown a second time by the notebook.
_WINDOWLESS = ("agg", "inline", "module://matplotlib_inline.backend_inline")


def require_matplotlib() -> None:
    """Raise NotReadyError if matplotlib is not installed."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise NotReadyError(
            f"Figures are drawn with matplotlib, which is not installed. Install it: {installing('plots')}. The "
            "numbers themselves do not need it."
        ) from None


def new_figure(rows: int, columns: int, width: float, height: float, *, shown: bool = True) -> tuple[Any, Any]:
    """Return a new figure and its axes, an array (rows, columns).

    Parameters
    ----------
    rows, columns : int
    width, height : float
        In inches.
    shown : bool
        Whether it is for a notebook or a window, and not only to be written to a file.

    Raises
    ------
    NotReadyError
        If matplotlib is not installed.
    """
    require_matplotlib()
    if not shown:
        from matplotlib.figure import Figure

        alone = Figure(figsize=(width, height), layout="constrained")
        return alone, alone.subplots(rows, columns, squeeze=False)
    from matplotlib import pyplot

    made, axes = pyplot.subplots(rows, columns, figsize=(width, height), squeeze=False, layout="constrained")
    if str(pyplot.get_backend()).lower() in _WINDOWLESS:
        pyplot.close(made)
    return made, axes


def series(number: int) -> dict[str, Any]:
    """Return how the line of that number is drawn.

    Examples
    --------
    >>> series(0)["marker"], series(1)["marker"], series(7) == series(0)
    ('o', 's', False)
    """
    colour, marker = _COLOURS[number % len(_COLOURS)], _MARKERS[number % len(_MARKERS)]
    return {"color": colour, "marker": marker, "linestyle": _LINES[number % len(_LINES)], "markersize": 5}


def finish(axes: Any, title: str = "", *, grid: str = "both") -> None:
    """Give axes their title, a faint grid behind what is drawn, and no frame on top and at the right."""
    if title:
        axes.set_title(plain(title), fontsize=10, loc="left")
    axes.grid(axis=grid, color=GRID, lw=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def plain(name: str) -> str:
    r"""Return a name as matplotlib draws it letter by letter: no formula, no line break, no label that it leaves out.

    Examples
    --------
    >>> plain("$a_b$"), plain("_x")
    ('\\$a_b\\$', ' _x')
    """
    text = for_terminal(name).replace("$", r"\$")
    return f" {text}" if text.startswith("_") else text


def plain_ticks(axis: Any) -> None:
    """Write numbers as 0.5, 20 and 300,000 on a logarithmic axis."""
    from matplotlib.ticker import FuncFormatter, LogLocator

    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, tick: f"{value:,.10g}"))
    axis.set_minor_formatter(FuncFormatter(lambda value, tick: ""))
