"""Predictions over HTTP, beside a plain service of FastAPI and ONNX Runtime."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from benchmarks import runner
from benchmarks.page import Section, table
from benchmarks.parts.part import FILES, OWN, Part
from benchmarks.plot import Bar, Group, bars
from benchmarks.processes import Measurement
from benchmarks.results import Result, Spread
from benchmarks.runner import Options

FOLDER = FILES / "serving"
PEER = "FastAPI + ONNX Runtime"
CLIENTS = (1, 8, 64)
_BUDGET, _BUDGET_QUICK = 6.0, 1.0  # seconds


def rounds(options: Options) -> Sequence[Sequence[Measurement]]:
    photos = str(options.folders[0]) if options.folders else ""
    failed = runner.prepare(
        "serving", "fastapi", {"task": "files", "folder": str(FOLDER), "photos": photos, "every": 7}, options.pythons
    )
    if failed:
        sys.exit(f"The model to serve could not be made: {failed}")
    measurements = []
    for clients in CLIENTS:
        for peer, environment in ((OWN, "convoscope"), (PEER, "fastapi")):
            job = {
                "task": "load",
                "folder": str(FOLDER),
                "peer": environment,
                "clients": clients,
                "budget": _BUDGET_QUICK if options.quick else _BUDGET,
                "threads": options.threads,
            }
            row = f"{clients} {'client' if clients == 1 else 'clients'}"
            measurements.append(Measurement(row, peer, environment, "serving", job))
    return [measurements] * options.rounds


def section(result: Result) -> Section:
    rows, groups = [], []
    for row in result.rows():
        own = result.spread(row, OWN, "rate")
        drawn = []
        for peer in result.peers(row):
            rate = result.spread(row, peer, "rate")
            p50, p99 = result.spread(row, peer, "p50"), result.spread(row, peer, "p99")
            more = f"{own.median / rate.median:.2f}×" if own and rate and peer != OWN else ""
            rows.append((f"{row}: {peer}", _told(rate, "{:,.1f}"), more, _told(p50, "{:,.1f}"), _told(p99, "{:,.1f}")))
            drawn += [Bar(peer, rate)] if rate else []
        groups.append(Group(row, drawn))
    text = f"""
EfficientNet-Lite0 with a head for five classes behind HTTP; server and clients share the machine. Each client sends a
JPEG photo of 500×375 pixels as a form, waits for the response, and sends the next, on one connection. {OWN} is
`convoscope serve` with its defaults; the peer is a plain service
([`fastapi_service.py`]({{}}benchmarks/programs/fastapi_service.py)) with uvicorn's faster loop and parser, and a
file that Convoscope exported. Both decode with Pillow, preprocess in the same way, and return the same probabilities.

{table(("", "requests a second", f"{OWN} serves more by", "median, ms", "99 % within, ms"), rows)}
""".replace("{}", "../")
    return Section(text, {"serving": bars("Predictions over HTTP", "requests a second; longer is better", groups)})


def _told(spread: Spread | None, form: str) -> str:
    if spread is None:
        return "–"
    return f"{form.format(spread.median)} ({form.format(spread.low)} to {form.format(spread.high)})"


PART = Part("serving", "Predictions over HTTP", ("convoscope", "fastapi"), rounds, section)
