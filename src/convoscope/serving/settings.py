"""What a server allows."""

from __future__ import annotations

from dataclasses import dataclass

from convoscope.checks import integer, real
from convoscope.datasets.folder.opening import as_max_pixels
from convoscope.errors import ConfigurationError

_WHERE = "Limits"


@dataclass(frozen=True)
class Limits:
    """What clients may send, and how long they wait.

    Attributes
    ----------
    max_bytes : int
        Of one request.
    max_files : int
        Images in one request.
    max_pixels : int, optional
        Of an image: 50 million if left out, of a JPEG after it was decoded at a smaller scale.
    rate : float, optional
        Requests a minute for each client's address; any number if left out. Twenty may come at once.
    queue : int
        Images that wait or are computed, of all clients. Who sends more is told to come again (503).
    batch : int
        Images that are computed at once.
    wait : float
        Seconds that an image waits for others that are being decoded, so that they are computed together.
    seconds : float
        In which an answer comes, or a client is told to come again.
    held : int
        Bytes of requests that are held in memory at a time, of all clients.
    connections : int
        At a time; to let another in, the one that has been idle longest is closed.
    """

    max_bytes: int = 32_000_000
    max_files: int = 64
    max_pixels: int | None = None
    rate: float | None = None
    queue: int = 512
    batch: int = 16
    wait: float = 0.005
    seconds: float = 60.0
    held: int = 512_000_000
    connections: int = 1_024

    def __post_init__(self) -> None:
        for name in ("max_bytes", "max_files", "queue", "batch", "held", "connections"):
            integer(getattr(self, name), name, _WHERE)
        as_max_pixels(self.max_pixels)
        for name in ("wait", "seconds"):
            if real(getattr(self, name), name, _WHERE) < 0:
                raise ConfigurationError(f"{_WHERE}: {name} is a number of seconds, but is {getattr(self, name)!r}.")
        if self.rate is not None and real(self.rate, "rate", _WHERE) <= 0:
            raise ConfigurationError(f"{_WHERE}: rate is above 0 requests a minute, but is {self.rate!r}.")
        if self.max_files > self.queue:
            raise ConfigurationError(
                f"{_WHERE}: a request may have {self.max_files} images, but only {self.queue} may wait (queue)."
            )
        if self.max_bytes > self.held:
            raise ConfigurationError(
                f"{_WHERE}: a request may have {self.max_bytes} bytes, but only {self.held} are held (held)."
            )
