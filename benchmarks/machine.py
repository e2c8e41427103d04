"""What the measurements ran on."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.environments import ROOT


def describe() -> dict[str, Any]:
    """Return the processor, its cores, the memory, the system, and the commit that lies here."""
    return {
        "processor": _processor(),
        "cores": available_cores(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "commit": _commit(),
    }


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load() -> float:
    """Return the load average of the last minute."""
    return os.getloadavg()[0]


@dataclass(frozen=True)
class Clocks:
    """Seconds, to be subtracted from each other: on the wall, of all cores' work, and of our own processes' work."""

    wall: float
    busy: float | None
    own: float

    @classmethod
    def read(cls) -> Clocks:
        """Read all three; how busy the cores are can be read on Linux only."""
        times = os.times()
        own = times.user + times.system + times.children_user + times.children_system
        return cls(time.monotonic(), _busy(), own)


def others(begin: Clocks, end: Clocks) -> float | None:
    """Return the share of the cores that other programs took between two readings, 0 to 1; None if it is unknown."""
    if begin.busy is None or end.busy is None or end.wall <= begin.wall:
        return None
    others = (end.busy - begin.busy) - (end.own - begin.own)
    return max(0.0, others / ((end.wall - begin.wall) * available_cores()))


def _busy() -> float | None:
    try:
        fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    except OSError:
        return None
    user, nice, system, _idle, _waiting, *interrupts = (int(field) for field in fields[:8])
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


def instructions() -> list[str]:
    """Return the instruction sets of this processor that the measured libraries may use."""
    flags = _cpuinfo().get("flags", "").split()
    return [name for name in ("avx2", "fma", "avx512f", "avx512_bf16", "amx_tile") if name in flags]


def _cpuinfo() -> dict[str, str]:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return {}
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    return {key.strip(): value.strip() for key, value in fields.items()}


def _processor() -> str:
    sets = instructions()
    if not sets:
        return platform.processor() or platform.machine()
    return f"{_cpuinfo().get('model name', platform.machine())} ({', '.join(sets)})"


def _commit() -> str:
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()
