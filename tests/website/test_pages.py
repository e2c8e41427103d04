"""Every document is a page of the site, every page is in the sidebar, every public name is in the reference."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from types import ModuleType

import pytest

import convoscope
from website import building, commands, contents, links, markdown, programs, reference

ROOT = Path(__file__).parents[2]
_TOCTREE = re.compile(r"(?:```\{toctree\}|\.\. toctree::)\n(.*?)(?:```|\Z)", re.DOTALL)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Sphinx reads; programs are not run for it."""
    folder = tmp_path_factory.mktemp("site") / "source"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(programs, "printed", lambda file: "")
        building.write_pages(folder)
    return folder


def listed_by(page: Path) -> list[Path]:
    """Return the pages that a page's toctrees name."""
    found = []
    for block in _TOCTREE.findall(page.read_text(encoding="utf-8")):
        names = [line.strip() for line in block.splitlines() if line.strip() and not line.strip().startswith(":")]
        for name in names:
            base = page.parent / name.rpartition("<")[2].removesuffix(">")
            found += [file for ending in (".md", ".rst") if (file := base.with_name(base.name + ending)).exists()]
    return found


def test_every_page_is_in_the_sidebar_once(source: Path) -> None:
    pages = {*source.rglob("*.md"), *source.rglob("*.rst")}
    entries = [file for page in pages for file in listed_by(page)]
    assert sorted(entries) == sorted(pages - {source / "index.md"})


def test_every_document_is_a_page(source: Path) -> None:
    docs = ROOT / "docs"
    documents = [file for file in docs.rglob("*") if file.suffix in (".md", ".py")]
    assert len(documents) > 35
    for file in documents:
        name = file.relative_to(docs).with_suffix("").as_posix()
        page = name.replace("README", "index")
        assert (source / f"{page}.md").is_file(), name


MODULES = [
    *(name for name in convoscope.__all__ if isinstance(getattr(convoscope, name), ModuleType)),
    "quality",
    "serving",
]


@pytest.mark.parametrize("name", ["", *MODULES])
def test_every_public_name_is_in_the_reference(name: str, source: Path) -> None:
    module = importlib.import_module(f"convoscope.{name}".rstrip("."))
    page = (source / "reference" / f"{module.__name__}.rst").read_text(encoding="utf-8")
    names = [each for each in getattr(module, "__all__", None) or reference.public_names(module) if each[0] != "_"]
    assert names
    below = [each for each in names if isinstance(getattr(module, each), ModuleType)]
    missing = [each for each in set(names) - set(below) if not re.search(rf"(?:::|``){each}\b|:: {each}$", page, re.M)]
    assert missing == []
    index = (source / "reference" / "index.rst").read_text(encoding="utf-8")
    for each in below:
        whole = getattr(module, each)
        assert any(f"   {path}\n" in index for path in (whole.__name__, f"{module.__name__}.{each}")), each


def test_every_name_is_explained_in_one_place() -> None:
    explained = [
        id(getattr(page.module, name)) for page in reference.module_pages() for name in (*page.classes, *page.functions)
    ]
    assert len(explained) == len(set(explained)) > 400


def test_a_name_from_elsewhere_leads_to_where_it_is_explained() -> None:
    pages = reference.module_pages()
    explained = {f"{page.name}.{name}" for page in pages for name in (*page.classes, *page.functions)}
    assert {where for page in pages for where in page.elsewhere.values()} <= explained
    top = next(page for page in pages if page.name == "convoscope")
    assert top.elsewhere["Sequential"] == "convoscope.models.Sequential"


def test_every_command_is_on_its_page(source: Path) -> None:
    import typer

    page = (source / "reference" / "commands.md").read_text(encoding="utf-8")
    for name in typer.main.get_command(commands.app).commands:  # type: ignore[attr-defined]
        assert f"## convoscope {name}\n" in page
    assert "Resume the run" in page
    assert "With `--vary`: the data set" in page  # as code, so that two hyphens do not become a dash


def test_a_link_goes_to_the_page_or_is_left_out() -> None:
    file = contents.DOCS / "lessons.md"
    picture = "![d](images/lesson-13-pooling.svg)"
    text = f"[a](lessons/15_two_convolutions.py) [b](../README.md) [c](../pyproject.toml) {picture}"
    found = markdown.rewritten(text, file, "lessons")
    assert found == f"[a](lessons/15_two_convolutions.md) [b](index.md) c {picture}"
    assert markdown.rewritten("```\n[a](nowhere.md)\n```", file, "lessons") == "```\n[a](nowhere.md)\n```"
    with pytest.raises(ValueError, match=r"docs/lessons.md links to nowhere.md"):
        markdown.rewritten("[a](nowhere.md)", file, "lessons")


def test_a_live_page_stands_only_where_its_comment_has_a_line_of_its_own() -> None:
    file = contents.DOCS / "tutorial.md"
    inline = "`<!-- live: lab -->` stands for a page"
    assert markdown.rewritten(inline, file, "tutorial") == inline
    assert "<iframe" in markdown.rewritten("<!-- live: explorer -->", file, "tutorial")


def test_links_that_lead_nowhere_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<p id="x"><a href="b.html#y">b</a><a href="#x">x</a><img src="no.png">')
    (tmp_path / "b.html").write_text(
        '<a href="a.html#x">a</a><a href="https://example.org/no">out</a><a href="c.html">'
    )
    assert links.broken(tmp_path) == ["a.html: b.html#y", "a.html: no.png", "b.html: c.html"]


def test_a_program_has_the_title_of_the_list_that_it_is_in() -> None:
    lessons = contents.DOCS / "lessons"
    page = programs.as_page(lessons / "18_clothes_in_place_of_digits.py", "lessons/18_clothes_in_place_of_digits")
    assert page.startswith("# Clothes instead of digits\n")
    assert programs.as_page(lessons / "lesson_data.py", "lessons/lesson_data").startswith("# Lesson data\n")


def test_a_program_says_first_what_it_is() -> None:
    heading, paragraphs, code = programs.taken_apart(
        '"""One\nline. Claims 1, 2.\n\nMore.\n\nRun this page: x\n"""\nx = 1\n'
    )
    assert (heading, paragraphs, code) == ("One line.", ["More."], "x = 1\n")


@pytest.mark.parametrize("name", ["Model", "Sequential"])
def test_what_is_typed_most_is_in_the_reference(name: str, source: Path) -> None:
    page = (source / "reference" / "convoscope.models.rst").read_text(encoding="utf-8")
    for method in ("compile", "fit", "evaluate", "predict", "summary", "explore", "save", "export"):
        assert page.count(f"   .. automethod:: {name}.{method}\n") == 1


def test_a_class_is_listed_with_its_parts_in_other_files(source: Path) -> None:
    pages = {
        name: (source / "reference" / f"convoscope.{name}.rst").read_text(encoding="utf-8")
        for name in ("data", "layers")
    }
    for page, member in (
        ("data", "method:: Dataset.from_generator"),
        ("data", "property:: Dataset.element_spec"),
        ("layers", "method:: Layer.get_weights"),
        ("layers", "property:: Layer.trainable_weights"),
    ):
        assert pages[page].count(f"   .. auto{member}\n") == 1
    assert "Dense.get_weights" not in pages["layers"]


def test_what_docstrings_refer_to_is_explained_as_well(source: Path) -> None:
    page = (source / "reference" / "further.rst").read_text(encoding="utf-8")
    for kind, name in (
        ("function", "convoscope.web.explorer.explore"),
        ("class", "convoscope.tracking.Tracker"),
        ("module", "convoscope.interchange.formats"),
    ):
        assert page.count(f".. auto{kind}:: {name}\n") == 1


def test_every_public_class_and_function_has_an_example() -> None:
    """`tests/test_doctests.py` runs them."""
    without = [
        f"{page.name}.{name}"
        for page in reference.module_pages()
        for name in (*page.classes, *page.functions)
        if ">>> " not in (getattr(page.module, name).__doc__ or "")
    ]
    assert without == []
