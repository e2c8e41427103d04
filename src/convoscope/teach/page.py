"""The page of a session: what its server gives out, takes and answers. Nothing here knows HTTP, or the network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from convoscope.datasets.images.preprocessing import Preprocessing
from convoscope.errors import ConfigurationError, DataError
from convoscope.names import json_text
from convoscope.teach.saving import Saved, save
from convoscope.teach.session import Session
from convoscope.web.site import Response, Site, page_files

if TYPE_CHECKING:
    from importlib.abc import Traversable

_PAGE = "teach/index.html"
_PICTURE = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
}


@dataclass(frozen=True, eq=False)
class Teaching:
    """A session, and where it is saved.

    Attributes
    ----------
    session : Session
    out : Path
        The folder that `save` writes into.
    """

    session: Session
    out: Path


def site(teaching: Teaching, folder: Traversable | None = None) -> Site:
    """Return what the server of ``convoscope teach`` gives out; `folder` instead of the package's own for tests."""
    folder = folder or page_files()
    session = teaching.session
    saved: list[Saved] = []

    def saving(_: dict[str, Any]) -> Response:
        saved[:] = [save(session, teaching.out)]
        return _as_json(saved[0].told())

    def page_saved() -> Response:
        if not saved:
            return Response(b"Nothing has been saved yet.\n", "text/plain; charset=utf-8", HTTPStatus.NOT_FOUND)
        return Response(saved[0].page.read_bytes(), "text/html; charset=utf-8")

    return Site(
        folder,
        {
            "": lambda: Response((folder / _PAGE).read_bytes(), "text/html; charset=utf-8"),
            "data/about.json": lambda: _as_json(_about(teaching)),
            "saved/classifier.html": page_saved,
        },
        {
            "ask/state": lambda asked: _as_json(session.state(int(asked.get("version", 0)))),
            "ask/change": lambda asked: _as_json(session.change(asked)),
            "ask/train": lambda _: _as_json(session.train()),
            "ask/save": saving,
        },
        {
            "data/picture/": lambda rest: _numbered(rest, lambda number: _picture(session, number)),
            "data/thumbnail/": lambda rest: _numbered(
                rest, lambda number: Response(session.thumbnail(number), "image/jpeg", stays=True)
            ),
        },
        upload_folders={
            "picture/": lambda rest, sent: _as_json(_take(session, rest, sent)),
            "frame/": lambda rest, sent: _as_json(_predict(session, rest, sent)),
        },
    )


def _about(teaching: Teaching) -> dict[str, Any]:
    return {"preparation": teaching.session.extractor.backbone.preprocessing, "out": str(teaching.out)}


def _take(session: Session, rest: str, sent: bytes) -> dict[str, Any]:
    """Take a picture that is posted to CLASS/BURST/NAME."""
    parts = rest.split("/", 2)
    if len(parts) < 3:
        raise ConfigurationError("A picture is posted to picture/CLASS/BURST/NAME.")
    group, burst, name = parts
    return session.add(_number(group), name, sent, burst)


def _predict(session: Session, rest: str, sent: bytes) -> dict[str, Any]:
    """Classify pixels that are posted to the class whose evidence is wanted, or to ``likeliest``."""
    height, width, channels = Preprocessing.from_dict(session.extractor.backbone.preprocessing).shape
    if len(sent) != height * width * channels:
        raise DataError(f"A frame is {width}×{height} pixels of three bytes, but got {len(sent)} bytes.")
    pixels = np.frombuffer(sent, np.uint8).reshape(height, width, channels)
    return session.predict(pixels, None if rest == "likeliest" else _number(rest))


def _picture(session: Session, number: int) -> Response:
    content, ending = session.picture(number)
    return Response(content, _PICTURE.get(ending, "application/octet-stream"), stays=True)


def _numbered(rest: str, answer: Callable[[int], Response]) -> Response | None:
    try:
        return answer(_number(rest))
    except ConfigurationError:
        return None


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ConfigurationError(f"Expected a number, but got {text!r}.")
    return int(text)


def _as_json(value: Any) -> Response:
    return Response(json_text(value).encode(), "application/json")
