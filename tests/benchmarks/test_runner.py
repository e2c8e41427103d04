"""The runner with a peer that measures nothing, and the command line that leads to it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import convoscope as cs
from benchmarks import __main__ as command_line, machine, processes, runner
from benchmarks.environments import ROOT
from benchmarks.parts import PARTS, part
from benchmarks.processes import Measurement
from benchmarks.results import Result

PYTHONS: dict[str, Path | None] = {"here": Path(sys.executable), "nowhere": None}


@pytest.fixture
def fake_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program of the benchmarks that answers with its job, or fails if the job says so."""
    package = tmp_path / "benchmarks" / "programs"
    package.mkdir(parents=True)
    for folder in (package.parent, package):
        (folder / "__init__.py").touch()
    (package / "fake.py").write_text(
        "import json, os, sys, time\n"
        "for line in sys.argv[1:] or sys.stdin:\n"
        "    job, begin = json.loads(line), time.process_time()\n"
        "    if job.get('fail'):\n"
        "        sys.exit('Traceback\\n' + job['fail'])\n"
        "    print('something that a library says')\n"
        "    while time.process_time() < begin + job.get('work', 0):\n"
        "        pass\n"
        "    kept = os.environ.get('MALLOC_TRIM_THRESHOLD_')\n"
        "    sample = {'seconds': job['seconds'], 'kept': kept, 'process': os.getpid(), 'peak_mib': 1.0}\n"
        "    print(json.dumps({**sample, 'processor_seconds': time.process_time() - begin}), flush=True)\n"
    )
    monkeypatch.setattr(processes, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)


def fake(
    peer: str,
    seconds: float = 1.0,
    *,
    environment: str = "here",
    tuned: bool = True,
    fail: str = "",
    stays: bool = False,
    work: float = 0.0,
) -> Measurement:
    job = {"seconds": seconds, "fail": fail, "work": work}
    return Measurement("row", peer, environment, "fake", job, tuned, stays)


@pytest.mark.usefixtures("fake_program")
def test_peers_take_turns_and_the_first_changes_from_round_to_round() -> None:
    rounds = [[fake("one", 1.0), fake("two", 2.0)], [fake("one", 3.0), fake("two", 4.0)]]
    samples = runner.interleave(rounds, PYTHONS, say=lambda line: None)
    assert [(each["round"], each["peer"], each["seconds"]) for each in samples] == [
        (1, "one", 1.0),
        (1, "two", 2.0),
        (2, "two", 4.0),
        (2, "one", 3.0),
    ]
    assert all(each["load"] >= 0 for each in samples)


@pytest.mark.usefixtures("fake_program")
def test_a_peer_that_is_not_installed_or_fails_is_a_sample_that_says_so_and_the_others_are_measured() -> None:
    measurements = [fake("absent", environment="nowhere"), fake("broken", fail="No memory left"), fake("sound", 5.0)]
    said: list[str] = []
    samples = runner.interleave([measurements] * 2, PYTHONS, say=said.append)
    result = Result("epoch", "today", {}, {}, samples)
    assert result.failures() == {("row", "absent"): "not installed", ("row", "broken"): "No memory left"}
    assert len(result.of("row", "sound")) == 2
    assert len(said) == 6


@pytest.mark.usefixtures("fake_program")
def test_the_allocator_is_tuned_only_where_the_measurement_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MALLOC_TRIM_THRESHOLD_", raising=False)
    assert runner.run(fake("tuned"), PYTHONS)["kept"] == "1000000000"
    assert runner.run(fake("as it is", tuned=False), PYTHONS)["kept"] is None


@pytest.mark.usefixtures("fake_program")
def test_a_process_that_stays_serves_all_rounds_and_its_work_is_counted_as_ours() -> None:
    rounds = [[fake("one", 1.0, stays=True, work=0.3), fake("two", 2.0, stays=True), fake("alone", 3.0)]] * 2
    samples = runner.interleave(rounds, PYTHONS, say=lambda line: None)
    of = {peer: [each for each in samples if each["peer"] == peer] for peer in ("one", "two", "alone")}
    assert [each["seconds"] for each in of["one"] + of["two"]] == [1.0, 1.0, 2.0, 2.0]
    assert len({each["process"] for each in of["one"] + of["two"]}) == 1
    assert len({each["process"] for each in of["alone"]}) == 2
    assert all("peak_mib" in each for each in of["alone"])
    assert not any("peak_mib" in each for each in of["one"])
    assert all(each["processor_seconds"] >= 0.3 for each in of["one"])


@pytest.mark.usefixtures("fake_program")
def test_after_a_failure_a_new_process_serves_the_others() -> None:
    measurements = [fake("sound", stays=True), fake("broken", fail="No memory left", stays=True)]
    measurements += [fake("absent", environment="nowhere", stays=True), fake("next", 2.0, stays=True)]
    samples = runner.interleave([measurements], PYTHONS, say=lambda line: None)
    assert [each.get("failed") for each in samples] == [None, "No memory left", "not installed", None]
    assert samples[0]["process"] != samples[3]["process"]


@pytest.mark.usefixtures("fake_program")
def test_a_measurement_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LIMIT", 0.5)
    measurements = [fake("endless", work=60.0), fake("endless, stays", work=60.0, stays=True), fake("next", stays=True)]
    samples = runner.interleave([measurements], PYTHONS, say=lambda line: None)
    assert [each.get("failed") for each in samples] == ["no result after 0.5 s"] * 2 + [None]


def test_the_cold_program_times_a_command_and_says_what_a_failing_one_said() -> None:
    def cold(code: str) -> dict[str, object]:
        job = {"task": "command", "command": [sys.executable, "-c", code], "distribution": "convoscope"}
        return runner.run(Measurement("row", "peer", None, "cold", job), PYTHONS)

    sample = cold("pass")
    assert set(sample) == {"seconds", "peak_mib", "processor_seconds", "versions", "others"}
    assert sample["versions"] == {"convoscope": cs.__version__}
    assert cold("raise SystemExit('out of paper')") == {"failed": "out of paper"}


def test_other_programs_share_of_the_cores_is_what_was_busy_beyond_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "available_cores", lambda: 2)
    begin, end = machine.Clocks(wall=10.0, busy=100.0, own=5.0), machine.Clocks(wall=14.0, busy=107.0, own=10.0)
    assert machine.others(begin, end) == 0.25  # 7 busy seconds, 5 of them ours, of 4 × 2
    assert machine.others(begin, machine.Clocks(14.0, None, 10.0)) is None


def test_the_command_line_writes_results_page_and_plot_of_a_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = {"task": "command", "command": [sys.executable, "-c", "pass"], "distribution": "convoscope"}
    cold = PARTS["startup"]
    stand_in = part.Part(
        "startup",
        cold.title,
        ("keras",),
        lambda options: [[Measurement("import", "Convoscope", None, "cold", command)]] * options.rounds,
        cold.section,
    )
    monkeypatch.setitem(command_line.PARTS, "startup", stand_in)
    monkeypatch.setattr(command_line.environments, "python_of", lambda peer: None)
    given = ["--python", f"convoscope={sys.executable}", "--output", str(tmp_path), "--rounds", "2"]
    command_line.main(["e", *given])
    result = Result.load(tmp_path / "results" / "startup.json")
    assert [sample["round"] for sample in result.samples] == [1, 2]
    assert result.machine == machine.describe()
    assert "import: Convoscope" in (tmp_path / "benchmarks.md").read_text()
    assert (tmp_path / "images" / "benchmark-cold.svg").read_text().startswith("<svg")
    assert "keras is not installed" in capsys.readouterr().out


def test_the_letters_that_the_parts_had_still_stand_for_them() -> None:
    asked = ["a", "b", "c", "d", "e", "best"]
    assert command_line._arguments(asked).what == ["epoch", "accuracy", "sweep", "inference", "startup", "best"]


@pytest.mark.parametrize("words", [["f"], ["environments", "caffe"], ["page", "epoch"]])
def test_an_unknown_word_is_refused_before_anything_runs(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command_line.main(words)
    assert f"{words[-1]}: expected" in capsys.readouterr().err


def test_every_program_named_by_a_part_is_there_and_jobs_are_plain_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "prepare", lambda *arguments: None)
    options = runner.Options(2, 3, False, 2, None, {})
    for each in PARTS.values():
        rounds = each.rounds(options)
        assert len(rounds) == {"accuracy": 3, "bf16": 3, "best": 3, "photos": 3, "errors": 1}.get(each.name, 2)
        for measurement in rounds[0]:
            assert (ROOT / "benchmarks" / "programs" / f"{measurement.program}.py").exists()
            assert json.loads(json.dumps(measurement.job)) == measurement.job
            assert measurement.environment is None or measurement.environment in each.environments
