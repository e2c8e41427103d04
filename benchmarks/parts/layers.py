"""Layers of many shapes and networks that people know, forward and a training step, beside PyTorch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

from benchmarks import sweep
from benchmarks.page import Section, number, ratio, spelled, table
from benchmarks.parts.part import OWN, Part
from benchmarks.plot import Bar, Group, bars
from benchmarks.processes import Measurement
from benchmarks.results import Result, Spread
from benchmarks.runner import Options

LAYOUTS = {"PyTorch channels_last": "channels_last", "PyTorch channels first": "contiguous"}
KINDS = ("forward", "step")
ONNX = "ONNX Runtime"
ONE_THREAD = ", one thread"


def rounds(of: Sequence[sweep.Row], options: Options) -> Sequence[Sequence[Measurement]]:
    rows = sweep.rows_with(options.rows, of[::12] if options.quick else of)
    job = {"task": "row", "threads": options.threads, "budget": 0.1 if options.quick else 0.3}
    job["work"] = 1e9 if options.quick else 1.5e10
    measurements = []
    for chosen in rows:
        row = sweep.label(chosen)
        measurements.append(Measurement(row, OWN, "convoscope", "convoscope", {**job, "row": row}, stays=True))
        for peer, layout in LAYOUTS.items():
            laid_out = {**job, "row": row, "layout": layout}
            measurements.append(Measurement(row, peer, "pytorch", "pytorch", laid_out, stays=True))
        if chosen.beside_onnx:
            alone = {**job, "row": row, "threads": 1}
            measurements += [
                Measurement(row, ONNX, "onnxruntime", "onnxruntime", {**job, "row": row}, stays=True),
                Measurement(row, ONNX + ONE_THREAD, "onnxruntime", "onnxruntime", alone, stays=True),
                Measurement(row, OWN + ONE_THREAD, "convoscope", "convoscope", alone, stays=True),
            ]
    return [measurements] * options.rounds


def section(name: str, words: str, result: Result) -> Section:
    ratios = {row: {kind: _ratio(result, row, kind) for kind in KINDS} for row in result.rows()}
    whole = {row: {kind: value for kind, value in each.items() if value} for row, each in ratios.items()}
    ordered = sorted(result.rows(), key=lambda row: min((each.median for each in whole[row].values()), default=0))
    heading = ("", "", *(f"{kind}, {what}" for kind in KINDS for what in (f"{OWN}, µs", "PyTorch, µs", "ratio")))
    lines = [(*_line(result, row, ratios[row]),) for row in ordered]
    lost = [line for line, row in zip(lines, ordered, strict=True) if _is_lost(whole[row])]
    summary = [
        f"{kind}: {sum(each.median < 1 for each in values)} of {len(values)} slower than PyTorch, "
        f"geometric mean of the ratios {number(math.exp(sum(math.log(each.median) for each in values) / len(values)))}×"
        for kind in KINDS
        if (values := [each[kind] for each in whole.values() if kind in each])
    ]
    groups = [Group(row, [Bar(kind, each) for kind, each in whole[row].items()]) for row in ordered if whole[row]]
    text = f"""
{words}
A forward pass predicts the same batch repeatedly; a training step is a forward pass, a backward pass and an Adam
update on a batch drawn at random from a pool of images. PyTorch is measured with both layouts of its feature maps,
and the faster one counts, row by row. Where a stride of 2 meets "same" padding, PyTorch computes on mirrored images:
all peers then have the same outputs, and none needs a padding layer. The ratio is PyTorch's time divided by {OWN}'s:
below 1, {OWN} is slower. {"; ".join(summary)}.

### Slower than PyTorch

{table(heading, lost) if lost else "None."}

### All rows

{table(heading, lines)}
{_beside_onnx(result)}"""
    title = "Layers" if name == "sweep" else "Networks"
    plot = bars(f"{title} beside PyTorch", "PyTorch's time / Convoscope's; longer is better", groups, line=1)
    return Section(text, {"layers" if name == "sweep" else name: plot})


def _line(result: Result, row: str, ratios: dict[str, Spread | None]) -> list[str]:
    cells = [row, "**slower**" if _is_lost({kind: each for kind, each in ratios.items() if each}) else ""]
    for kind in KINDS:
        ratio = ratios[kind]
        cells += [spelled(result.spread(row, OWN, kind), 1e6), spelled(_pytorch(result, row, kind), 1e6)]
        cells.append("–" if ratio is None else number(ratio.median))
    return cells


def _beside_onnx(result: Result) -> str:
    """Return the table of the rows that ONNX Runtime predicts too."""
    lines = []
    for row in result.rows():
        for threads in ("", ONE_THREAD) if ONNX in result.peers(row) else ():
            own, peer = (result.spread(row, name + threads, "forward") for name in (OWN, ONNX))
            lines.append((row + threads, spelled(own, 1e6), spelled(peer, 1e6), ratio(peer, own)))
    heading = ("", f"forward, {OWN}, µs", f"{ONNX}, µs", f"{OWN} is faster by")
    return f"\n### Beside {ONNX}\n\n{table(heading, lines)}\n" if lines else ""


def _is_lost(ratios: dict[str, Spread]) -> bool:
    return any(each.median < 1 for each in ratios.values())


def _pytorch(result: Result, row: str, kind: str) -> Spread | None:
    """Return PyTorch's times in the layout that suits the row."""
    spreads = [spread for peer in LAYOUTS if (spread := result.spread(row, peer, kind))]
    return min(spreads, key=lambda spread: spread.median, default=None)


def _ratio(result: Result, row: str, kind: str) -> Spread | None:
    """Return PyTorch's time by ours: of the medians, and the extremes round by round."""
    own, peer = result.spread(row, OWN, kind), _pytorch(result, row, kind)
    if own is None or peer is None:
        return None
    ours = {sample["round"]: sample[kind] for sample in result.of(row, OWN)}
    theirs: dict[int, float] = {}
    for name in LAYOUTS:
        if result.spread(row, name, kind) == peer:
            theirs = {sample["round"]: sample[kind] for sample in result.of(row, name)}
    paired = [theirs[number] / ours[number] for number in ours.keys() & theirs.keys()]
    middle = peer.median / own.median
    return Spread(middle, min([*paired, middle]), max([*paired, middle]))


_LAYERS = """Each row is a small network, mostly one convolution with the same head (global average
pooling, Dense 10), or a stack of a few layers as the lessons have them."""
_NETWORKS = """Each row is a well-known network, or a block of one, as in its paper: residual blocks, branches,
depthwise convolutions, an encoder with its decoder."""


def _part(name: str, title: str, rows: Sequence[sweep.Row], words: str, *environments: str) -> Part:
    return Part(
        name, title, environments, partial(rounds, rows), partial(section, name, words), ("load", "others", *KINDS)
    )


SWEEP = _part("sweep", "Layers of many shapes", sweep.ROWS, _LAYERS, "convoscope", "pytorch")
NETWORKS = _part("networks", "Well-known networks", sweep.NETWORKS, _NETWORKS, "convoscope", "pytorch", "onnxruntime")
