from __future__ import annotations

import os
from pathlib import Path

import pytest

from convoscope.datasets.folder.listing import list_folder, natural_key
from convoscope.datasets.folder.table import list_table
from convoscope.errors import DataError, FileFormatError, MissingFileError


def write(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    return folder


def test_classes_and_files_come_in_natural_order(tmp_path: Path) -> None:
    write(tmp_path, "class 10/1.png", "class 2/10.png", "class 2/9.png", "Class 1/1.png")
    listing = list_folder(tmp_path)
    assert listing.class_names == ["Class 1", "class 2", "class 10"]
    assert [entry.name for entry in listing.entries] == [
        "Class 1/1.png",
        "class 2/9.png",
        "class 2/10.png",
        "class 10/1.png",
    ]


def test_the_natural_order_takes_any_name() -> None:
    names = ["", "²", "2", "a²", "007", "7", "é", "a1b", "a1"]
    assert sorted(names, key=natural_key) == ["", "2", "007", "7", "a1", "a1b", "a²", "²", "é"]


def test_hidden_files_and_those_of_systems_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, "a/1.png", "b/1.png", "a/.hidden.png", ".git/x", "a/Thumbs.db", "__MACOSX/a/1.png", "desktop.ini")
    listing = list_folder(tmp_path)
    assert [entry.name for entry in listing.entries] == ["a/1.png", "b/1.png"]
    assert listing.skipped == {}


def test_a_file_beside_the_class_folders_is_named(tmp_path: Path) -> None:
    listing = list_folder(write(tmp_path, "a/1.png", "b/1.png", "stray.png"))
    assert listing.skipped == {"stray.png": "is not in a class folder"}


def test_folders_below_a_class_belong_to_it(tmp_path: Path) -> None:
    listing = list_folder(write(tmp_path, "a/monday/1.png", "a/2.png", "b/1.png"))
    assert [(e.name, e.label) for e in listing.entries] == [("a/2.png", "a"), ("a/monday/1.png", "a"), ("b/1.png", "b")]


@pytest.mark.skipif(not hasattr(os, "symlink") or os.name == "nt", reason="links need rights on Windows")
def test_a_link_to_a_folder_above_does_not_lead_round_in_a_circle(tmp_path: Path) -> None:
    write(tmp_path, "a/1.png", "b/1.png")
    (tmp_path / "a" / "round").symlink_to(tmp_path)
    assert len(list_folder(tmp_path).entries) == 2


@pytest.mark.parametrize("validation", ["val", "valid", "validation", "Validation"])
def test_parts_are_known_by_their_names(tmp_path: Path, validation: str) -> None:
    listing = list_folder(write(tmp_path, "train/a/1.png", "train/b/1.png", f"{validation}/a/2.png", "test/b/3.png"))
    assert {entry.name: entry.part for entry in listing.entries} == {
        "train/a/1.png": "train",
        "train/b/1.png": "train",
        f"{validation}/a/2.png": "validation",
        "test/b/3.png": "test",
    }
    assert listing.class_names == ["a", "b"]


def test_a_class_named_train_is_a_class(tmp_path: Path) -> None:
    assert list_folder(write(tmp_path, "bus/1.png", "train/1.png")).class_names == ["bus", "train"]
    assert list_folder(write(tmp_path, "train/old/2.png")).class_names == ["bus", "train"]


def test_a_folder_beside_the_parts_is_named(tmp_path: Path) -> None:
    listing = list_folder(write(tmp_path, "train/a/1.png", "train/b/1.png", "test/a/1.png", "notes/1.txt"))
    assert listing.skipped == {"notes": "is next to the train and test folders"}


def test_an_empty_folder_and_one_without_subfolders_say_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"is empty: expected a folder with a subfolder for each class"):
        list_folder(tmp_path)
    with pytest.raises(DataError, match=r"has 2 files but no subfolder"):
        list_folder(write(tmp_path, "1.png", "2.png"))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_names_files_from_its_own_folder_on(tmp_path: Path, separator: str) -> None:
    write(tmp_path, "a/1.png", "b/2.png")
    rows = [["Image", "size", "Class"], ["a/1.png", "3", "yes"], ["b/2.png", "4", "no"], ["b/3.png", "4", "no"]]
    (tmp_path / "t.csv").write_text("\ufeff" + "\r\n".join(separator.join(row) for row in rows), "utf-8")
    listing = list_table(tmp_path / "t.csv")
    assert [(e.name, e.label, e.part, e.size) for e in listing.entries] == [
        ("a/1.png", "yes", None, 1),
        ("b/2.png", "no", None, 1),
        ("b/3.png", "no", None, -1),
    ]
    assert listing.class_names == ["no", "yes"]


def test_rows_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        "path,label,split\n1.png,a,train\n2.png,b,VAL\n3.png,,train\n,a,test\n4.png,a,dev\n1.png,b,test\n5.png\n"
    )
    listing = list_table(tmp_path / "t.csv")
    assert {entry.name: entry.part for entry in listing.entries} == {"1.png": "train", "2.png": "validation"}
    assert listing.skipped == {
        "3.png": "has no label in line 4 of t.csv",
        "line 5 of t.csv": "has no path",
        "4.png": "has the unknown split 'dev': it must be train, val or test",
        "line 7 of t.csv": "lists 1.png again; only the first line is used",
        "5.png": "has no label in line 8 of t.csv",
    }


def test_a_table_without_columns_says_which_it_needs(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("a/1.png,cat\na/2.png,dog\n")
    with pytest.raises(DataError, match=r"no column 'path': its first line is 'a/1.png', 'cat'. Name the columns"):
        list_table(table)
    table.write_text("path,size\na/1.png,3\n")
    with pytest.raises(DataError, match="no column 'label'"):
        list_table(table)
    table.write_text("")
    with pytest.raises(DataError, match="is empty"):
        list_table(table)
    table.write_text("path,label\n")
    with pytest.raises(DataError, match="lists no labelled image"):
        list_table(table)
    table.write_bytes(b"path,label\n\xff\xfe,a\n")
    with pytest.raises(FileFormatError, match="UTF-8"):
        list_table(table)
    with pytest.raises(MissingFileError, match="There is no file"):
        list_table(tmp_path / "other.csv")
