"""What an epoch takes of the machine."""

from __future__ import annotations

import sys
import time


class Machine:
    """A clock for the seconds, the processor and the memory of this process.

    Examples
    --------
    >>> machine = Machine()
    >>> machine.begin()
    >>> machine.end()["system/seconds"] < 5
    True
    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Start."""
        self._wall, self._processor = time.perf_counter(), time.process_time()

    def end(self) -> dict[str, float]:
        """Return what was taken since `begin`."""
        seconds = time.perf_counter() - self._wall
        share = (time.process_time() - self._processor) / max(seconds, 1e-9)
        return {"system/seconds": seconds, "system/cpu_percent": 100 * share, **_memory()}


def _memory() -> dict[str, float]:
    """Return the most memory that was held so far, where the system tells it: Windows has another way."""
    if sys.platform == "win32":
        return {}
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"system/peak_memory_mb": peak / (1e6 if sys.platform == "darwin" else 1e6 / 1024)}
