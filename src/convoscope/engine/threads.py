"""How many threads to compute with: as many as this process may really use, unless told otherwise.

A container limited to two processors on a machine of sixty-four reports sixty-four of them; starting as many threads
there makes training many times slower. So affinity, the control group's limit and OMP_NUM_THREADS are read, not the
machine's size.
"""

from __future__ import annotations

import math
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from convoscope.errors import ConfigurationError
from convoscope.processes.world import world

_MOST = 256


@dataclass(frozen=True)
class ThreadBudget:
    """How many threads the process may use, and what limits them."""

    count: int
    reason: str


class _Setting:
    """The number that the user chose, if any."""

    chosen: int | None = None


def available_threads() -> ThreadBudget:
    """Return how many processors this process may use, and why that many."""
    if hasattr(os, "sched_getaffinity"):
        count, reason = len(os.sched_getaffinity(0)), "processors that this process may run on"
    else:
        count, reason = os.cpu_count() or 1, "processors of the machine"
    quota = _control_group_limit(Path("/sys/fs/cgroup"), Path("/proc/self/cgroup"))
    if quota is not None and math.ceil(quota) < count:
        count, reason = math.ceil(quota), f"the control group's limit of {quota:g} processors"
    told = _told()
    if told is not None and told < count:
        count, reason = told, f"OMP_NUM_THREADS={told} in the environment"
    return ThreadBudget(max(1, count), reason)


def _told() -> int | None:
    """Return what OMP_NUM_THREADS says, as other numerical libraries take it; None where it says nothing.

    PyTorch's launcher sets it to 1 for each of several processes, unasked: these share the machine, as `get_threads`
    says.
    """
    text = os.environ.get("OMP_NUM_THREADS", "").strip()
    return int(text) if text.isdecimal() and int(text) > 0 and world().local_size == 1 else None


def _control_group_limit(root: Path, membership: Path) -> float | None:
    """Return the smallest processor limit of the control groups that the process is in, or None (Linux only)."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return None
    limits: list[float] = []
    names: tuple[str, ...]
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":  # version 2: one tree, "max 100000" or "150000 100000"
            base, names = root, ("cpu.max",)
        elif "cpu" in controllers.split(","):  # version 1
            base, names = root / "cpu", ("cpu.cfs_quota_us", "cpu.cfs_period_us")
        else:
            continue
        # Inside a container the path is often that of the host; the container's own group is then the root.
        folder = base / path.lstrip("/")
        while True:
            limits += _read_limit(folder, names)
            if folder == base or base not in folder.parents:
                break
            folder = folder.parent
    return min(limits, default=None)


def _read_limit(folder: Path, names: tuple[str, ...]) -> list[float]:
    try:
        words = " ".join((folder / name).read_text() for name in names).split()
        quota, period = words[0], float(words[1])
    except (OSError, IndexError, ValueError):
        return []
    if quota in ("max", "-1") or period <= 0:
        return []
    return [float(quota) / period]


def get_threads() -> int:
    """Return how many threads an engine computes with. Processes that train together share those of the machine.

    Examples
    --------
    >>> set_threads(2)
    >>> get_threads()
    2
    >>> set_threads(None)  # as many as the process may use
    """
    return _Setting.chosen or max(1, available_threads().count // world().local_size)


def set_threads(count: int | None) -> None:
    """Choose how many threads the native engine computes with.

    Parameters
    ----------
    count : int or None
        At least 1. None goes back to what the process may use.

    Examples
    --------
    >>> set_threads(1)
    >>> get_threads()
    1
    >>> set_threads(None)
    """
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= _MOST):
        raise ConfigurationError(f"The number of threads must be a whole number from 1 to {_MOST}, but is {count!r}.")
    _Setting.chosen = count
    native = sys.modules.get("convoscope._native")
    if native is not None:
        native.set_threads(get_threads())
