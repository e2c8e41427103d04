"""Scenarios met by trouble of one kind, again and again, some at a time."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from campaign.commands import command
from campaign.outcome import KEPT, Finding, Options, Outcome
from campaign.processes import fork
from campaign.scenarios import Scenario
from campaign.trouble import Trouble


def run(
    kind: str, scenarios: Mapping[type[Scenario], int], trouble: Callable[[Random], Trouble], options: Options
) -> Outcome:
    """Try each scenario so many times."""
    outcome = Outcome(kind)
    _warm_up()
    for make, trials in scenarios.items():
        numbers = options.numbers(make.name) or range(trials)
        if not numbers or not options.wanted(make.name):
            continue
        with tempfile.TemporaryDirectory(prefix="campaign-", ignore_cleanup_errors=True) as root:
            scenario = make(Path(root))
            try:
                for done, finding in _Trials(kind, scenario, trouble, options).run(numbers):
                    for each in done:
                        outcome.count(f"{make.name}, {each}")
                    outcome.findings += finding
            finally:
                scenario.end()
    return outcome


def _warm_up() -> None:
    """Import what commands need: processes that are forked then spend their time on what is to be disturbed."""
    settings = ("--layers", "flatten, dense 10 softmax", "--epochs", "1", "--threads", "1", "--quiet")
    with tempfile.TemporaryDirectory(prefix="campaign-") as root:
        command("train", "digits", *settings, "--out", f"{root}/run")
        command("export", f"{root}/run", "--html", f"{root}/page.html")


@dataclass(frozen=True)
class _Trials:
    """The trials of one scenario, divided among processes."""

    kind: str
    scenario: Scenario
    make: Callable[[Random], Trouble]
    options: Options

    def run(self, numbers: Sequence[int]) -> Iterator[tuple[list[str], list[Finding]]]:
        """Give what was done in each trial, and what was found."""
        jobs = min(self.options.jobs, len(numbers))
        pids = [self._begin(numbers[index::jobs], self._results(index)) for index in range(jobs)]
        statuses = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
        if any(statuses):
            raise RuntimeError(f"The trials of {self.scenario.name} ended with {statuses}; see above.")
        for index in range(jobs):
            for line in self._results(index).read_text("utf-8").splitlines():
                told = json.loads(line)
                yield told["done"], [Finding(*each) for each in told["found"]]

    def _results(self, index: int) -> Path:
        return self.scenario.root / f"results-{index}.jsonl"

    def _begin(self, numbers: Sequence[int], results: Path) -> int:
        pid = fork()
        if pid:
            return pid
        status = 1
        try:
            with open(results, "w", encoding="utf-8") as file:
                for number in numbers:
                    file.write(json.dumps(self._try(number)) + "\n")
            status = 0
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(status)

    def _try(self, number: int) -> dict[str, Any]:
        name, options = self.scenario.name, self.options
        folder = self.scenario.root / f"trial-{number}"
        folder.mkdir()
        trouble = self.make(Random(f"{options.seed} {name} {number}"))
        problems = list(self.scenario.trial(folder, trouble))
        found = []
        if problems:
            kept = KEPT / f"{self.kind}-{name}-{options.seed}-{number}"
            shutil.copytree(folder, kept, dirs_exist_ok=True)
            told = "; ".join(dict.fromkeys(problems))
            what = f"{name}, trial {number}, {trouble.told()}: {told[:1_000]}. The folder: {kept}."
            found.append((what, options.repeat(self.kind, f"{name}:{number}")))
        shutil.rmtree(folder, ignore_errors=True)
        return {"done": trouble.done, "found": found}
