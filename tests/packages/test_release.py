"""``tools/release.py``: what it changes, and when it refuses."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from tests.modules import tool_named

ROOT = Path(__file__).parents[2]
CHANGED = ("src/convoscope/__init__.py", "CITATION.cff", "CHANGELOG.md")


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    return tool_named("release")


@pytest.mark.parametrize(
    ("version", "tags", "says"),
    [
        ("1.2", [], "is no version"),
        ("1.2.3.dev1", [], "is no version"),
        ("0.1.0", ["v0.1.0"], "not newer than 0.1.0"),
        ("0.9.0", ["v0.2.0", "v0.10.0"], "not newer than 0.10.0"),
        ("1.0.0rc1", ["v1.0.0"], "not newer than 1.0.0"),
    ],
)
def test_a_version_that_cannot_be(tool: ModuleType, version: str, tags: list[str], says: str) -> None:
    with pytest.raises(tool.ReleaseError, match=says):
        tool.check_version(version, tags)


def test_a_version_that_can_be(tool: ModuleType) -> None:
    tool.check_version("1.0.0", ["v1.0.0rc2", "v0.9.9", "something-else"])
    tool.check_version("0.1.0", [])


def test_the_newest_section_gets_the_day(tool: ModuleType) -> None:
    text = "# Changes\n\n## 0.2.0 (unreleased)\n\n- New.\n\n## 0.1.0 (2026-12-01)\n\n- Old.\n"
    assert tool.dated(text, "0.2.0", "2027-01-02") == text.replace("unreleased", "2027-01-02")
    for wrong, says in {
        text.replace("0.2.0", "0.3.0"): "must begin with '## 0.2.0 .unreleased.', but has: ## 0.3.0",
        text.replace("unreleased", "2027-01-01"): "but has: ## 0.2.0 .2027-01-01.",
        text.replace("- New.", ""): "says nothing about 0.2.0",
        "# Changes\n": "but has: no heading",
    }.items():
        with pytest.raises(tool.ReleaseError, match=says):
            tool.dated(wrong, "0.2.0", "2027-01-02")


def test_a_line_is_replaced_or_added(tool: ModuleType) -> None:
    assert tool.with_line("a: 1\nb: 2\n", "b: ", "b: 3") == "a: 1\nb: 3\n"
    assert tool.with_line("a: 1\nb: 2\n", "c: ", "c: 3", after="a: ") == "a: 1\nc: 3\nb: 2\n"
    with pytest.raises(tool.ReleaseError, match="there are 0"):
        tool.with_line("a: 1\n", "c: ", "c: 3")
    with pytest.raises(tool.ReleaseError, match="there are 2"):
        tool.with_line("a: 1\na: 2\n", "a: ", "a: 3", after="a: ")


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with the tool and the files of ours that it changes, and news of a version that is far away."""
    for name in (*CHANGED, "tools/release.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    kept = tmp_path / "tests" / "compatibility" / "99.0.0" / "tour.json"
    kept.parent.mkdir(parents=True)
    kept.write_text("{}", "utf-8")
    (tmp_path / "CHANGELOG.md").write_text("# Changes\n\n## 99.0.0 (unreleased)\n\n- New.\n", "utf-8")
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    git(tmp_path, "config", "user.name", "Somebody")
    git(tmp_path, "config", "user.email", "somebody@example.org")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "All")
    return tmp_path


def release(repository: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command, environment = [sys.executable, "tools/release.py", *words], {**os.environ, **variables}
    return subprocess.run(command, cwd=repository, env=environment, capture_output=True, encoding="utf-8", check=False)


def test_a_trial_changes_nothing_here_and_shows_what_it_would(tool: ModuleType, repository: Path) -> None:
    done = release(repository, "99.0.0", "--no-build")
    assert done.returncode == 0, done.stderr
    assert "Somebody: Release 99.0.0" in done.stdout
    assert "+date-released: " in done.stdout
    assert (git(repository, "tag"), git(repository, "status", "--porcelain")) == ("", "")


def test_applied_it_commits_and_tags(repository: Path) -> None:
    done = release(repository, "99.0.0", "--no-build", "--apply")
    assert done.returncode == 0, done.stderr
    assert git(repository, "describe").strip() == "v99.0.0"
    assert "(unreleased)" not in (repository / "CHANGELOG.md").read_text("utf-8")
    assert git(repository, "status", "--porcelain") == ""
    again = release(repository, "99.0.0", "--no-build")
    assert again.returncode == 1
    assert "99.0.0 is not newer than 99.0.0, which has a tag" in again.stderr


def test_what_is_not_committed_stops_it(repository: Path) -> None:
    (repository / "CHANGELOG.md").write_text("changed", "utf-8")
    done = release(repository, "99.0.0", "--no-build")
    assert done.returncode == 1
    assert "CHANGELOG.md" in done.stderr


def test_the_files_that_later_versions_must_open_are_asked_for(tool: ModuleType, repository: Path) -> None:
    tool.check_kept(repository, "98.0.0rc1")
    shutil.rmtree(repository / "tests" / "compatibility")
    git(repository, "commit", "--quiet", "--all", "--message", "Forget them")
    done = release(repository, "99.0.0", "--no-build")
    assert done.returncode == 1
    assert "tests/compatibility/99.0.0 is missing" in done.stderr
    assert "tests.compatibility.make_files" in done.stderr


def test_what_is_untrue_after_a_release_is_shown_and_must_be_changed_first(repository: Path) -> None:
    (repository / "README.md").write_text("Convoscope\n\nThere is no release yet.\n", "utf-8")
    (repository / "pyproject.toml").write_text("[project]\n", "utf-8")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "Text")
    tried = release(repository, "99.0.0", "--no-build")
    assert tried.returncode == 0, tried.stderr
    assert "README.md:3: There is no release yet." in tried.stdout
    assert "there is no [project.urls]" in tried.stdout
    applied = release(repository, "99.0.0", "--no-build", "--apply")
    assert applied.returncode == 1
    assert "must be changed first:\nREADME.md:3" in applied.stderr
    assert git(repository, "tag") == ""


def test_git_must_know_who_commits(repository: Path) -> None:
    git(repository, "config", "--unset", "user.email")
    nothing = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = release(repository, "99.0.0", "--no-build", **nothing)
    assert done.returncode == 1
    assert "git does not know your email" in done.stderr


def test_tools_that_are_missing_are_named(tool: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(tool.ReleaseError, match=r"has no build and no twine\. .*--group release"):
        tool.check_tools()
