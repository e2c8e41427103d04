"""What a server of models answers, as an ASGI application."""

from __future__ import annotations

import asyncio
import hmac
import json
import math
import time
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from convoscope.errors import ConvoscopeError
from convoscope.serving.batching import Batcher, BusyError, Found, Question
from convoscope.serving.bodies import Images, images_in
from convoscope.serving.loaded import Kept
from convoscope.serving.log import Log
from convoscope.serving.metrics import Metrics
from convoscope.serving.openapi import document
from convoscope.serving.rates import Rates
from convoscope.serving.settings import Limits
from convoscope.web.guard import ClientDisconnect, Guard, RefusedError, read_body
from convoscope.web.site import Site, page_files
from convoscope.wording import agreeing, counted

_LARGE = 1 << 20  # bytes that are taken apart in a thread
_TOP = 5
_PAGES = {"/": "serving/index.html", "/docs": "serving/docs.html"}


@dataclass(eq=False)
class State:
    """What all requests share.

    Attributes
    ----------
    models : dict of str to Kept
        The first one answers where no name is given.
    token : str or None
        What clients have to say; None lets everybody in.
    draining : bool
        Whether it is about to end: then each answer is the last one on its connection.
    held : int
        Bytes of requests in memory.
    """

    models: Mapping[str, Kept]
    limits: Limits
    token: str | None
    log: Log
    metrics: Metrics = field(default_factory=Metrics)
    draining: bool = False
    held: int = 0

    def __post_init__(self) -> None:
        self.batcher = Batcher(self.limits, self.metrics.batch)
        self.rates = Rates(self.limits.rate)
        self.site = Site(page_files())


class ComeAgainError(RefusedError):
    """A request that may be repeated after some seconds."""

    def __init__(self, status: HTTPStatus, words: str, seconds: int) -> None:
        super().__init__(status, words)
        self.seconds = seconds


def application(state: State, names: Container[str]) -> ASGIApp:
    """Return the application that answers for some models, where it is called by one of those names."""
    handlers = _Handlers(state)
    routes = [
        Route("/predict", handlers.predict, methods=["POST"]),
        Route("/predict/{model}", handlers.predict, methods=["POST"]),
        Route("/models", handlers.models),
        Route("/health", handlers.health),
        Route("/ready", handlers.ready),
        Route("/metrics", handlers.metrics),
        Route("/openapi.json", handlers.openapi),
        Route("/", handlers.page),
        Route("/docs", handlers.page),
        Route("/static/{address:path}", handlers.file),
    ]
    refused: dict[Any, Any] = dict.fromkeys((RefusedError, HTTPException, ClientDisconnect), handlers.refused)
    app = Starlette(routes=routes, exception_handlers=refused)
    return _Logged(Guard(app, lambda: names, dict), state)


class _Handlers:
    def __init__(self, state: State) -> None:
        self._state = state

    async def predict(self, request: Request) -> Response:
        """Answer what the images of a request show."""
        state = self._state
        self._allow(request)
        kept = self._model(request)
        top = _top(request)
        held, images = await self._images(request)
        try:
            loaded = kept.current
            request.scope["convoscope"] = {"model": kept.name, "images": len(images)}
            found = await self._found(request, Question(loaded, images, top))
        finally:
            state.held -= held
        told = [_told(name, each) for (name, _), each in zip(images, found, strict=True)]
        unread = sum("error" in each for each in told)
        state.metrics.images.add(len(told) - unread, model=kept.name, outcome="predicted")
        state.metrics.images.add(unread, model=kept.name, outcome="unreadable")
        status = HTTPStatus.UNPROCESSABLE_ENTITY if unread == len(told) else HTTPStatus.OK
        return _json({"model": kept.name, "version": loaded.version, "predictions": told}, status)

    async def models(self, request: Request) -> Response:
        """Name the models, and what they know."""
        self._allow(request)
        return _json({"models": [{"name": name, **kept.current.described()} for name, kept in self._all()]})

    async def health(self, request: Request) -> Response:
        """Say that it lives."""
        if not self._state.batcher.alive:
            return _json({"status": "the prediction thread ended"}, HTTPStatus.INTERNAL_SERVER_ERROR)
        return _json({"status": "ok"})

    async def ready(self, request: Request) -> Response:
        """Say whether more requests are welcome."""
        if self._state.draining:
            return _json({"status": "ending"}, HTTPStatus.SERVICE_UNAVAILABLE)
        return _json({"status": "ready"})

    async def metrics(self, request: Request) -> Response:
        """Give the numbers for Prometheus."""
        self._allow(request)
        versions = {name: kept.current.version for name, kept in self._all()}
        text = self._state.metrics.text(self._state.batcher.waiting, versions)
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    async def openapi(self, request: Request) -> Response:
        """Give the description for programs."""
        return _json(document(list(self._state.models), self._state.limits, self._state.token is not None))

    async def page(self, request: Request) -> Response:
        """Give a page."""
        return self._given_out(f"static/{_PAGES[request.url.path]}")

    async def file(self, request: Request) -> Response:
        """Give a file that pages need."""
        return self._given_out(f"static/{request.path_params['address']}")

    async def refused(self, request: Request, error: Exception) -> Response:
        """Say in JSON why something is refused."""
        if isinstance(error, RefusedError):
            # Whoever may come again keeps the connection, unless there is something unread on it.
            close = error.status in (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.REQUEST_TIMEOUT)
            headers = {"connection": "close"} if close or not request.scope.get("convoscope") else {}
            if isinstance(error, ComeAgainError):
                headers["retry-after"] = str(error.seconds)
            if error.status == HTTPStatus.UNAUTHORIZED:
                headers["www-authenticate"] = "Bearer"
            self._state.metrics.refused.add(reason=error.status.phrase.lower().replace(" ", "_"))
            return _json({"error": str(error)}, error.status, headers)
        if isinstance(error, ClientDisconnect):
            return _json({"error": "The connection was closed."}, HTTPStatus.BAD_REQUEST)
        status = HTTPStatus(error.status_code) if isinstance(error, HTTPException) else HTTPStatus.BAD_REQUEST
        return _json({"error": _PHRASES.get(status, f"{status.phrase}.")}, status, {"connection": "close"})

    # ---- what a request may, and what is in it

    def _allow(self, request: Request) -> None:
        """Refuse who does not know the token, and who asks too often."""
        token = self._state.token
        if token is not None:
            kind, _, given = request.headers.get("authorization", "").partition(" ")
            same = hmac.compare_digest(given.strip().encode("utf-8", "replace"), token.encode())
            if kind.lower() != "bearer" or not same:
                words = "A token is required: send the header 'Authorization: Bearer TOKEN'."
                raise RefusedError(HTTPStatus.UNAUTHORIZED, words)
        seconds = self._state.rates.wait(request.client.host if request.client else "")
        if seconds:
            rate = self._state.limits.rate
            words = f"More than {rate:g} requests per minute. Try again in {seconds} s."
            raise ComeAgainError(HTTPStatus.TOO_MANY_REQUESTS, words, seconds)

    def _model(self, request: Request) -> Kept:
        models = self._state.models
        name = request.path_params.get("model", next(iter(models)))
        if name not in models:
            raise RefusedError(HTTPStatus.NOT_FOUND, f"Unknown model. Available models: {', '.join(models)}.")
        return models[name]

    async def _images(self, request: Request) -> tuple[int, Images]:
        """Read a request, and return how many bytes are held for it, and its images."""
        state, limits = self._state, self._state.limits
        length = request.headers.get("content-length")
        # Without a length as much as there may be is kept for it: there are chunks, of which nobody knows how many.
        held = limits.max_bytes if length is None else min(int(length), limits.max_bytes)
        if state.held + held > limits.held:
            raise self._busy()
        state.held += held
        try:
            body = await read_body(request, limits.max_bytes, what="request")
            request.scope["convoscope"] = {}  # nothing is unread
            kind = request.headers.get("content-type", "")
            given = kind, body, limits.max_files, request.query_params.get("name", "")
            return held, await asyncio.to_thread(images_in, *given) if len(body) > _LARGE else images_in(*given)
        except BaseException:
            state.held -= held
            raise

    async def _found(self, request: Request, question: Question) -> list[Found]:
        """Wait for an answer, as long as the client does."""
        state = self._state
        answer = asyncio.ensure_future(state.batcher.answer(question))
        gone = asyncio.ensure_future(_closed(request))
        try:
            await asyncio.wait({answer, gone}, timeout=state.limits.seconds, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                return answer.result()
            if gone.done():
                raise ClientDisconnect
            raise self._busy()
        except BusyError:
            raise self._busy() from None
        finally:
            question.given_up = True
            for each in (answer, gone):
                each.cancel()

    def _busy(self) -> ComeAgainError:
        waiting = self._state.batcher.waiting
        images = f"{counted(waiting, 'image')} {agreeing(waiting, 'is', 'are')}"
        words = f"{images} waiting, and the queue is full. Try again later."
        return ComeAgainError(HTTPStatus.SERVICE_UNAVAILABLE, words, max(1, math.ceil(waiting / 100)))

    def _all(self) -> list[tuple[str, Kept]]:
        return list(self._state.models.items())

    def _given_out(self, address: str) -> Response:
        found = self._state.site.answer(address)
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return Response(found.body, found.status, {"content-type": found.type, "cache-control": "no-cache"})


class _Logged:
    """Writes a line about every request, adds what every answer has, and tells clients nothing of what went wrong."""

    def __init__(self, app: ASGIApp, state: State) -> None:
        self._app, self._state = app, state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, status = time.monotonic(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if self._state.draining:
                    message["headers"] = [*message["headers"], (b"connection", b"close")]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            self._state.log.write("mistake", error=f"{type(error).__name__}: {error}"[:500])
            if not status:
                words = {"error": "The server failed because of an internal error. See the server's log."}
                await _json(words, HTTPStatus.INTERNAL_SERVER_ERROR)(scope, receive, sending)
        finally:
            seconds, told = time.monotonic() - began, scope.get("convoscope") or {}
            if "model" in told:
                self._state.metrics.requests.add(model=told["model"], status=str(status))
                self._state.metrics.seconds.observe(seconds)
            self._state.log.request(scope, status, seconds, told)


async def _closed(request: Request) -> None:
    """Return when a client has closed its connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _top(request: Request) -> int:
    given = request.query_params.get("top", str(_TOP))
    if not (given.isascii() and given.isdigit() and len(given) < 7 and int(given)):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "top, the number of classes to return, must be at least 1.")
    return int(given)


def _told(name: str, found: Found) -> dict[str, Any]:
    if isinstance(found, ConvoscopeError):
        return {"file": name, "error": str(found)}
    return {"file": name, **found.told()}


def _json(
    content: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK, headers: dict[str, str] | None = None
) -> Response:
    return Response(json.dumps(content), status, headers, "application/json")


_PHRASES: dict[HTTPStatus, str] = {
    HTTPStatus.NOT_FOUND: "There is nothing at this address. Use POST /predict; see /docs.",
    HTTPStatus.METHOD_NOT_ALLOWED: (
        "Wrong method for this address: use POST for /predict and GET for all others. See /docs."
    ),
}
