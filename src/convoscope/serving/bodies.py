"""The images in a request's body: the bytes of one, a form's files, or base64 in JSON. Never an address.

The parser of forms is our own: it splits a body that is in memory, and knows no more than files need.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from email.message import Message
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from convoscope.paths import address_in
from convoscope.web.guard import RefusedError
from convoscope.wording import counted

Images = list[tuple[str, bytes]]
_LONGEST_NAME, _LONGEST_HEAD, _MOST_FIELDS = 255, 8_000, 32
_NAMELESS = "image"
_MOST_VALUES = 300  # of JSON, for each image: a name may have commas
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{1,70}")
_DATA_ADDRESS = re.compile(r"data:[\w/+.-]*(?:;[\w=.+-]*)*,", re.ASCII)
_HELP = (
    "Send an image's bytes with Content-Type image/jpeg (or application/octet-stream), a form with files "
    "(multipart/form-data), or base64 in JSON (application/json)."
)


def images_in(content_type: str, body: bytes, most: int, name: str = "") -> Images:
    """Return names and contents of the images in a body.

    Parameters
    ----------
    content_type : str
        The request's header.
    body : bytes
    most : int
        Images that a request may have.
    name : str
        Of an image that is sent alone.

    Raises
    ------
    RefusedError
        It is none of what is taken, is damaged, or has none or too many images.

    Examples
    --------
    >>> images_in("image/png", b"...", 1)
    [('image', b'...')]
    >>> images_in("application/json", b'{"image": "Li4u"}', 1)
    [('image', b'...')]
    """
    header = Message()
    header["content-type"] = content_type
    kind = header.get_content_type() if content_type else ""
    parse = _KINDS.get(kind, _raw if kind.startswith("image/") else None)
    if parse is None:
        words = f"Content-Type is {kind or 'missing'}, which is not supported. {_HELP}"
        raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, words)
    images = parse(header, body, most)
    if not images:
        raise _bad(f"The request contains no image. {_HELP}")
    if len(images) > most:
        raise _too_many(most)
    if name and len(images) == 1 and images[0][0] == _NAMELESS:
        return [(_shortened(name, 0), images[0][1])]
    return images


def _raw(header: Message, body: bytes, most: int) -> Images:
    return [(_NAMELESS, body)] if body else []


def _form(header: Message, body: bytes, most: int) -> Images:
    """Take a form's files apart, as RFC 7578 has them."""
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str) or not _BOUNDARY.fullmatch(boundary):
        raise _bad("The form has no valid boundary in its Content-Type.")
    # One more than there may be, what stands before the first, and what stands after the last.
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary.encode(), most + _MOST_FIELDS + 2)
    if len(parts) < 2:
        raise _bad("The form does not contain the boundary given in its Content-Type.")
    images: Images = []
    for part in parts[1:]:
        if part.startswith(b"--"):
            return images
        head, blank, content = part.lstrip(b" \t").partition(b"\r\n\r\n")
        if not blank or not head.startswith(b"\r\n") or len(head) > _LONGEST_HEAD:
            break
        name = _file_name(head, len(images))
        if name is not None:
            images.append((name, content))
            if len(images) > most:
                return images
    raise _bad("The form is damaged or cut short: its last boundary is missing.")


def _file_name(head: bytes, number: int) -> str | None:
    """Return the name of a form's file, or None of another field."""
    for line in head.decode("utf-8", "replace").split("\r\n"):
        title, _, value = line.partition(":")
        if title.strip().lower() == "content-disposition":
            told = re.search(r';\s*filename="((?:[^"\\]|\\.)*)"|;\s*filename=([^;"\s]+)', value)
            coded = re.search(r";\s*filename\*=utf-8''([^;\s]+)", value, re.IGNORECASE)
            if told is None and coded is None:
                return None
            name = unquote(coded[1]) if coded else unquote((told[1] or told[2] or "") if told else "")
            return _shortened(re.split(r"[/\\]", name)[-1], number)
    return None


def _from_json(header: Message, body: bytes, most: int) -> Images:
    """Take ``{"image": BASE64}``, or ``{"images": [BASE64 or {"name": ..., "data": BASE64}, ...]}``."""
    if sum(map(body.count, (b"[", b"{", b","))) > _MOST_VALUES * most:  # each becomes an object, of fifty bytes or more
        raise _bad("The JSON has too many values.")
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _bad("The Content-Type is JSON, but the body is not.") from error
    if not isinstance(told, dict) or (("image" in told) == ("images" in told)):
        raise _bad('The JSON must have either "image", in base64, or "images", a list of them.')
    given = told["images"] if "images" in told else [told["image"]]
    if not isinstance(given, list):
        raise _bad('"images" must be a list of images in base64.')
    if len(given) > most:
        raise _too_many(most)
    return [_decoded(each, number, alone="image" in told) for number, each in enumerate(given)]


def _decoded(given: Any, number: int, *, alone: bool) -> tuple[str, bytes]:
    name, data = (given.get("name", ""), given.get("data")) if isinstance(given, dict) else ("", given)
    if not isinstance(data, str) or not isinstance(name, str):
        raise _bad('An image in JSON must be a base64 string, or {"name": ..., "data": BASE64}.')
    if address_in(data) is not None:
        raise _bad("An image in JSON must be a base64 string, not an address: nothing is downloaded.")
    start = _DATA_ADDRESS.match(data[:200])
    try:
        content = base64.b64decode(data[start.end() :] if start else data, validate=True)
    except (ValueError, binascii.Error) as error:
        raise _bad(f"Image {number} is not in base64.") from error
    return _shortened(name, number) if name else (_NAMELESS if alone else f"image {number}"), content


def _shortened(name: str, number: int) -> str:
    return name.replace("\0", "")[:_LONGEST_NAME] or f"image {number}"


def _too_many(most: int) -> RefusedError:
    return RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A request may contain at most {counted(most, 'image')}.")


def _bad(words: str) -> RefusedError:
    return RefusedError(HTTPStatus.BAD_REQUEST, words)


_KINDS: dict[str, Callable[[Message, bytes, int], Images]] = {
    "multipart/form-data": _form,
    "application/json": _from_json,
    "application/octet-stream": _raw,
}
