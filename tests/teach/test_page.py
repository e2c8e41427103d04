"""What the page's server takes and answers, over HTTP."""

from __future__ import annotations

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
from safetensors.numpy import load

import convoscope as cs
from convoscope.teach.offline import model_file
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
    assert json.loads(get(f"{address}data/about.json"))["size"] == 64
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
    assert "perhaps another tab has removed it" in text
    assert ask(address, "change", do="undo")["classes"] == theirs["classes"]


@pytest.mark.parametrize(
    ("where", "body", "said"),
    [
        ("picture/1/b/notes.txt", b"x", "notes.txt is not a picture"),
        ("picture/1/b/a.jpg", b"x", "a.jpg is not an image"),
        ("picture/99/b/a.jpg", jpeg("red", 1), "no longer there"),
        ("picture/one/b/a.jpg", jpeg("red", 1), "Expected a number"),
        ("picture/1", jpeg("red", 1), "A picture is posted to"),
        ("frame/likeliest", b"123", "64×64 pixels of three bytes, but 3 bytes came"),
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


def test_saved_are_pictures_a_model_and_a_page_that_belong_together(
    session: Session, address: str, tmp_path: Path
) -> None:
    groups = fill(address)
    ask(address, "train")
    post(f"{address}picture/{groups['red']}/b/0.jpg", jpeg("red", 40))  # another picture of the same name
    ask(address, "change", do="rename class", id=groups["red"], name="Rouge")
    post(f"{address}picture/{groups['blue']}/b/green.jpg", jpeg("green", 40))
    ask(address, "train")
    ask(address, "change", do="move class", id=groups["blue"], at=0)  # the order of learning stays
    told = ask(address, "save")
    folder = tmp_path / "out" / "saved-1"
    assert any(str(folder / "classifier.html") in where for _, where in told["rows"])
    assert sorted(
        str(each.relative_to(folder / "pictures"))
        for each in folder.glob("pictures/*/*")
        if each.parent.name == "Rouge"
    ) == [
        "Rouge/0-2.jpg",
        "Rouge/0.jpg",
        "Rouge/1.jpg",
        "Rouge/2.jpg",
        "Rouge/3.jpg",
    ]
    assert (folder / "pictures" / "Rouge" / "0-2.jpg").read_bytes() == jpeg("red", 40)
    report = json.loads((folder / "report.json").read_text())
    assert (report["images"], report["accuracy"], report["part"]) == (14, 13 / 14, "cross-validation")
    model = cs.load_model(folder / "model.safetensors")
    assert [each["file"] for each in report["worst_mistakes"]] == ["blue/green.jpg"]
    assert model.rejection is not None
    assert model.origin["images"] == 14
    assert model.class_names == ["Rouge", "green", "blue"]
    frame = pixels("green", 60)
    found = session.predict(frame)
    np.testing.assert_allclose(
        model.predict(frame[None].astype(np.float32), verbose=0)[0], found["probabilities"], atol=1e-5
    )
    assert len(session.trained.ids) == 14  # type: ignore[union-attr]  # it was trained again
    page = get(f"{address}saved/classifier.html").decode()
    assert page == (folder / "classifier.html").read_text(encoding="utf-8")
    assert "default-src &#x27;none&#x27;" in page
    assert "learned from 14 pictures" in page
    save(session, tmp_path / "out")
    assert (tmp_path / "out" / "saved-2" / "classifier.html").exists()


def test_weights_have_half_the_bits_in_the_page_where_nothing_is_lost() -> None:
    model = cs.Sequential([cs.layers.Dense(120, input_shape=(100,)), cs.layers.Dense(3)])
    first, *rest = model.get_weights()
    model.set_weights([first.astype(np.float16).astype(np.float32), *rest])
    tensors = load(model_file(model))
    assert [tensors[f"layers/{i}/kernel"].dtype for i in (0, 1)] == [np.float16, np.float32]
    for i in (0, 1):
        np.testing.assert_array_equal(tensors[f"layers/{i}/kernel"], model.layers[i].kernel)
