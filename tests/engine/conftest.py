"""Every instruction set that this machine has, by turns."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from convoscope.engine.select import native_problem
from convoscope.engine.threads import set_threads

if native_problem() is None:
    from convoscope import _native


@pytest.fixture(autouse=True)
def several_threads() -> None:
    """The engine's own tests share the work among threads; `make test` gives all others one thread."""
    set_threads(2)


@pytest.fixture(params=[] if native_problem() else _native.isas())
def isa(request: pytest.FixtureRequest) -> Iterator[str]:
    """Force an instruction set for a test; its name."""
    _native.set_isa(request.param)
    yield request.param
    _native.set_isa("auto")
