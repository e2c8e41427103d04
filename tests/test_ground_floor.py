"""What everything stands on: names on their way out, paths as people type them, locks, whole files, messages."""

import csv
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from convoscope.errors import FileFormatError, MissingFileError, ShapeError, StorageError
from convoscope.locks import locked, try_lock
from convoscope.names import for_table, for_terminal, json_text, legible
from convoscope.paths import check_regular, home_path, open_regular, user_path
from convoscope.storage import read_json, remove_leftovers, write_atomically, write_json

NAMES = [
    "rose",
    "Köln",
    "caf\udce9",
    "a\nb",
    "\x1b[31mred",
    "\u202egnp.exe",
    "\u2028",
    "日本",
    "a\tb",
    "\x7f",
    "\x9b2J",
]


@pytest.mark.parametrize("name", NAMES)
def test_json_gives_back_any_name_and_is_utf8(name: str) -> None:
    text = json_text({"name": name, name: [1]})
    assert json.loads(text.encode("utf-8")) == {"name": name, name: [1]}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_a_terminal_acts_on_gets_through(name: str) -> None:
    shown = for_terminal(name)
    assert shown.isprintable()
    shown.encode("utf-8")


def test_text_that_is_harmless_stays_as_it_is() -> None:
    for text in ("Köln – 日本 ×", "👩\u200d🌾", "क्\u200dष"):
        assert for_terminal(text) == text


@pytest.mark.parametrize("name", NAMES)
def test_legible_names_are_text(name: str) -> None:
    legible(name).encode("utf-8")


def test_one_name_in_two_spellings_is_one_name() -> None:
    assert legible("u\u0308ber") == legible("\u00fcber") == "\u00fcber"


@pytest.mark.parametrize("cell", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0"])
def test_no_cell_of_a_table_is_a_formula(cell: str, tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    with file.open("w", newline="") as out:
        csv.writer(out).writerow([for_table(cell)])
    with file.open(newline="") as text:
        assert next(csv.reader(text)) == [f"'{cell}"]


@pytest.mark.parametrize("cell", ["rose", "a=b", "-0.25", "+3", "-1e-3", "", 0.5, -3])
def test_other_cells_stay(cell: object) -> None:
    assert for_table(cell) == cell


@pytest.mark.parametrize("typed", ["~alt", "./~alt", "~/x", "~", "~root", "a/~b", "./~root", "./~", "", "~alt/x"])
def test_a_home_is_put_in_as_python_does_it(typed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    expected = os.path.abspath(os.path.expanduser(typed))
    found = user_path(typed)
    assert os.path.abspath(found) == expected
    assert os.path.abspath(user_path(found)) == expected  # once more changes nothing


def test_a_path_object_is_taken_for_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert user_path(Path("~root")) == Path("~root").expanduser()
    Path("./~root").mkdir()
    assert user_path(Path("./~root")) == tmp_path / "~root"


def test_without_a_home_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    assert home_path("~/.cache") is None


def test_a_path_with_nul_is_no_file() -> None:
    for act in (user_path, open_regular, check_regular):
        with pytest.raises(MissingFileError, match="no file"):
            act("a\0b")


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such files")
@pytest.mark.parametrize("check", [open_regular, check_regular])
def test_pipes_devices_and_folders_are_not_opened(check, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        with pytest.raises(MissingFileError, match="not a file"):
            check(path)
    with pytest.raises(MissingFileError, match="There is no file"):
        check(tmp_path / "nothing")


_WRITING = """
import sys, time
from convoscope.storage import write_atomically
def pieces():
    yield b"half"
    print("writing", flush=True)
    time.sleep(60)
write_atomically(sys.argv[1], pieces())
"""


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_killed_write_leaves_what_was_there_and_the_next_one_tidies(tmp_path: Path) -> None:
    target, other = tmp_path / "experiment.json", tmp_path / ".other.json.12-34"
    target.write_bytes(b"old")
    other.write_bytes(b"left of another file")
    process = subprocess.Popen([sys.executable, "-c", _WRITING, str(target)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    remove_leftovers(tmp_path)  # that process lives: what it writes is not left
    assert not other.exists()
    assert len(list(tmp_path.iterdir())) == 2
    other.write_bytes(b"left again")
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert target.read_bytes() == b"old"
    write_atomically(target, [b"new"])
    assert sorted(tmp_path.iterdir()) == sorted([target, other])
    assert target.read_bytes() == b"new"


def test_many_writers_of_one_file(tmp_path: Path) -> None:
    target = tmp_path / "model"
    failed: list[Exception] = []

    def write(content: bytes) -> None:
        try:
            for _ in range(30):
                write_atomically(target, [content, content])
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(bytes([i]) * 100,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert len(set(target.read_bytes())) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["model"]


def test_a_name_as_long_as_the_system_lets_it_be_is_written(tmp_path: Path) -> None:
    name = "ü" * 127
    write_atomically(tmp_path / name, [b"x"])
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"5", "expected a JSON object, but it holds a int"),
        (b"null", "NoneType"),
        (b"[]", "list"),
        (b"", "not JSON"),
        (b'{"a": ', "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_json_that_is_no_object_says_so(content: bytes, words: str, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_bytes(content)
    with pytest.raises(FileFormatError, match=words):
        read_json(file)


def test_json_is_read_as_it_was_written(tmp_path: Path) -> None:
    content = {name: [name, None, 1.5] for name in NAMES}
    write_json(tmp_path / "a.json", content)
    assert read_json(tmp_path / "a.json") == content


def test_nothing_is_written_where_there_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="there is no folder"):
        write_json(tmp_path / "no" / "a.json", {})


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    with open(tmp_path / "a", "wb") as first, open(tmp_path / "a", "wb") as second:
        assert try_lock(first.fileno()) is True
        assert try_lock(second.fileno()) is False
    order: list[int] = []

    def hold(number: int) -> None:
        with locked(tmp_path / "lock", poll=0.001):
            order.extend([number] * 2 if not time.sleep(0.01) else [])

    threads = [threading.Thread(target=hold, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert order[::2] == order[1::2]


def test_messages_are_bounded_and_keep_both_ends() -> None:
    error = ShapeError("It must be a number, but is " + "9" * 200_000 + ". Give a number.")
    assert len(str(error)) < 2_100
    assert str(error).startswith("It must be a number")
    assert str(error).endswith("Give a number.")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert str(StorageError("disk full")) == "disk full"


def test_what_was_left_of_a_file_with_a_very_long_name_is_removed_too(tmp_path: Path) -> None:
    target = tmp_path / (250 * "x")
    left = tmp_path / f".{200 * 'x'}.4711-42"
    left.write_bytes(b"half")
    write_atomically(target, [b"whole"])
    assert list(tmp_path.iterdir()) == [target]
