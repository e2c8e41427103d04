"""What the page's server takes and answers, over HTTP."""

from __future__ import annotations

import hashlib
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image

import convoscope as cs
from convoscope.cli import explore
from convoscope.experiments import listing
from convoscope.runs import RunFolder
from convoscope.runs.preparation import load_data
from convoscope.runs.training import settings_of, test as evaluated, what_changed
from convoscope.teach.page import Teaching, site
from convoscope.teach.saving import save
from convoscope.teach.session import Session
from convoscope.web import server as server_module
from convoscope.web.server import Server

from .support import COLOURS, MeanColours, jpeg, pixels


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with Session(tmp_path / "out" / "session", MeanColours) as opened:
        yield opened


@pytest.fixture
def address(session: Session, tmp_path: Path) -> Iterator[str]:
    with Server(site(Teaching(session, tmp_path / "out")), port=0) as server:
        server.start()
        yield server.address


def opened(request: str | urllib.request.Request) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def post(address: str, body: bytes, kind: str = "application/octet-stream") -> tuple[int, str]:
    status, content = opened(urllib.request.Request(address, body, {"content-type": kind}))
    return status, content.decode()


def ask(address: str, question: str, **asked: Any) -> Any:
    status, text = post(f"{address}ask/{question}", json.dumps(asked).encode(), "application/json")
    assert status == 200, text
    return json.loads(text)


def get(address: str) -> bytes:
    status, content = opened(address)
    assert status == 200
    return content


def fill(address: str, each: int = 4) -> dict[str, int]:
    groups = {}
    for colour in COLOURS:
        groups[colour] = ask(address, "change", do="add class", name=colour)["classes"][-1]["id"]
        for seed in range(each):
            status, _ = post(f"{address}picture/{groups[colour]}/b/{seed}.jpg", jpeg(colour, seed))
            assert status == 200
    return groups


def test_classes_are_made_taught_and_asked_over_http(address: str) -> None:
    assert json.loads(get(f"{address}data/about.json"))["preparation"]["width"] == 64
    assert b"Everything stays on this machine" in get(address)
    groups = fill(address)
    state = ask(address, "train")
    assert state["trained"]["accuracy"] == 1
    assert state["trained"]["interval"] == pytest.approx([0.7575, 1.0], abs=1e-4)
    status, text = post(f"{address}frame/likeliest", pixels("green", 80).tobytes())
    assert status == 200
    assert json.loads(text)["of"] == groups["green"]
    _, text = post(f"{address}frame/{groups['red']}", pixels("green", 80).tobytes())
    assert json.loads(text)["of"] == groups["red"]
    first = state["classes"][0]["pictures"][0][0]
    assert get(f"{address}data/picture/{first}") == jpeg("red", 0)
    assert get(f"{address}data/thumbnail/{first}").startswith(b"\xff\xd8\xff")


def test_two_tabs_see_the_same(address: str) -> None:
    groups = fill(address, 2)
    mine = ask(address, "state", version=0)
    assert "classes" not in ask(address, "state", version=mine["version"])
    theirs = ask(address, "change", do="rename class", id=groups["red"], name="Rouge")
    found = ask(address, "state", version=mine["version"])
    assert found["classes"] == theirs["classes"]
    ask(address, "change", do="remove class", id=groups["red"])
    status, text = post(f"{address}picture/{groups['red']}/b/late.jpg", jpeg("red", 9))
    assert status == 400
    assert "perhaps it was removed in another tab" in text
    assert ask(address, "change", do="undo")["classes"] == theirs["classes"]


@pytest.mark.parametrize(
    ("where", "body", "said"),
    [
        ("picture/1/b/notes.txt", b"x", "notes.txt is not a picture"),
        ("picture/1/b/a.jpg", b"x", "a.jpg is not an image"),
        ("picture/99/b/a.jpg", jpeg("red", 1), "no longer exists"),
        ("picture/one/b/a.jpg", jpeg("red", 1), "Expected a number"),
        ("picture/1", jpeg("red", 1), "A picture is posted to"),
        ("frame/likeliest", b"123", "64×64 pixels of three bytes, but got 3 bytes"),
        ("frame/likeliest", bytes(3 * 64 * 64), "Train first"),
        ("frame/-1", bytes(3 * 64 * 64), "Expected a number"),
    ],
)
def test_bytes_that_nobody_can_use_are_refused_in_words(address: str, where: str, body: bytes, said: str) -> None:
    ask(address, "change", do="add class")
    status, text = post(address + where, body)
    assert status == 400
    assert said in text


@pytest.mark.parametrize("asked", [{"do": "remove pictures"}, {"do": []}, {"do": "add pictures", "pictures": []}, {}])
def test_questions_that_nobody_understands_are_refused(address: str, asked: dict[str, Any]) -> None:
    status, _ = post(f"{address}ask/change", json.dumps(asked).encode(), "application/json")
    assert status == 400
    assert ask(address, "state")["classes"] == []


def test_bytes_go_only_where_they_are_taken_and_only_as_bytes(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert post(f"{address}ask/train", b"x")[0] == 400
    assert post(f"{address}elsewhere/1", b"x")[0] == 400
    # A page of another site may send a form, or text: never with this type.
    assert post(f"{address}picture/1/b/a.jpg", jpeg("red", 1), "text/plain")[0] == 400
    assert post(f"{address}picture/1/b/a.jpg", jpeg("red", 1), "application/json")[0] == 400
    monkeypatch.setattr(server_module, "_LARGEST_FILE", 100)
    assert post(f"{address}picture/1/b/a.jpg", bytes(101))[0] == 413


@pytest.mark.parametrize("where", ["data/picture/99", "data/picture/x", "data/thumbnail/-1", "saved/classifier.html"])
def test_what_is_not_there_is_not_found(address: str, where: str) -> None:
    assert opened(address + where)[0] == 404


def test_live_frames_are_answered_while_pictures_come(address: str) -> None:
    groups = fill(address, 2)
    ask(address, "train")
    answers: list[int] = []

    def send() -> None:
        for seed in range(100, 130):
            post(f"{address}picture/{groups['blue']}/b/{quote('ü b.jpg')}", jpeg("blue", seed))

    sender = threading.Thread(target=send)
    sender.start()
    while sender.is_alive():
        status, text = post(f"{address}frame/likeliest", pixels("red", 3).tobytes())
        assert status == 200
        answers.append(json.loads(text)["of"])
    assert set(answers) == {groups["red"]}
    assert len(ask(address, "state")["classes"][2]["pictures"]) == 32


def test_saved_are_pictures_a_run_and_a_page_that_belong_together(
    session: Session, address: str, tmp_path: Path
) -> None:
    groups = fill(address, 6)
    post(f"{address}picture/{groups['red']}/b/0.jpg", jpeg("red", 40))  # another picture of the same name
    ask(address, "change", do="rename class", id=groups["red"], name="crimson")
    ask(address, "train")
    post(f"{address}picture/{groups['blue']}/b/green.jpg", jpeg("green", 40))
    post(f"{address}picture/{groups['green']}/b/blue.jpg", jpeg("blue", 41))
    told = ask(address, "train")["trained"]
    assert len(told["suspicious"]) == 2
    ask(address, "change", do="check pictures", ids=[told["suspicious"][0]["id"]], checked=True)
    ask(address, "change", do="move class", id=groups["blue"], at=0)
    ask(address, "change", do="rename class", id=groups["red"], name="Rouge")  # behind the others, now
    saved = tmp_path / "out" / "saved-1"
    rows = ask(address, "save")["rows"]
    assert [where.split(" (")[0] for _, where in rows] == [
        str(saved / name) for name in ("pictures", "run", "classifier.html")
    ]
    reds = sorted(each.name for each in (saved / "pictures" / "Rouge").iterdir())
    assert reds == ["0-2.jpg", *(f"{seed}.jpg" for seed in range(6))]
    assert (saved / "pictures" / "Rouge" / "0-2.jpg").read_bytes() == jpeg("red", 40)
    run = RunFolder.open(saved / "run")
    report = run.read_report()
    assert (report["images"], report["accuracy"], report["part"]) == (21, 19 / 21, "cross-validation")
    assert {each["file"] for each in report["worst_mistakes"]} == {"blue/green.jpg", "green/blue.jpg"}
    # What the page shows and nobody has called right, the report says.
    shown = ask(address, "state")["trained"]["suspicious"]
    assert [each["kind"] for each in shown] == [each["kind"] for each in report["findings"]["items"]]
    assert shown[0]["id"] == told["suspicious"][1]["id"]
    files = json.loads(run.data.read_text())["files"]
    assert {each["part"] for each in files} == {"train"}
    kept = {each["file"]: each["sha256"] for each in files}
    assert kept["Rouge/0-2.jpg"] == hashlib.sha256(jpeg("red", 40)).hexdigest()
    model = cs.load_model(saved / "run")
    assert model.class_names == ["blue", "green", "Rouge"]
    assert model.origin["train_images"] == 21
    page = get(f"{address}saved/classifier.html").decode()
    assert page == (saved / "classifier.html").read_text(encoding="utf-8")
    assert "default-src &#x27;none&#x27;" in page
    assert "learned from 21 pictures" in page
    save(session, tmp_path / "out")
    assert (tmp_path / "out" / "saved-2" / "classifier.html").exists()


def test_the_saved_run_answers_as_the_server_does_to_the_last_digit(
    session: Session, address: str, tmp_path: Path
) -> None:
    fill(address)
    ask(address, "train")
    model = cs.load_model(save(session, tmp_path / "out").run)
    for seed in range(10):
        frame = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), np.uint8)
        status, text = post(f"{address}frame/likeliest", frame.tobytes())
        assert status == 200
        found, answer = model.predict_images(frame), json.loads(text)
        assert found.probabilities.tolist() == answer["probabilities"]
        assert found.none_of_these == answer["none"]


def test_what_was_saved_is_a_run_for_every_command(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of so many pictures, train would set some aside to test with; all of these were trained on.
    monkeypatch.setattr("convoscope.runs.photos._TOO_FEW_TO_TEST", 5)
    for colour in COLOURS:
        group = session.change({"do": "add class", "name": colour})["classes"][-1]["id"]
        for seed in range(3):
            session.add(group, f"{seed}.jpg", jpeg(colour, seed))
    session.train()
    saved = save(session, tmp_path / "out")
    (listed,) = listing.listed(tmp_path / "out")
    assert (listed.state, listed.result.figures["val_accuracy"]) == ("finished", 1.0)
    assert "test_accuracy" not in listed.result.figures
    run = RunFolder.open(saved.run)
    data = load_data(settings_of(run))
    assert what_changed(run, data) is None
    model = cs.load_model(saved.run)
    assert evaluated(model, data, worst=5)["accuracy"] == 1.0
    (saved.pictures / "grey").mkdir()
    for seed in range(3):
        Image.fromarray(np.full((64, 64, 3), 100 + seed, np.uint8)).save(saved.pictures / "grey" / f"{seed}.png")
    again = cs.Classifier.train(
        saved.pictures, backbone="mean-colours", based_on=saved.run, minutes=0, out=tmp_path / "again"
    )
    assert again.class_names == ["blue", "green", "grey", "red"]
    explored = explore.load(saved.run, None, None)
    assert len(explored.all_images[0]) == 12  # those that came later, too
