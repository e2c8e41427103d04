"""``python -m campaign``: try, print how often, and end with 1 if something was found."""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import sys
import time

from campaign import core, disk, fuzz, hostile, kills, serving
from campaign.outcome import KEPT, Options, as_json, paragraphs, table

KINDS = {each.KIND: each.run for each in (fuzz, kills, disk, hostile, serving, core)}


def main(words: list[str] | None = None) -> int:
    """Run the kinds that are named, or all, and return the status to end with."""
    from convoscope.engine import threads

    arguments = _arguments(words)
    options = Options(arguments.seed, arguments.short, arguments.jobs, tuple(arguments.only))
    threads.set_threads(1)  # before anything is computed: a process that has threads must not be forked
    shutil.rmtree(KEPT, ignore_errors=True)
    KEPT.mkdir(parents=True)
    print(f"seed {options.seed}{', briefly' if options.short else ''}, {options.jobs} at a time", flush=True)
    outcomes = []
    for kind in arguments.kinds or KINDS:
        began = time.monotonic()
        outcome = KINDS[kind](options)
        outcome.seconds = time.monotonic() - began
        outcomes.append(outcome)
        print(f"{kind}: {outcome.trials:,} trials, {len(outcome.findings)} findings", flush=True)
    (KEPT / "outcome.json").write_text(as_json(outcomes), encoding="utf-8")
    print(f"\n{paragraphs(outcomes)}{table(outcomes)}")
    return int(any(outcome.findings for outcome in outcomes))


def _arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m campaign", description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"{', '.join(KINDS)}; default: all")
    parser.add_argument("--short", action="store_true", help="a minute instead of a quarter of an hour")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31), help="of all choices; default: drawn")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at a time")
    parser.add_argument("--only", action="append", default=[], metavar="NAME[:NUMBER]", help="these trials only")
    arguments = parser.parse_args(words)
    for kind in arguments.kinds:
        if kind not in KINDS:
            parser.error(f"there is no kind {kind!r}; known: {', '.join(KINDS)}")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
