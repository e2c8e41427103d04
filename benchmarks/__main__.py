"""``python -m benchmarks``: measure, and write the results, the tables and the plots."""

from __future__ import annotations

import argparse
import datetime
import os
import subprocess
import sys
from pathlib import Path

from benchmarks import environments, machine, page, runner, sweep
from benchmarks.environments import REQUIREMENTS, ROOT, WORK
from benchmarks.parts import ALIASES, PARTS
from benchmarks.results import Result
from benchmarks.runner import Options

_USAGE = """\
python -m benchmarks environments [PEER ...]   make each peer's environment under .bench/ (all, or those named)
python -m benchmarks epoch sweep               measure, write benchmarks/results/*.json and docs/benchmarks.md
python -m benchmarks epoch --quick             a smoke run of a minute or two, into .bench/quick/
python -m benchmarks networks --rows U-Net     those rows alone, into .bench/rows/
python -m benchmarks page                      write docs/benchmarks.md again from the results

epoch      seconds an epoch of the lesson's network, beside Keras, PyTorch and the processor's peak
profile    where that epoch's time goes, part by part, beside the least that each can take
accuracy   time to accuracy on MNIST and Fashion-MNIST, by the recipe fast
bf16       accuracy and time of training with products in bfloat16, beside float32; bf16-layers: layers alone
best       the recipe best, minutes for each seed
sweep      layers and stacks of many shapes, beside PyTorch
networks   ResNet-20, MobileNetV2, U-Net and others, beside PyTorch and ONNX Runtime
errors     rounding, beside plain float32 sums and PyTorch
inference  predictions, beside ONNX Runtime and PyTorch
photos     your own photos, beside a frozen backbone with a logistic regression: needs --folders
serving    predictions over HTTP, beside a plain service of FastAPI and ONNX Runtime (--folders: with these photos)
startup    import, --help, the first prediction from a cold shell, peak memory

python -m benchmarks.steps ROW [--training]    where the time of a row goes, step by step
python -m benchmarks.compare_builds OLD NEW    two checkouts side by side, on the lesson's network
"""


def main(words: list[str] | None = None) -> None:
    """Do what the command line says."""
    arguments = _arguments(words)
    if arguments.what[0] == "environments":
        _make(arguments.what[1:] or list(REQUIREMENTS))
        return
    results, written = ROOT / "benchmarks" / "results", ROOT / "docs" / "benchmarks.md"
    if arguments.quick or arguments.rows or arguments.output:
        folder = arguments.output or WORK / ("quick" if arguments.quick else "rows")
        results, written = folder / "results", folder / "benchmarks.md"
    if arguments.what[0] != "page":
        _measure(arguments, results)
    found = [(part, results / f"{name}.json") for name, part in PARTS.items()]
    read = [(part, Result.load(file)) for part, file in found if file.exists()]
    sections = [(part.title, result, part.section(result)) for part, result in read]
    page.write_page(written, results, sections)
    for title, result, section in sections:
        if result.part in arguments.what:
            print(f"\n{title}: {page.provenance(result)}\n{section.text}")
    print(f"written: {written}")


def _arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=_USAGE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="+", metavar="WHAT", help="parts; or environments; or page")
    parser.add_argument("--rounds", type=int, help="how often each measurement is repeated (5)")
    parser.add_argument(
        "--seeds", type=int, help="how many seeds accuracy, bf16 (10) and best (1 and 3), splits photos (10)"
    )
    parser.add_argument("--quick", action="store_true", help="one round, little data: only to see that it works")
    parser.add_argument("--rows", nargs="+", metavar="WORDS", help="only rows that have one of these")
    parser.add_argument("--threads", type=int, default=machine.available_cores(), help="for every peer (all cores)")
    parser.add_argument("--data-dir", default=os.environ.get("CONVOSCOPE_DATA"), help="where the data sets are")
    parser.add_argument("--folders", type=Path, nargs="+", default=[], help="sets of photos, for photos")
    parser.add_argument("--foreign", type=Path, help="a folder of photos of no class of those sets, for photos")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="write results and page there")
    parser.add_argument(
        "--python", action="append", default=[], metavar="PEER=PATH", help="an interpreter in place of .bench's"
    )
    arguments = parser.parse_args(words)
    arguments.what = [ALIASES.get(word, word) for word in arguments.what]
    first, rest = arguments.what[0], arguments.what[1:]
    known = list(REQUIREMENTS) if first == "environments" else [] if first == "page" else list(PARTS)
    wrong = [word for word in (rest if first in ("environments", "page") else arguments.what) if word not in known]
    if wrong:
        parser.error(f"{', '.join(wrong)}: expected {', '.join(known) or 'nothing more'}")
    if "photos" in arguments.what and not arguments.folders:
        parser.error("photos needs --folders FOLDER ..., each with a folder of photos for each class")
    if arguments.rows and "photos" not in arguments.what and not sweep.rows_with(arguments.rows):
        parser.error(f"no row has {' or '.join(arguments.rows)}; such are {_some_rows()}")
    return arguments


def _some_rows() -> str:
    return "; ".join(sweep.label(row) for row in sweep.EVERY[::16])


def _make(peers: list[str]) -> None:
    """Make environments, or end with what failed; pip has said why."""
    try:
        environments.make(peers)
    except subprocess.CalledProcessError as error:
        sys.exit(f"This failed: {' '.join(map(str, error.cmd))}")


def _measure(arguments: argparse.Namespace, results: Path) -> None:
    """Run the parts that were asked for, and keep their results."""
    given = {peer: Path(path) for peer, path in (pair.split("=", 1) for pair in arguments.python)}
    if "convoscope" not in given:
        _make(["convoscope"])
    pythons = {peer: given.get(peer) or environments.python_of(peer) for peer in REQUIREMENTS}
    for name in [name for name in PARTS if name in arguments.what]:
        part = PARTS[name]
        for peer in part.environments:
            if pythons[peer] is None:
                print(f"{peer} is not installed and will be missing: python -m benchmarks environments {peer}")
        options = Options(
            rounds=arguments.rounds or (1 if arguments.quick else 5),
            seeds=arguments.seeds,
            quick=arguments.quick,
            rows=arguments.rows or (),
            threads=arguments.threads,
            data_dir=arguments.data_dir,
            pythons=pythons,
            folders=arguments.folders,
            foreign=arguments.foreign,
        )
        when = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
        machine_now = machine.describe()
        rounds = part.rounds(options)
        settings = {
            "rounds": len(rounds),
            "threads": options.threads,
            "quick": options.quick,
        }
        samples = runner.interleave(rounds, pythons)
        print(f"written: {Result(name, when, machine_now, settings, samples).save(results, part.keeps)}")


if __name__ == "__main__":
    main()
