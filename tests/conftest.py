"""What all tests share."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from convoscope.engine.base import Engine


@pytest.fixture(autouse=True, scope="session")
def interruptions_arrive() -> None:
    """A shell starts what it runs in the background deaf to Ctrl-C; tests that interrupt would wait for ever."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def automatic_engine_and_threads() -> Iterator[None]:
    """Undo a test's choice of engine and of threads, so that tests do not see each other's."""
    yield
    from convoscope.engine import set_threads, use

    set_threads(None)
    use("auto")


@pytest.fixture(params=["reference", "native"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Run the test with each engine. A native engine that is not there is a failure, not a skip."""
    from convoscope.engine import use

    return use(request.param)
