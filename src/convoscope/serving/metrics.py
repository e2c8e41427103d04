"""Numbers about a server in the text format of Prometheus (version 0.0.4)."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64)
Labels = tuple[tuple[str, str], ...]


class Counter:
    """Something that is counted, by its labels."""

    kind = "counter"

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text = name, text
        self._lock = threading.Lock()
        self._values: dict[Labels, float] = {}

    def add(self, amount: float = 1, **labels: str) -> None:
        """Count so many more."""
        key = tuple(labels.items())
        with self._lock:
            self._values[key] = self._values.get(key, 0) + amount

    def lines(self) -> list[str]:
        """Return the lines of its values."""
        with self._lock:
            return [_line(self.name, labels, value) for labels, value in self._values.items()]


class Histogram:
    """Something that is measured: how often it was at most so much, for some bounds."""

    kind = "histogram"

    def __init__(self, name: str, text: str, bounds: Sequence[float]) -> None:
        self.name, self.text, self._bounds = name, text, bounds
        self._lock = threading.Lock()
        self._counts, self._sum = [0] * (len(bounds) + 1), 0.0

    def observe(self, value: float) -> None:
        """Count a value."""
        index = next((index for index, bound in enumerate(self._bounds) if value <= bound), len(self._bounds))
        with self._lock:
            self._counts[index] += 1
            self._sum += value

    def lines(self) -> list[str]:
        """Return the lines of its values."""
        with self._lock:
            counts, total = list(self._counts), self._sum
        found, below = [], 0
        for bound, count in zip((*map(_number, self._bounds), "+Inf"), counts, strict=True):
            below += count
            found.append(_line(f"{self.name}_bucket", (("le", bound),), below))
        return [*found, _line(f"{self.name}_sum", (), total), _line(f"{self.name}_count", (), below)]


class Metrics:
    """All that is counted and measured of a server."""

    def __init__(self) -> None:
        self.requests = Counter("convoscope_requests_total", "Requests for predictions, by model and status.")
        self.images = Counter("convoscope_images_total", "Images, by model and whether they could be read.")
        self.refused = Counter("convoscope_refused_total", "Rejected requests, by reason.")
        self.reloads = Counter("convoscope_reloads_total", "Models that were replaced, by model and outcome.")
        self.seconds = Histogram(
            "convoscope_request_seconds", "Time from a request's headers to its response.", _SECONDS
        )
        self.batches = Histogram("convoscope_batch_images", "Images per batch.", _SIZES)
        self.computing = Histogram("convoscope_batch_seconds", "Time to compute a batch.", _SECONDS)

    def batch(self, size: int, seconds: float) -> None:
        """Count a batch."""
        self.batches.observe(size)
        self.computing.observe(seconds)

    def text(self, waiting: int, versions: Mapping[str, str]) -> str:
        """Return all of them, with what is so at this moment.

        Parameters
        ----------
        waiting : int
            Images.
        versions : mapping of str to str
            Of the models, by their names.
        """
        measured: list[Counter | Histogram] = [
            *(self.requests, self.images, self.refused, self.reloads),
            *(self.seconds, self.batches, self.computing),
        ]
        lines = [line for each in measured for line in (*_head(each.name, each.text, each.kind), *each.lines())]
        lines += _head("convoscope_waiting_images", "Images waiting or being computed.", "gauge")
        lines.append(_line("convoscope_waiting_images", (), waiting))
        lines += _head("convoscope_model_info", "The served models.", "gauge")
        for name, version in versions.items():
            lines.append(_line("convoscope_model_info", (("model", name), ("version", version)), 1))
        return "\n".join(lines) + "\n"


def _head(name: str, text: str, kind: str) -> Iterable[str]:
    return f"# HELP {name} {text}", f"# TYPE {name} {kind}"


def _line(name: str, labels: Labels, value: float) -> str:
    told = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
    return f"{name}{f'{{{told}}}' if told else ''} {_number(value)}"


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
