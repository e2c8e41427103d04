from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from io import BytesIO, StringIO
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from convoscope.drawing import image
from convoscope.experiments import Experiment, Result, Row, markdown, report, results, rows, write_report
from convoscope.experiments.charts import draw, pareto
from convoscope.experiments.svg import charts as svg_charts
from convoscope.experiments.table import as_html, cells, for_terminal
from convoscope.web.site import page_files

SVG = "{http://www.w3.org/2000/svg}"


class Cells(HTMLParser):
    """The texts of a table's cells, row by row."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def failed(reason: str) -> Row:
    return Row({"filters": 8}, (Result(Path("a"), {}, {"filters": 8}, "failed", reason, 0, {}),))


def test_a_row_has_its_figures_and_the_best_a_star() -> None:
    figures = {
        "val_accuracy": 0.9725,
        "gap": -0.012,
        "parameters": 243_786,
        "multiply_adds": 5_234_567,
        "seconds": 12.34,
        "images_a_second": 45_678.2,
        "test_accuracy": 0.9,
    }
    row = Row({"filters": 8}, (Result(Path("a"), {}, {"filters": 8}, "finished", None, 1, figures),))
    line = "| 8 | 1 | 97.25 \\* | -1.2 | 243,786 | 5,234,567 | 12.3 | 45,678 | 90.00 |"
    assert line in markdown([row]).splitlines()


def test_every_seed_counts_in_what_follows_plus_minus() -> None:
    runs = tuple(
        Result(Path("a"), {}, {"filters": 8}, "finished", None, 1, {"val_accuracy": value}) for value in (0.90, 0.92)
    )
    assert "91.00 ± 1.41" in markdown([Row({"filters": 8}, runs)])


def test_a_reason_stands_in_the_table_and_cannot_break_it() -> None:
    reason = "a | b <script>alert(1)</script>\nand a *line*"
    lines = markdown([failed(reason)]).splitlines()
    assert len(lines) == 3
    assert lines[2].replace("\\|", "").count("|") == lines[0].count("|")
    assert "<script>" not in lines[2]
    assert "<script>" not in as_html([failed(reason)])
    assert f"failed: {reason}" in Cells(as_html([failed(reason)])).rows[1]


def test_text_markdown_and_html_say_the_same(finished: Experiment) -> None:
    table = rows(results(finished))
    as_text = cells(table)
    from_html = Cells(as_html(table)).rows
    assert tuple(from_html[0]) == as_text.headings
    assert [[cell.removesuffix(" *") for cell in line] for line in from_html[1:]] == [list(row) for row in as_text.rows]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_numbers_are_never_broken_in_a_narrow_terminal(finished: Experiment, width: int) -> None:
    from rich.console import Console

    console = Console(width=width, file=StringIO(), color_system=None)
    table = rows(results(finished))
    console.print(for_terminal(table, width))
    written = console.file.getvalue()  # type: ignore[attr-defined]
    assert max(map(len, written.splitlines())) <= width
    assert all(cells(table).rows[number][2] in written for number in range(len(table)))
    assert ("multiply-adds" in written) == (width == 120)


def test_the_front_is_what_no_other_beats_in_both() -> None:
    generator = np.random.default_rng(1)
    points = [(float(a), float(b)) for a, b in generator.integers(0, 12, (60, 2))]
    front = pareto(points)
    beaten = [any(c <= x and g >= y and (c, g) != (x, y) for c, g in points) for x, y in points]
    assert {points[index] for index in front} == {
        point for point, worse in zip(points, beaten, strict=True) if not worse
    }
    assert [points[index] for index in front] == sorted({points[index] for index in front})


def test_charts_are_pictures_and_the_same_for_the_same_figures(finished: Experiment) -> None:
    table = rows(results(finished))
    drawn = draw(table)
    assert list(drawn) == ["accuracy-seconds", "accuracy-parameters", "gap"]
    for name, drawing in drawn.items():
        assert image(drawing, "svg") == image(draw(table)[name], "svg")
        pixels = np.asarray(Image.open(BytesIO(image(drawing, "png"))).convert("L"))
        assert pixels.min() < 60
        assert pixels.max() == 255


def test_the_report_stands_alone(finished: Experiment, tmp_path: Path) -> None:
    files = write_report(rows(results(finished)), tmp_path, "Units & rates", ["8 runs"])
    assert sorted(path.name for path in files) == [
        "accuracy-parameters.png",
        "accuracy-parameters.svg",
        "accuracy-seconds.png",
        "accuracy-seconds.svg",
        "gap.png",
        "gap.svg",
        "report.html",
        "report.md",
    ]
    page = (tmp_path / "report.html").read_text()
    assert page.count("<svg") == 3
    assert "Units &amp; rates" in page
    assert "src=" not in page
    text = (tmp_path / "report.md").read_text()
    assert text.count(".svg)") == 3
    assert "Best in validation" in text
    assert "is not used for ranking" in text


def test_a_charts_points_lie_where_the_figures_say(finished: Experiment) -> None:
    """Places in the drawing are brought back to figures by two of its ticks."""
    table = rows(results(finished))
    chart = ElementTree.fromstring(svg_charts(table)["gap"])
    texts = [each for each in chart.iter(f"{SVG}text") if each.get("text-anchor") == "middle"]
    (left, low), (right, high) = [(float(each.get("x", "")), float(each.text or "")) for each in (texts[0], texts[-2])]
    points = [float(each.get("cx", "")) for each in chart.iter(f"{SVG}circle") if float(each.get("cy", "")) > 40]
    found = [low + (point - left) / (right - left) * (high - low) for point in points]
    trained = [100 * row.figure("train_accuracy").mean for row in table]  # type: ignore[union-attr]
    gaps = [100 * row.figure("gap").mean for row in table]  # type: ignore[union-attr]
    expected = [each for one, gap in zip(trained, gaps, strict=True) for each in (one, one - gap)]
    np.testing.assert_allclose(found, expected, atol=0.1)


def test_without_matplotlib_the_report_has_its_charts_all_the_same(
    finished: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    table = rows(results(finished))
    files = write_report(table, tmp_path, "Units")
    charts = ["accuracy-parameters.svg", "accuracy-seconds.svg", "gap.svg"]
    assert sorted(path.name for path in files) == [*charts, "report.html", "report.md"]
    text = (tmp_path / "report.md").read_text()
    assert markdown(table).strip() in text


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "&lt;script&gt;",
    "[a](javascript:alert(1)) ![b](http://example.org/x.png)",
    "[a]: http://example.org",
    "<http://example.org>",
    "*a* _b_ __c__ `d` ~~e~~ **f",
    "a | b || c \\| d \\",
    "# one ## two #",
    "#",
    "- a",
    "--- ---",
    "+ a",
    "1. a",
    "12) a",
    "> a",
    "=== a",
    "```a```",
    "rose & lily, batch_size, 1.5, -0.5, #1",
    "a\\",
    "müll 花",
    "[^1] [x] [ ]",
]


class Texts(HTMLParser):
    """The elements of a page, and the texts of some."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.addresses: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.addresses += [value or "" for name, value in attributes if name in ("src", "href", "onerror")]
        self.texts.setdefault(tag, []).append("")
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        for tag in self.open:
            self.texts[tag][-1] += data


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_in_a_report_is_text_whatever_it_is(tmp_path: Path, name: str) -> None:
    from markdown_it import MarkdownIt

    write_report([failed(name)], tmp_path, name, [name])
    rendered = (
        MarkdownIt("commonmark", {"html": True})
        .enable(["table", "strikethrough"])
        .render((tmp_path / "report.md").read_text(encoding="utf-8"))
    )
    for page in (rendered, (tmp_path / "report.html").read_text(encoding="utf-8")):
        found = Texts(page)
        assert not {"script", "img", "a", "em", "strong", "code", "s", "h2", "blockquote"} & set(found.seen)
        assert found.addresses == []
        assert found.texts["h1"] == [name]
        assert name in found.texts["p"]
        assert found.texts["td"][-1] == f"failed: {name}"


def test_a_report_may_run_and_fetch_nothing(finished: Experiment, tmp_path: Path) -> None:
    write_report(rows(results(finished)), tmp_path, "Units")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    policy = page.partition('<meta http-equiv="Content-Security-Policy" content="')[2].partition('"')[0]
    assert policy.startswith("default-src 'none'; ")
    assert "script-src" not in policy
    assert {"base-uri 'none'", "form-action 'none'"} <= set(policy.split("; "))
    assert page.index("Content-Security-Policy") < page.index("<title")


def test_a_name_that_is_not_utf_8_is_in_the_report(tmp_path: Path) -> None:
    write_report([failed("caf\udce9")], tmp_path, "caf\udce9")
    assert "# caf\\\\xe9" in (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "<h1>caf\\xe9</h1>" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_report_before_any_run_is_finished_says_so(tmp_path: Path) -> None:
    write_report([failed("oops")], tmp_path, "Nothing yet")
    text = (tmp_path / "report.md").read_text()
    assert "No run is finished yet." in text
    assert "failed: oops" in text


def test_the_report_has_the_colours_of_the_other_pages() -> None:
    theme = page_files().joinpath("shared", "theme.css").read_text(encoding="utf-8")
    light, dark = (dict(re.findall(r"--([\w-]+): (#\w+)", block)) for block in re.findall(r"{([^}]*)}", theme)[:2])
    blocks = [dict(re.findall(r"--([\w-]+): (#\w+)", block)) for block in re.findall(r"{([^{}]*)}", report._STYLE)[:2]]
    for own, others in zip(blocks, (light, dark), strict=True):
        assert len(own) == 8
        assert own == {name: others[name] for name in own}
