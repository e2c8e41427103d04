"""What a kind of trial came to: how many there were, and what was found."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

#: Where inputs that fail are kept.
KEPT = Path("build") / "campaign"
_MOST_SHOWN = 40


@dataclass(frozen=True)
class Finding:
    """One thing that went wrong.

    Attributes
    ----------
    what : str
        A paragraph: what was expected, what came, and of which input.
    repeat : str
        The command that does it again.
    count : int
        How many trials ended in the same way; `what` tells of the first.
    """

    what: str
    repeat: str
    count: int = 1


@dataclass(frozen=True)
class Options:
    """How to try: the seed of all random choices, whether briefly, and how many processes at a time."""

    seed: int
    short: bool
    jobs: int
    only: Sequence[str] = ()

    def repeat(self, kind: str, trial: str) -> str:
        """Return the command for one trial again."""
        short = " --short" if self.short else ""
        return f"python -m campaign {kind}{short} --seed {self.seed} --only {trial}"

    def wanted(self, name: str) -> bool:
        """Say whether trials of a name are to be run; ``--only model:17`` names a single one."""
        return not self.only or any(each.partition(":")[0] == name for each in self.only)

    def numbers(self, name: str) -> list[int]:
        """Return the numbers of single trials that were asked for; none stands for all."""
        return [int(number) for each in self.only for own, _, number in [each.partition(":")] if own == name and number]


@dataclass
class Outcome:
    """What a kind of trial came to.

    Attributes
    ----------
    kind : str
    counts : dict of str to int
        How many trials there were of what.
    findings : list of Finding
    skipped : str
        Why nothing was tried, if so.
    seconds : float
    """

    kind: str
    counts: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    skipped: str = ""
    seconds: float = 0.0

    @property
    def trials(self) -> int:
        """How many trials there were."""
        return sum(self.counts.values())

    def count(self, name: str, number: int = 1) -> None:
        """Add trials to those of a name."""
        self.counts[name] = self.counts.get(name, 0) + number

    def find(self, what: str, repeat: str) -> None:
        """Add a finding."""
        self.findings.append(Finding(what, repeat))


def keep(name: str, content: bytes, folder: Path | None = None) -> Path:
    """Write an input that failed under ``build/campaign``, and return where."""
    path = (folder or KEPT) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def paragraphs(outcomes: Sequence[Outcome]) -> str:
    """Write a paragraph for each finding."""
    written = []
    for outcome in outcomes:
        for finding in outcome.findings[:_MOST_SHOWN]:
            times = f" ({finding.count:,} trials end so)" if finding.count > 1 else ""
            written.append(f"{outcome.kind}: {finding.what}{times}\n  Again: {finding.repeat}\n")
        if len(outcome.findings) > _MOST_SHOWN:
            written.append(f"{outcome.kind}: {len(outcome.findings) - _MOST_SHOWN} more findings are not shown.\n")
    return "\n".join(written)


def table(outcomes: Sequence[Outcome]) -> str:
    """Write the closing table: kind, trials, seconds, findings."""
    lines = [f"{'kind':<10}{'trials':>10}{'seconds':>10}{'findings':>10}"]
    for outcome in outcomes:
        found = outcome.skipped or f"{len(outcome.findings):>10}"
        lines.append(f"{outcome.kind:<10}{outcome.trials:>10,}{outcome.seconds:>10.1f}  {found:>8}")
        lines += [f"  {name:<30}{number:>8,}" for name, number in sorted(outcome.counts.items())]
    lines.append(f"{'all':<10}{sum(each.trials for each in outcomes):>10,}")
    return "\n".join(lines)


def as_json(outcomes: Sequence[Outcome]) -> str:
    """Write counts and findings for programs."""
    told = [
        {
            "kind": outcome.kind,
            "counts": outcome.counts,
            "seconds": round(outcome.seconds, 1),
            "skipped": outcome.skipped,
            "findings": [vars(finding) for finding in outcome.findings],
        }
        for outcome in outcomes
    ]
    return json.dumps(told, indent=2)
