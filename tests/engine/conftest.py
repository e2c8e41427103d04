"""Every instruction set that this machine has, by turns."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from convoscope.engine.select import native_problem

if native_problem() is None:
    from convoscope import _native


@pytest.fixture(params=[] if native_problem() else _native.isas())
def isa(request: pytest.FixtureRequest) -> Iterator[str]:
    """Force an instruction set for a test; its name."""
    _native.set_isa(request.param)
    yield request.param
    _native.set_isa("auto")
