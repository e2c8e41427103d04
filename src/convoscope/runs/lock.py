"""One training at a time in a run's folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from convoscope.errors import ConfigurationError


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold a run's folder for the length of a ``with`` block.

    The system gives it back when its holder dies, however it dies. Nothing is written: the folder itself is locked.
    Windows cannot do that, and there nobody is kept out.

    Raises
    ------
    ConfigurationError
        Another process holds it.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(
                f"Another process is training in {folder} at this moment. Wait until it ends, or stop it with Ctrl-C."
            ) from None
        except OSError:  # a network folder that knows no locks: better without than not at all
            pass
        yield
    finally:
        os.close(descriptor)


def in_use(folder: Path) -> bool:
    """Whether somebody trains in a run's folder at this moment. Windows cannot say, and there the answer is no."""
    if sys.platform == "win32":
        return False
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False
