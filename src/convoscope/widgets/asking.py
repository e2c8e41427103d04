"""What a widget's page asks: answered as the server of the same page answers, without HTTP between them."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from convoscope.web.site import Response, Site

_TEXT = "text/plain; charset=utf-8"
_NOTHING = b"There is nothing at this address."
_ROOM = 4_000_000  # bytes that a widget takes along: a notebook that keeps its widgets keeps these too


def taken_along(site: Site) -> dict[str, bytes]:
    """Return what a page asks for at its start, by address, where it is not too much for a saved notebook.

    With it, a page opens although a cell is running, and in a notebook that is shown without a kernel.
    """
    found = {}
    for address, give in site.routes.items():
        if address.startswith("data/"):
            found[address] = give().body
    return found if sum(map(len, found.values())) <= _ROOM else {}


def answered(site: Site | None, asked: dict[str, Any], buffers: Sequence[Any]) -> Response:
    """Answer what a page asks; whatever goes wrong is an answer too.

    Parameters
    ----------
    site : Site or None
        What answers; None for a page that only wants to know whether somebody is there.
    asked : dict
        ``method`` ("GET", "POST", or "HELLO", which asks only whether somebody is there) and ``address``.
    buffers : sequence of bytes-like
        What is posted: the first of them.

    Examples
    --------
    >>> from pathlib import Path
    >>> site = Site(Path("."), {"data/x.json": lambda: Response(b"{}", "application/json")})
    >>> answered(site, {"method": "GET", "address": "data/x.json"}, []).body
    b'{}'
    >>> answered(site, {"method": "GET", "address": "data/y.json"}, []).status.value
    404
    """
    method, address = asked.get("method"), str(asked.get("address"))
    if method == "HELLO":
        return Response(b"", _TEXT)
    if site is None:
        return Response(_NOTHING, _TEXT, HTTPStatus.NOT_FOUND)
    try:
        found = site.reply(address, bytes(buffers[0])) if method == "POST" and buffers else site.answer(address)
    except Exception as error:  # whatever it is, the page is told, and the kernel goes on
        return Response(f"{type(error).__name__}: {error}".encode(), _TEXT, HTTPStatus.INTERNAL_SERVER_ERROR)
    return found or Response(_NOTHING, _TEXT, HTTPStatus.NOT_FOUND)
