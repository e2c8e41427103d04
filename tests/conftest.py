"""What all tests share.

Without the native core, as on a machine that has no compiler, what needs it is skipped and the rest runs on the
reference engine. Where ``CONVOSCOPE_REQUIRE_NATIVE`` is set, as by ``make test`` and so in CI, it must be there.
"""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Generator, Iterator
from typing import Any

import pytest

from convoscope.engine.base import Engine
from convoscope.engine.select import native_problem, use
from convoscope.errors import ConfigurationError, EngineFallbackWarning
from convoscope.layers.counting import clear_session

PROBLEM = native_problem()
# What imports and `use("native")` say without the core.
_NOT_THERE = ("_native", "The native engine cannot be used")


def pytest_configure() -> None:
    """Refuse to run without a core that must be there; else settle for the reference engine once, without warning."""
    if PROBLEM and os.environ.get("CONVOSCOPE_REQUIRE_NATIVE"):
        raise pytest.UsageError(
            f"CONVOSCOPE_REQUIRE_NATIVE is set, but the native engine cannot be used: {PROBLEM}. Build it with "
            "`make core`, or unset the variable to test what runs without it."
        )
    if PROBLEM:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", EngineFallbackWarning)
            use("auto")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long tests: at the end the other workers would wait for them."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def _needs_the_core(words: str) -> bool:
    return PROBLEM is not None and any(part in words for part in _NOT_THERE)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, pytest.CollectReport, Any]:
    """Skip a module that imports the core where there is none."""
    report = yield
    if report.outcome == "failed" and _needs_the_core(str(report.longrepr)):
        report.outcome = "skipped"
        report.longrepr = (str(collector.path), 0, f"Skipped: it needs the native core, and {PROBLEM}")
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Skip a test that asks for the core where there is none."""
    try:
        return (yield)
    except (ImportError, ConfigurationError) as error:
        if _needs_the_core(str(error)):
            pytest.skip(f"it needs the native core, and {PROBLEM}")
        raise


@pytest.fixture(autouse=True, scope="session")
def interruptions_arrive() -> None:
    """A shell starts what it runs in the background deaf to Ctrl-C; tests that interrupt would wait for ever."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def names_begin_again() -> None:
    """Count the automatic names of layers and models from the test's beginning, whatever ran before it."""
    clear_session()


@pytest.fixture(autouse=True)
def automatic_engine_and_threads() -> Iterator[None]:
    """Undo a test's choice of engine and of threads, so that tests do not see each other's."""
    yield
    from convoscope.engine import set_threads

    set_threads(None)
    use("auto")


@pytest.fixture(params=["reference", "native"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Run the test with each engine that is there."""
    if request.param == "native" and PROBLEM:
        pytest.skip(f"it needs the native core, and {PROBLEM}")
    return use(request.param)
