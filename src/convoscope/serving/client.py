"""A client of ``convoscope serve``, with nothing but the standard library: this file works on its own, too."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

Image = str | bytes | os.PathLike[str]
_AGAIN = (429, 503)
_LONGEST_WAIT = 30.0  # seconds


class ServingError(Exception):
    """A request that a server refused, or a server that could not be reached.

    Attributes
    ----------
    status : int
        The HTTP status; 0 if no server answered.

    Examples
    --------
    >>> try:
    ...     Client("http://127.0.0.1:9", retries=0).models()  # no server listens at this port
    ... except ServingError as error:
    ...     print(error.status)
    0
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class Client:
    """A client that asks a server to classify images.

    It keeps its connection open; threads may share it, and then wait for each other.

    Parameters
    ----------
    url : str
        Such as ``"http://127.0.0.1:8770"``.
    token : str, optional
        The token that the server was started with.
    timeout : float
        Seconds to wait for a connection, and between two parts of a response.
    retries : int
        How often to repeat a request if the server is busy, or has closed an idle connection.

    Examples
    --------
    >>> import tempfile
    >>> from convoscope import layers, models
    >>> from convoscope.serving import Server
    >>> model = models.Sequential([layers.Flatten(input_shape=(8, 8, 3)), layers.Dense(2, activation="softmax")])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(f"{folder}/insects.safetensors")
    ...     with Server(f"{folder}/insects.safetensors", port=0, token="a long secret") as server:
    ...         Client(server.address, token="a long secret").is_ready()
    True
    """

    def __init__(self, url: str, token: str | None = None, *, timeout: float = 60.0, retries: int = 4) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"A server's address must start with http:// or https://, but is {url!r}.")
        self.url = url.rstrip("/")
        self._token, self._retries, self._path = token, retries, parts.path.rstrip("/")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname, parts.port, timeout=timeout)
        self._lock = threading.Lock()

    def predict(self, images: Image | Sequence[Image], *, top: int = 5, model: str | None = None) -> Any:
        """Return the classes of an image, or a list for several images.

        Parameters
        ----------
        images : path, bytes, or a sequence of those
        top : int
            Number of classes to return.
        model : str, optional
            The model's name, if the server has several.

        Returns
        -------
        dict, or list of dict
            ``file``, and ``classes``, the best ones first, or ``error`` if an image cannot be read.

        Raises
        ------
        ServingError
            If the server refuses the request; the message says why.
        OSError
            If a file cannot be read.

        Examples
        --------
        >>> import io
        >>> import tempfile
        >>> from PIL import Image as Picture
        >>> from convoscope import layers, models
        >>> from convoscope.serving import Server
        >>> model = models.Sequential([layers.Flatten(input_shape=(8, 8, 3)), layers.Dense(2, activation="softmax")])
        >>> file = io.BytesIO()
        >>> Picture.new("RGB", (8, 8)).save(file, "PNG")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(f"{folder}/insects.safetensors")
        ...     with Server(f"{folder}/insects.safetensors", port=0) as server, Client(server.address) as client:
        ...         client.predict(file.getvalue(), top=1)["classes"][0]["probability"]
        0.5
        """
        alone = isinstance(images, (str, bytes, os.PathLike))
        given: Sequence[Any] = [images] if alone else images  # type: ignore[assignment]
        kind, body = _form([_named(each, number) for number, each in enumerate(given)])
        address = f"/predict{'' if model is None else f'/{quote(model, safe=str())}'}?top={top}"
        found = self._ask("POST", address, body, kind)["predictions"]
        return found[0] if alone else found

    def models(self) -> list[dict[str, Any]]:
        """Return the server's models: their names, versions and classes.

        Examples
        --------
        >>> import tempfile
        >>> from convoscope import layers, models
        >>> from convoscope.serving import Server
        >>> model = models.Sequential([layers.Flatten(input_shape=(8, 8, 3)), layers.Dense(2, activation="softmax")])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(f"{folder}/insects.safetensors")
        ...     with Server(f"{folder}/insects.safetensors", port=0) as server, Client(server.address) as client:
        ...         [each["name"] for each in client.models()]
        ['insects']
        """
        found: list[dict[str, Any]] = self._ask("GET", "/models")["models"]
        return found

    def is_ready(self) -> bool:
        """Return whether the server accepts requests.

        Examples
        --------
        >>> Client("http://127.0.0.1:9", retries=0).is_ready()  # no server listens at this port
        False
        """
        try:
            return bool(self._ask("GET", "/ready")["status"] == "ready")
        except ServingError:
            return False

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        self._connection.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_connection"):
            self._connection.close()

    def _ask(self, method: str, address: str, body: bytes | None = None, kind: str | None = None) -> Any:
        headers = {"Accept": "application/json"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        if kind is not None:
            headers["Content-Type"] = kind
        for attempt in range(self._retries + 1):
            status, after, content = self._once(method, self._path + address, body, headers)
            if status not in _AGAIN or address == "/ready" or attempt == self._retries:
                return self._read(status, content)
            time.sleep(min(_LONGEST_WAIT, after))
        raise AssertionError("the last attempt returns")

    def _once(self, method: str, address: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, float, bytes]:
        """Ask once; on a connection that was idle, which a server may have closed, once more."""
        with self._lock:
            for fresh in (self._connection.sock is None, True):
                try:
                    # Who refuses a request may close the connection before all of it is sent; the answer says why.
                    with suppress(BrokenPipeError, ConnectionResetError):
                        self._connection.request(method, address, body, headers)
                    answer = self._connection.getresponse()
                    content = answer.read()
                    after = answer.getheader("Retry-After", "1")
                    return answer.status, float(after) if after.isdigit() else 1.0, content
                except (http.client.HTTPException, OSError) as error:
                    self._connection.close()
                    if fresh:
                        raise ServingError(f"{self.url} cannot be reached: {error or type(error).__name__}.") from error
        raise AssertionError("the second connection is fresh")

    def _read(self, status: int, content: bytes) -> Any:
        try:
            told = json.loads(content)
        except ValueError:
            told = None
        if isinstance(told, dict) and (status == 200 or "predictions" in told):
            return told
        words = told.get("error") if isinstance(told, dict) else content[:200].decode("utf-8", "replace").strip()
        raise ServingError(f"{self.url} answered {status}: {words}", status)


def _named(image: Image, number: int) -> tuple[str, bytes]:
    if isinstance(image, bytes):
        return f"image {number}", image
    path = Path(image)
    return path.name, path.read_bytes()


def _form(files: Sequence[tuple[str, bytes]]) -> tuple[str, bytes]:
    """Write files as a form; a boundary that is drawn is in none of them."""
    boundary = secrets.token_hex(16)
    pieces = []
    for name, content in files:
        quoted = name.encode("utf-8", "replace").replace(b'"', b"%22").replace(b"\r", b"%0D").replace(b"\n", b"%0A")
        head = b'Content-Disposition: form-data; name="file"; filename="%s"' % quoted
        pieces += [b"--%s\r\n%s\r\n\r\n" % (boundary.encode(), head), content, b"\r\n"]
    return f"multipart/form-data; boundary={boundary}", b"".join([*pieces, f"--{boundary}--\r\n".encode()])
