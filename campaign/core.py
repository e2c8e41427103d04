"""The native core under the sanitizers: its own fuzz program, where that has been built."""

from __future__ import annotations

import subprocess
from pathlib import Path

from campaign.outcome import Options, Outcome

KIND = "core"
PROGRAM = Path("build/sanitize-address,undefined/convoscope_core_fuzz")
_FULL, _SHORT = 20_000, 1_000
_SHOWN = 2_000  # characters


def run(options: Options, program: Path = PROGRAM) -> Outcome:
    """Run it."""
    outcome = Outcome(KIND)
    if not program.exists():
        outcome.skipped = f"not tried: there is no {program}. Build it: make sanitize"
        return outcome
    runs = _SHORT if options.short else _FULL
    words = [str(program), "--runs", str(runs), "--seed", str(options.seed)]
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)
    outcome.count("plans", runs)
    if done.returncode:
        told = (done.stdout + done.stderr)[-_SHOWN:]
        outcome.find(f"the core's fuzz program ended with status {done.returncode}:\n{told}", " ".join(words))
    return outcome
