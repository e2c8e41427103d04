"""How a browser is told the address: not on its command line, which every user of the machine can read."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest

from convoscope.web.browser import Redirect
from convoscope.web.server import Response, Server, Site

COPY = "copy the address into"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """What a browser is started with."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with_what: list[str] = []

    def note(address: str) -> bool:
        with_what.append(address)
        return True

    monkeypatch.setattr("webbrowser.open", note)
    return with_what


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(Site(tmp_path, {"": lambda: Response(b"page", "text/plain")}), port=0) as running:
        running.start()
        yield running


def file_of(address: str) -> Path:
    assert urlsplit(address).scheme == "file"
    return Path(url2pathname(urlsplit(address).path))


class Refresh(HTMLParser):
    """Reads where a page leads on to."""

    address = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "meta" and told.get("http-equiv") == "refresh":
            self.address = (told["content"] or "").partition("url=")[2]


def test_the_browser_is_given_a_file_that_only_this_user_can_read(server: Server, started: list[str]) -> None:
    told = server.open_browser()
    assert COPY in told
    file = file_of(started[0])
    assert server.token not in started[0]
    page = Refresh()
    page.feed(file.read_text(encoding="utf-8"))
    assert page.address == server.address
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_the_file_is_gone_once_the_page_is_asked_for(server: Server, started: list[str], tmp_path: Path) -> None:
    server.open_browser()
    file = file_of(started[0])
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(server.address.replace(server.token, "x"))
    assert file.exists()
    assert urllib.request.urlopen(server.address).read() == b"page"
    assert not file.exists()
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_gone_when_the_server_ends(tmp_path: Path, started: list[str]) -> None:
    with Server(Site(tmp_path), port=0) as server:
        server.open_browser()
        assert file_of(started[0]).exists()
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_gone_when_python_ends(tmp_path: Path) -> None:
    code = (
        "import tempfile, webbrowser; from convoscope.web.browser import Redirect\n"
        f"tempfile.tempdir = {str(tmp_path)!r}; webbrowser.open = lambda address: True\n"
        "assert Redirect().open('http://127.0.0.1/')\n"
        f"import os; assert len(os.listdir({str(tmp_path)!r})) == 1"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=300)
    assert list(tmp_path.iterdir()) == []


def test_without_a_browser_the_address_is_to_be_copied_and_no_file_stays(
    server: Server, started: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("webbrowser.open", lambda address: False)
    assert COPY in server.open_browser()
    assert list(tmp_path.iterdir()) == []


def test_where_no_file_can_be_written_the_address_is_to_be_copied(
    server: Server, started: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nothing"))
    assert COPY in server.open_browser()
    assert started == []


def test_a_browser_outside_of_this_system_is_not_given_a_file_that_it_cannot_read(
    server: Server, started: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.release", lambda: "5.15.153.1-microsoft-standard-WSL2")
    assert COPY in server.open_browser()
    assert started == []


@pytest.mark.skipif(os.name != "posix", reason="snaps are Linux'")
def test_a_browser_that_is_a_snap_is_given_a_file_that_it_can_read(
    started: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    programs, shared = tmp_path / "bin", tmp_path / "home" / "snap" / "firefox" / "common"
    programs.mkdir()
    shared.mkdir(parents=True)
    for name, says in (("snap", ""), ("xdg-settings", "firefox_firefox.desktop")):
        (programs / name).write_text(f"#!/bin/sh\necho {says}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    redirect = Redirect()
    assert redirect.open("http://127.0.0.1/")
    assert shared in file_of(started[0]).parents
    redirect.remove()
    assert list(shared.iterdir()) == []
    (programs / "xdg-settings").write_text("#!/bin/sh\necho firefox-esr.desktop\n")
    assert redirect.open("http://127.0.0.1/")
    assert shared not in file_of(started[1]).parents
    redirect.remove()


def test_an_address_is_text_in_the_file_whatever_is_in_it(started: list[str]) -> None:
    redirect = Redirect()
    redirect.open('http://127.0.0.1/"><script>&')
    page = file_of(started[0]).read_text(encoding="utf-8")
    redirect.remove()
    assert not re.search(r"<script", page)
