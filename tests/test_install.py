"""What the installation of ``make demo`` tells."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
from tests.modules import tool_named

# As pip 25.1 and scikit-build-core 1.1 write them.
LINES = """\
Obtaining file:///somewhere
  Installing build dependencies: started
  Installing collected packages: pathspec, nanobind, scikit-build-core
  *** scikit-build-core 1.1.2 using CMake 3.25.1 (editable)
  *** Configuring CMake...
  [0/2] Re-checking globbed directories...
  [1/47] Building CXX object CMakeFiles/_native.dir/native/binding_filter.cpp.o
  [2/47] Linking CXX static library libnanobind-static.a
Collecting rich>=13
Installing collected packages: rich, convoscope
""".splitlines(keepends=True)


@pytest.fixture
def install() -> ModuleType:
    return tool_named("install")


def test_phases_and_steps_are_told(install: ModuleType) -> None:
    assert list(install.told(LINES)) == [
        ("Fetching what the build needs", False),
        ("Looking at the compiler", False),
        ("Compiling the core: a minute or several", False),
        ("compiled 1 of 47 files", True),
        ("compiled 2 of 47 files", True),
        ("Installing", False),
    ]


def test_makes_percentages_are_told_too(install: ModuleType) -> None:
    assert list(install.told(["  [ 12%] Building CXX object a.cpp.o\n"]))[1:] == [("compiled 12 %", True)]


def test_a_failure_is_shown_and_its_status_kept(
    install: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(install, "LOG", tmp_path / "build" / "install.log")
    script = "import sys; print('  *** Configuring CMake...'); print('no compiler'); sys.exit(3)"
    monkeypatch.setattr(install, "COMMAND", ["-c", script])
    monkeypatch.setattr(install.sys, "argv", ["install.py"])
    assert install.main() == 3
    printed = capsys.readouterr()
    assert "Looking at the compiler ..." in printed.out
    assert "no compiler" in printed.err
    assert "install.log" in printed.err
