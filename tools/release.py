"""Try a release: version, changelog, tag, build, and a check in an empty environment. Nothing is published.

    python -m pip install --group release
    python tools/release.py 0.1.0            # in a copy of the last commit: shows what a release would change
    python tools/release.py 0.1.0 --apply    # and then does it here: a commit and a tag, which you push

A pushed tag publishes: `.github/workflows/wheels.yml` builds for every system and uploads. So the tag is the last step,
and it is made only after all of this has passed.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_VERSION = re.compile(r"\d+\.\d+\.\d+(?:rc\d+)?")
# What is true until the first release, or was never filled in.
_UNTIL_THEN = re.compile(
    r"(no release|not released|has been released) yet|(after|until) the first (release|one)|once 0\.1\.0 is out"
    r"|<this repository>",
    re.IGNORECASE,
)
_READ_BY_USERS = ("README.md", "SECURITY.md", "docs/*.md")
_HEADING = re.compile(r"^## (\S+) \(([^)]+)\)$", re.MULTILINE)


class ReleaseError(Exception):
    """Why there can be no such release."""


def run(*words: str | Path, cwd: Path, **variables: str) -> str:
    """Run a program with more environment variables, and return what it prints."""
    command, environment = [str(word) for word in words], {**os.environ, **variables}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReleaseError(f"{' '.join(map(str, words))} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


def order(version: str) -> tuple[int, ...]:
    """Return a version in numbers that can be compared: a candidate comes before its release."""
    numbers, _, candidate = version.partition("rc")
    return *map(int, numbers.split(".")), int(candidate) if candidate else sys.maxsize


def check_version(version: str, tags: list[str]) -> None:
    """Raise a ReleaseError unless it is a version, and newer than every tag."""
    if not _VERSION.fullmatch(version):
        raise ReleaseError(f"{version} is no version: write 1.2.3, or 1.2.3rc1 for a candidate.")
    released = [tag[1:] for tag in tags if tag.startswith("v") and _VERSION.fullmatch(tag[1:])]
    newest = max(released, key=order, default=None)
    if newest is not None and order(version) <= order(newest):
        raise ReleaseError(f"{version} is not newer than {newest}, which has a tag.")


def check_tools() -> None:
    """Raise a ReleaseError if something is missing that builds."""
    missing = [name for name in ("build", "twine") if importlib.util.find_spec(name) is None]
    if missing:
        raise ReleaseError(
            f"{sys.executable} has no {' and no '.join(missing)}. Install what a release needs: "
            f"{sys.executable} -m pip install --group release"
        )


def author(folder: Path) -> dict[str, str]:
    """Return the name and the address that git commits with here.

    Raises
    ------
    ReleaseError
        One of them is not set.
    """
    found = {}
    for name in ("name", "email"):
        done = subprocess.run(
            ["git", "config", f"user.{name}"], cwd=folder, capture_output=True, text=True, check=False
        )
        if not (value := done.stdout.strip()):
            raise ReleaseError(f"git does not know your {name}: git config --global user.{name} ...")
        found[name] = value
    return found


def check_kept(folder: Path, version: str) -> None:
    """Raise a ReleaseError unless the files that later versions must open are there; a candidate needs none."""
    kept = folder / "tests" / "compatibility" / version
    if "rc" not in version and not kept.is_dir():
        raise ReleaseError(
            f"tests/compatibility/{version} is missing: files of this version, which every later one must open. Set "
            f'__version__ = "{version}" in src/convoscope/__init__.py, run python -m tests.compatibility.make_files, '
            "and commit both."
        )


def unready(folder: Path) -> list[str]:
    """Return what users would read that is no longer true once there is a release, and what PyPI would lack."""
    found = []
    for file in sorted(file for pattern in _READ_BY_USERS for file in folder.glob(pattern)):
        lines = enumerate(file.read_text("utf-8").splitlines(), 1)
        name = file.relative_to(folder).as_posix()
        found += [f"{name}:{number}: {line.strip()}" for number, line in lines if _UNTIL_THEN.search(line)]
    project = folder / "pyproject.toml"
    if project.exists() and "[project.urls]" not in project.read_text("utf-8"):
        found.append(
            "pyproject.toml: there is no [project.urls], so PyPI's page will not link to the repository; README's "
            "relative links and its picture need the repository's address as well"
        )
    return found


def dated(changelog: str, version: str, day: str) -> str:
    """Return the changelog with today's date for the newest section.

    Raises
    ------
    ReleaseError
        The newest section is another version's, is dated already, or says nothing.
    """
    first = _HEADING.search(changelog)
    if first is None or first[1] != version or first[2] != "unreleased":
        came = first[0] if first else "no heading"
        raise ReleaseError(f"CHANGELOG.md must begin with '## {version} (unreleased)', but has: {came}")
    following = _HEADING.search(changelog, first.end())
    if not changelog[first.end() : following.start() if following else None].strip():
        raise ReleaseError(f"CHANGELOG.md says nothing about {version}.")
    return f"{changelog[: first.start()]}## {version} ({day}){changelog[first.end() :]}"


def with_line(text: str, begin: str, line: str, after: str | None = None) -> str:
    """Replace the one line that begins so; where there is none, add it behind the one that begins with `after`."""
    found = re.findall(rf"^{re.escape(begin)}.*$", text, re.MULTILINE)
    if len(found) == 1:
        return text.replace(found[0], line, 1)
    if found or after is None:
        raise ReleaseError(f"One line was expected that begins with {begin!r}, but there are {len(found)}.")
    return re.sub(rf"^({re.escape(after)}.*)$", rf"\1\n{line}", text, count=1, flags=re.MULTILINE)


def change(folder: Path, version: str, day: str) -> None:
    """Write the version and the day into the files that have them."""
    package, citation, changelog = (
        folder / name for name in ("src/convoscope/__init__.py", "CITATION.cff", "CHANGELOG.md")
    )
    texts = {
        package: with_line(package.read_text("utf-8"), "__version__ = ", f'__version__ = "{version}"'),
        citation: with_line(
            with_line(citation.read_text("utf-8"), "version: ", f"version: {version}"),
            "date-released: ",
            f"date-released: {day}",
            after="version: ",
        ),
        changelog: dated(changelog.read_text("utf-8"), version, day),
    }
    for file, text in texts.items():
        file.write_text(text, "utf-8")


def commit(folder: Path, version: str) -> None:
    """Commit what was changed, and give it the tag."""
    run("git", "commit", "--quiet", "--all", "--message", f"Release {version}", cwd=folder)
    run("git", "tag", "--annotate", f"v{version}", "--message", f"Convoscope {version}", cwd=folder)


def build(folder: Path) -> Path:
    """Build the sources' archive, and a wheel from that as other machines do, and check it in an empty environment."""
    python = sys.executable
    print("Building the archive of the sources ...", flush=True)
    run(python, "-m", "build", "--sdist", "--outdir", "dist", ".", cwd=folder)
    (sources,) = (folder / "dist").glob("convoscope-*.tar.gz")
    print(f"Building a wheel from {sources.name}: minutes ...", flush=True)
    words = ["-m", "pip", "wheel", "--no-deps", "--wheel-dir", "dist", str(sources)]
    run(python, *words, cwd=folder, CONVOSCOPE_REQUIRE_NATIVE="1")
    (wheel,) = (folder / "dist").glob("convoscope-*.whl")
    print("Checking what PyPI reads ...", flush=True)
    run(python, "-m", "twine", "check", "--strict", sources, wheel, cwd=folder)
    print("Installing it into an empty environment ...", flush=True)
    print(run(python, folder / "tools" / "check_wheel.py", wheel, cwd=folder))
    return wheel


def main() -> int:
    """Try a release, and return 1 if there can be none."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version")
    parser.add_argument("--apply", action="store_true", help="then commit and tag here")
    parser.add_argument("--no-build", action="store_true", help="check and change the texts only")
    arguments = parser.parse_args()
    version, day = arguments.version, datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    try:
        check_version(version, run("git", "tag", cwd=ROOT).split())
        check_kept(ROOT, version)
        committer = author(ROOT)
        if not arguments.no_build:
            check_tools()
        if uncommitted := run("git", "status", "--porcelain", cwd=ROOT):
            raise ReleaseError(f"A release is made of what is committed, and this is not:\n{uncommitted}")
        to_do = "\n".join(unready(ROOT))
        if to_do and arguments.apply:
            raise ReleaseError(f"this must be changed first:\n{to_do}")
        with tempfile.TemporaryDirectory() as scratch:
            copy = Path(scratch, "convoscope")
            run("git", "clone", "--quiet", "--no-hardlinks", ROOT, copy, cwd=ROOT)
            for name, value in committer.items():
                run("git", "config", f"user.{name}", value, cwd=copy)
            change(copy, version, day)
            commit(copy, version)
            print(run("git", "show", "--format=%an: %s", f"v{version}^{{commit}}", cwd=copy))
            if not arguments.no_build:
                build(copy)
        if arguments.apply:
            change(ROOT, version, day)
            commit(ROOT, version)
            branch = run("git", "branch", "--show-current", cwd=ROOT).strip()
            print(f"Committed and tagged. To publish: git push origin {branch} v{version}")
        else:
            print("All of that was in a copy. With --apply it is committed and tagged here.")
            if to_do:
                print(f"Before that, this must be changed:\n{to_do}")
    except ReleaseError as error:
        print(f"No release: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
