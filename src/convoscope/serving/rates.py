"""How often a client may ask: a bucket of tokens for each address."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

_MOST_CLIENTS = 10_000


class Rates:
    """Requests of clients by their addresses.

    Parameters
    ----------
    per_minute : float or None
        None for any number.
    burst : int
        How many may come at once.
    clock : function
        Returns seconds.

    Examples
    --------
    >>> rates = Rates(60, burst=1, clock=iter([0.0, 0.25, 2.0]).__next__)
    >>> [rates.wait("10.0.0.1") for _ in range(3)]
    [0, 1, 0]
    """

    def __init__(self, per_minute: float | None, burst: int = 20, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = None if per_minute is None else per_minute / 60
        self._burst, self._clock = burst, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens, and when they were counted

    def wait(self, client: str) -> int:
        """Take a token of a client's, and return 0; or return in how many seconds there will be one."""
        if self._rate is None:
            return 0
        now = self._clock()
        left, since = self._left.pop(client, (float(self._burst), now))
        left = min(float(self._burst), left + (now - since) * self._rate)
        allowed = left >= 1
        self._left[client] = (left - allowed, now)
        if len(self._left) > _MOST_CLIENTS:
            self._left.popitem(last=False)  # whoever asked longest ago
        return 0 if allowed else max(1, math.ceil((1 - left) / self._rate))
