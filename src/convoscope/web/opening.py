"""Opening a page: beside a notebook or a prompt, for as long as a script is to wait, or without any server."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from convoscope.paths import user_path
from convoscope.storage import write_atomically
from convoscope.streams import show
from convoscope.web.notebook import way_to

if TYPE_CHECKING:
    from convoscope.web.server import Server
    from convoscope.web.site import Site

# A notebook keeps the frame when the page behind it is gone. Our pages answer (static/shared/frame.js). Where nobody
# does, as in a saved notebook opened again, the frame becomes a few lines high, and the words below it say the rest.
_FOLD = """
const frame = this, other = frame.contentWindow;
let answered = false;
const hear = (event) => { if (event.source === other && event.data === 'convoscope: here') answered = true; };
window.addEventListener('message', hear);
other.postMessage('convoscope: are you there?', '*');
setTimeout(() => { window.removeEventListener('message', hear); frame.height = answered ? 860 : 120; }, 2000);
""".replace("\n", " ")
_FRAME = 'title="Convoscope" width="100%" height="860" style="border:0"'


class Opened:
    """A page that is served while Python goes on. A notebook displays it as the last value of a cell.

    Attributes
    ----------
    address : str
        The address for a browser on this machine.
    shown : str
        The address for the notebook's page, which may have to go through a proxy.
    """

    def __init__(self, server: Server, proxy: str | None = None) -> None:
        way = way_to(server.port, proxy)
        server.allow(way.hosts, way.ancestors)
        self._server = server
        self.address = server.address
        self.shown = f"{way.base}{server.token}/"
        server.start()

    def open_browser(self) -> str:
        """Open the page in a browser. Return the sentence to print for the user."""
        return self._server.open_browser()

    def close(self) -> None:
        """Stop serving and free the port."""
        self._server.close()

    def __repr__(self) -> str:
        return f"The page is at {self.address} until close() is called or Python ends."

    def _repr_html_(self) -> str:
        address = escape(self.shown)
        return (
            f'<iframe src="{address}" {_FRAME} allow="camera; fullscreen" onload="{escape(_FOLD)}"></iframe>'
            "<p>This page is open while the notebook's kernel runs: "
            f'<a href="{address}" target="_blank" rel="noopener">{address}</a>. Run the cell again '
            "to open it again. If the frame stays empty, the browser cannot reach the kernel's machine: pass "
            "<code>server=False</code>.</p>"
        )


class Page:
    """A page in a single file that needs no server. A notebook displays it and contains it, also when it is shared.

    Attributes
    ----------
    html : str
        The file's content.
    """

    def __init__(self, html: str) -> None:
        self.html = html

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page to a file that a browser can open."""
        write_atomically(user_path(path), [self.html.encode()])

    def __repr__(self) -> str:
        return f'A page of {len(self.html.encode()) / 1e6:.1f} MB: a notebook shows it, save("page.html") writes it.'

    def _repr_html_(self) -> str:
        # Without a base of its own, its links within itself would lead to the notebook.
        html = self.html.replace("<head>", '<head><base href="about:srcdoc">', 1)
        allowed = 'sandbox="allow-scripts allow-downloads allow-popups" allow="fullscreen"'
        return f'<iframe srcdoc="{escape(html)}" {_FRAME} {allowed}></iframe>'


def open_page(
    site: Site,
    name: str,
    *,
    port: int | None = None,
    browser: bool = True,
    wait: bool | None = None,
    hosts: Iterable[str] = (),
    proxy: str | None = None,
) -> Opened | None:
    """Serve a page and open a browser at it.

    Parameters
    ----------
    site : Site
    name : str
        The page's name in messages, such as ``"The explorer"``.
    port : int, optional
        The port to listen on.
    browser : bool
        Whether to open a browser. A notebook displays the page itself.
    wait : bool, optional
        Whether to serve until Ctrl-C is pressed. By default: yes in a script, no in a notebook or at a prompt.
    hosts : iterable of str
        Host names, besides this machine's own, under which the page is requested, such as that of a notebook's proxy,
        ``"hub.example.org"``.
    proxy : str, optional
        The address under which a notebook's page reaches a port of the kernel's machine, such as
        ``"/user/ann/proxy/{port}/"``. By default, it is worked out from the environment.

    Returns
    -------
    Opened or None
        The open page; None after serving until Ctrl-C.
    """
    from convoscope.web.server import PORT, Server  # here, because it takes a while

    in_notebook = "ipykernel" in sys.modules
    waits = not (in_notebook or hasattr(sys, "ps1") or sys.flags.interactive) if wait is None else wait
    server = Server(site, port=PORT if port is None else port, hosts=hosts)
    if not waits:
        try:
            opened = Opened(server, proxy)
        except BaseException:
            server.close()
            raise
        if browser and not in_notebook:
            opened.open_browser()
        return opened
    with server:
        show(f"{name} is at {server.address}\nOnly this machine can reach it. Ctrl-C ends it.")
        if browser:
            show(server.open_browser())
        try:
            server.serve()
        except KeyboardInterrupt:
            show(f"\n{name} has ended.")
    return None
