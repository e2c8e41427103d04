"""Findings as JSON and as a table that comes back, lists of exclusions, the terminal, the sheets."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from rich.console import Console

from convoscope.errors import ConvoscopeWarning, DataError, FileFormatError, MissingFileError
from convoscope.names import encodable
from convoscope.quality import (
    BACKGROUND,
    DUPLICATE,
    KINDS,
    LABEL,
    OUTLIER,
    Finding,
    Findings,
    excluded,
    read_exclusions,
    say,
    sheets,
)
from convoscope.quality.findings import COLUMNS, CopiedPicture

ODD_NAMES = [
    "a/1.jpg",
    "=cmd()|calc.jpg",
    "-1.jpg",
    "@x/+y.jpg",
    "'quoted'.jpg",
    'with "quotes", commas; and semicolons.jpg',
    "ümlaut/é e\u0301.png",
    "bytes \udce9.jpg",
    " spaces .jpg",
]


def finding(file: str | None, kind: str = LABEL, index: int = 0) -> Finding:
    return Finding(kind, "daisy", 0.97, "It looks like roses.", file, index if file else None, "roses")


def several() -> Findings:
    items = [finding(f"daisy/{index}.jpg", LABEL, index) for index in range(8)]
    items += [finding("roses/8.jpg", DUPLICATE, 8), finding("tulips/9.jpg", DUPLICATE, 9)]
    items += [finding(f"roses/{index}.jpg", OUTLIER, index) for index in range(10, 14)]
    items += [Finding(BACKGROUND, "daisy", 0.9, "The border tells all.", suggestion="roses") for _ in range(7)]
    copied = [CopiedPicture((8, 3), 3, ("classes", "parts")), CopiedPicture((9, 4, 5), 4)]
    return Findings(14, items, copied, 5.5, ["The labels of tulips were not examined."])


def test_as_json_and_back() -> None:
    found = several()
    content = json.loads(json.dumps(found.as_dict()))
    assert content["counts"] == dict(zip(KINDS, (8, 2, 4, 7), strict=True))
    assert Findings.from_dict(content) == found


def test_the_table_has_a_row_for_each(tmp_path: Path) -> None:
    several().write_csv(tmp_path / "suspects.csv")
    rows = list(csv.reader((tmp_path / "suspects.csv").read_text(encoding="utf-8").splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert rows[1] == ["daisy/0.jpg", LABEL, "daisy", "roses", "0.9700", "It looks like roses."]
    assert len(rows) == 1 + 21
    assert read_exclusions(tmp_path / "suspects.csv") == {
        each.file for each in several().items if each.file is not None
    }


def test_odd_names_come_back_and_no_spreadsheet_computes_them(tmp_path: Path) -> None:
    table = tmp_path / "suspects.csv"
    Findings(10, [finding(name) for name in ODD_NAMES]).write_csv(table)
    assert excluded(read_exclusions(table), ODD_NAMES, "x").all()
    cells = [row[0] for row in csv.reader(table.read_text(encoding="utf-8").splitlines())]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)


def test_an_apostrophe_may_be_the_names_own(tmp_path: Path) -> None:
    table = tmp_path / "suspects.csv"
    Findings(1, [finding("'=1.jpg")]).write_csv(table)
    assert excluded(read_exclusions(table), ["'=1.jpg"], "x").all()


# No line breaks: a list has a name on each line.
@settings(deadline=None)
@given(
    st.sets(
        st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1).filter(
            lambda name: name.strip() and "\\" not in name
        ),
        min_size=1,
    )
)
def test_any_name_comes_back(tmp_path_factory: pytest.TempPathFactory, names: set[str]) -> None:
    table = tmp_path_factory.mktemp("names") / "suspects.csv"
    Findings(len(names), [finding(name) for name in names]).write_csv(table)
    files = [*names, "another/file.jpg"]
    assert excluded(read_exclusions(table), files, "x")[:-1].all()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a/1.jpg\nb/2.jpg\n", {"a/1.jpg", "b/2.jpg"}),
        ("a/1.jpg", {"a/1.jpg"}),
        ("\n  a/1.jpg  \r\n\r\n", {"a/1.jpg"}),
        ("one, two.jpg\n", {"one, two.jpg"}),
        ("file\na/1.jpg\n", {"a/1.jpg"}),
        ('\ufefffile;kind;reason\r\na/1.jpg;outlier;"odd; very"\r\n;;\r\n', {"a/1.jpg"}),
        ("kind\tFile\noutlier\ta/1.jpg\n", {"a/1.jpg"}),
        ('"file","kind"\n"a, b.jpg","outlier"\n"",""\n', {"a, b.jpg"}),
        ("file,kind\n,background\nb.jpg,outlier\n", {"b.jpg"}),
    ],
)
def test_what_people_make_of_the_table_is_read(tmp_path: Path, text: str, names: set[str]) -> None:
    path = tmp_path / "list"
    path.write_text(text, encoding="utf-8", newline="")
    assert read_exclusions(path) == names


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        (b"", DataError, "contains no file names"),
        (b"\n \n", DataError, "contains no file names"),
        (b"file,kind\n", DataError, "contains no file names"),
        (b"kind,label,score\noutlier,daisy,1\n", FileFormatError, "without a column named file"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe", FileFormatError, "not UTF-8 text"),
        (b"PK\x00\x00", FileFormatError, "NUL"),
        (b'file,kind\n"' + b"a" * 200_000, FileFormatError, "not a valid table"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, content: bytes, error: type[Exception], said: str) -> None:
    path = tmp_path / "wrong.csv"
    path.write_bytes(content)
    with pytest.raises(error, match=said) as raised:
        read_exclusions(path)
    assert "wrong.csv" in str(raised.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(MissingFileError, match=path.name):
            read_exclusions(path)


def test_names_of_another_folder_are_an_error_and_some_a_warning() -> None:
    files = ["daisy/1.jpg", "daisy/2.jpg"]
    with pytest.raises(DataError, match=r"list\.csv lists no image of this folder: 'cat/1\.jpg'.*'daisy/1\.jpg'"):
        excluded({"cat/1.jpg"}, files, "list.csv")
    with pytest.raises(DataError, match="lists no image"):
        excluded({"cat/1.jpg"}, [], "list.csv")
    with pytest.warns(ConvoscopeWarning, match=r"list\.csv names 1 file that is not an image"):
        assert excluded({"cat/1.jpg", "daisy/2.jpg"}, files, "list.csv").tolist() == [False, True]


def test_names_are_compared_as_people_write_them() -> None:
    files = ["caf\u00e9/1.jpg", "b/2.jpg", "bytes \udce9.jpg"]
    assert excluded({"cafe\u0301\\1.jpg", "./b/2.jpg", encodable(files[2])}, files, "x").all()


def printed(findings: Findings, width: int = 120) -> str:
    console = Console(file=io.StringIO(), width=width)
    say(console, findings, "runs/1/suspects.csv")
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_the_terminal_says_it_in_a_few_lines() -> None:
    text = printed(several())
    assert len(text.splitlines()) <= 12
    assert "8 suspected labels: daisy/0.jpg is labelled daisy and looks like roses" in text
    assert "and 6 more" in text
    assert "1 picture in several classes; 1 picture in several splits" in text
    assert "The border tells all." in text
    assert "--exclude runs/1/suspects.csv" in text


def test_the_terminal_is_safe_from_names() -> None:
    text = printed(Findings(1, [finding("red\x1b[31m\n[bold]x[/bold].jpg")]))
    assert "\x1b" not in text
    assert "red\\x1b[31m\\n[bold]x[/bold].jpg" in text


def test_nothing_found_is_said_too() -> None:
    assert printed(Findings(900, [])) == "No suspicious images were found among 900 images.\n"


@pytest.mark.parametrize("channels", [1, 3])
def test_sheets_show_each_kind(channels: int) -> None:
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (14, 20, 30, channels), np.uint8)
    drawn = sheets(several(), images, [f"train/a/{n}.jpg" for n in range(14)], ["daisy"] * 4 + ["roses"] * 10)
    assert list(drawn) == [LABEL, DUPLICATE, OUTLIER]
    # The pair and the three stand in one row of six: 2 + 3.
    assert drawn[DUPLICATE].height < drawn[LABEL].height
    assert all(np.asarray(sheet).std() > 20 for sheet in drawn.values())


def test_a_group_begins_a_row_where_it_would_not_fit() -> None:
    copied = [CopiedPicture((0, 1, 2, 3), 0), CopiedPicture((4, 5, 6), 4)]
    found = Findings(7, [finding("x.jpg", DUPLICATE, 1)], copied)
    one = Findings(7, found.items, copied[:1])
    images, files = np.zeros((7, 8, 8, 3), np.uint8), [str(n) for n in range(7)]
    both, single = (sheets(each, images, files, ["a"] * 7)[DUPLICATE] for each in (found, one))
    assert both.height > single.height


def test_no_findings_no_sheets() -> None:
    assert sheets(Findings(0, []), np.zeros((0, 8, 8, 3), np.uint8), [], []) == {}


def test_what_somebody_has_called_right_is_left_out() -> None:
    items = [Finding(LABEL, "a", 0.9, "It looks like b.", f"a/{number}.jpg", number, "b") for number in range(3)]
    background = Finding(BACKGROUND, "a", 0.95, "The border tells.", suggestion="b")
    found = Findings(3, [*items, background]).without({"a/1.jpg"})
    assert [each.file for each in found.items] == ["a/0.jpg", "a/2.jpg", None]
