"""What is refused before an application sees it, whatever the application: heads too long, lengths that contradict
one another, other names for this server, bodies that are too large or do not come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container, Mapping
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from convoscope.web.listener import BODY_SECONDS

#: The names by which programs on this machine call it.
LOCAL = frozenset({"127.0.0.1", "localhost", "[::1]"})
LONGEST_ADDRESS = 8_000  # bytes
MOST_HEADERS, LONGEST_HEADERS = 100, 32_000  # all of them together, in bytes


class RefusedError(Exception):
    """A request that is answered with a status and words for a person. Its connection is then closed."""

    def __init__(self, status: HTTPStatus, words: str) -> None:
        super().__init__(words)
        self.status = status


def refusal(status: HTTPStatus, words: str, *, close: bool = False) -> Response:
    """Return words for a person who reads them in a browser."""
    headers = {"content-type": "text/plain; charset=utf-8"}
    return Response(f"{words}\n", status, headers | ({"connection": "close"} if close else {}))


class Guard:
    """An ASGI application around another: it refuses what no application is to see, and adds headers to all answers.

    Parameters
    ----------
    app : ASGI application
    hosts : function
        Returns the names by which the server may be called, in lower case. A page of another site cannot use them,
        even if its own name leads to this machine (DNS rebinding).
    headers : function
        Returns the headers of every answer.
    """

    def __init__(
        self, app: ASGIApp, hosts: Callable[[], Container[str]], headers: Callable[[], Mapping[str, str]]
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        more = self._headers()
        unread = False  # a body that nobody reads, and that must not be taken for another request

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(more)
                headers.setdefault("cache-control", "no-store")
                if unread:
                    headers["connection"] = "close"
            await send(message)

        app = self._app
        try:
            scope = self._checked(scope)
            unread = scope["method"] in ("GET", "HEAD") and _has_body(Headers(scope=scope))
        except RefusedError as refused:
            app = refusal(refused.status, str(refused), close=True)
        await app(scope, receive, sending)

    def _checked(self, scope: Scope) -> Scope:
        """Return what an application is told of a request, or raise why it is not told."""
        target, headers = bytes(scope["raw_path"]), Headers(scope=scope)
        if len(target) + len(scope["query_string"]) > LONGEST_ADDRESS:
            raise RefusedError(HTTPStatus.REQUEST_URI_TOO_LONG, "The address is too long.")
        if len(headers.raw) > MOST_HEADERS or sum(len(a) + len(b) for a, b in headers.raw) > LONGEST_HEADERS:
            raise RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The request's headers are too long.")
        if scope["http_version"] not in ("1.0", "1.1"):
            raise RefusedError(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "This server supports only HTTP/1.1.")
        # Two programs that read such a request differently could be made to disagree about where the next one begins.
        if "transfer-encoding" in headers and ("content-length" in headers or scope["http_version"] == "1.0"):
            raise RefusedError(HTTPStatus.BAD_REQUEST, "A request must have either a length or chunks.")
        self._check_name(headers.get("host", ""))
        if target.startswith(b"/"):
            return scope
        not_valid = RefusedError(HTTPStatus.BAD_REQUEST, "The address is not valid.")
        try:
            whole = urlsplit(target.decode("ascii"))
        except ValueError as error:  # half an address of IPv6, for one
            raise not_valid from error
        if not whole.netloc:  # OPTIONS * and CONNECT name no page
            raise not_valid
        self._check_name(whole.netloc)
        path = whole.path or "/"
        return {**scope, "raw_path": path.encode("ascii"), "path": unquote(path)}

    def _check_name(self, host: str) -> None:
        host = host.lower()
        name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
        if name not in self._hosts():
            raise RefusedError(
                HTTPStatus.FORBIDDEN,
                f"This host name is not allowed ({name or 'none'}). Allow it with --host on the command line, with "
                "hosts=[...] in Python.",
            )


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0").strip("0") != ""


async def read_body(request: Request, most: int, seconds: float = BODY_SECONDS, what: str = "question") -> bytes:
    """Read what was sent, in chunks or with a length; messages call it `what`.

    Raises
    ------
    RefusedError
        It has more than `most` bytes, or takes longer than `seconds`.
    starlette.requests.ClientDisconnect
        The client has gone.
    """
    too_large = RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A {what} has at most {most} bytes.")
    if int(request.headers.get("content-length", 0)) > most:  # h11 has made sure that it is a number
        raise too_large

    async def read() -> bytes:
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > most:
                raise too_large
        return bytes(body)

    try:
        return await asyncio.wait_for(read(), seconds)
    except asyncio.TimeoutError as error:
        raise RefusedError(HTTPStatus.REQUEST_TIMEOUT, f"The {what} took too long to arrive.") from error


__all__ = ["LOCAL", "ClientDisconnect", "Guard", "RefusedError", "read_body", "refusal"]
