"""Links to folders: followed, each folder once, never round in a circle."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from convoscope.datasets.folder.listing import files_below, list_folder
from convoscope.errors import MissingFileError

from .test_listing import write

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")


def link(place: Path, target: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target, target_is_directory=True)


def names(root: Path) -> list[tuple[str, str]]:
    return [(entry.name, entry.label) for entry in list_folder(root).entries]


def test_a_linked_folder_in_a_class_is_read_in_its_place(tmp_path: Path) -> None:
    root = write(tmp_path / "photos", "a/1.png", "a/9.png", "b/1.png")
    write(tmp_path / "disk", "2.png", "deep/3.png")
    link(root / "a" / "5", tmp_path / "disk")
    assert names(root) == [
        ("a/1.png", "a"),
        ("a/5/2.png", "a"),
        ("a/5/deep/3.png", "a"),
        ("a/9.png", "a"),
        ("b/1.png", "b"),
    ]
    assert [str(path.relative_to(root)) for path in files_below(root)[0]] == [name for name, _ in names(root)]


def test_linked_classes_and_parts_are_read(tmp_path: Path) -> None:
    disk = write(tmp_path / "disk", "a/1.png", "b/1.png", "held/a/2.png", "held/b/2.png")
    for name in "ab":
        link(tmp_path / "photos" / "train" / name, disk / name)
    link(tmp_path / "photos" / "test", disk / "held")
    assert {(e.name, e.label, e.part) for e in list_folder(tmp_path / "photos").entries} == {
        ("train/a/1.png", "a", "train"),
        ("train/b/1.png", "b", "train"),
        ("test/a/2.png", "a", "test"),
        ("test/b/2.png", "b", "test"),
    }


@pytest.mark.parametrize("up", ["", "a", "..", "../.."])
def test_a_circle_ends(tmp_path: Path, up: str) -> None:
    root = write(tmp_path / "photos", "a/1.png", "b/1.png")
    link(root / "a" / "round", root / up)
    listing = list_folder(root)
    assert [entry.name for entry in listing.entries] == ["a/1.png", "b/1.png"]
    assert set(listing.left_out) == {"a/round"}


def test_two_links_into_each_other_end(tmp_path: Path) -> None:
    root = write(tmp_path / "photos", "a/1.png", "b/1.png")
    write(tmp_path / "one", "2.png")
    write(tmp_path / "two", "3.png")
    link(tmp_path / "one" / "other", tmp_path / "two")
    link(tmp_path / "two" / "other", tmp_path / "one")
    link(root / "a" / "more", tmp_path / "one")
    assert [name for name, _ in names(root)] == ["a/1.png", "a/more/2.png", "a/more/other/3.png", "b/1.png"]


def test_a_folder_reached_twice_is_listed_once_and_where_it_is(tmp_path: Path) -> None:
    root = write(tmp_path / "photos", "z/1.png", "b/1.png")
    link(root / "a" / "those", root / "z")  # by its name it comes first
    link(root / "y", root / "z")
    write(tmp_path / "disk", "2.png")
    link(root / "b" / "one", tmp_path / "disk")
    link(root / "b" / "two", tmp_path / "disk")
    listing = list_folder(root)
    assert [(e.name, e.label) for e in listing.entries] == [("b/1.png", "b"), ("b/one/2.png", "b"), ("z/1.png", "z")]
    assert listing.left_out == {
        "a/those": "the same folder as z",
        "b/two": "the same folder as b/one",
        "y": "the same folder as z",
    }


def test_links_that_lead_nowhere_are_files_that_are_not_there(tmp_path: Path) -> None:
    root = write(tmp_path / "photos", "a/1.png", "b/1.png")
    (root / "a" / "gone").symlink_to(root / "nowhere")
    (root / "a" / "itself").symlink_to("itself")
    found = {entry.name: entry.size for entry in list_folder(root).entries}
    assert found == {"a/1.png": 1, "a/gone": -1, "a/itself": -1, "b/1.png": 1}


def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write(tmp_path / "photos", "a/1.png", "a/locked/2.png", "b/1.png")
    scandir = os.scandir

    def as_for_others_than_root(path: str | Path) -> Iterator[os.DirEntry[str]]:
        if Path(path).name == "locked":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", as_for_others_than_root)
    listing = list_folder(root)
    assert listing.skipped == {"a/locked/": "cannot be read: Permission denied"}


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        list_folder(tmp_path / "none")


def test_very_deep_folders_end_without_an_error(tmp_path: Path) -> None:
    root = write(tmp_path / "photos", "a/1.png", "b/1.png")
    deep = root / "a"
    for _ in range(600):
        deep /= "d"
    deep.mkdir(parents=True)
    assert len(list_folder(root).left_out) == 1
