"""A study's journal: many writers, lines that a kill cut short, locks that were left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from convoscope.errors import FileFormatError
from convoscope.experiments import journal
from convoscope.experiments.journal import JournalFile, JournalLock

_WRITER = """
import sys
from pathlib import Path
from convoscope.experiments.journal import JournalFile
file = JournalFile(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(40):
    file.append_logs([{"writer": int(sys.argv[2]), "number": number, "text": "x" * 300}])
"""


def test_lines_of_several_processes_are_whole_and_in_order(tmp_path: Path) -> None:
    path = tmp_path / "study.journal"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(path), str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for number in range(3)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline()
    for writer in writers:
        writer.communicate(b"go\n")
    found = list(JournalFile(path).read_logs(0))
    assert len(found) == 120
    for number in range(3):
        assert [line["number"] for line in found if line["writer"] == number] == list(range(40))


def test_what_a_kill_cut_short_is_taken_away_before_anything_is_appended(tmp_path: Path) -> None:
    path = tmp_path / "study.journal"
    file = JournalFile(path)
    file.append_logs([{"number": 1}])
    with open(path, "ab") as torn:
        torn.write(b'{"number": 2, "te')
    assert [line["number"] for line in file.read_logs(0)] == [1]
    file.append_logs([{"number": 3}])
    assert [line["number"] for line in file.read_logs(1)] == [3]
    assert [line["number"] for line in JournalFile(path).read_logs(0)] == [1, 3]


def test_a_line_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "study.journal"
    path.write_bytes(b'{"number": 1}\n{"number": 2}{"nu\n{"number": 3}\n')
    lines = JournalFile(path).read_logs(0)
    assert next(lines) == {"number": 1}
    with pytest.raises(FileFormatError, match="line 2"):
        next(lines)


def test_the_lock_of_a_dead_process_is_removed_at_once(tmp_path: Path) -> None:
    lock = JournalLock(tmp_path / "study.journal", patience=1000)
    made = subprocess.run(
        [
            sys.executable,
            "-c",
            "import json, sys; from convoscope.experiments import journal; print(json.dumps(journal._me()))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    lock.file.write_text(made.stdout)
    if not json.loads(made.stdout)["kernel"]:
        pytest.skip("this operating system does not say which processes there are")
    with lock.held():
        assert lock.is_ours()
    assert not lock.file.exists()


@pytest.mark.parametrize("left", ["", '{"host": "other", "kernel": "other boot", "pid": 1, "began": "1"}', "garbage"])
def test_a_lock_from_elsewhere_is_removed_once_it_is_old_by_this_clock(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, left: str
) -> None:
    monkeypatch.setattr(journal, "_NAMELESS", 0.2)
    lock = JournalLock(tmp_path / "study.journal", patience=0.2)
    lock.file.write_text(left)
    os.utime(lock.file, (time.time() + 10_000, time.time() + 10_000))  # the other machine's clock is ahead
    with lock.held():
        assert lock.is_ours()
    assert os.listdir(tmp_path) == []


def test_a_lock_that_is_held_is_waited_for(tmp_path: Path) -> None:
    mine, other = (JournalLock(tmp_path / "study.journal", patience=1000) for _ in range(2))
    with mine.held():
        assert not journal._made(other.file, "mine")
        assert not journal._is_dead(other.file.read_text())


def test_nothing_is_written_without_the_lock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = JournalFile(tmp_path / "study.journal")
    monkeypatch.setattr(JournalLock, "is_ours", lambda self: False)  # another machine removed it while this one slept
    with pytest.raises(OSError, match="lock was lost"):
        file.append_logs([{"number": 1}])
    assert (tmp_path / "study.journal").read_bytes() == b""
