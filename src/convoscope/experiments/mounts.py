"""Which file system a path is on: what several machines share over a network does not lock files as a disk does."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

_TABLE = Path("/proc/self/mounts")  # of Linux; where there is none, nothing is known
_NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "gpfs", "beegfs", "glusterfs", "virtiofs"}
)
_NETWORK_FUSE = frozenset(
    {"fuse.glusterfs", "fuse.ceph", "fuse.beegfs", "fuse.moosefs", "fuse.lizardfs", "fuse.juicefs"}
)
#: Those that can neither make a file exclusively nor append to it.
WITHOUT_LOCKS = frozenset({"fuse.sshfs", "fuse.s3fs", "fuse.gcsfuse", "fuse.rclone", "fuse.goofys", "fuse.mount-s3"})


@dataclass(frozen=True)
class Mount:
    """A mounted file system: where, of which kind (``"nfs4"``), with which options."""

    point: str
    kind: str
    options: tuple[str, ...]

    @property
    def is_network(self) -> bool:
        """Say whether other machines may have it mounted too."""
        return self.kind in _NETWORK | _NETWORK_FUSE | WITHOUT_LOCKS


def mount_of(path: str | os.PathLike[str], table: str | None = None) -> Mount | None:
    """Find the file system that a path is on, or will be on once the file is made.

    Parameters
    ----------
    path : str or path-like
    table : str, optional
        What to read in place of this machine's ``/proc/self/mounts``.

    Returns
    -------
    Mount or None
        None where the operating system has no such table.

    Examples
    --------
    >>> table = "disk / ext4 rw 0 0\\nserver:/home /home nfs4 rw,vers=4.2 0 0\\n"
    >>> mount_of("/home/ann/study.log", table).kind
    'nfs4'
    """
    if table is None:
        try:
            table = _TABLE.read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return _by_name(path)
    real = Path(os.path.realpath(path))
    best: Mount | None = None
    for line in table.splitlines():
        words = line.split(" ")
        if len(words) < 4:
            continue
        mount = Mount(_unescaped(words[1]), words[2], tuple(words[3].split(",")))
        within = real == Path(mount.point) or Path(mount.point) in real.parents
        if within and (best is None or len(mount.point) >= len(best.point)):  # the later one covers the earlier
            best = mount
    return best


def _by_name(path: str | os.PathLike[str]) -> Mount | None:
    shared = sys.platform == "win32" and os.path.realpath(path).startswith("\\\\")
    return Mount(os.path.splitdrive(os.path.realpath(path))[0], "smbfs", ()) if shared else None


def _unescaped(point: str) -> str:
    """Return a path as it is: the table writes blanks as ``\\040``."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), point)
