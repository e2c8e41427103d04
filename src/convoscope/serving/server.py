"""A server of models: from its start to an end at which nothing that was accepted is lost."""

from __future__ import annotations

import os
import threading
from collections.abc import Container, Iterable, Mapping
from io import TextIOBase
from typing import TextIO

from convoscope.errors import ConfigurationError, ConvoscopeError
from convoscope.paths import user_path
from convoscope.serving.app import State, application
from convoscope.serving.loaded import Kept, kept_models, name_for
from convoscope.serving.log import Log
from convoscope.serving.settings import Limits
from convoscope.web.guard import LOCAL
from convoscope.web.listener import Listener

HOST, PORT = "127.0.0.1", 8770
_LOCAL_ADDRESSES = ("127.0.0.1", "::1", "localhost")
_SHORTEST_TOKEN = 8
_POLL = 1.0  # seconds between two looks at the models' files
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Server": "Convoscope",
    "X-Content-Type-Options": "nosniff",
}


class Server:
    """A server that answers requests for models over HTTP. It listens as soon as it is created.

    Parameters
    ----------
    models : path or mapping of str to path
        A run's folder or a model's file; or several, by the names that clients use.
    host : str
        The address to listen at. ``"127.0.0.1"`` is reached from this machine only, ``"0.0.0.0"`` from others.
    port : int
        0 means any free port.
    token : str, optional
        The token that clients have to send, of at least 8 characters.
    names : iterable of str
        Host names that clients may use besides this machine's own; any name if it listens for other machines.
    limits : Limits, optional
    log : text stream, optional
        Where lines of JSON are written.

    Examples
    --------
    >>> from convoscope.layers import Dense, Flatten, Rescaling
    >>> from convoscope.models import Sequential
    >>> from convoscope.serving import Client
    >>> import io, tempfile, PIL.Image
    >>> from pathlib import Path
    >>> model = Sequential([Rescaling(1 / 255, input_shape=(8, 8, 3)), Flatten(), Dense(2, activation="softmax")])
    >>> image = io.BytesIO()
    >>> PIL.Image.new("RGB", (30, 20)).save(image, "PNG")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(Path(folder, "model.safetensors"))
    ...     with Server(Path(folder, "model.safetensors"), port=0) as server:
    ...         found = Client(server.address).predict(image.getvalue())
    >>> found["classes"][0]["probability"]
    0.5
    """

    def __init__(
        self,
        models: str | os.PathLike[str] | Mapping[str, str | os.PathLike[str]],
        *,
        host: str = HOST,
        port: int = PORT,
        token: str | None = None,
        names: Iterable[str] = (),
        limits: Limits | None = None,
        log: TextIO | TextIOBase | None = None,
    ) -> None:
        if token is not None and (len(token) < _SHORTEST_TOKEN or not token.isascii() or not token.isprintable()):
            raise ConfigurationError(
                f"A token must have at least {_SHORTEST_TOKEN} printable ASCII characters. Generate one: python -c "
                "'import secrets; print(secrets.token_urlsafe())'"
            )
        if not isinstance(models, Mapping):
            path = user_path(models)
            models = {name_for(path): path}
        self._log = Log(log)
        limits = limits or Limits()
        self._state = State(kept_models(models), limits, token, self._log)
        allowed: Container[str] = LOCAL | {name.lower() for name in names}
        if host not in _LOCAL_ADDRESSES and not tuple(names):
            allowed = _AnyName()
        app = application(self._state, allowed)
        self._listener = Listener(app, host, port, _HEADERS, most_connections=limits.connections, any_free=False)
        self._ending = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="convoscope-watch", daemon=True)

    @property
    def address(self) -> str:
        """Where it is reached."""
        host = "127.0.0.1" if self._listener.host in ("0.0.0.0", "::") else self._listener.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self._listener.port}"

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._listener.port

    @property
    def models(self) -> Mapping[str, Kept]:
        """The models by their names."""
        return self._state.models

    def start(self) -> None:
        """Start to answer requests, and return at once."""
        self._listener.start()
        if self._watcher.ident is None:
            self._watcher.start()
        versions = {name: kept.current.version for name, kept in self.models.items()}
        self._log.write("ready", address=self.address, models=versions, process=os.getpid())

    def wait(self) -> None:
        """Wait until the server has ended."""
        self._listener.wait()

    def drain(self, seconds: float = 30.0) -> None:
        """End after all accepted requests have been answered; new ones are refused."""
        self._log.write("ending", waiting=self._state.batcher.waiting)
        self._state.draining = True
        self._listener.drain(seconds)
        self.close()

    def close(self) -> None:
        """End immediately."""
        if self._ending.is_set():
            return
        self._ending.set()
        self._listener.stop()
        self._state.batcher.close()
        if self._watcher.ident is not None:
            self._watcher.join()
        self._log.write("ended")

    def refresh(self) -> None:
        """Reload the models whose files have changed; one that cannot be loaded keeps its current version."""
        for kept in self.models.values():
            try:
                changed = kept.refresh()
            except (ConvoscopeError, OSError, MemoryError) as error:
                self._state.metrics.reloads.add(model=kept.name, outcome="failed")
                self._log.write("not replaced", model=kept.name, version=kept.current.version, error=str(error))
                continue
            if changed:
                self._state.metrics.reloads.add(model=kept.name, outcome="replaced")
                self._log.write("replaced", model=kept.name, version=kept.current.version)

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _watch(self) -> None:
        while not self._ending.wait(_POLL):
            self.refresh()


class _AnyName:
    """Every name by which a server may be called."""

    def __contains__(self, name: object) -> bool:
        return True
