"""``convoscope doctor``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

HELP = "Show what Convoscope computes with on this machine, and why: engine, instructions, threads, data."
EXAMPLES = ("convoscope doctor", "convoscope doctor --report", "convoscope doctor --json")


def command(
    as_json: Annotated[bool, typer.Option("--json", metavar="", help="Print the result as JSON.")] = False,
    as_report: Annotated[
        bool,
        typer.Option("--report", metavar="", help="Print the result as text for an issue report, without your paths."),
    ] = False,
) -> None:
    """Run ``convoscope doctor``; `HELP` says what it does."""
    from convoscope.cli.console import print_json
    from convoscope.cli.doctor_report import report
    from convoscope.streams import show

    if as_json and as_report:
        raise typer.BadParameter("--json and --report exclude each other. Give only one of them.")
    found = examine()
    if as_json:
        print_json(found)
    elif as_report:
        show(report(found).rstrip())
    else:
        _print(found)


def examine() -> dict[str, Any]:
    """Find out what there is, as plain values."""
    import os
    import platform
    import sys

    import numpy as np

    import convoscope
    from convoscope import datasets
    from convoscope.datasets.locate import places
    from convoscope.engine.select import available, torch_problem
    from convoscope.engine.threads import available_threads, get_threads

    engines = available()
    native = engines["native"] == "ok"
    budget = available_threads()
    engines["torch"] = torch_problem() or "ok"  # loaded here, and not where nobody asks for it
    return {
        "convoscope": convoscope.__version__,
        "engine": "native" if native else "reference",
        "why": "its compiled core is installed" if native else engines["native"],
        "engines": engines,
        "instructions": _instructions() if native else None,
        "threads": get_threads(),
        "threads_because": budget.reason,
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "python_at": sys.executable,
        "numpy": np.__version__,
        "pytorch": _pytorch() if engines["torch"] == "ok" else None,
        "platform": platform.platform(),
        "processor": _processor(),
        "data_folders": [{"folder": str(place.folder), "because": place.why} for place in places()],
        "datasets": {name: datasets.info(name).where for name in datasets.names()},
    }


def _instructions() -> dict[str, Any]:
    from convoscope import _native

    return {"used": _native.isa(), "usable": list(_native.isas()), "bfloat16": _native.bfloat16_unit()}


def _pytorch() -> dict[str, str]:
    from convoscope.engine.torch.devices import describe

    return describe()


def _processor() -> str:
    import platform
    from pathlib import Path

    listing = Path("/proc/cpuinfo")
    lines = listing.read_text(errors="replace").splitlines() if listing.exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


_BFLOAT16 = {
    "AMX": "with it, --precision bf16 saves time in layers with many filters",
    "emulated": "this processor has no instructions for it, and --precision bf16 takes longer than float32",
}


def _print(found: dict[str, Any]) -> None:
    from rich.table import Table
    from rich.text import Text

    from convoscope.cli.console import results

    good = found["engine"] == "native"
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("Convoscope", found["convoscope"])
    table.add_row("engine", Text.assemble((found["engine"], "green" if good else "yellow"), f": {found['why']}"))
    if not good:
        table.add_row(
            "",
            "The reference engine gives the same results but is many times slower. Install a C++17 compiler and "
            "reinstall Convoscope.",
        )
    if found["instructions"]:
        used, usable = found["instructions"]["used"], found["instructions"]["usable"]
        table.add_row("instructions", f"{used}: the best that this processor supports of {', '.join(usable)}")
        unit = found["instructions"]["bfloat16"]
        table.add_row("bfloat16", f"{unit}: {_BFLOAT16.get(unit, 'with it, --precision bf16 rarely saves time')}")
    table.add_row("threads", f"{found['threads']}: {found['threads_because']}; the machine has {found['processors']}")
    table.add_row("processor", found["processor"])
    table.add_row("Python", f"{found['python']} at {found['python_at']}")
    table.add_row("NumPy", found["numpy"])
    table.add_row("PyTorch", _words_on_pytorch(found))
    table.add_row("platform", found["platform"])
    for number, place in enumerate(found["data_folders"]):
        table.add_row("data folders" if number == 0 else "", f"{place['folder']} ({place['because']})")
    for number, (name, where) in enumerate(found["datasets"].items()):
        table.add_row("data sets" if number == 0 else "", f"{name}: {where}")
    results().print(table)


def _words_on_pytorch(found: dict[str, Any]) -> str:
    if found["pytorch"] is None:
        return f"not used: {found['engines']['torch']}"
    version, *devices = (f"{name}: {what}" if name != "version" else what for name, what in found["pytorch"].items())
    return "\n".join([f"{version}, for the engine 'torch'", *devices])
