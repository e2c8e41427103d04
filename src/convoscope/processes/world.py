"""Which process this is, of how many: what torchrun, or 'convoscope train --processes', says in the environment."""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass

from convoscope.errors import ConfigurationError

_NEEDED = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
#: Set for the processes that 'convoscope train --processes' starts: their parent says why one of them ended.
LAUNCHED = "CONVOSCOPE_LAUNCHED"


@dataclass(frozen=True)
class World:
    """One process among those that train together.

    Attributes
    ----------
    rank, size : int
        Its number, from 0, and how many there are on all machines.
    local_rank, local_size : int
        The same on this machine.
    address, port : str, int
        Where they meet.
    restarts : int
        How often torchrun has started them again.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1
    address: str = ""
    port: int = 0
    restarts: int = 0

    @property
    def title(self) -> str:
        """What messages call it; people count from 1."""
        return f"process {self.rank + 1} of {self.size}"


def world() -> World:
    """Return which process this is; the only one where nobody says otherwise.

    Raises
    ------
    ConfigurationError
        If what the environment says cannot be.
    """
    if any(name not in os.environ for name in _NEEDED):
        return World()
    rank, size, port = _number("RANK"), _number("WORLD_SIZE"), _number("MASTER_PORT")
    if size <= 1:
        return World()
    if rank >= size or not 0 < port < 1 << 16:
        raise ConfigurationError(
            f"The environment has RANK={rank}, WORLD_SIZE={size} and MASTER_PORT={port}: a rank must be 0 to "
            f"{size - 1} and a port 1 to 65535. torchrun sets all of them."
        )
    return World(
        rank,
        size,
        _number("LOCAL_RANK", 0),
        max(1, _number("LOCAL_WORLD_SIZE", 1)),
        os.environ["MASTER_ADDR"],
        port,
        _number("TORCHELASTIC_RESTART_COUNT", 0),
    )


def was_launched() -> bool:
    """Whether 'convoscope train --processes' has started this process, and not torchrun."""
    return LAUNCHED in os.environ


def has_store() -> bool:
    """Whether the store in which processes find one another is kept by torchrun, and not by the first of them."""
    return os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"


def shared_entropy() -> int | None:
    """Return a number that all processes of this start know; None where there is only one.

    Seeds that nobody has chosen follow from it, so that all have the same.
    """
    here = world()
    if here.size == 1:
        return None
    names = [os.environ.get(name, "") for name in ("TORCHELASTIC_RUN_ID", "SLURM_JOB_ID", LAUNCHED)]
    return zlib.crc32("/".join([here.address, str(here.port), *names]).encode())


def share_of(count: int, rank: int, size: int) -> slice:
    """Return which samples of a batch a process computes: neighbours, one more in the first where it must be.

    Batches of fewer samples than there are processes are computed whole by each of them.

    Examples
    --------
    >>> [share_of(10, rank, 4) for rank in range(4)]
    [slice(0, 3, None), slice(3, 6, None), slice(6, 8, None), slice(8, 10, None)]
    >>> share_of(3, 2, 4)
    slice(0, 3, None)
    """
    if count < size:
        return slice(0, count)
    start = rank * (count // size) + min(rank, count % size)
    return slice(start, start + count // size + (rank < count % size))


def _number(name: str, default: int | None = None) -> int:
    told = os.environ.get(name)
    if told is None and default is not None:
        return default
    if told is None or not told.strip().isdecimal():
        raise ConfigurationError(
            f"The environment has {name}={told!r}, which is not a number. torchrun sets it; unset it to train in one "
            "process."
        )
    return int(told)
