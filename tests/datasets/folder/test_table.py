"""CSV files: cell by cell what Python's csv reads, and paths in every spelling that means a file."""

from __future__ import annotations

import csv
import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from convoscope.datasets.folder.listing import list_folder
from convoscope.datasets.folder.table import list_table
from convoscope.errors import DataError, FileFormatError, MissingFileError

from .test_listing import write

BREAKS = ["\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\n", "\r", "\r\n"]


def table(folder: Path, text: str | bytes) -> Path:
    (path := folder / "t.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def by_python(path: Path, delimiter: str = ",") -> list[list[str]]:
    with open(path, newline="", encoding="utf-8-sig") as file:
        return list(csv.reader(file, delimiter=delimiter))


@pytest.mark.parametrize("odd", BREAKS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("head", ["", "\ufeff"])
def test_a_break_inside_a_cell_cuts_nothing(tmp_path: Path, odd: str, end: str, head: str) -> None:
    rows = [["path", "label"], [f"a{odd}1.png", f"ca{odd}t"], ["b.png", "dog"]]
    path = table(tmp_path, head + end.join(",".join(f'"{cell}"' for cell in row) for row in rows))
    found = list_table(path)
    assert [[e.name, e.label] for e in found.entries] == by_python(path)[1:] == rows[1:]


@pytest.mark.parametrize("odd", [each for each in BREAKS if each.strip("\r\n")])
def test_a_break_needs_no_quotes_where_csv_needs_none(tmp_path: Path, odd: str) -> None:
    path = table(tmp_path, f"path,label\na{odd}1.png,ca{odd}t\nb.png,dog\n")
    assert [[e.name, e.label] for e in list_table(path).entries] == by_python(path)[1:]
    assert len(by_python(path)) == 3


CELLS = st.text(st.sampled_from([*"ab,;\t\"' =\\é", *BREAKS[:8], "\n", "\r"]), min_size=1, max_size=6)


@settings(max_examples=200, deadline=None)
@given(st.lists(CELLS, min_size=1, max_size=4), st.sampled_from(",;\t"), st.sampled_from(["\n", "\r\n", "\r"]))
def test_labels_are_what_the_csv_module_reads(
    tmp_path_factory: pytest.TempPathFactory, labels: list[str], separator: str, end: str
) -> None:
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=separator, lineterminator=end, quoting=csv.QUOTE_ALL)
        writer.writerows([["path", "label"], *([f"{n}.png", label] for n, label in enumerate(["x", *labels]))])
    expected = [unicodedata.normalize("NFC", row[1].strip(" \t")) for row in by_python(path, separator)[1:]]
    assert [entry.label for entry in list_table(path).entries] == [label for label in expected if label]


@pytest.mark.parametrize(
    "text",
    [
        '"a, b, c, d";path;label\n-;1.png;cat\n',
        '"label";"path"\ncat;1.png\n',
        '"x, y; z"\tlabel\tpath\n"-,-;-"\tcat\t1.png\n',
        '"path","label","a;b;c;d"\n1.png,cat,-\n',
        '"a\n,,,,";path;label\n-;1.png;cat\n',
        "\n\npath;label\n1.png;cat\n",
    ],
)
def test_the_separator_is_found_where_quoted_headings_hold_others(tmp_path: Path, text: str) -> None:
    assert [(e.name, e.label) for e in list_table(table(tmp_path, text)).entries] == [("1.png", "cat")]


def test_lines_are_counted_with_blank_ones_and_those_inside_quotes(tmp_path: Path) -> None:
    found = list_table(table(tmp_path, 'path,label\n\n1.png,"a\nb"\n,cat\n\n\n2.png,\n'))
    assert found.skipped == {"line 5 of t.csv": "has no path", "2.png": "has no label in line 8 of t.csv"}


@pytest.mark.parametrize(
    ("text", "error", "match"),
    [
        (b"path,label\n\xff,a\n", FileFormatError, "UTF-8"),
        ("path,label\n".encode("utf-16"), FileFormatError, "UTF-8"),
        ('path,label\n1.png,"' + 140_000 * "x" + '"\n', FileFormatError, "larger than field limit.* in line 2"),
        ("\n\n\r\n", DataError, "is empty"),
        ("\ufeff", DataError, "is empty"),
    ],
)
def test_what_is_no_table_is_an_error_that_says_so(
    tmp_path: Path, text: str | bytes, error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        list_table(table(tmp_path, text))


def test_a_nul_character_is_named(tmp_path: Path) -> None:
    found = list_table(table(tmp_path, "path,label\na\0.png,cat\nb.png,cat\n"))
    assert found.skipped == {"line 2 of t.csv": "has a path with a NUL character, which is not allowed"}


@pytest.mark.skipif(os.name == "nt", reason="there are no such pipes")
def test_a_pipe_is_no_table(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "t.csv")
    with pytest.raises(MissingFileError, match="pipe"):
        list_table(tmp_path / "t.csv")


def test_one_file_in_several_spellings_is_one_file(tmp_path: Path) -> None:
    write(tmp_path, "Hund/x.png", "Katze/y.png")
    text = "path,label\nHund/x.png,dog\nHund/../Hund/x.png,dog\n./Hund//x.png,dog\nKatze/../Hund/./x.png,dog\n"
    found = list_table(table(tmp_path, text + f"{tmp_path}/Hund/x.png,dog\nKatze/y.png,cat\n"))
    assert [entry.name for entry in found.entries] == ["Hund/x.png", "Katze/y.png"]
    assert found.skipped == {
        f"line {line} of t.csv": "lists Hund/x.png again; only the first line is used" for line in (3, 4, 5, 6)
    }


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_detour_over_a_link_leads_where_the_system_says(tmp_path: Path) -> None:
    write(tmp_path, "disk/deep/1.png", "disk/x.png", "x.png")
    (tmp_path / "link").symlink_to(tmp_path / "disk" / "deep")
    found = list_table(table(tmp_path, "path,label\nlink/../x.png,a\nx.png,b\ndisk/x.png,c\n"))
    real = {os.path.realpath(tmp_path / entry.name): entry.label for entry in found.entries}
    assert real == {os.path.realpath(tmp_path / "disk/x.png"): "a", os.path.realpath(tmp_path / "x.png"): "b"}


@pytest.mark.parametrize("on_disk", ["NFC", "NFD"])
@pytest.mark.parametrize("in_table", ["NFC", "NFD"])
def test_names_in_unicodes_two_forms_are_one(tmp_path: Path, on_disk: str, in_table: str) -> None:
    write(tmp_path, unicodedata.normalize(on_disk, "müll/café.png"), "b.png")
    cells = unicodedata.normalize(in_table, "müll/café.png,Äpfel")
    other = unicodedata.normalize("NFC" if in_table == "NFD" else "NFD", "müll/café.png,Äpfel")
    found = list_table(table(tmp_path, f"path,label\n{cells}\n{other}\nb.png,b\n"))
    assert [(e.label, e.size) for e in found.entries] == [(unicodedata.normalize("NFC", "Äpfel"), 1), ("b", 1)]
    assert list(found.skipped) == ["line 3 of t.csv"]


@pytest.mark.skipif(os.name == "nt", reason="both separators are known there")
def test_backslashes_are_tried_as_slashes_and_said(tmp_path: Path) -> None:
    write(tmp_path, "Hund/x.png", "Hund\\own.png", "Hund/own.png", "k/y.png")
    text = "path,label\nHund\\x.png,dog\nHund\\own.png,dog\n.\\k\\y.png,cat\nk\\none.png,cat\n"
    found = list_table(table(tmp_path, text))
    assert [(e.name, e.size) for e in found.entries] == [
        ("Hund/x.png", 1),
        ("Hund\\own.png", 1),  # which is a file of that name
        ("k/y.png", 1),
        ("k\\none.png", -1),
    ]
    assert found.notes == ["2 paths were found with / instead of \\"]


def test_a_path_below_a_home_is_found_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(write(tmp_path / "home", "x.png")))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    write(tmp_path, "~/y.png")
    found = list_table(table(tmp_path, "path,label\n~/x.png,a\n~/y.png,b\n"))
    real = [os.path.realpath(tmp_path / entry.name) for entry in found.entries]
    assert real == [os.path.realpath(os.path.expanduser("~/x.png")), os.path.realpath(tmp_path / "~/y.png")]


def test_an_address_is_named_as_it_was_typed(tmp_path: Path) -> None:
    write(tmp_path, "x.png", "ftp:/known.png")
    address = "https://example.org/a.png"
    found = list_table(table(tmp_path, f"path,label\nx.png,a\n{address},b\nftp://known.png,b\n"))
    assert [(entry.name, entry.size) for entry in found.entries] == [("x.png", 1), ("ftp:/known.png", 1)]
    assert list(found.skipped) == [address]
    with pytest.raises(DataError, match=rf"{address}: is an internet address"):
        list_table(table(tmp_path, f"path,label\n{address},b\n"))


@pytest.mark.parametrize("cells", ["1.png , cat", "1.png,cat ", "\t1.png,\tcat"])
def test_spaces_around_cells_mean_nothing(tmp_path: Path, cells: str) -> None:
    write(tmp_path, "1.png")
    assert [(e.name, e.label) for e in list_table(table(tmp_path, f"path,label\n{cells}\n")).entries] == [
        ("1.png", "cat")
    ]


def test_classes_in_unicodes_two_forms_are_one_class(tmp_path: Path) -> None:
    for form in ("NFC", "NFD"):
        write(tmp_path, unicodedata.normalize(form, f"train/café/{form}.png"), f"train/b/{form}.png")
        write(tmp_path, unicodedata.normalize(form, f"test/café/{form}.png"))
    listing = list_folder(tmp_path)
    assert listing.class_names == ["b", unicodedata.normalize("NFC", "café")]
    assert len(listing.entries) == 6


@pytest.mark.parametrize("as_table", [False, True])
def test_classes_that_differ_in_capitals_between_parts_are_one(tmp_path: Path, as_table: bool) -> None:
    files = ["train/Cat/1.png", "train/ÄPFEL/1.png", "train/dog/1.png", "val/CAT/2.png", "test/cat/3.png"]
    files += [unicodedata.normalize("NFD", "test/äpfel/3.png"), "test/dog/3.png", "test/bird/3.png"]
    write(tmp_path, *files)
    if as_table:
        rows = [f"{name},{name.split('/')[1]},{name.split('/')[0]}" for name in files]
        listing = list_table(table(tmp_path, "\n".join(["path,label,split", *rows])))
    else:
        listing = list_folder(tmp_path)
    assert listing.class_names == ["bird", "Cat", "dog", "ÄPFEL"]
    assert sorted((e.part, e.label) for e in listing.entries if e.part != "train") == [
        ("test", "Cat"),
        ("test", "bird"),
        ("test", "dog"),
        ("test", "ÄPFEL"),
        ("validation", "Cat"),
    ]
    assert len(listing.notes) == 3
    assert "cat is taken for the class Cat, which differs in capitals only" in listing.notes


def test_spaces_around_a_folders_name_make_no_other_class_between_parts(tmp_path: Path) -> None:
    write(tmp_path, "train/Cat/1.png", "train/dog /1.png", "test/cat /2.png", "test/Cat /2.png", "test/dog/2.png")
    listing = list_folder(tmp_path)
    assert listing.class_names == ["Cat", "dog "]
    assert listing.notes == [
        "Cat  is taken for the class Cat, which differs in spaces only",
        "cat  is taken for the class Cat, which differs in capitals and spaces only",
        "dog is taken for the class dog , which differs in spaces only",
    ]


def test_where_both_spellings_are_trained_they_are_two_classes(tmp_path: Path) -> None:
    write(tmp_path, "train/Cat/1.png", "train/cat/1.png", "test/cat/2.png", "test/CAT/2.png", "test/Cat/2.png")
    listing = list_folder(tmp_path)
    assert sorted(e.label for e in listing.entries if e.part == "test") == ["CAT", "Cat", "cat"]
    assert listing.notes == []


def test_numbers_of_any_length_have_an_order(tmp_path: Path) -> None:
    long = 5000 * "9"
    found = list_table(table(tmp_path, f"path,label\n1.png,1{long}\n2.png,{long}\n3.png,10\n4.png,9\n"))
    assert found.class_names == ["9", "10", long, f"1{long}"]
