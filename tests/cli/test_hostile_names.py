"""Names that nobody expects, by the commands that people type: from training to the exported page."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from tests.own_images import fill, stripes

from .conftest import Ended, Shell

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="other systems do not have such names"),
]

OPTIONS = ("--epochs", "1", "--seed", "5", "--engine", "reference", "--threads", "1", "--model", "dense")
CLASSES = [
    b"caf\xe9",
    "u\u0308ber".encode(),
    b"a\nb",
    b"\x1b[31mred\x07",
    "\u202etxt.exe".encode(),
    "\u2028\x85".encode(),
    b"[bold]x[bold]",
    b"[",
    b"$x_1$ $",
    b"_private",
    b"=1+1",
    b"-2+3",
    b"@SUM(A1)",
    b"<script><b>&amp;|`*",
    "日本 👩\u200d🌾".encode(),
    b"'; echo $(x) \\n %s {0}",
    b"\xff\xfe",
]
FILES = [b"=1.png", b"x\xff\n\x1b[2J.png", "e\u0301.png".encode(), b"-rf.png"]
ACTED_ON = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def as_shown(name: bytes) -> str:
    return unicodedata.normalize("NFC", name.decode("utf-8", "backslashreplace"))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder in a folder, both with names that are not UTF-8, of three images a class and more of the first."""
    folder = Path(os.fsdecode(bytes(tmp_path) + b"/p\xe9re\n/ph\xf6tos [red]"))
    for number, name in enumerate(CLASSES):
        (place := folder / os.fsdecode(name)).mkdir(parents=True)
        for i in range(3):
            stripes(10 * number + i, number % 2 == 1).save(place / f"{i}.png")
    for i, name in enumerate(FILES):
        stripes(1000 + i, True).save(folder / os.fsdecode(CLASSES[0]) / os.fsdecode(name))
    return folder


def check(ended: Ended, status: int = 0) -> Ended:
    """Check that a command ended as it should and did nothing to the terminal."""
    assert ended.status == status, ended.err
    for text in (ended.out, ended.err):
        assert not ACTED_ON.search(text), text
        text.encode("utf-8")
    assert "bug in Convoscope" not in ended.err
    return ended


def test_no_name_breaks_a_command(shell: Shell, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(photos)
    trained = check(shell("train", ".", *OPTIONS))
    (run,) = (photos / "runs").iterdir()
    config, report = (json.loads((run / f"{name}.json").read_bytes()) for name in ("config", "report"))
    names = [row["name"] for row in report["classes"]]
    assert sorted(names) == sorted(map(as_shown, CLASSES)) == sorted(config["data"]["class_names"])
    assert report["mistakes"] > len(FILES)
    assert r"a\nb" in trained.out
    assert "[bold]x[bold]" in trained.out
    assert os.path.samefile(config["settings"]["dataset"], photos)

    evaluated = json.loads(check(shell("evaluate", run, "--json")).out)
    assert evaluated == {name: report[name] for name in evaluated}
    check(shell("evaluate", run))
    found = json.loads(check(shell("predict", run, ".", "--json")).out)
    assert len(found) == 3 * len(CLASSES) + len(FILES)
    assert all(os.path.isfile(each["file"]) and "error" not in each for each in found)
    assert {best["class"] for each in found for best in each["classes"]} <= set(names)
    check(shell("predict", run, os.fsdecode(CLASSES[0]), "--verbose"))
    check(shell("predict", run, os.fsdecode(b"none\xe9\n.png")), 1)
    (listed,) = json.loads(check(shell("runs", "--json")).out)
    assert os.path.samefile(listed["run"], run)
    for words in (("runs",), ("summary", run, "--details"), ("compare", run, run), ("compare", run, "--out", "c")):
        check(shell(*words))
    assert "reported" not in check(shell("train", "--resume", run)).err
    check_table(run, report)


def check_table(run: Path, report: dict[str, Any]) -> None:
    with open(run / "mistakes.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == report["mistakes"]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for row in rows for cell in row.values())
    names = [each["name"] for each in report["classes"]]
    assert {row["is"].removeprefix("'") for row in rows} <= {name.removeprefix("'") for name in names}


def test_pages_and_pictures_of_it_hold_the_names(shell: Shell, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from convoscope import plots
    from convoscope.models import load_model

    monkeypatch.chdir(photos.parent)
    run = os.fsdecode(b"r\xfcn\n1")
    check(shell("train", photos.name, *OPTIONS, "--out", run, "--quiet"))
    check(shell("export", run, "--html", os.fsdecode(b"p\xe4ge.html")))
    page = (photos.parent / os.fsdecode(b"p\xe4ge.html")).read_text("utf-8")
    embedded = re.search(r'<script type="application/json" id="embedded">(.*?)</script>', page, re.DOTALL)
    assert embedded is not None
    told = json.dumps(json.loads(embedded[1]))
    for name in map(as_shown, CLASSES):
        assert json.dumps(name)[1:-1] in told
    for draw in (plots.confusion, plots.per_class):
        figure = draw(run, out="figure")
        assert (photos.parent / "figure.png").stat().st_size > 0
        assert len(figure.axes[0].get_yticklabels()) == len(CLASSES)
    model = load_model(os.path.join(run, "model.safetensors"))
    model.save(os.fsdecode(b"m\xf6del\n.safetensors"))
    assert load_model(os.fsdecode(b"m\xf6del\n.safetensors")).class_names == model.class_names


def test_a_results_folder_is_no_class_the_second_time(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = fill(tmp_path / "photos", {"lying": 6, "runs": 6})
    assert shell("train", "photos", *OPTIONS, "--quiet", "--out", "photos/run1").status == 0
    (photos / "@eaDir").mkdir()
    monkeypatch.chdir(photos)
    reports = []
    for number in (1, 2):
        ended = check(shell("train", ".", *OPTIONS))
        reports.append(json.loads((photos / f"runs/photos-fast-{number}/report.json").read_text()))
        for line in ("12 images of 2 classes", "  run1: Convoscope runs", "  @eaDir: system files"):
            assert line in ended.out
    assert "  runs/photos-fast-1: Convoscope runs" in ended.out
    assert [row["name"] for row in reports[1]["classes"]] == ["lying", "runs"]
    assert reports[0]["accuracy"] == reports[1]["accuracy"]
    data = json.loads((photos / "runs/photos-fast-2/data.json").read_text())
    assert set(data["left_out"]) == {"@eaDir", "run1", "runs/photos-fast-1"}
    predicted = check(shell("predict", "run1", ".", "--json"))
    assert len(json.loads(predicted.out)) == 12
    assert "run1 was left out: Convoscope runs" in predicted.err


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_an_ascii_locale_takes_accents(tmp_path: Path, encoding: str) -> None:
    """What is kept under one locale opens under the other."""
    photos = tmp_path / "phötos"
    for number, name in enumerate(("café", "rosé")):
        (photos / name).mkdir(parents=True)
        for i in range(6):
            stripes(10 * number + i, number == 1).save(photos / name / f"é{i}.png")
    (tmp_path / "täble.csv").write_text(
        "path,label\n" + "".join(f"phötos/{c}/é{i}.png,{c}\n" for c in ("café", "rosé") for i in range(6)), "utf-8"
    )
    plain = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    environments = {"ascii": plain, "utf-8": {"LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"}}
    other = environments["utf-8" if encoding == "ascii" else "ascii"]

    def run(environment: dict[str, str], *words: str) -> str:
        command = [sys.executable, "-m", "convoscope", *words]
        common = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), **environment}
        ended = subprocess.run(command, cwd=tmp_path, env=common, capture_output=True, timeout=300)
        assert ended.returncode == 0, ended.stderr.decode("utf-8", "replace")
        assert b"Note:" not in ended.stderr
        return ended.stdout.decode(encoding if environment is environments[encoding] else "utf-8")

    run(environments[encoding], "train", "phötos", *OPTIONS, "--out", "rün")
    report = json.loads((tmp_path / "rün" / "report.json").read_text("utf-8"))
    assert [row["name"] for row in report["classes"]] == ["café", "rosé"]
    evaluated = json.loads(run(other, "evaluate", "rün", "--json"))
    assert evaluated["classes"] == report["classes"]
    if encoding == "ascii":
        predicted = json.loads(run(environments[encoding], "predict", "rün", "phötos", "--json"))
        assert {best["class"] for each in predicted for best in each["classes"]} == {"café", "rosé"}
        run(environments[encoding], "train", "täble.csv", *OPTIONS, "--quiet")
        (table_run,) = (tmp_path / "runs").iterdir()
        assert json.loads((table_run / "report.json").read_text("utf-8"))["images"] == 2
