"""Ctrl-C in the middle of what Python cannot interrupt."""

from __future__ import annotations

import _thread
import signal
import subprocess
import sys
import time
import weakref
from types import SimpleNamespace
from typing import Any

import pytest

from convoscope.cli.interrupts import lost_interrupts_come_again

_COMMAND = """
import signal, sys, time, weakref
from convoscope.cli import main

class Thing: pass

def command():
    thing = Thing()
    watched = weakref.ref(thing, lambda reference: signal.raise_signal(signal.SIGINT))
    del thing
    print("went on", flush=True)
    time.sleep(60)

main.app.command("doze")(command)
sys.argv = ["convoscope", "doze"]
main.main()
"""


class _Thing:
    """Something that can be referred to weakly."""


def _interrupt_what_python_ignores() -> None:
    """Press Ctrl-C while a weak reference ends, and see it come."""
    things = [_Thing()]
    watched = weakref.ref(things[0], lambda reference: signal.raise_signal(signal.SIGINT))
    with lost_interrupts_come_again():
        things.clear()
        assert watched() is None
        with pytest.raises(KeyboardInterrupt):
            time.sleep(60)


def test_an_interrupt_that_python_ignores_comes_again(capsys: pytest.CaptureFixture[str]) -> None:
    _interrupt_what_python_ignores()
    assert capsys.readouterr().err == ""


def test_an_interrupt_waits_until_the_hook_has_been_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine the main thread may stay in the hook for longer than the pause."""
    start = _thread.start_new_thread

    def slow(*words: Any) -> int:
        found = start(*words)
        time.sleep(0.2)  # still within the hook
        return found

    monkeypatch.setattr(_thread, "start_new_thread", slow)
    _interrupt_what_python_ignores()


def test_other_exceptions_that_python_ignores_are_shown_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", seen.append)
    ignored = SimpleNamespace(exc_type=ValueError, exc_value=ValueError("lost"))
    with lost_interrupts_come_again():
        sys.unraisablehook(ignored)  # type: ignore[arg-type]
    assert seen == [ignored]


def test_a_command_ends_at_an_interrupt_that_python_ignores() -> None:
    ended = subprocess.run([sys.executable, "-c", _COMMAND], capture_output=True, text=True, timeout=50)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "went on\n", "Interrupted.\n")
