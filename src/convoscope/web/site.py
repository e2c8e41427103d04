"""What a page's server gives out: files, data, and answers to questions. Nothing here knows HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from convoscope.errors import ConfigurationError, ConvoscopeError
from convoscope.web.bundled import bundled

if TYPE_CHECKING:
    from importlib.abc import Traversable  # in importlib.resources.abc from Python 3.11 on

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}


#: The type of what is neither text nor a picture.
BYTES = "application/octet-stream"


@dataclass(frozen=True)
class Response:
    """What an address answers: bytes of a type, such as ``"application/json"``.

    ``stays`` says that they are the same as long as the server runs, and nobody's own: a browser may keep them.
    """

    body: bytes
    type: str
    status: HTTPStatus = HTTPStatus.OK
    stays: bool = False


def page_files() -> Traversable:
    """Return the folder of the pages' files. It may lie in a zip file, from which Python imported the package."""
    return resources.files("convoscope.web") / "static"


def file_type(name: str) -> str | None:
    """Return the type of a file that pages may consist of, by its ending; None for any other."""
    return _TYPES.get(PurePosixPath(name).suffix.lower())


@dataclass(frozen=True)
class Site:
    """What a server gives out.

    Attributes
    ----------
    folder : path or Traversable
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
        Further pages, each under a name: ``"lab"`` is at ``lab/``, with its own static files, routes and questions
        below that. A mapping may make them when they are first visited.
    uploads : mapping of str to function
        From addresses that files are posted to, such as ``"ask/own-image"``, to functions of their bytes.
    upload_folders : mapping of str to function
        From beginnings of such addresses, such as ``"picture/"``, to functions of the rest and those bytes.
    """

    folder: Traversable
    routes: Mapping[str, Callable[[], Response]] = field(default_factory=dict)
    questions: Mapping[str, Callable[[dict[str, Any]], Response]] = field(default_factory=dict)
    folders: Mapping[str, Callable[[str], Response | None]] = field(default_factory=dict)
    below: Mapping[str, Site] = field(default_factory=dict)
    uploads: Mapping[str, Callable[[bytes], Response]] = field(default_factory=dict)
    upload_folders: Mapping[str, Callable[[str, bytes], Response]] = field(default_factory=dict)

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

    def answering(self, address: str) -> Callable[[dict[str, Any]], Response] | None:
        """Return what answers the questions that are posted to an address, or None."""
        if address in self.questions:
            return self.questions[address]
        first, slash, rest = address.partition("/")
        return self.below[first].answering(rest) if slash and first in self.below else None

    def taking(self, address: str) -> Callable[[bytes], Response] | None:
        """Return what takes the bytes that are posted to an address, or None."""
        for beginning, take in self.upload_folders.items():
            if address.startswith(beginning):
                return partial(take, address.removeprefix(beginning))
        if address in self.uploads:
            return self.uploads[address]
        first, slash, rest = address.partition("/")
        return self.below[first].taking(rest) if slash and first in self.below else None

    def reply(self, address: str, sent: bytes) -> Response | None:
        """Answer a question that is posted to an address, JSON, or take a file; None where nothing is asked there."""
        try:
            answer, take = self.answering(address), self.taking(address)
            if take is not None:
                return take(sent)
            if answer is None:
                return None
            question = json.loads(sent)
            if not isinstance(question, dict):
                raise ConfigurationError("A question is an object of JSON.")
            return answer(question)
        except (ConvoscopeError, ValueError, LookupError, TypeError, OverflowError, RecursionError) as error:
            return Response(f"{error}\n".encode(), "text/plain; charset=utf-8", HTTPStatus.BAD_REQUEST)

    def _file(self, address: str) -> Response | None:
        parts = address.split("/")
        kind = file_type(parts[-1])
        if kind is None or any(part in ("", ".", "..") or set(part) & set('\\:\0"<>|?*') for part in parts):
            return None
        file = _inside(self.folder, parts)
        if file is None:
            return None
        return Response(bundled(self.folder, address) or file.read_bytes(), kind, stays=True)


def _inside(folder: Traversable, parts: list[str]) -> Traversable | None:
    """Return a file that is below a folder once links are followed, or None."""
    try:
        if isinstance(folder, Path):
            root = folder.resolve()
            file = root.joinpath(*parts).resolve()
            return file if file.is_relative_to(root) and file.is_file() else None
        found = folder
        for part in parts:
            found = found / part
        return found if found.is_file() else None
    except (OSError, ValueError):  # a name that is too long, or that the system cannot write
        return None
