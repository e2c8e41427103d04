"""A web server for one person on this machine: no other can reach it, and no other program without its token.

Every address begins with the token, ``http://127.0.0.1:PORT/TOKEN/``, and pages use relative addresses only, so that
they work behind a notebook's proxy too. Pages of other sites can neither read nor guess anything: the name by which the
server is called is checked (against DNS rebinding), and nothing is allowed to be embedded elsewhere.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from convoscope.errors import ConfigurationError, ConvoscopeError, StorageError

HOST, PORT = "127.0.0.1", 8760
_LONGEST_QUESTION = 8_000_000  # bytes: an image as text
_MOST_DIGITS = 18  # of a length: Python reads no number of thousands of them
_LOCAL = frozenset({"127.0.0.1", "localhost", "[::1]"})
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self' blob:; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self' data: blob:; media-src 'self' blob:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",  # the token is part of the address
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True)
class Response:
    """What an address answers: bytes of a type, such as ``"application/json"``."""

    body: bytes
    type: str
    status: HTTPStatus = HTTPStatus.OK


def file_type(name: str) -> str | None:
    """Return the type of a file that pages may consist of, by its ending; None for any other."""
    return _TYPES.get(Path(name).suffix.lower())


@dataclass(frozen=True)
class Site:
    """What a server gives out.

    Attributes
    ----------
    folder : Path
        Whose files are at ``static/``; nothing outside it is given out, by whatever address or link.
    routes : mapping of str to function
        From addresses below the token, such as ``"data/kernels.json"``, to functions without arguments that return a
        `Response`. ``""`` is the page itself.
    questions : mapping of str to function
        From addresses that are posted to, such as ``"ask/accuracy"``, to functions of what was sent: an object of JSON.
    folders : mapping of str to function
        From beginnings of addresses, such as ``"data/epochs/"``, to functions of the rest that return a `Response`, or
        None for what is not there.
    below : mapping of str to Site
        Further pages, each under a name: ``"lab"`` is at ``lab/``, with its own static files and routes below that.
        What it has to ask is among `questions` here.
    """

    folder: Path
    routes: Mapping[str, Callable[[], Response]] = field(default_factory=dict)
    questions: Mapping[str, Callable[[dict[str, Any]], Response]] = field(default_factory=dict)
    folders: Mapping[str, Callable[[str], Response | None]] = field(default_factory=dict)
    below: Mapping[str, Site] = field(default_factory=dict)

    def answer(self, address: str) -> Response | None:
        """Return what is at an address below the token, or None."""
        if address in self.routes:
            return self.routes[address]()
        for beginning, found in self.folders.items():
            if address.startswith(beginning):
                return found(address.removeprefix(beginning))
        first, slash, rest = address.partition("/")
        if slash and first in self.below:
            return self.below[first].answer(rest)
        return self._file(rest) if first == "static" else None

    def _file(self, address: str) -> Response | None:
        parts = address.split("/")
        kind = file_type(parts[-1])
        if kind is None or any(part in ("", ".", "..") or set(part) & set('\\:\0"<>|?*') for part in parts):
            return None
        root = self.folder.resolve()
        file = root.joinpath(*parts).resolve()
        if not file.is_relative_to(root) or not file.is_file():
            return None
        return Response(file.read_bytes(), kind)


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
    >>> import threading, urllib.request
    >>> with Server(Site(Path("."), {"": lambda: Response(b"hello", "text/plain")}), port=0) as server:
    ...     threading.Thread(target=server.serve, daemon=True).start()
    ...     urllib.request.urlopen(server.address).read()
    b'hello'
    """

    def __init__(self, site: Site, *, port: int = PORT, hosts: Iterable[str] = ()) -> None:
        if isinstance(port, bool) or not 0 <= port <= 65_535:
            raise ConfigurationError(f"A port is a number from 0 (any that is free) to 65535, but {port!r} came.")
        self.site = site
        self.token = secrets.token_urlsafe(24)
        self.hosts: frozenset[str] = _LOCAL
        self.policy = _POLICY
        self.allow(hosts)
        try:
            self._http = _listen(self, port)
        except OSError as error:
            raise StorageError(f"The page needs a port on this machine, and none could be had: {error}.") from error

    def allow(self, hosts: Iterable[str] = (), ancestors: Iterable[str] = ()) -> None:
        """Let itself be called by more names, and be shown in frames of more pages, such as ``"http://localhost:*"``."""
        self.hosts |= {name.strip().lower() for name in hosts}
        self.policy = " ".join([self.policy, *ancestors])

    @property
    def port(self) -> int:
        """The port that it listens at."""
        return int(self._http.server_address[1])

    @property
    def address(self) -> str:
        """The page's address, with its token."""
        return f"http://{HOST}:{self.port}/{self.token}/"

    def serve(self) -> None:
        """Answer until `close` is called, from another thread, or Ctrl-C is pressed."""
        self._http.serve_forever(poll_interval=0.1)

    def stop(self) -> None:
        """End `serve`. Call it from another thread."""
        self._http.shutdown()

    def __enter__(self) -> Server:
        """Use it in a ``with`` statement, at whose end the port is free again."""
        return self

    def __exit__(self, *_: object) -> None:
        """Free the port, and let go of the site, though a browser may keep a connection open for long."""
        self._http.server_close()
        self.site = Site(self.site.folder)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a browser may keep a connection open for long
    allow_reuse_address = os.name == "posix"  # elsewhere it would let others listen at the same port
    request_queue_size = 64

    def __init__(self, port: int, owner: Server) -> None:
        self.owner = owner
        super().__init__((HOST, port), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a browser that has gone."""

    def server_bind(self) -> None:
        """Bind without asking for this machine's name, which can take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(self.allow_reuse_address))
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = HOST, self.server_address[1]


def _listen(owner: Server, port: int) -> _Listener:
    try:
        return _Listener(port, owner)
    except OSError:
        return _Listener(0, owner)


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    server_version, sys_version = "Convoscope", ""
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self) -> None:
        """Give out what is at the address."""
        self._send(self._find())

    do_HEAD = do_GET  # noqa: N815

    def do_POST(self) -> None:
        """Answer a question that a page of this server asks."""
        refused = self._barred()
        if refused is None and not self.server.owner.site.questions:
            refused = _refusal(HTTPStatus.NOT_IMPLEMENTED, "This page has no questions.")
        self.close_connection = refused is not None  # what was sent with it stays unread
        self._send(refused or self._reply())

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse a request that is not understood, in the same words and with the same headers as any other."""
        self.close_connection = True  # whatever follows it is not looked at
        self._send(_refusal(HTTPStatus(code), HTTPStatus(code).phrase))

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: the address has the token in it."""

    def _reply(self) -> Response:
        """Read a question and answer it. The type of its content is one that a page of another site may not send."""
        length = self.headers.get("Content-Length", "")
        if self.headers.get_content_type() != "application/json" or not length.isascii() or not length.isdigit():
            self.close_connection = True
            return _refusal(HTTPStatus.BAD_REQUEST, "A question is JSON, and says how long it is.")
        if len(length) > _MOST_DIGITS or int(length) > _LONGEST_QUESTION:
            self.close_connection = True
            return _refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A question has at most {_LONGEST_QUESTION} bytes.")
        sent = self.rfile.read(int(length))
        try:
            answer = self.server.owner.site.questions.get(self._address())
            if answer is None:
                return _refusal(HTTPStatus.NOT_FOUND, "There is nothing at this address.")
            question = json.loads(sent)
            if not isinstance(question, dict):
                raise ConfigurationError("A question is an object of JSON.")
            return answer(question)
        except (ConvoscopeError, ValueError, LookupError, TypeError, OverflowError, RecursionError) as error:
            return _refusal(HTTPStatus.BAD_REQUEST, str(error))
        except Exception as error:  # whatever it is, the page is told and the server goes on
            return _refusal(HTTPStatus.INTERNAL_SERVER_ERROR, f"{type(error).__name__}: {error}")

    def _find(self) -> Response:
        refused = self._barred()
        if refused is not None:
            return refused
        try:
            found = self.server.owner.site.answer(self._address())
        except UnicodeDecodeError:
            found = None
        except Exception as error:  # whatever it is, the page is told and the server goes on
            return _refusal(HTTPStatus.INTERNAL_SERVER_ERROR, f"{type(error).__name__}: {error}")
        return found or _refusal(HTTPStatus.NOT_FOUND, "There is nothing at this address.")

    def _address(self) -> str:
        """Return the address below the token."""
        return unquote(urlsplit(self.path).path.lstrip("/").partition("/")[2], errors="strict")

    def _barred(self) -> Response | None:
        """Return why a request is not listened to at all, or None."""
        owner = self.server.owner
        host = self.headers.get("Host", "").lower()
        name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
        if name not in owner.hosts:
            return _refusal(
                HTTPStatus.FORBIDDEN,
                f"This server is called by another name ({name or 'none'}). Allow it: with --host on the command line, "
                "with hosts=[...] in Python.",
            )
        try:
            token, slash, _ = urlsplit(self.path).path.lstrip("/").partition("/")
        except ValueError:  # half an address of IPv6, for one
            return _refusal(HTTPStatus.BAD_REQUEST, "The address is none.")
        if not hmac.compare_digest(token.encode("utf-8", "replace"), owner.token.encode()):
            return _refusal(HTTPStatus.FORBIDDEN, "The address lacks its token. Copy all of it from the terminal.")
        if not slash:
            return _refusal(HTTPStatus.NOT_FOUND, "The address ends with a slash.")
        return None

    def _send(self, response: Response) -> None:
        told = {"Content-Security-Policy": self.server.owner.policy, "Content-Type": response.type}
        self.send_response(response.status)
        for name, value in {**_HEADERS, **told}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)


def _refusal(status: HTTPStatus, words: str) -> Response:
    return Response(f"{words}\n".encode(), "text/plain; charset=utf-8", status)
