"""Which engine runs: the native one where it is there, else the reference engine, with one warning."""

from __future__ import annotations

import importlib
import importlib.util
import warnings

from convoscope.engine.base import Engine
from convoscope.engine.threads import get_threads
from convoscope.errors import ConfigurationError, EngineFallbackWarning, unknown_name

NAMES = ("native", "reference")
_CORE = "convoscope._native"


class _Choice:
    """The engine in use, once it is chosen, and what was asked for."""

    engine: Engine | None = None
    warned = False


def native_problem() -> str | None:
    """Return why the native engine cannot be used, or None if it can."""
    if importlib.util.find_spec(_CORE) is None:
        return "its core was not compiled when Convoscope was installed, which needs a C++17 compiler"
    try:
        core = importlib.import_module(_CORE)
    except ImportError as error:
        return f"its compiled core could not be loaded ({error})"
    core.set_threads(get_threads())
    return None


def available() -> dict[str, str]:
    """Return each engine's name with ``"ok"``, or with why it cannot be used."""
    return {"native": native_problem() or "ok", "reference": "ok"}


def use(name: str) -> Engine:
    """Choose the engine that models compute with from now on.

    Parameters
    ----------
    name : {"auto", "native", "reference"}
        ``"auto"`` takes the native engine where it is there.

    Examples
    --------
    >>> use("reference").name
    'reference'
    >>> _ = use("auto")
    """
    if not isinstance(name, str) or name not in ("auto", *NAMES):
        raise unknown_name("engine", name, ["auto", *NAMES])
    problem = native_problem() if name != "reference" else None
    if name == "native" and problem:
        raise ConfigurationError(
            f"The native engine cannot be used: {problem}. Reinstall Convoscope where a C++17 compiler is found, or "
            "take the engine 'reference'."
        )
    if name != "reference" and problem and not _Choice.warned:
        _Choice.warned = True
        warnings.warn(
            f"The native engine is not available: {problem}. The reference engine computes the same, many times "
            "slower. 'convoscope doctor' says more.",
            EngineFallbackWarning,
            stacklevel=3,
        )
    _Choice.engine = _make("reference" if name == "reference" or problem else "native")
    return _Choice.engine


def _make(name: str) -> Engine:
    if name == "native":
        from convoscope.engine.native import NativeEngine

        return NativeEngine()
    from convoscope.engine.reference import ReferenceEngine

    return ReferenceEngine()


def current() -> Engine:
    """Return the engine in use, choosing one at the first call."""
    return _Choice.engine if _Choice.engine is not None else use("auto")
