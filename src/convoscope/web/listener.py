"""An HTTP server in a thread of its own: uvicorn, with a bound on all that a client can take, and silent.

It serves any ASGI application. It sets no signal handlers, so it runs beside a notebook or a training as well as in a
command. What is bounded here:

- connections: `MOST_CONNECTIONS` or as many as are said; to let one in, the one that has been idle
  longest is closed, or else has been sending longest;
- the time that a client takes to send a request's head, its body, or to take more of an answer;
- the bytes of a head that is not complete.

`convoscope.web.guard` bounds what an application is given.
"""

from __future__ import annotations

import asyncio
import logging
import os
import select
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from convoscope.errors import ConfigurationError, StorageError
from convoscope.wording import clause

MOST_CONNECTIONS = 128
HEAD_SECONDS = 20  # for a request's head, and for a connection that sends nothing
BODY_SECONDS = 60
SLOW = 5  # seconds after which a request that is still coming gives way to a new connection, if there is no room
READING_SECONDS = 60  # in which a client takes no byte of its answer
_LONGEST_UNFINISHED_HEAD = 65_536  # bytes
_BACKLOG = 64
_CHECKS_APART = 0.5  # seconds
_UNACCEPTED, _LOOKS_APART = 0.1, 0.01  # seconds, while it ends
_SILENT = logging.Logger("convoscope.web", logging.CRITICAL + 1)  # of nobody else: addresses may have a token in them

Result = TypeVar("Result")


async def in_thread(function: Callable[..., Result], *arguments: object) -> Result:
    """Run a function in a thread, as `asyncio.to_thread` does; but the end of the program does not wait for it."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()

    def settle(result: Result | None, error: BaseException | None) -> None:
        if future.done():  # nobody waits for it any more
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        outcome: tuple[Any, BaseException | None]
        try:
            outcome = function(*arguments), None
        except Exception as error:  # whoever awaits it is told
            outcome = None, error
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(settle, *outcome)

    threading.Thread(target=run, name="convoscope-answer", daemon=True).start()
    return await future


class Listener:
    """A server that listens from its creation on, and answers once it is started.

    Parameters
    ----------
    app : ASGI application
    host : str
        The address to listen at: ``"127.0.0.1"`` is reached from this machine only.
    port : int
        0 for any that is free.
    headers : mapping of str to str
        Of every answer.
    most_connections : int, optional
        At a time.
    any_free : bool
        Whether another port will do where this one is taken.

    Raises
    ------
    ConfigurationError
        The port is none.
    StorageError
        No port is free.
    """

    def __init__(
        self,
        app: ASGIApp,
        host: str,
        port: int,
        headers: Mapping[str, str],
        *,
        most_connections: int | None = None,
        any_free: bool = True,
    ) -> None:
        if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65_535:
            raise ConfigurationError(f"A port is a number from 0 (any that is free) to 65535, but got {port!r}.")
        try:
            self._socket = _listening(host, port) if any_free else _bound(host, port)
        except OSError as error:
            what = "none is free" if any_free else f"{port} cannot be used at {host}"
            more = "" if any_free else " Choose another."
            raise StorageError(f"A server needs a port on this machine, and {what}: {clause(error)}.{more}") from error
        host, port = self._socket.getsockname()[:2]
        self.host, self.port = str(host), int(port)
        self._server = _Server(_config(app, headers, most_connections or MOST_CONNECTIONS))
        self._thread = threading.Thread(target=self._run, name="convoscope-page", daemon=True)
        self._ended = threading.Event()
        self._lock = threading.Lock()  # starting and stopping may come from two threads
        self._failure: BaseException | None = None

    def start(self) -> None:
        """Begin to answer, and return at once."""
        with self._lock:
            if not self._ended.is_set() and self._thread.ident is None:
                self._thread.start()

    def wait(self) -> None:
        """Return when it has been stopped. Ctrl-C is raised here."""
        while not self._ended.wait(0.5):  # without a limit, Windows would not notice Ctrl-C
            pass
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """End all connections, whatever goes on in them, and free the port."""
        with self._lock:
            self._server.end()
            if self._thread.ident is None:
                self._socket.close()
                self._ended.set()
        if self._thread.ident not in (None, threading.get_ident()):
            self._thread.join()

    def drain(self, seconds: float) -> None:
        """Take no more connections, answer what has come or is coming on those that there are, and free the port.

        Parameters
        ----------
        seconds : float
            After which whatever still goes on is ended.
        """
        self._server.patience = seconds
        self.stop()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # it is raised where it is waited for
            self._failure = error
        finally:
            self._socket.close()
            self._ended.set()

    async def _serve(self) -> None:
        asyncio.get_running_loop().set_exception_handler(_on_error)
        await self._server.serve(sockets=[self._socket])


def _on_error(loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
    """Say nothing of a client that has gone, or of a file too many: the loop itself tries again a second later."""


def _listening(host: str, port: int) -> socket.socket:
    try:
        return _bound(host, port)
    except OSError:
        if port == 0:
            raise
        return _bound(host, 0)


def _bound(host: str, port: int) -> socket.socket:
    # Of a socket that says it is TCP, asyncio sends each piece at once. Else an answer's body would wait for the
    # acknowledgement of its head, which a client may hold back for 40 ms.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere this would let others listen at the same port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        elif sys.platform == "win32":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except BaseException:
        listening.close()
        raise
    return listening


class _Config(uvicorn.Config):
    most_connections: int


def _config(app: ASGIApp, headers: Mapping[str, str], most_connections: int) -> _Config:
    """Configure uvicorn the same way whatever else is installed or set, and leave the program's logging alone."""
    config = _Config(
        app,
        interface="asgi3",
        http=_Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        workers=1,
        proxy_headers=False,
        server_header=False,
        headers=list(headers.items()),
        backlog=_BACKLOG,
        timeout_keep_alive=HEAD_SECONDS,
        h11_max_incomplete_event_size=_LONGEST_UNFINISHED_HEAD,
    )
    config.most_connections = most_connections
    return config


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()
        self.patience = 0.0  # seconds in which what goes on may come to its end

    def end(self) -> None:
        """End it at once, from another thread."""
        self.should_exit = True
        if self._loop is not None:  # otherwise it has not begun, and will see that it need not
            with suppress(RuntimeError):  # it has ended
                self._loop.call_soon_threadsafe(self._woken.set)

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            now = time.monotonic()
            for connection in list(self.server_state.connections):
                if isinstance(connection, _Connection):
                    connection.check(now)
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._woken.wait(), _CHECKS_APART)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what goes on: a browser may keep a connection open for long, so that only answers are waited for."""
        limit = time.monotonic() + self.patience
        if self.patience:
            await asyncio.sleep(_UNACCEPTED)
            # A connection that the system has made already, and nobody has taken, would be reset.
            while time.monotonic() < limit and any(select.select(sockets or [], [], [], 0)):
                await asyncio.sleep(0)
        for server in self.servers:
            server.close()
        while time.monotonic() < limit and self._still_open():
            await asyncio.sleep(_LOOKS_APART)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # until the connections are told
        for server in self.servers:
            await server.wait_closed()

    def _still_open(self) -> bool:
        """Close the connections on which nothing comes, and say whether there are others."""
        for connection in list(self.server_state.connections):
            if isinstance(connection, _Connection):
                connection.close_if_idle(time.monotonic())
        return bool(self.server_state.connections or self.server_state.tasks)


class _Connection(H11Protocol):
    """A connection of which it is known what it waits for, and since when."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.logger = self.access_logger = _SILENT
        self.access_log = False
        self._since = time.monotonic()
        self._stage: tuple[object, ...] = ()
        self._no_more_comes = False

    @property
    def _waits_for_head(self) -> bool:
        return self.conn.their_state is h11.IDLE and not self.transport.get_write_buffer_size()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        others = [each for each in self.connections if isinstance(each, _Connection) and each is not self]
        others = [each for each in others if not each.transport.is_closing()]
        most = self.config.most_connections if isinstance(self.config, _Config) else MOST_CONNECTIONS
        if len(others) >= most:
            idle = [each for each in others if each._waits_for_head]
            # Or whoever has let the server wait longer for the rest of a request: one that is new has just not begun.
            slow = [each for each in others if each._stage[:1] == ("body",) and time.monotonic() - each._since > SLOW]
            min([*idle, *slow], key=lambda each: each._since, default=self).transport.abort()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Answer a client that sends no more, but still listens."""
        if self.cycle is None or self.cycle.response_complete:
            return False
        self.cycle.keep_alive = False
        self._no_more_comes = True
        return True

    def close_if_idle(self, now: float) -> None:
        """Close the connection if no request has come for a while; one that comes is the last on it."""
        stage, _ = self._waiting()
        if stage != self._stage:
            self._stage, self._since = stage, now
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False
        elif stage[0] == "head" and now - self._since > _UNACCEPTED:
            self.transport.close()

    def check(self, now: float) -> None:
        """End the connection if its client has let the server wait for too long."""
        stage, seconds = self._waiting()
        if stage != self._stage:
            self._stage, self._since = stage, now
        elif seconds is not None and now - self._since > seconds:
            self.transport.abort()

    def _waiting(self) -> tuple[tuple[object, ...], float | None]:
        unread = self.transport.get_write_buffer_size()
        if unread:
            return ("reading", unread), READING_SECONDS
        if self.conn.their_state is h11.IDLE:
            return ("head", self.cycle), HEAD_SECONDS
        if self.conn.their_state is h11.SEND_BODY:
            return ("body", self.cycle), 0 if self._no_more_comes else BODY_SECONDS
        return ("answering", self.cycle), None

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, with the headers that every answer has."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            status = getattr(sys.exc_info()[1], "error_status_hint", 400)  # 431: the head is too long
            body = f"{msg}\n".encode()
            headers = [
                *self.server_state.default_headers,
                (b"cache-control", b"no-store"),
                (b"content-security-policy", b"default-src 'none'"),
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"content-length", str(len(body)).encode()),
                (b"connection", b"close"),
            ]
            self.transport.write(self.conn.send(h11.Response(status_code=status, headers=headers)) or b"")
            self.transport.write(self.conn.send(h11.Data(data=body)) or b"")
        self.transport.close()
