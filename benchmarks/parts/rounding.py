"""Rounding: how far forward passes and gradients are from double precision, beside plain sums and PyTorch."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence

from benchmarks import runner, sweep
from benchmarks.page import Section, number, table
from benchmarks.parts.layers import LAYOUTS
from benchmarks.parts.part import FILES, OWN, Part
from benchmarks.processes import Measurement
from benchmarks.results import Result
from benchmarks.runner import Options

DIRECT, EXACT = "direct sum", f"{OWN}, exact"
LIMIT = 3.0  # times a direct sum's error
KINDS = {"forward": "forward", "weights": "gradients of the weights", "images": "gradients of the images"}
FEW = 100  # values of a weight: their mean is luck
Errors = list[list[float]]  # of each array: the root of the mean square, and the largest


def rounds(options: Options) -> Sequence[Sequence[Measurement]]:
    rows = sweep.rows_with(options.rows, sweep.ROWS[::12] if options.quick else sweep.ROWS)
    if not rows:
        sys.exit(f"errors: no row of the sweep has {' or '.join(options.rows)}")
    folder = FILES / "rounding"
    folder.mkdir(parents=True, exist_ok=True)
    files = {sweep.label(row): str(folder / f"{sweep.ROWS.index(row)}.npz") for row in rows}
    problem = runner.prepare("convoscope", "convoscope", {"task": "cases", "files": files}, options.pythons)
    if problem:
        sys.exit(f"errors: the images could not be chosen: {problem}")
    job = {"task": "errors", "threads": options.threads}
    own = {OWN: "float32", EXACT: "exact", DIRECT: None}
    measurements = []
    for name, file in files.items():
        of_row = {**job, "row": name, "file": file}
        for peer, precision in own.items():
            told = {**of_row, "precision": precision}
            measurements.append(Measurement(name, peer, "convoscope", "convoscope", told, stays=True))
        for peer, layout in LAYOUTS.items():
            measurements.append(Measurement(name, peer, "pytorch", "pytorch", {**of_row, "layout": layout}, stays=True))
    return [measurements]  # once: the same sums round alike each time


def section(result: Result) -> Section:
    shown = [(row, kind) for kind in KINDS for row in result.rows()]
    above = [
        f"{row}, {KINDS[kind]}: {number(ratio)}×"
        for row, kind in shown
        if (ratio := times(result, row, OWN, kind)) > LIMIT
    ]
    words = "; ".join(_most(result, kind) for kind in KINDS)
    heading = ("in 1e-7", *(f"{kind}, {who}" for kind in KINDS for who in (OWN, DIRECT, "PyTorch")), "most × direct")
    text = f"""
Each cell has the root mean square error, and the largest error in brackets, in units of 10⁻⁷ of the root mean square
of the exact values, which are computed in float64. A direct sum adds one float32 product after the other, as in a
textbook (`benchmarks/plain_sums.py`). For PyTorch, the more accurate layout counts, row by row; it sums in blocks,
which is more accurate than summing in order. If a network has several weights, the table shows the one whose error is
largest relative to a direct sum's; weights of fewer than {FEW} values are combined.

The networks are those of the sweep without the average and the dense layer at their end, which would hide how maps are
rounded. Gradients are propagated back from random numbers at the outputs, and normalizations use their moving averages.
The images (four for each row, fewer if they are large) are chosen so that rounding changes the decision of no ReLU and
no pooling. Outputs where the last ReLU or pooling might decide differently get no gradient: a gradient that takes a
different path is not a rounding error.

No error may be more than {number(LIMIT, 1)} times a direct sum's. Rows above this limit: {"; ".join(above) or "none"}.
Largest ratios: {words}.
{_exact(result)}
{table(heading, [_line(result, row) for row in result.rows()])}
"""
    return Section(text)


def times(result: Result, row: str, peer: str, kind: str) -> float:
    """Return a peer's error by that of a direct sum, the most of all arrays; 0 if one of the two was not measured."""
    own, direct = errors_of(result, row, peer, kind), errors_of(result, row, DIRECT, kind)
    return max((ours[0] / theirs[0] for ours, theirs in zip(own, direct, strict=False)), default=0.0)


def errors_of(result: Result, row: str, peer: str, kind: str) -> Errors:
    """Return the errors of each array, small ones taken together; none if they were not measured."""
    samples = result.of(row, peer)
    arrays = samples[0][kind] if samples else []
    small = [array for array in arrays if array[2] < FEW]
    if not small:
        return [array[:2] for array in arrays]
    mean = sum(count * root**2 for root, _, count in small) / sum(count for _, _, count in small)
    together = [math.sqrt(mean), max(largest for _, largest, _ in small)]
    return [*(array[:2] for array in arrays if array[2] >= FEW), together]


def _line(result: Result, row: str) -> list[str]:
    cells = [row]
    for kind in KINDS:
        own, direct = errors_of(result, row, OWN, kind), errors_of(result, row, DIRECT, kind)
        pytorch = min((errors_of(result, row, peer, kind) for peer in LAYOUTS), key=_size)
        shares = [ours[0] / theirs[0] for ours, theirs in zip(own, direct, strict=False)]
        worst = shares.index(max(shares)) if shares else 0
        cells += [_spelled(errors[worst]) if len(errors) > worst else "–" for errors in (own, direct, pytorch)]
    return [*cells, number(max(times(result, row, OWN, kind) for kind in KINDS))]


def _size(errors: Errors) -> float:
    return max((each[0] for each in errors), default=float("inf"))


def _spelled(errors: list[float]) -> str:
    root, largest = (each * 1e7 for each in errors)
    return f"{number(root)} ({number(largest, 2)})"


def _most(result: Result, kind: str) -> str:
    ratio, row = max((times(result, row, OWN, kind), row) for row in result.rows())
    return f"{KINDS[kind]} {number(ratio)}× ({row})"


def _exact(result: Result) -> str:
    """Say where the precision "exact" makes another error."""
    differ = [row for row in result.rows() if any(_differs(result, row, kind) for kind in KINDS)]
    if not differ:
        return '`set_precision("exact")` makes the same errors in every row.\n'
    lines = [
        (row, *(f"{number(times(result, row, peer, kind))}×" for kind in KINDS for peer in (OWN, EXACT)))
        for row in differ
    ]
    heading = ("times a direct sum's", *(f"{kind}, {peer}" for kind in KINDS for peer in (OWN, EXACT)))
    return f'\n`set_precision("exact")` rounds differently in these rows:\n\n{table(heading, lines)}\n'


def _differs(result: Result, row: str, kind: str) -> bool:
    return errors_of(result, row, OWN, kind) != errors_of(result, row, EXACT, kind)


PART = Part("errors", "Rounding errors", ("convoscope", "pytorch"), rounds, section)
