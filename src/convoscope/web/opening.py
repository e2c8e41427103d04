"""Opening a page: beside a notebook or a prompt, or for as long as a script is to wait."""

from __future__ import annotations

import sys
import threading
import webbrowser
from html import escape
from typing import TYPE_CHECKING

from convoscope.web.server import PORT, Server

if TYPE_CHECKING:
    from convoscope.web.server import Site


class Opened:
    """A page that is served while Python goes on. A notebook shows it where it is the last value of a cell.

    Attributes
    ----------
    address : str
        For a browser on this machine.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self.address = server.address
        self._thread = threading.Thread(target=server.serve, name="convoscope-page", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop serving, and free the port."""
        if self._thread.is_alive():
            self._server.stop()
            self._thread.join()
        self._server.__exit__()

    def __repr__(self) -> str:
        return f"The page is at {self.address} until close() is called or Python ends."

    def _repr_html_(self) -> str:
        address = escape(self.address)
        return (
            f'<iframe src="{address}" title="Convoscope" width="100%" height="860" style="border:0" '
            f'allow="camera; fullscreen"></iframe><p>The page on its own: <a href="{address}" target="_blank" '
            f'rel="noopener">{address}</a></p>'
        )


def open_page(
    site: Site, name: str, *, port: int | None = None, browser: bool = True, wait: bool | None = None
) -> Opened | None:
    """Serve a page and open a browser at it.

    Parameters
    ----------
    site : Site
    name : str
        What messages call it: ``"The explorer"``.
    port : int, optional
        Where to listen.
    browser : bool
        Whether to open one. A notebook shows the page itself.
    wait : bool, optional
        Whether to serve until Ctrl-C is pressed. Left out: yes in a script, no in a notebook and at a prompt.

    Returns
    -------
    Opened or None
        None after waiting.
    """
    in_notebook = "ipykernel" in sys.modules
    waits = not (in_notebook or hasattr(sys, "ps1") or sys.flags.interactive) if wait is None else wait
    server = Server(site, port=PORT if port is None else port)
    if not waits:
        opened = Opened(server)
        if browser and not in_notebook:
            webbrowser.open(opened.address)
        return opened
    with server:
        print(f"{name} is at {server.address}\nOnly this machine can reach it. Ctrl-C ends it.", flush=True)
        if browser and not webbrowser.open(server.address):
            print("No browser could be opened: copy the address into one.", flush=True)
        try:
            server.serve()
        except KeyboardInterrupt:
            print(f"\n{name} has ended.")
    return None
