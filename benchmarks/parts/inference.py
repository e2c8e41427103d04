"""Predictions with the lesson's network."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.page import Section, ratio, spelled, table
from benchmarks.parts.part import OWN, Part
from benchmarks.plot import Bar, Group, bars
from benchmarks.processes import Measurement
from benchmarks.results import Result, Spread
from benchmarks.runner import Options

BATCHES = (1, 32, 1000)
PEERS: tuple[tuple[str, str, dict[str, str]], ...] = (
    (OWN, "convoscope", {}),
    ("ONNX Runtime", "onnxruntime", {}),
    ("PyTorch channels_last", "pytorch", {"layout": "channels_last"}),
    ("PyTorch channels first", "pytorch", {"layout": "contiguous"}),
)


def rounds(options: Options) -> Sequence[Sequence[Measurement]]:
    job = {"task": "inference", "threads": options.threads, "budget": 0.2 if options.quick else 2.0}
    measurements = [
        Measurement(f"batch {batch}", peer, environment, environment, {**job, "batch": batch, **more})
        for batch in BATCHES
        for peer, environment, more in PEERS
    ]
    return [measurements] * options.rounds


def section(result: Result) -> Section:
    rows, groups = [], []
    for row in result.rows():
        own = result.spread(row, OWN)
        drawn = []
        for peer in result.peers(row):
            seconds = result.spread(row, peer)
            rows.append((f"{peer}, {row}", spelled(seconds, 1e6), "" if peer == OWN else ratio(seconds, own)))
            if seconds and own:
                relative = [value / own.median for value in (seconds.median, seconds.low, seconds.high)]
                drawn.append(Bar(peer, Spread(*relative)))
        groups.append(Group(row, drawn))
    text = f"""
The lessons' network with the same weights on float32 images. Each call predicts one batch, and is repeated; the median
of the calls in each process counts.

{table(("", "µs a batch", f"{OWN} is faster by"), rows)}
"""
    plot = bars("Predictions, lesson network", "time, with Convoscope's as 1; shorter is better", groups, line=1)
    return Section(text, {"inference": plot})


PART = Part("inference", "Predictions", ("convoscope", "onnxruntime", "pytorch"), rounds, section)
