"""A thread that sees when another process no longer answers, and ends this one then."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from contextlib import suppress
from typing import Any

from convoscope.processes.world import World, was_launched

FAILURE = "failure"
#: The status of a process that ended because another had.
LOST = 75
_BEAT = 1.0  # seconds from one sign of life to the next
_SILENCE = 15.0  # seconds without one, after which a process counts as lost
_GRACE = 4.0  # seconds in which this process ends by itself, once another has failed


class Watch:
    """Gives signs of life, and looks for those of the next process.

    Parameters
    ----------
    world : World
    store : torch.distributed.Store
        A connection of its own: the thread uses it while others wait.

    Attributes
    ----------
    is_needed : bool
        Whether the others must be there just now.
    """

    def __init__(self, world: World, store: Any) -> None:
        self.is_needed = False
        self._world, self._store = world, store
        self._parent = os.getppid() if was_launched() else None
        self._over, self._lock = threading.Event(), threading.Lock()
        self._looked = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="convoscope-watch", daemon=True)
        self._thread.start()
        # A question to a machine that cannot be reached is never answered, so nobody but another thread notices.
        threading.Thread(target=self._guard, name="convoscope-guard", daemon=True).start()

    def announce(self, rank: int, reason: str) -> dict[str, Any] | None:
        """Say why a process has ended; return what was said before, if somebody has."""
        own = json.dumps({"rank": rank, "reason": reason})
        try:
            with self._lock:
                said = self._store.compare_set(FAILURE, "", own).decode()
        except RuntimeError:  # the first process keeps the store, and has gone
            return None
        return None if said == own else json.loads(said)

    def close(self) -> None:
        """Say that this process has come to its end, and stop."""
        self._over.set()
        self._thread.join(_BEAT)
        with suppress(RuntimeError), self._lock:
            self._store.set(f"beat/{self._world.rank}", "over")

    def _run(self) -> None:
        watched = (self._world.rank + 1) % self._world.size
        seen, changed, number = b"", time.monotonic(), 0
        failed_at: float | None = None
        while not self._over.wait(_BEAT):
            if self._parent is not None and os.getppid() != self._parent:
                os._exit(LOST)  # whoever started the processes has gone, and nobody would end them
            begun = time.monotonic()
            number += 1
            try:
                with self._lock:
                    self._store.set(f"beat/{self._world.rank}", str(number))
                    key = f"beat/{watched}"
                    beat = self._store.get(key) if self._store.check([key]) else b""
                    failed = self._store.check([FAILURE])
            except RuntimeError:
                failed, beat = True, seen
            now = self._looked = time.monotonic()
            if beat != seen or beat == b"over" or not self.is_needed or now - begun > _BEAT:
                seen, changed = beat, now
            if not failed and now - changed > _SILENCE:
                self._end(watched)
            failed_at = (failed_at or now) if failed and self.is_needed else None
            if failed_at is not None and now - failed_at > _GRACE:
                os._exit(LOST)  # still waiting for one that does not come

    def _guard(self) -> None:
        """End this process if the store does not answer."""
        before = time.monotonic()
        while not self._over.wait(_BEAT):
            now = time.monotonic()
            if now - before > 3 * _BEAT or not self.is_needed:  # this process itself did not run, or needs nobody
                self._looked = now
            before = now
            if now - self._looked > _SILENCE:
                self._say(f"Process 1 of {self._world.size} could not be reached for {_SILENCE:.0f} seconds.")
                os._exit(1)

    def _end(self, watched: int) -> None:
        reason = f"it has not answered for {_SILENCE:.0f} seconds"
        if self.announce(watched, reason) is None:
            self._say(f"Process {watched + 1} of {self._world.size} ended: {reason}.")
            os._exit(1)
        os._exit(LOST)

    @staticmethod
    def _say(message: str) -> None:
        sys.stderr.write(f"\nError: {message}\n")
        sys.stderr.flush()
