"""Small servers on this machine, in processes of their own."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer

from campaign.processes import fork


class Files:
    """Gives out files, slowly, from any byte on.

    Parameters
    ----------
    files : mapping of str to bytes
    pause : float
        Seconds before each piece.
    piece : int
        Bytes.
    """

    def __init__(self, files: Mapping[str, bytes], pause: float, piece: int) -> None:
        server = HTTPServer(("127.0.0.1", 0), _handler(files, pause, piece))
        self.address = f"http://127.0.0.1:{server.server_address[1]}/"
        self._pid = fork()
        if not self._pid:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            with suppress(BaseException):
                server.serve_forever()
            os._exit(0)
        server.socket.close()

    def close(self) -> None:
        """End it."""
        os.kill(self._pid, signal.SIGTERM)
        os.waitpid(self._pid, 0)


def _handler(files: Mapping[str, bytes], pause: float, piece: int) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = files[self.path.strip("/")]
            asked = self.headers.get("Range", "").removeprefix("bytes=").rstrip("-")
            start = int(asked or 0)
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            with suppress(OSError):  # whoever asked is gone
                for at in range(start, len(content), piece):
                    time.sleep(pause)
                    self.wfile.write(content[at : at + piece])

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

    return Handler
