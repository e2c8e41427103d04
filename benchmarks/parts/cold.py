"""From a cold shell: import, help, the first prediction, peak memory."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from benchmarks import runner
from benchmarks.page import Section, ratio, spelled, table
from benchmarks.parts.part import FILES, OWN, Part
from benchmarks.plot import Bar, Group, bars
from benchmarks.processes import Measurement
from benchmarks.results import Result
from benchmarks.runner import Options

FOLDER = FILES / "cold"
# name in the table, environment and program, module to import (and distribution)
IMPORTS = (
    (OWN, "convoscope", "convoscope"),
    ("Keras/TensorFlow", "keras", "keras"),
    ("PyTorch", "pytorch", "torch"),
    ("ONNX Runtime", "onnxruntime", "onnxruntime"),
)


def rounds(options: Options) -> Sequence[Sequence[Measurement]]:
    for environment in ("convoscope", "onnxruntime"):
        failed = runner.prepare(environment, environment, {"task": "model", "folder": str(FOLDER)}, options.pythons)
        if failed and environment == "convoscope":
            sys.exit(f"The model to predict with could not be made: {failed}")
    measurements = []
    for peer, environment, module in IMPORTS:
        python = str(options.pythons.get(environment))
        job = json.dumps({"task": "prediction", "folder": str(FOLDER), "threads": options.threads})
        commands: dict[str, list[Any]] = {"import": [python, "-c", f"import {module}"]}
        if peer == OWN:
            model, image = FOLDER / "lesson.safetensors", FOLDER / "image.png"
            commands = {
                "Python alone": [python, "-c", "pass"],
                **commands,
                "--help": [python, "-m", "convoscope", "--help"],
                "first prediction, from the shell": [python, "-m", "convoscope", "predict", str(model), str(image)],
            }
        commands["first prediction, in Python"] = [python, "-m", f"benchmarks.programs.{environment}", job]
        for row, command in commands.items():
            timed = {"task": "command", "command": command, "distribution": module}
            measurements.append(Measurement(row, peer, environment, "cold", timed, tuned=False))
    return [measurements] * options.rounds


def section(result: Result) -> Section:
    rows, groups = [], []
    for row in result.rows():
        own = result.spread(row, OWN)
        drawn = []
        for peer in result.peers(row):
            seconds, peak = result.spread(row, peer), result.spread(row, peer, "peak_mib")
            faster = "" if peer == OWN else ratio(seconds, own)
            memory = "–" if peak is None else f"{peak.median:,.0f}"
            rows.append((f"{row}: {peer}" if row != "Python alone" else row, spelled(seconds), faster, memory))
            drawn += [Bar(peer, seconds)] if seconds else []
        groups.append(Group(row, drawn))
    text = f"""
The whole process, from start to end, with its files in the page cache. For the first prediction, {OWN} opens the
saved model of the lessons and (in the shell) an image file; ONNX Runtime opens the same network as an ONNX file;
Keras and PyTorch build it.

{table(("", "seconds", f"{OWN} is faster by", "peak memory, MiB"), rows)}
"""
    return Section(text, {"cold": bars("From a cold shell", "seconds; shorter is better", groups)})


PART = Part("startup", "From a cold shell", ("convoscope", "keras", "pytorch", "onnxruntime"), rounds, section)
