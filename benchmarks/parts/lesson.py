"""Seconds an epoch of the lesson's network."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from benchmarks import machine, networks, runner
from benchmarks.page import Section, ratio, spelled, table
from benchmarks.parts.part import FILES, OWN, Part
from benchmarks.plot import Bar, Group, bars
from benchmarks.processes import Measurement
from benchmarks.results import Result, Spread
from benchmarks.runner import Options

PEAK = "dense, at the peak"
WARM_UP = 3_200

# name in the table, environment and program, what else the job says
PEERS: tuple[tuple[str, str, dict[str, str]], ...] = (
    (OWN, "convoscope", {}),
    (f"{OWN} bf16", "convoscope", {"precision": "bf16"}),
    ("Keras/TensorFlow", "keras", {}),
    ("PyTorch float32", "pytorch", {"precision": "float32"}),
    ("PyTorch bf16 autocast", "pytorch", {"precision": "bf16"}),
)
#: A processor without one of these emulates bfloat16: an epoch takes ten times as long, and tells nothing.
BF16 = {"pytorch": {"avx512_bf16", "amx_tile"}, "convoscope": {"amx_tile"}}


def rounds(options: Options) -> Sequence[Sequence[Measurement]]:
    folder = FILES / "fashion-mnist"
    job = {"task": "data", "name": "fashion-mnist", "folder": str(folder), "data_dir": options.data_dir}
    if failed := runner.prepare("convoscope", "convoscope", job, options.pythons):
        sys.exit(f"Fashion-MNIST could not be made ready: {failed}")
    images = 6_400 if options.quick else 60_000
    common = {"task": "lesson", "images": images, "warm_up": WARM_UP, "data": str(folder), "threads": options.threads}
    measurements = []
    for batch in (32, 128):
        row = f"batch {batch}"
        for peer, environment, more in PEERS:
            if more.get("precision") == "bf16" and BF16[environment].isdisjoint(machine.instructions()):
                continue
            measurements.append(Measurement(row, peer, environment, environment, {**common, "batch": batch, **more}))
    peak = Measurement("peak", PEAK, None, "peak", {"task": "peak", "threads": options.threads})
    return [(*measurements, peak)] * options.rounds


def section(result: Result) -> Section:
    images = 6_400 if result.settings["quick"] else 60_000
    dense = _dense_seconds(result, images)
    rows, groups = [], []
    for row in result.rows():
        if row == "peak":
            continue
        own = result.spread(row, OWN)
        drawn = []
        for peer in result.peers(row):
            seconds, peak = result.spread(row, peer), result.spread(row, peer, "peak_mib")
            right = result.spread(row, peer, "accuracy")
            rows.append(
                (
                    f"{peer}, {row}",
                    spelled(seconds),
                    "" if peer == OWN else ratio(seconds, own),
                    "–" if peak is None else f"{peak.median:,.0f}",
                    "–" if right is None else f"{100 * right.median:.1f}",
                )
            )
            drawn += [Bar(peer, seconds)] if seconds else []
        if dense:
            rows.append((f"{PEAK}, {row}", spelled(dense), ratio(dense, own), "", ""))
            drawn.append(Bar(PEAK, dense))
        groups.append(Group(row, drawn))
    heading = ("", "seconds", f"{OWN} is faster by", "peak memory, MiB", "test accuracy, %")
    flops = result.spread("peak", PEAK, "flops")
    dense_operations = networks.operations(networks.LESSON)[1]
    text = f"""
Fashion-MNIST, {images:,} images: one epoch, after a warm-up of {WARM_UP:,} images in the same process. The network:
28×28×1, Conv 64 3×3 ReLU, MaxPool 2, the same again, Dense 128 ReLU, Dense 10 softmax; Adam. Keras and PyTorch train
on float32 images that are ready in memory, {OWN} on the 8-bit images. PyTorch uses channels_last explicitly, and
all use an allocator that keeps its memory (`MALLOC_TRIM_THRESHOLD_`, `MALLOC_MMAP_THRESHOLD_`). The accuracy after
warm-up and epoch shows that all have learned equally well. bf16 is measured where the processor computes in bfloat16
({OWN}: where it has AMX).

{table(heading, rows)}

The processor's peak, {spelled(flops, 1e-9)} GFLOP/s, is measured with multiply-adds between
registers only. A training step takes {dense_operations / 1e6:.1f} million operations per image if every convolution
and dense layer is computed in full, without a gradient for the image; "dense, at the peak" is their time at that
peak.
"""
    return Section(text, {"lesson": bars("Seconds an epoch, lesson network", "seconds; shorter is better", groups)})


def _dense_seconds(result: Result, images: int) -> Spread | None:
    """Return how long an epoch takes at the processor's peak, if everything is computed."""
    work = networks.operations(networks.LESSON)[1] * images
    seconds = [work / sample["flops"] for sample in result.of("peak", PEAK)]
    return Spread.of(seconds) if seconds else None


PART = Part("epoch", "Seconds an epoch", ("convoscope", "keras", "pytorch"), rounds, section)
