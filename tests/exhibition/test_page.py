"""What the gallery's server gives out: rooms, lessons, runs and comparisons, and what it does with bad ones."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.exhibition.folders import fill
from tests.pages import DOCS

from convoscope.exhibition.digits import Digits
from convoscope.exhibition.page import site
from convoscope.web.site import Site

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("machine") / "runs"
    folder.mkdir()
    fill(folder)
    return folder


@pytest.fixture(scope="module")
def gallery(place: Path) -> Site:
    return site(place)


def given(site_of: Site, address: str) -> str:
    answer = site_of.answer(address)
    assert answer is not None, address
    return answer.body.decode()


@pytest.fixture(scope="module")
def listed(gallery: Site) -> dict[str, Any]:
    return dict(json.loads(given(gallery, "data/runs.json")))


def test_the_page_and_its_cards_come_before_anything_that_computes_is_imported() -> None:
    script = (
        "import sys; from pathlib import Path; from convoscope.exhibition.page import site\n"
        "there = site(Path('nowhere'))\n"
        "for address in ('', 'data/gallery.json', 'static/gallery/main.js', 'lessons/11/'):\n"
        "    assert there.answer(address) is not None, address\n"
        "print([name for name in ('engine', 'models', 'training', 'datasets', 'runs') "
        "if f'convoscope.{name}' in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_runs_are_listed_with_what_the_report_says_and_bad_ones_with_their_reason(
    listed: dict[str, Any], place: Path
) -> None:
    runs = {run["name"]: run for run in listed["runs"]}
    assert set(runs) == {"first", "damaged", "unreadable", *(name for name in runs if name.startswith("rates/"))}
    report = json.loads((place / "first" / "report.json").read_text(encoding="utf-8"))
    first = runs["first"]
    assert first["accuracy"] == f"{100 * np.trace(report['confusion_matrix']) / report['images']:.2f} %"
    assert (first["state"], first["dataset"], first["network"], first["epochs"]) == (
        "finished",
        "digits",
        "perceptron",
        1,
    )
    assert first["confusion"] == report["confusion_matrix"]
    assert first["within"] is None
    assert runs["damaged"]["state"] == "damaged"
    assert "config.json is damaged" in runs["damaged"]["reason"]
    assert {run["within"] for name, run in runs.items() if name.startswith("rates/")} == {"rates"}


def test_a_run_opens_in_the_explorer_with_a_way_back(gallery: Site, listed: dict[str, Any]) -> None:
    ids = {run["name"]: run["id"] for run in listed["runs"]}
    explorer = json.loads(given(gallery, f"runs/{ids['first']}/data/explorer.json"))
    assert (explorer["title"], explorer["gallery"]) == ("first", "../../")
    assert json.loads(given(gallery, f"runs/{ids['first']}/lab/data/start.json"))["gallery"] == "../../../"
    answer = gallery.answering(f"runs/{ids['first']}/ask/accuracy")
    assert answer is not None
    for name, reason in (("unreadable", "model.safetensors is not a safetensors file"), ("damaged", "is damaged")):
        page = given(gallery, f"runs/{ids[name]}/")
        assert reason in page
        assert 'href="../../"' in page
    assert gallery.answering(f"runs/{ids['unreadable']}/ask/accuracy") is None


def test_the_exercises_are_below_it_with_a_way_back(gallery: Site) -> None:
    assert json.loads(given(gallery, "exercises/data/exercises.json"))["gallery"] == "../"
    assert json.loads(given(gallery, "exercises/lab/data/start.json"))["gallery"] == "../../"


@pytest.mark.parametrize(
    "address",
    [
        "runs/first/",
        "runs/../first/",
        "runs/",
        "runs/x/static/../x",
        "lessons/13/",
        "lessons/../",
        "comparisons/x/",
        "explore/x/",
    ],
)
def test_nothing_else_is_at_an_address(gallery: Site, address: str) -> None:
    assert gallery.answer(address) is None
    assert gallery.answering(address) is None
    assert gallery.taking(address) is None


def test_a_page_is_made_again_when_its_run_has_changed(gallery: Site, place: Path, listed: dict[str, Any]) -> None:
    (comparison,) = listed["comparisons"]
    assert (comparison["name"], comparison["varied"]) == ("rates", {"learning rate": "0.01, 0.1"})
    report = place / "rates" / "report.html"
    page = given(gallery, f"comparisons/{comparison['id']}/")
    table = re.search(r"<table.*?</table>", report.read_text(encoding="utf-8"), re.DOTALL)
    assert table is not None
    assert table[0] in page
    assert "<style" not in page
    assert ".chart" in given(gallery, f"comparisons/{comparison['id']}/report.css")
    kept = report.read_bytes()
    report.write_text("<p>somebody else's", encoding="utf-8")
    assert "is not a report that Convoscope wrote" in given(gallery, f"comparisons/{comparison['id']}/")
    report.unlink()
    assert "no report yet" in given(gallery, f"comparisons/{comparison['id']}/")
    report.write_bytes(kept)
    assert given(gallery, f"comparisons/{comparison['id']}/") == page


def test_a_folder_that_is_not_there_has_no_runs(tmp_path: Path) -> None:
    assert json.loads(given(site(tmp_path / "none"), "data/runs.json")) == {"runs": [], "comparisons": []}


def test_every_lesson_is_a_page_with_its_whole_program_and_what_was_measured(gallery: Site) -> None:
    lessons = json.loads(given(gallery, "data/gallery.json"))["lessons"]
    assert len(lessons) == 10
    for lesson in lessons:
        page = given(gallery, lesson["address"])
        (script,) = (DOCS / "lessons").glob(f"{lesson['number']:02}_*.py")
        shown = [
            html.unescape(re.sub(r"<[^>]+>", "", code))
            for code in re.findall(r"<code>(.*?)</code></pre>", page, re.DOTALL)
        ]
        whole = script.read_text(encoding="utf-8")
        assert any(whole.endswith(f'"""\n\n{code}') for code in shown), script.name
        assert (DOCS / "lessons" / "lesson_data.py").read_text(encoding="utf-8") in shown
        assert "Claimed and measured" in page
        assert "style=" not in page  # the pages' policy allows none
        assert re.findall(r"<svg", page) or lesson["number"] in (11, 18)
        names = re.findall(r'\bid="([^"]+)"', page)
        assert len(names) == len(set(names)), "two parts have one name"
        assert set(re.findall(r'href="#([^"]+)"', page)) <= {*names}
    section = re.search(
        r"^## 14\..*?^## 15\.", (DOCS / "lessons.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert section is not None
    cells = {cell.strip() for row in re.findall(r"^\| (.*) \|$", section[0], re.MULTILINE) for cell in row.split(" | ")}
    page = given(gallery, "lessons/14/")
    assert {html.escape(cell, quote=False) for cell in cells if re.search(r"\d", cell)} <= set(
        re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", page)
    )


def test_the_digits_are_trained_once_and_told_as_they_are(gallery: Site) -> None:
    digits = Digits()
    told = digits.pictures()
    explored = digits.explored()
    assert digits.explored() is explored
    matrix = np.array(told["confusion"])
    assert matrix.sum() == told["tested"] == len(explored.images) == 360
    predicted = explored.model.predict(explored.images, verbose=0).argmax(axis=1)
    assert told["mistakes"] == int((predicted != explored.y).sum()) == matrix.sum() - np.trace(matrix)
    assert np.trace(matrix) / 360 > 0.94
    assert [layer["shape"] for layer in told["maps"]] == [[26, 26, 64], [11, 11, 64]]  # those of the lessons
    assert [epoch["epoch"] for epoch in told["history"]] == list(range(1, 7))
    assert explored.epochs is not None
    assert explored.epochs.own == 6
