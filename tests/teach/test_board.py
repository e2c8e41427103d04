"""Classes and pictures: every change can be undone, and a journal of changes makes the same board again."""

from __future__ import annotations

import json
import random

import pytest

from convoscope.errors import ConfigurationError
from convoscope.teach import board as module
from convoscope.teach.board import Board, Change


def look(board: Board) -> object:
    return list(board.names.items()), [sorted(vars(each).items()) for each in board.shown]


def picture(board: Board, group: int) -> dict[str, object]:
    id_ = board.new_id()
    return {"id": id_, "group": group, "name": f"{id_}.jpg", "digest": f"{id_:064x}", "ending": ".jpg"}


def random_change(board: Board, draw: random.Random) -> Change:
    groups, shown = list(board.names), [each.id for each in board.shown]
    changes: list[Change] = [board.adding_class()] if len(groups) < 6 else []
    if groups:
        group = draw.choice(groups)
        changes += [
            {"do": "rename class", "id": group, "name": f"name {draw.random()}"},
            {"do": "move class", "id": group, "at": draw.randrange(6)},
            {"do": "remove class", "id": group},
            {"do": "add pictures", "pictures": [picture(board, group) for _ in range(3)], "burst": draw.choice("ab")},
            {"do": "add pictures", "pictures": [picture(board, group)], "burst": draw.choice("ab")},
        ]
    if groups and shown:
        some = draw.sample(shown, min(2, len(shown)))
        changes += [
            {"do": "remove pictures", "ids": some},
            {"do": "place pictures", "places": [[each, draw.choice(groups)] for each in some]},
            {"do": "check pictures", "ids": some, "checked": draw.choice([True, False])},
        ]
    return draw.choice(changes)


@pytest.mark.parametrize("seed", range(20))
def test_everything_is_undone_step_by_step_and_replayed_from_text(seed: int) -> None:
    draw, board = random.Random(seed), Board()
    looks: list[object] = [look(board)]
    kept: list[str] = []
    for _ in range(80):
        change = random_change(board, draw)
        kept.append(json.dumps(change))
        steps = len(board._steps_back)
        board.apply(change)
        if len(board._steps_back) == steps:  # part of the recording before
            looks[-1] = look(board)
        else:
            looks.append(look(board))
    for before in reversed(looks[:-1]):
        back = board.back()
        kept.append(json.dumps(back))
        board.apply(back)
        assert look(board) == before
    assert not board.can_go_back
    again = Board()
    for line in kept[:80]:
        again.apply(json.loads(line))
    assert look(again) == looks[-1]
    for line in kept[80:]:
        again.apply(json.loads(line))
    assert look(again) == look(board)


def test_a_recording_is_undone_as_a_whole() -> None:
    board = Board()
    board.apply(board.adding_class("Cup"))
    for _ in range(30):
        board.apply({"do": "add pictures", "pictures": [picture(board, 1)], "burst": "held"})
    board.apply({"do": "add pictures", "pictures": [picture(board, 1)], "burst": "held again"})
    board.apply(board.back())
    assert len(board.shown) == 30
    board.apply(board.back())
    assert board.shown == []
    assert list(board.names.values()) == ["Cup"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "needs a name"),
        ("  ", "needs a name"),
        ("a" * 61, "up to 60 characters"),
        ("in/out", "it contains /"),
        ("..", "begins or ends with a dot"),
        ("con", "Windows does not allow folders"),
        ("COM1.x", "Windows does not allow folders"),
        ("line\nbreak", "invisible character"),
        ("CUP", "already"),
    ],
)
def test_a_name_that_no_folder_could_have_is_refused(name: str, said: str) -> None:
    board = Board()
    board.apply(board.adding_class("Cup"))
    board.apply(board.adding_class("Plant"))
    before = look(board)
    with pytest.raises(ConfigurationError, match=said):
        board.apply({"do": "rename class", "id": 2, "name": name})
    assert look(board) == before


def test_a_class_can_change_the_case_of_its_own_name() -> None:
    board = Board()
    board.apply(board.adding_class("cup"))
    board.apply({"do": "rename class", "id": 1, "name": "Cup"})
    assert list(board.names.values()) == ["Cup"]


def test_there_is_a_limit_to_classes_and_to_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    board = Board()
    for _ in range(module.MOST_CLASSES):
        board.apply(board.adding_class())
    with pytest.raises(ConfigurationError, match="At most 50 classes"):
        board.adding_class()
    monkeypatch.setattr(module, "MOST_PICTURES", 3)
    board.apply({"do": "add pictures", "pictures": [picture(board, 1) for _ in range(3)]})
    with pytest.raises(ConfigurationError, match="At most 3 pictures are possible"):
        board.apply({"do": "add pictures", "pictures": [picture(board, 1)]})


@pytest.mark.parametrize(
    "change",
    [
        {"do": "remove class", "id": 7},
        {"do": "remove pictures", "ids": [99]},
        {"do": "place pictures", "places": [[2, 7]]},
        {"do": "place pictures", "places": [[99, 1]]},
        {"do": "check pictures", "ids": [2, 2], "checked": True},
        {"do": "dance"},
        {},
    ],
)
def test_what_another_tab_has_made_impossible_changes_nothing(change: Change) -> None:
    board = Board()
    board.apply(board.adding_class("Cup"))
    board.apply({"do": "add pictures", "pictures": [picture(board, 1)]})
    before = look(board)
    with pytest.raises(ConfigurationError):
        board.apply(change)
    assert look(board) == before
