"""The command: counts, findings, status; and the core's program."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from campaign import __main__ as command_line, core
from campaign.outcome import Options, Outcome

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def plant(monkeypatch: pytest.MonkeyPatch, *, fault: bool) -> None:
    def run(options: Options) -> Outcome:
        outcome = Outcome("planted")
        outcome.count("apples", 1_234)
        if fault:
            outcome.find("one was rotten.", options.repeat("planted", "apples:3"))
        return outcome

    monkeypatch.setattr(command_line, "KINDS", {"planted": run})


def test_without_findings_it_ends_with_0(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    plant(monkeypatch, fault=False)
    assert command_line.main(["--seed", "5"]) == 0
    printed = capsys.readouterr().out
    assert "1,234" in printed
    assert "Again" not in printed


def test_a_finding_ends_it_with_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    plant(monkeypatch, fault=True)
    assert command_line.main(["planted", "--short", "--seed", "5"]) == 1
    printed = capsys.readouterr().out
    assert "planted: one was rotten." in printed
    assert "Again: python -m campaign planted --short --seed 5 --only apples:3" in printed
    assert '"one was rotten."' in Path("build/campaign/outcome.json").read_text()


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(SystemExit):
        command_line.main(["apples"])


@pytest.mark.parametrize(("status", "findings"), [(0, 0), (1, 1)])
def test_the_cores_program(tmp_path: Path, status: int, findings: int) -> None:
    program = tmp_path / "fuzz"
    program.write_text(f'#!/bin/sh\necho "runs $2 seed $4"\nexit {status}\n')
    program.chmod(0o755)
    outcome = core.run(Options(7, True, 1), program)
    assert (len(outcome.findings), outcome.trials) == (findings, 1_000)
    assert all("runs 1000 seed 7" in finding.what for finding in outcome.findings)


def test_without_the_cores_program_it_says_so(tmp_path: Path) -> None:
    outcome = core.run(Options(7, True, 1), tmp_path / "none")
    assert outcome.trials == 0
    assert "not tried" in outcome.skipped
