"""Scenarios met by trouble of one kind, again and again."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

from campaign.outcome import KEPT, Options, Outcome
from campaign.scenarios import Scenario
from campaign.trouble import Trouble


def run(
    kind: str, scenarios: Mapping[type[Scenario], int], trouble: Callable[[Random], Trouble], options: Options
) -> Outcome:
    """Try each scenario so many times."""
    outcome = Outcome(kind)
    for make, trials in scenarios.items():
        numbers = options.numbers(make.name) or range(trials)
        if not numbers or not options.wanted(make.name):
            continue
        with tempfile.TemporaryDirectory(prefix="campaign-", ignore_cleanup_errors=True) as root:
            scenario = make(Path(root))
            for number in numbers:
                _try(scenario, number, trouble, options, outcome)
            scenario.end()
    return outcome


def _try(
    scenario: Scenario, number: int, make: Callable[[Random], Trouble], options: Options, outcome: Outcome
) -> None:
    folder = scenario.root / f"trial-{number}"
    folder.mkdir()
    trouble = make(Random(f"{options.seed} {scenario.name} {number}"))
    problems = list(scenario.trial(folder, trouble))
    for done in trouble.done:
        outcome.count(f"{scenario.name}, {done}")
    if problems:
        kept = KEPT / f"{outcome.kind}-{scenario.name}-{options.seed}-{number}"
        shutil.copytree(folder, kept, dirs_exist_ok=True)
        outcome.find(
            f"{scenario.name}, trial {number}, {trouble.told()}: {'; '.join(problems[:4])}. The folder: {kept}.",
            options.repeat(outcome.kind, f"{scenario.name}:{number}"),
        )
    shutil.rmtree(folder, ignore_errors=True)
