"""What became of each program in Keras: made once, with Keras at hand, and kept for comparisons without it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from public_programs.running import Outcome, first_line

RECORD = Path(__file__).with_name("keras.json")


def recorded() -> dict[str, Outcome]:
    """Return the outcomes in Keras by the programs' names."""
    if not RECORD.exists():
        return {}
    return {name: Outcome(**said) for name, said in json.loads(RECORD.read_text(encoding="utf-8")).items()}


def record(outcomes: Mapping[str, Outcome]) -> None:
    """Write the outcomes, one program a line."""
    lines = [f"{json.dumps(name)}: {json.dumps(asdict(_short(outcome)))}" for name, outcome in sorted(outcomes.items())]
    RECORD.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _short(outcome: Outcome) -> Outcome:
    error = None if outcome.error is None else first_line(outcome.error)
    return Outcome(outcome.events, error, outcome.line)
