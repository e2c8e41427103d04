"""Charts of an experiment: accuracy against what it costs, and the gap between training and validation."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from convoscope.errors import NotReadyError
from convoscope.experiments.results import Figure, Row
from convoscope.experiments.space import described, written
from convoscope.report.terminal import percent

# Told apart in grey as well: by fill and shape, never by colour alone.
_INK, _FAINT, _FRONT = "#1c1e21", "#8a9097", "#0b57a4"
_LONGEST_LABEL = 28
_COSTS = {"seconds": "seconds of training", "parameters": "parameters"}


def draw(table: Sequence[Row]) -> dict[str, Any]:
    """Draw all charts.

    Returns
    -------
    dict of str to matplotlib.figure.Figure
        ``accuracy-seconds``, ``accuracy-parameters`` and ``gap``; none of them if no run is finished.

    Raises
    ------
    NotReadyError
        If matplotlib is not installed.
    """
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise NotReadyError(
            "Charts are drawn with matplotlib, which is not installed. Install it: pip install 'convoscope[plots]'."
        ) from None
    scored = [row for row in table if row.figure("val_accuracy") is not None]
    if not scored:
        return {}
    return {**{f"accuracy-{cost}": accuracy_against(scored, cost) for cost in _COSTS}, "gap": gaps(scored)}


def accuracy_against(table: Sequence[Row], cost: str) -> Any:
    """Draw accuracy in validation against ``"seconds"`` or ``"parameters"``, with the Pareto front.

    On the front lies what nothing else beats in both: whatever is more accurate costs more.
    """
    from matplotlib.figure import Figure as Drawing

    drawing = Drawing(figsize=(7.2, 4.6), layout="constrained")
    axes = drawing.add_subplot()
    across, up = [_figure(row, cost) for row in table], [_figure(row, "val_accuracy") for row in table]
    front = pareto([(x.mean, y.mean) for x, y in zip(across, up, strict=True)])
    for place, (x, y) in enumerate(zip(across, up, strict=True)):
        ahead = place in front
        axes.errorbar(
            x.mean,
            y.mean * 100,
            xerr=x.spread,
            yerr=None if y.spread is None else y.spread * 100,
            fmt="o",
            color=_FRONT if ahead else _FAINT,
            markerfacecolor=_FRONT if ahead else "white",
            markersize=7,
            elinewidth=0.8,
            capsize=2,
            zorder=3 if ahead else 2,
        )
        axes.annotate(
            _label(table, place),
            (x.mean, y.mean * 100),
            (7, -11),
            textcoords="offset points",
            fontsize=8,
            color=_INK if ahead else _FAINT,
        )
    axes.plot([across[p].mean for p in front], [up[p].mean * 100 for p in front], color=_FRONT, lw=1.2, zorder=1)
    if len({x.mean for x in across}) > 1:
        axes.set_xscale("log")
        _plain_ticks(axes.xaxis)
    axes.margins(x=0.12, y=0.1)
    axes.set_ylim(top=min(axes.get_ylim()[1], 100.5))
    axes.set_xlabel(_COSTS[cost])
    axes.set_ylabel("accuracy in validation, %")
    _finish(axes, f"Accuracy against {_COSTS[cost]} (filled, on the line: beaten by none in both)", table)
    return drawing


def gaps(table: Sequence[Row]) -> Any:
    """Draw accuracy in training and in validation after the last epoch, and the gap between them as a line."""
    from matplotlib.figure import Figure as Drawing

    drawing = Drawing(figsize=(7.2, 1.6 + 0.32 * len(table)), layout="constrained")
    axes = drawing.add_subplot()
    for place, row in enumerate(table):
        trained, gap = _figure(row, "train_accuracy"), _figure(row, "gap")
        validated = trained.mean - gap.mean
        axes.plot([validated * 100, trained.mean * 100], [place, place], color=_FAINT, lw=2, zorder=1)
        for value, fill, name in ((validated, _FRONT, "validation"), (trained.mean, "white", "training")):
            axes.plot(
                value * 100,
                place,
                "o",
                color=_FRONT,
                markerfacecolor=fill,
                markersize=7,
                label=name if place == 0 else None,
            )
    axes.set_yticks(range(len(table)), [_label(table, place) for place in range(len(table))])
    axes.invert_yaxis()
    axes.margins(x=0.08)
    axes.set_xlabel("accuracy in the last epoch, %")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
    axes.set_ylabel(_meaning(table))
    axes.grid(axis="x", color="#e3e5e8", lw=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return drawing


def pareto(points: Sequence[tuple[float, float]]) -> list[int]:
    """Return the places of points (cost, gain) that no other has beaten at no more cost, the cheapest first.

    Examples
    --------
    >>> pareto([(3, 0.9), (1, 0.8), (2, 0.7), (4, 0.9)])
    [1, 0]
    """
    front: list[int] = []
    for place in sorted(range(len(points)), key=lambda place: (points[place][0], -points[place][1])):
        if not front or points[place][1] > points[front[-1]][1]:
            front.append(place)
    return front


def image(drawing: Any, form: str) -> bytes:
    """Return a chart as a file's bytes: ``"svg"``, the same for the same chart, or ``"png"``."""
    import matplotlib

    target = BytesIO()
    options: dict[str, Any] = {"metadata": {"Date": None}} if form == "svg" else {"dpi": 150}
    with matplotlib.rc_context({"svg.hashsalt": "convoscope"}):
        drawing.savefig(target, format=form, **options)
    return target.getvalue()


def _figure(row: Row, name: str) -> Figure:
    figure = row.figure(name)
    assert figure is not None, name  # finished runs with validation have them all
    return figure


def _label(table: Sequence[Row], place: int) -> str:
    """Return a row's values, or its number where they are too long."""
    text = ", ".join(written(value) for value in table[place].point.values())
    return text if text and len(text) <= _LONGEST_LABEL else f"no. {place + 1}"


def _meaning(table: Sequence[Row]) -> str:
    return ", ".join(name.replace("_", " ") for name in table[0].point)


def _plain_ticks(axis: Any) -> None:
    """Write numbers as 0.5, 20 and 300,000 on a logarithmic axis."""
    from matplotlib.ticker import FuncFormatter, LogLocator

    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, place: f"{value:,.10g}"))
    axis.set_minor_formatter(FuncFormatter(lambda value, place: ""))


def _finish(axes: Any, title: str, table: Sequence[Row]) -> None:
    axes.set_title(title, fontsize=10, loc="left")
    if meaning := _meaning(table):
        axes.text(0.995, 0.02, f"labels: {meaning}", transform=axes.transAxes, ha="right", fontsize=8, color=_INK)
    axes.grid(color="#e3e5e8", lw=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _amount(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def captions(table: Sequence[Row]) -> dict[str, str]:
    """Say in words what each chart shows: which rows are on the front, and where the gap is widest."""
    scored = [row for row in table if row.figure("val_accuracy") is not None]
    told = {}
    for cost, name in _COSTS.items():
        front = pareto([(_figure(row, cost).mean, _figure(row, "val_accuracy").mean) for row in scored])
        steps = "; ".join(
            f"{described(scored[place].point) or scored[place].results[0].folder.name} "
            f"({_amount(_figure(scored[place], cost).mean)} {cost}, "
            f"{percent(_figure(scored[place], 'val_accuracy').mean, 2)})"
            for place in front
        )
        told[f"accuracy-{cost}"] = f"Accuracy in validation against {name}. Beaten by none in both: {steps}."
    widest = max(scored, key=lambda row: _figure(row, "gap").mean)
    told["gap"] = (
        f"Accuracy in training and in validation after the last epoch. The gap is widest, "
        f"{_figure(widest, 'gap').mean * 100:+.1f} points, with {described(widest.point) or 'the only one'}."
    )
    return told
