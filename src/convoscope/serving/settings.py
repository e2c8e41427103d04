"""What a server allows."""

from __future__ import annotations

from dataclasses import dataclass

from convoscope.checks import integer, real
from convoscope.datasets.folder.opening import as_max_pixels
from convoscope.errors import ConfigurationError

_WHERE = "Limits"


@dataclass(frozen=True)
class Limits:
    """Limits on what clients may send, and on how long they wait.

    Attributes
    ----------
    max_bytes : int
        Of one request.
    max_files : int
        The largest number of images in one request.
    max_pixels : int, optional
        Of an image; 50 million if left out, for a JPEG after decoding at a smaller scale.
    rate : float, optional
        Requests a minute for each client's address; any number if left out. Twenty may come at once.
    queue : int
        Images of all clients that wait or are computed. Further requests are answered with status 503: try again later.
    batch : int
        Images that are computed at once.
    wait : float
        Seconds that an image waits for others that are being decoded, so that they are computed together.
    seconds : float
        After which a request without an answer gets status 503: try again later.
    held : int
        Bytes of requests that are held in memory at a time, of all clients.
    connections : int
        At a time; for a new one, the one that has been idle longest is closed.

    Examples
    --------
    >>> limits = Limits(max_files=8, rate=60)
    >>> limits.max_files, limits.rate, limits.max_bytes
    (8, 60, 32000000)
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
                raise ConfigurationError(
                    f"{_WHERE}: {name} must be a number of seconds, but is {getattr(self, name)!r}."
                )
        if self.rate is not None and real(self.rate, "rate", _WHERE) <= 0:
            raise ConfigurationError(f"{_WHERE}: rate must be above 0 requests per minute, but is {self.rate!r}.")
        if self.max_files > self.queue:
            raise ConfigurationError(
                f"{_WHERE}: a request may have {self.max_files} images, but only {self.queue} may wait (queue)."
            )
        if self.max_bytes > self.held:
            raise ConfigurationError(
                f"{_WHERE}: a request may have {self.max_bytes} bytes, but only {self.held} may be held (held)."
            )
