"""Charts of an experiment: accuracy against what it costs, and the gap between training and validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convoscope.drawing import FAINT, FRONT, INK, PAPER, finish, new_figure, plain, plain_ticks, require_matplotlib
from convoscope.experiments.results import Figure, Row
from convoscope.experiments.space import described, written
from convoscope.report.terminal import percent

_LONGEST_LABEL = 28
COSTS = {"seconds": "seconds of training", "parameters": "parameters"}


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
    require_matplotlib()
    scored = scored_rows(table)
    if not scored:
        return {}
    return {**{f"accuracy-{cost}": accuracy_against(scored, cost) for cost in COSTS}, "gap": gaps(scored)}


def accuracy_against(table: Sequence[Row], cost: str) -> Any:
    """Draw accuracy in validation against ``"seconds"`` or ``"parameters"``, with the Pareto front.

    On the front lies what nothing else beats in both: whatever is more accurate costs more.
    """
    drawing, ((axes,),) = new_figure(1, 1, 7.2, 4.6, shown=False)
    across, up = [figure_of(row, cost) for row in table], [figure_of(row, "val_accuracy") for row in table]
    front = pareto([(x.mean, y.mean) for x, y in zip(across, up, strict=True)])
    for index, (x, y) in enumerate(zip(across, up, strict=True)):
        ahead = index in front
        axes.errorbar(
            x.mean,
            y.mean * 100,
            xerr=x.spread,
            yerr=None if y.spread is None else y.spread * 100,
            fmt="o",
            color=FRONT if ahead else FAINT,
            markerfacecolor=FRONT if ahead else PAPER,
            markersize=7,
            elinewidth=0.8,
            capsize=2,
            zorder=3 if ahead else 2,
        )
        axes.annotate(
            plain(label_of(table, index)),
            (x.mean, y.mean * 100),
            (7, -11),
            textcoords="offset points",
            fontsize=8,
            color=INK if ahead else FAINT,
        )
    axes.plot([across[p].mean for p in front], [up[p].mean * 100 for p in front], color=FRONT, lw=1.2, zorder=1)
    if len({x.mean for x in across}) > 1:
        axes.set_xscale("log")
        plain_ticks(axes.xaxis)
    axes.margins(x=0.12, y=0.1)
    axes.set_ylim(top=min(axes.get_ylim()[1], 100.5))
    axes.set_xlabel(COSTS[cost])
    axes.set_ylabel("accuracy in validation, %")
    _finish(axes, f"Accuracy against {COSTS[cost]} (filled, on the line: no other is better in both)", table)
    return drawing


def gaps(table: Sequence[Row]) -> Any:
    """Draw accuracy in training and in validation after the last epoch, and the gap between them as a line."""
    drawing, ((axes,),) = new_figure(1, 1, 7.2, 1.6 + 0.32 * len(table), shown=False)
    for index, row in enumerate(table):
        trained, gap = figure_of(row, "train_accuracy"), figure_of(row, "gap")
        validated = trained.mean - gap.mean
        axes.plot([validated * 100, trained.mean * 100], [index, index], color=FAINT, lw=2, zorder=1)
        for value, fill, name in ((validated, FRONT, "validation"), (trained.mean, PAPER, "training")):
            axes.plot(
                value * 100,
                index,
                "o",
                color=FRONT,
                markerfacecolor=fill,
                markersize=7,
                label=name if index == 0 else None,
            )
    axes.set_yticks(range(len(table)), [plain(label_of(table, index)) for index in range(len(table))])
    axes.invert_yaxis()
    axes.margins(x=0.08)
    axes.set_xlabel("accuracy in the last epoch, %")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
    axes.set_ylabel(meaning_of(table))
    finish(axes, grid="x")
    return drawing


def pareto(points: Sequence[tuple[float, float]]) -> list[int]:
    """Return the indices of points (cost, gain) that no other has beaten at no more cost, the cheapest first.

    Examples
    --------
    >>> pareto([(3, 0.9), (1, 0.8), (2, 0.7), (4, 0.9)])
    [1, 0]
    """
    front: list[int] = []
    for index in sorted(range(len(points)), key=lambda index: (points[index][0], -points[index][1])):
        if not front or points[index][1] > points[front[-1]][1]:
            front.append(index)
    return front


def scored_rows(table: Sequence[Row]) -> list[Row]:
    """Return the rows with all figures that are drawn: runs of earlier versions may lack some."""
    needed = ("val_accuracy", "train_accuracy", "gap", *COSTS)
    return [row for row in table if all(row.figure(name) is not None for name in needed)]


def figure_of(row: Row, name: str) -> Figure:
    """Return a figure that is there."""
    figure = row.figure(name)
    assert figure is not None, name  # `scored_rows` has looked
    return figure


def label_of(table: Sequence[Row], index: int) -> str:
    """Return a row's values, or its number where they are too long."""
    text = ", ".join(written(value) for value in table[index].point.values())
    return text if text and len(text) <= _LONGEST_LABEL else f"no. {index + 1}"


def meaning_of(table: Sequence[Row]) -> str:
    """Say which settings the labels are values of."""
    return ", ".join(name.replace("_", " ") for name in next((row.point for row in table if row.point), {}))


def _finish(axes: Any, title: str, table: Sequence[Row]) -> None:
    finish(axes, title)
    if meaning := meaning_of(table):
        axes.text(0.995, 0.02, f"labels: {meaning}", transform=axes.transAxes, ha="right", fontsize=8, color=INK)


def _amount(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def captions(table: Sequence[Row]) -> dict[str, str]:
    """Say in words what each chart shows: which rows are on the front, and where the gap is widest."""
    scored = scored_rows(table)
    told = {}
    for cost, name in COSTS.items():
        front = pareto([(figure_of(row, cost).mean, figure_of(row, "val_accuracy").mean) for row in scored])
        steps = "; ".join(
            f"{described(scored[index].point) or scored[index].results[0].folder.name} "
            f"({_amount(figure_of(scored[index], cost).mean)} {cost}, "
            f"{percent(figure_of(scored[index], 'val_accuracy').mean, 2)})"
            for index in front
        )
        told[f"accuracy-{cost}"] = (
            f"Accuracy in validation against {name}. Better than all others in one or both: {steps}."
        )
    widest = max(scored, key=lambda row: figure_of(row, "gap").mean)
    told["gap"] = (
        f"Accuracy in training and in validation after the last epoch. The gap is widest, "
        f"{figure_of(widest, 'gap').mean * 100:+.1f} points, with {described(widest.point) or 'the only one'}."
    )
    return told
