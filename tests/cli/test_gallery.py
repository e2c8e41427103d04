"""``convoscope gallery``, and ``convoscope`` alone: the gallery for who can see it, the help for others."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from convoscope.cli.alone import opens_pages

from .conftest import Shell


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What browsers are opened at, by a person who presses Ctrl-C at once."""
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda address: bool(opened.append(address)) or True)
    monkeypatch.setattr("convoscope.web.server.Server.serve", lambda self: (_ for _ in ()).throw(KeyboardInterrupt))
    return opened


def test_the_gallery_says_where_it_is_and_opens_a_browser_unless_told_not_to(shell: Shell, ended: list[str]) -> None:
    done = shell("gallery", "--no-browser", "--port", "0")
    assert (done.status, done.err) == (0, "")
    assert re.search(r"The gallery is at http://127\.0\.0\.1:\d+/[\w-]+/\n", done.out)
    assert done.out.endswith("The gallery has ended.\n")
    assert ended == []
    shell("gallery", "elsewhere", "--port", "0")
    assert len(ended) == 1


def test_alone_it_prints_the_help_where_nobody_sees_a_page(shell: Shell, ended: list[str]) -> None:
    done = shell()
    assert (done.status, done.err) == (0, "")
    assert "Usage: convoscope" in done.out
    assert done.out.rstrip().splitlines()[-1].startswith("To see it in a browser: convoscope gallery.")
    assert done.out.startswith(shell("--help").out.rstrip())
    assert ended == []


def test_alone_it_opens_the_gallery_in_a_terminal_with_a_screen(
    shell: Shell, ended: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("convoscope.cli.alone.opens_pages", lambda *_: True)
    assert "The gallery is at" in shell().out
    assert len(ended) == 1


@pytest.mark.parametrize(
    ("streams", "platform", "environment", "expected"),
    [
        ((Terminal(), Terminal()), "linux", {"DISPLAY": ":0"}, True),
        ((Terminal(), Terminal()), "linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ((Terminal(), Terminal()), "linux", {}, False),
        ((Terminal(), Terminal()), "darwin", {}, True),
        ((Terminal(), Terminal()), "darwin", {"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, False),
        ((Terminal(), Terminal()), "linux", {"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22", "DISPLAY": ":10"}, True),
        ((Terminal(), io.StringIO()), "linux", {"DISPLAY": ":0"}, False),  # piped
        ((io.StringIO(), Terminal()), "win32", {}, False),
        ((None, Terminal()), "darwin", {}, False),
    ],
)
def test_who_sees_a_page(streams: tuple[Any, Any], platform: str, environment: dict[str, str], expected: bool) -> None:
    assert opens_pages(*streams, platform, environment) is expected
