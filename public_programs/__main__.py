"""``python -m public_programs``: run the programs of the list, print a line each, and write the table of the docs."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from public_programs.fetching import NotFetchedError
from public_programs.keras_record import record, recorded
from public_programs.listing import Program, programs
from public_programs.running import Outcome, Verdict, judge, run, this_python
from public_programs.table import kept, table

CACHE = Path(__file__).resolve().parent.parent / ".public_programs"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; return 0 if no program fails or differs."""
    options = _parser().parse_args(arguments)
    chosen = [program for program in programs() if all(word in program.name for word in options.words)]
    if options.list:
        for program in chosen:
            print(program.name)
        return 0
    if options.keras:
        return _ask_keras(chosen, options)
    theirs = recorded()
    verdicts = []
    for number, program in enumerate(chosen, 1):
        verdict = _verdict(program, theirs.get(program.name), options)
        verdicts.append(verdict)
        print(f"{number:3} {verdict.word:20} {program.name}\n{'':24} {verdict.detail}", flush=True)
    if options.table:
        verdicts = _with_others(verdicts, options.table)
        options.table.write_text(table(verdicts), encoding="utf-8")
    counts = Counter(verdict.word for verdict in verdicts)
    print("\n" + ", ".join(f"{count} {word}" for word, count in counts.most_common()))
    compared = sum(count for word, count in counts.items() if word not in ("not in Keras either", "not fetched"))
    if compared:
        print(f"Of the {compared} that run in Keras, {counts['runs']} run here: {counts['runs'] / compared:.0%}.")
    return 1 if counts["fails"] or counts["differs"] else 0


def _with_others(verdicts: Sequence[Verdict], page: Path) -> list[Verdict]:
    """Return the verdicts, and those on the page about programs that were not run now, in the list's order."""
    before = kept(page.read_text(encoding="utf-8")) if page.exists() else []
    found = {verdict.program.name: verdict for verdict in (*before, *verdicts)}
    return [found[program.name] for program in programs() if program.name in found]


def _ask_keras(chosen: Sequence[Program], options: argparse.Namespace) -> int:
    """Run the programs with Keras, and keep what became of them for later comparisons."""
    theirs = recorded()
    for number, program in enumerate(chosen, 1):
        try:
            outcome = run(program, "keras", options.keras, options.cache, options.clones)
        except NotFetchedError as error:
            print(f"{number:3} {program.name}: {error}")
            continue
        theirs[program.name] = outcome
        print(f"{number:3} {program.name}: {outcome.error or 'runs'}", flush=True)
        record(theirs)
    return 0


def _verdict(program: Program, theirs: Outcome | None, options: argparse.Namespace) -> Verdict:
    try:
        ours = run(program, "convoscope", this_python(), options.cache, options.clones)
    except NotFetchedError as error:
        return Verdict(program, "not fetched", str(error))
    return judge(program, ours, theirs)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m public_programs", description=__doc__)
    parser.add_argument("words", nargs="*", help="run only programs whose name has these words")
    parser.add_argument("--keras", metavar="PYTHON", help="an interpreter whose Keras runs them, to compare with later")
    parser.add_argument("--clones", type=Path, help="a folder with clones of the repositories, owner/name each")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where downloaded programs stay")
    parser.add_argument("--table", type=Path, help="write the table of the docs there, and keep its other rows")
    parser.add_argument("--list", action="store_true", help="print the names only")
    return parser


if __name__ == "__main__":
    sys.exit(main())
