"""A page's server in a process of its own, and what it takes: file descriptors and memory."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable
from pathlib import Path

from campaign.processes import fork
from convoscope.web.server import Server, Site

MEGABYTE = 1 << 20


class Forked:
    """A server in a process of its own.

    Parameters
    ----------
    serve : function
        Is told a descriptor that it writes a line into, with its address, and serves until it is ended.
    """

    def __init__(self, serve: Callable[[int], int]) -> None:
        read, write = os.pipe()
        self.pid = fork()
        if not self.pid:
            status = 1
            try:
                os.close(read)
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                status = serve(write)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)
        os.close(write)
        with os.fdopen(read, encoding="utf-8") as told:
            self.address = told.readline().strip()
        self.port = int(self.address.split(":")[2].split("/")[0])

    def __exit__(self, *_: object) -> None:
        if self.alive():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)

    def alive(self) -> bool:
        """Say whether it still runs."""
        try:
            return os.waitpid(self.pid, os.WNOHANG)[0] == 0
        except ChildProcessError:
            return False

    def state(self) -> tuple[int, int]:
        """Return how many file descriptors it has open, and how many bytes of memory it uses; 0 where none can tell."""
        place = Path("/proc", str(self.pid))
        if not place.exists():
            return 0, 0
        pages = int((place / "statm").read_text("ascii").split()[1])
        return len(os.listdir(place / "fd")), pages * os.sysconf("SC_PAGE_SIZE")


class Served(Forked):
    """A site's server.

    Parameters
    ----------
    site : Site
    """

    def __init__(self, site: Site) -> None:
        super().__init__(lambda write: _serve(site, write))
        self.token = self.address.split("/")[3]

    def __enter__(self) -> Served:
        return self

    def head(self, method: str, address: str, more: str = "") -> bytes:
        """Write a request's head, with the right token and host."""
        lines = [f"{method} /{self.token}/{address} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", *filter(None, [more])]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogatepass")

    def question(self, address: str, content: bytes, kind: str = "application/json") -> bytes:
        """Write a whole question."""
        return self.head("POST", address, f"Content-Type: {kind}\r\nContent-Length: {len(content)}") + content


def _serve(site: Site, write: int) -> int:
    with Server(site, port=0) as server:
        os.write(write, f"{server.address}\n".encode())
        os.close(write)
        server.serve()
    return 0
