"""A web server for one person on this machine: no other can reach it, and no other program without its token.

Every address begins with the token, ``http://127.0.0.1:PORT/TOKEN/``, and pages use relative addresses only, so that
they work behind a notebook's proxy too. Pages of other sites can neither read nor guess anything: the name by which the
server is called is checked (against DNS rebinding), and nothing is allowed to be embedded elsewhere.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Iterable
from http import HTTPStatus
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response as Answer
from starlette.routing import Route

from convoscope.web.browser import Redirect
from convoscope.web.guard import LOCAL, ClientDisconnect, Guard, RefusedError, read_body, refusal
from convoscope.web.listener import Listener, in_thread
from convoscope.web.site import BYTES, Response, Site

HOST, PORT = "127.0.0.1", 8760
_JSON = "application/json"
_LONGEST_QUESTION = 8_000_000  # bytes: an image as text
_LARGEST_FILE = 64_000_000  # bytes: a photo of 50 million pixels, or a smaller one without compression
_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self' blob:; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self' data: blob:; media-src 'self' blob:; frame-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
_HEADERS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",  # the token is part of the address
    "Server": "Convoscope",
    "X-Content-Type-Options": "nosniff",
}
#: Of the pages' own files, for an hour: another server, of another version perhaps, has another token in its addresses.
_STAYS = "private, max-age=3600"
_NOTHING = "There is nothing at this address."


class Server:
    """A site's server, listening from its creation on.

    Parameters
    ----------
    site : Site
    port : int
        Where to listen; if that is taken, at any free port.
    hosts : iterable of str
        Names besides this machine's own by which it may be called: a notebook's proxy, for one.

    Raises
    ------
    StorageError
        Not one port is free.

    Examples
    --------
    >>> import urllib.request
    >>> from pathlib import Path
    >>> with Server(Site(Path("."), {"": lambda: Response(b"hello", "text/plain")}), port=0) as server:
    ...     server.start()
    ...     urllib.request.urlopen(server.address).read()
    b'hello'
    """

    def __init__(self, site: Site, *, port: int = PORT, hosts: Iterable[str] = ()) -> None:
        self.site = site
        self.token = secrets.token_urlsafe(24)
        self.hosts: frozenset[str] = LOCAL
        self.policy = _POLICY
        self.allow(hosts)
        self._redirect = Redirect()
        app = Guard(_app(self), lambda: self.hosts, lambda: {"Content-Security-Policy": self.policy})
        self._listener = Listener(app, HOST, port, _HEADERS)

    def allow(self, hosts: Iterable[str] = (), ancestors: Iterable[str] = ()) -> None:
        """Let itself be called by more names, and be shown in frames of more pages, such as ``"http://localhost:*"``."""
        self.hosts |= {name.strip().lower() for name in hosts}
        self.policy = " ".join([self.policy, *ancestors])

    @property
    def port(self) -> int:
        """The port that it listens at."""
        return int(self._listener.port)

    @property
    def address(self) -> str:
        """The page's address, with its token."""
        return f"http://{HOST}:{self.port}/{self.token}/"

    def start(self) -> None:
        """Answer from now on, in a thread of its own."""
        self._listener.start()

    def serve(self) -> None:
        """Answer until `stop` is called, from another thread, or Ctrl-C is pressed."""
        self.start()
        self._listener.wait()

    def stop(self) -> None:
        """End `serve`, free the port and end all connections."""
        self._listener.stop()

    def open_browser(self) -> str:
        """Open the page in a browser, without showing its token to other users. Return what to tell the person."""
        self.start()  # some browsers are waited for
        if self._redirect.open(self.address):
            return "If the browser shows no page, copy the address into it."
        return "No browser could be opened: copy the address into one."

    def close(self) -> None:
        """Stop, and let go of the site."""
        self.stop()
        self._redirect.remove()
        self.site = Site(self.site.folder)

    def visited(self) -> None:
        """Note that somebody has come with the token: a browser then needs no help to find the page."""
        self._redirect.remove()

    def __enter__(self) -> Server:
        """Use it in a ``with`` statement, at whose end the port is free again."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


def _app(owner: Server) -> Starlette:
    """Make the application that gives out a site to those who have its token."""

    async def give_out(request: Request) -> Answer:
        try:
            address = _address(owner, request)
        except UnicodeDecodeError:
            return refusal(HTTPStatus.NOT_FOUND, _NOTHING)
        return await in_thread(_written, owner.site.answer, address)

    async def reply(request: Request) -> Answer:
        address = _address(owner, request)
        if not owner.site.questions and not owner.site.below:
            raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, "This page has no questions.")
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        is_file = await in_thread(owner.site.taking, address) is not None  # which may open the page that it belongs to
        if kind != (BYTES if is_file else _JSON):  # types that a page of another site may not send
            raise RefusedError(HTTPStatus.BAD_REQUEST, "A file is sent as bytes." if is_file else "A question is JSON.")
        sent = await read_body(request, _LARGEST_FILE if is_file else _LONGEST_QUESTION)
        return await in_thread(_written, owner.site.reply, address, sent)

    return Starlette(
        routes=[Route("/{address:path}", give_out, methods=["GET"]), Route("/{address:path}", reply, methods=["POST"])],
        exception_handlers={
            RefusedError: _refused,
            HTTPException: _refused,
            ClientDisconnect: _refused,  # nobody reads it
        },
    )


async def _refused(_: Request, error: Exception) -> Answer:
    if isinstance(error, RefusedError):
        return refusal(error.status, str(error), close=True)
    status = HTTPStatus(error.status_code) if isinstance(error, HTTPException) else HTTPStatus.BAD_REQUEST
    return refusal(status, f"{status.phrase}.", close=True)


def _address(owner: Server, request: Request) -> str:
    """Return the address below the token, and make sure that there is the token."""
    token, slash, rest = request.scope["raw_path"].decode("ascii").lstrip("/").partition("/")
    if not hmac.compare_digest(unquote(token).encode(), owner.token.encode()):
        words = "The address lacks its token. Copy all of it from the terminal."
        raise RefusedError(HTTPStatus.FORBIDDEN, words)
    if not slash:
        raise RefusedError(HTTPStatus.NOT_FOUND, "The address ends with a slash.")
    owner.visited()
    return unquote(rest, errors="strict")


def _written(answer: Callable[..., Response | None], *arguments: object) -> Answer:
    try:
        response = answer(*arguments)
    except Exception as error:  # whatever it is, the page is told and the server goes on
        return refusal(HTTPStatus.INTERNAL_SERVER_ERROR, f"{type(error).__name__}: {error}")
    if response is None:
        return refusal(HTTPStatus.NOT_FOUND, _NOTHING)
    headers = {"content-type": response.type} | ({"cache-control": _STAYS} if response.stays else {})
    return Answer(response.body, response.status, headers)


__all__ = ["HOST", "PORT", "Response", "Server", "Site"]
