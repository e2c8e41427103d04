"""A session without a page: what is kept, what is learned, several threads, and a kill."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from convoscope.errors import ConfigurationError, ConvoscopeError, DataError, FileFormatError, InUseError, NotReadyError
from convoscope.teach.session import Session

from .support import COLOURS, MeanColours, jpeg, pixels


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with Session(tmp_path / "session", MeanColours) as opened:
        yield opened


def fill(session: Session, each: int = 4) -> dict[str, int]:
    """A class for each colour, with some pictures."""
    groups = {}
    for colour in COLOURS:
        groups[colour] = session.change({"do": "add class", "name": colour})["classes"][-1]["id"]
        for seed in range(each):
            session.add(groups[colour], f"{colour}{seed}.jpg", jpeg(colour, seed))
    return groups


def names(session: Session) -> dict[str, list[str]]:
    return {each["name"]: [name for _, name, _ in each["pictures"]] for each in session.state()["classes"]}


def test_three_classes_are_learned_and_told_apart(session: Session) -> None:
    groups = fill(session)
    told = session.train()["trained"]
    assert told["confusion"] == [[4, 0, 0], [0, 4, 0], [0, 0, 4]]
    assert told["accuracy"] == 1.0
    assert told["upToDate"]
    for colour, group in groups.items():
        found = session.predict(pixels(colour, 99))
        assert found["of"] == group == found["classes"][int(np.argmax(found["probabilities"]))]
        assert sum(found["probabilities"]) == pytest.approx(1, abs=1e-5)
        assert found["none"] is False
    assert session.predict(np.full((64, 64, 3), 255, np.uint8))["none"] is True


def test_evidence_sums_to_the_score_that_the_probabilities_come_from(session: Session) -> None:
    groups = fill(session)
    session.train()
    bias = session.trained.choice.classified.model.layers[-1].get_weights()[1]  # type: ignore[union-attr]
    frame = np.concatenate([pixels("red", 5)[:32], pixels("blue", 5)[32:]])
    found = [session.predict(frame, group) for group in groups.values()]
    evidence = np.array([each["evidence"] for each in found])  # (C, 2, 2)
    order = [found[0]["classes"].index(group) for group in groups.values()]
    scores = evidence.sum(axis=(1, 2)) + bias[order]
    powers = np.exp(scores - scores.max())
    np.testing.assert_allclose(powers / powers.sum(), np.array(found[0]["probabilities"])[order], atol=1e-3)
    assert evidence[0, 0].min() > evidence[0, 1].max()  # red is above
    assert evidence[2, 1].min() > evidence[2, 0].max()  # and blue below


def test_a_picture_in_the_wrong_class_is_suspicious_until_it_is_moved_or_checked(session: Session) -> None:
    groups = fill(session, 6)
    wrong = session.add(groups["red"], "wrong.jpg", jpeg("blue", 50))["id"]
    told = session.train()["trained"]
    assert [each["id"] for each in told["suspicious"]] == [wrong]
    assert told["suspicious"][0]["kind"] == "suspected label"
    assert told["suspicious"][0]["like"] == groups["blue"]
    assert told["suspicious"][0]["sure"] > 0.9
    checked = session.change({"do": "check pictures", "ids": [wrong], "checked": True})
    assert checked["trained"]["suspicious"] == []
    session.change({"do": "undo"})
    moved = session.change({"do": "place pictures", "places": [[wrong, groups["blue"]]]})
    assert moved["trained"]["suspicious"] == []
    assert not moved["trained"]["upToDate"]
    assert session.train()["trained"]["suspicious"] == []


@pytest.mark.parametrize(("bursts", "row"), [(["camera-1"] * 3, [4, 0, 3]), (["dropped"] * 3, [7, 0, 0])])
def test_pictures_of_one_recording_are_held_out_together(session: Session, bursts: list[str], row: list[int]) -> None:
    groups = fill(session, 3)
    session.add(groups["red"], "camera.jpg", jpeg("red", 70), "camera-2")
    for number, burst in enumerate(bursts):  # each is right with the help of the others, and without it like blue
        file = io.BytesIO()
        Image.new("RGB", (64, 64), (150 - number, 0, 230)).save(file, "PNG")
        session.add(groups["red"], "camera.png", file.getvalue(), burst)
    told = session.train()["trained"]
    assert told["confusion"][0] == row
    assert not told["flattered"]


def test_a_class_of_one_recording_is_said_to_flatter(session: Session) -> None:
    for colour in COLOURS:
        group = session.change({"do": "add class", "name": colour})["classes"][-1]["id"]
        for seed in range(3):
            session.add(group, "camera.jpg", jpeg(colour, seed), "camera-1" if colour == "red" else "dropped")
    assert session.train()["trained"]["flattered"] == ("red",)


class Counting:
    """Counts the images that go through a session's backbone from now on."""

    def __init__(self, session: Session) -> None:
        self.images = 0
        extractor, compute = session.extractor, session.extractor.compute

        def counting(images: Any) -> Any:
            self.images += len(images)
            return compute(images)

        extractor.compute = counting  # type: ignore[method-assign]


def test_features_are_computed_once(session: Session) -> None:
    groups = fill(session)
    session.train()
    counted = Counting(session)
    session.change({"do": "remove class", "id": groups["red"]})
    session.change({"do": "undo"})
    session.train()
    assert counted.images == 0
    session.add(groups["red"], "new.jpg", jpeg("red", 70))
    session.train()
    assert counted.images == 6  # each way to look at it


def test_the_next_program_finds_everything_again(tmp_path: Path) -> None:
    with Session(tmp_path, MeanColours) as first:
        groups = fill(first)
        first.change({"do": "rename class", "id": groups["red"], "name": "Rouge"})
        first.change({"do": "move class", "id": groups["blue"], "at": 0})
        removed = first.state()["classes"][1]["pictures"][0][0]
        file = tmp_path / "pictures" / f"{removed}.jpg"
        first.change({"do": "remove pictures", "ids": [removed]})
        assert file.exists()
        shown = names(first)
    assert not file.exists()  # it can no longer be undone
    with Session(tmp_path, MeanColours) as second:
        assert names(second) == shown
        assert list(shown) == ["blue", "Rouge", "green"]
        assert not second.state()["canUndo"]
        new = second.add(groups["red"], "new.jpg", jpeg("red", 70))["id"]
        assert new not in [each for each, _, _ in second.state()["classes"][0]["pictures"]]
        assert second.train()["trained"]["accuracy"] == 1.0


def test_a_second_program_is_told_of_the_first(session: Session) -> None:
    with pytest.raises(InUseError, match="is open in another convoscope teach"):
        Session(session.folder, MeanColours)


KILLED = """
import sys
from pathlib import Path
from convoscope.teach.session import Session
from tests.teach.support import MeanColours, jpeg
session = Session(Path(sys.argv[1]), MeanColours)
group = session.change({"do": "add class", "name": "red"})["classes"][-1]["id"]
for seed in range(100_000):
    print(session.add(group, f"{seed}.jpg", jpeg("red", seed))["id"], flush=True)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.parametrize("after", [3, 17])
def test_what_the_page_was_told_survives_a_kill(tmp_path: Path, after: int) -> None:
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        stdout=subprocess.PIPE,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    ) as program:
        assert program.stdout is not None
        told = [int(program.stdout.readline()) for _ in range(after)]
        program.kill()
        told += [int(line) for line in program.stdout.read().splitlines() if line]
    with Session(tmp_path, MeanColours) as session:
        kept = [id_ for id_, _, _ in session.state()["classes"][0]["pictures"]]
        assert kept[: len(told)] == told
        assert len(kept) <= len(told) + 1  # one that was kept, and not yet told
        assert len(os.listdir(tmp_path / "pictures")) == len(kept)
        for id_ in kept:
            Image.open(io.BytesIO(session.picture(id_)[0])).verify()


@pytest.mark.parametrize("cut", [1, 9, 30])
def test_a_line_that_was_cut_short_is_left_out(tmp_path: Path, cut: int) -> None:
    with Session(tmp_path, MeanColours) as session:
        fill(session, 2)
        whole = (tmp_path / "journal.jsonl").read_bytes()
        before = names(session)
        session.change({"do": "add class", "name": "one more"})
        line = (tmp_path / "journal.jsonl").read_bytes()[len(whole) :]
    (tmp_path / "journal.jsonl").write_bytes(whole + line[:cut])
    with Session(tmp_path, MeanColours) as session:
        assert names(session) == before


def test_a_journal_of_something_else_is_refused_and_nothing_is_removed(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "1.jpg").write_bytes(b"a picture")
    (tmp_path / "journal.jsonl").write_text('{"format": "diary"}\n{"do": "remove class"}\n')
    with pytest.raises(FileFormatError, match="line 1"):
        Session(tmp_path, MeanColours)
    assert (tmp_path / "pictures" / "1.jpg").exists()


def test_a_full_disk_is_said_and_nothing_changes(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    groups = fill(session, 2)
    before, kept = names(session), (session.folder / "journal.jsonl").read_bytes()
    from convoscope.teach import journal

    monkeypatch.setattr(journal, "_line", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(ConvoscopeError, match=r"No space left.*Free some space"):
        session.add(groups["red"], "more.jpg", jpeg("red", 9))
    with pytest.raises(ConvoscopeError, match="No space left"):
        session.change({"do": "remove class", "id": groups["red"]})
    monkeypatch.undo()
    assert names(session) == before
    assert (session.folder / "journal.jsonl").read_bytes() == kept
    session.change({"do": "undo"})  # the last of blue
    assert len(names(session)["blue"]) == 1


def huge_png() -> bytes:
    file = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("damaged.jpg", jpeg("red", 1)[:300], "damaged.jpg is a damaged or unreadable image"),
        ("text.png", b"hello", "text.png is not an image"),
        ("empty.jpg", b"", "empty.jpg is empty"),
        ("huge.png", huge_png(), "huge.png has 10,000 × 10,000 pixels"),
        ("notes.txt", b"hello", "notes.txt is not a picture"),
        ("../../etc/passwd", b"hello", "passwd is not a picture"),
        ("long.jpg", b"\xff\xd8\xff" + bytes(33_000_000), "long.jpg has 33 MB"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_name(session: Session, name: str, content: bytes, said: str) -> None:
    group = session.change({"do": "add class"})["classes"][0]["id"]
    with pytest.raises(DataError, match=said) as raised:
        session.add(group, name, content)
    assert str(session.folder) not in str(raised.value)
    assert session.state()["count"] == 0
    assert os.listdir(session.folder / "pictures") == []


def test_the_same_picture_counts_once_in_a_class(session: Session) -> None:
    groups = fill(session, 2)
    first = session.state()["classes"][0]["pictures"][0][0]
    assert session.add(groups["red"], "again.jpg", jpeg("red", 0))["same"] == first
    assert session.state()["count"] == 6


def test_training_says_what_is_missing(session: Session) -> None:
    with pytest.raises(NotReadyError, match="needs two classes"):
        session.train()
    groups = [session.change({"do": "add class"})["classes"][-1]["id"] for _ in range(3)]
    for seed in range(3):
        session.add(groups[0], f"{seed}.jpg", jpeg("red", seed))
    with pytest.raises(NotReadyError, match="1 class has some"):
        session.train()
    session.add(groups[1], "one.jpg", jpeg("blue", 1))
    with pytest.raises(NotReadyError, match="“Class 2” has one picture"):
        session.train()
    session.add(groups[1], "two.jpg", jpeg("blue", 2))
    assert session.train()["trained"]["classes"] == [groups[0], groups[1]]  # the empty class is left out


def test_pictures_that_are_all_alike_are_learned_and_called_copies(session: Session) -> None:
    groups = [session.change({"do": "add class"})["classes"][-1]["id"] for _ in range(2)]
    for group in groups:
        for seed in range(6):
            # Bytes behind a JPEG's end are no part of the picture: they make it another file.
            session.add(group, f"{seed}.jpg", jpeg("red", 1) + bytes([group, seed]))
    told = session.train()["trained"]
    assert told["accuracy"] <= 0.6
    first, *_ = told["suspicious"]
    assert {each["kind"] for each in told["suspicious"]} == {"near-duplicate"}
    assert first["twin"] in [each[0] for each in session.state()["classes"][0]["pictures"]]
    undone = session.change({"do": "remove pictures", "ids": [first["twin"]]})
    assert undone["trained"]["suspicious"] == []


def test_there_is_nothing_to_ask_before_training(session: Session) -> None:
    with pytest.raises(NotReadyError, match="Train first"):
        session.predict(pixels("red", 1))


def test_a_network_that_cannot_be_had_is_said(tmp_path: Path) -> None:
    def load() -> MeanColours:
        raise ConfigurationError("There are no weights.")

    with Session(tmp_path, load) as session:
        group = session.change({"do": "add class"})["classes"][0]["id"]
        with pytest.raises(NotReadyError, match="no weights"):
            session.add(group, "a.jpg", jpeg("red", 1))
        assert session.state()["failure"] == "There are no weights."


def test_a_folder_of_classes_is_a_start(session: Session, tmp_path: Path) -> None:
    for colour in COLOURS:
        (tmp_path / "photos" / colour).mkdir(parents=True)
        for seed in range(3):
            (tmp_path / "photos" / colour / f"{seed}.jpg").write_bytes(jpeg(colour, seed))
    (tmp_path / "photos" / "red" / "bad.jpg").write_bytes(b"not one")
    refused = session.add_folder(tmp_path / "photos")
    assert len(refused) == 1
    assert "bad.jpg" in refused[0]
    assert {name: len(some) for name, some in names(session).items()} == {"blue": 3, "green": 3, "red": 3}
    session.add_folder(tmp_path / "photos")  # again: nothing comes twice
    assert session.state()["count"] == 9


def test_many_threads_add_train_and_ask(session: Session) -> None:
    groups = fill(session, 2)
    session.train()
    problems: list[BaseException] = []

    def add(colour: str) -> None:
        for seed in range(100, 120):
            session.add(groups[colour], f"{colour}{seed}.jpg", jpeg(colour, seed), burst=colour)

    def ask() -> None:
        for seed in range(40):
            assert session.predict(pixels("green", seed))["of"] == groups["green"]
            session.state()

    def learn() -> None:
        for _ in range(4):
            session.train()

    def run(act: Any, *arguments: Any) -> None:
        try:
            act(*arguments)
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=run, args=(add, colour)) for colour in COLOURS]
    threads += [threading.Thread(target=run, args=(act,)) for act in (ask, ask, learn)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert problems == []
    state = session.train()
    assert {len(each["pictures"]) for each in state["classes"]} == {22}
    assert state["trained"]["accuracy"] == 1.0
    assert len((session.folder / "journal.jsonl").read_text().splitlines()) == 1 + 3 + 6 + 60


@pytest.mark.long
def test_five_hundred_pictures(session: Session) -> None:
    groups = fill(session, 0)
    some = {colour: [jpeg(colour, seed, 32) for seed in range(20)] for colour in COLOURS}
    for number in range(500):
        colour = list(COLOURS)[number % 3]
        # Bytes behind a JPEG's end are no part of the picture: they make it another file.
        session.add(groups[colour], f"{number}.jpg", some[colour][number % 20] + str(number).encode())
    assert session.state()["count"] == 500
    began = time.process_time()
    short, whole = session.state(session.state()["version"]), session.state()
    assert time.process_time() - began < 2
    assert "classes" not in short
    assert len(json.dumps(whole)) < 50_000
    session.close()
    again = Session(session.folder, MeanColours)
    assert again.state()["count"] == 500
    again.close()
