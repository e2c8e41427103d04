"""How far a run is: the numbers, for any display, and the one line that a terminal shows of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from convoscope.names import for_terminal, text_of

_LONGEST_TEXT = 40  # of a value that is not a number
_CELLS = 20  # of a bar


@dataclass(frozen=True)
class Progress:
    """Where training, evaluation or prediction stands.

    Parameters
    ----------
    stage : {"train", "evaluate", "predict"}
    done, total : int
        Images, of this epoch. The total is None where nobody knows it.
    seconds : float
        Since the epoch began.
    epoch, epochs : int
        The epoch, counted from 1, and how many there are.
    logs : mapping
        Loss and metrics so far.
    steps, total_steps : int
        Batches, of this epoch. The total is None where nobody knows it.

    Examples
    --------
    >>> progress = Progress("train", done=300, total=1200, seconds=0.5, epoch=1, epochs=5)
    >>> progress.share, progress.rate, progress.seconds_left
    (0.25, 600.0, 1.5)
    """

    stage: str
    done: int
    total: int | None
    seconds: float
    epoch: int = 1
    epochs: int = 1
    logs: Mapping[str, float] = field(default_factory=dict)
    steps: int = 0
    total_steps: int | None = None

    @property
    def share(self) -> float:
        """How much is done, from 0 to 1; 0 where nobody knows."""
        done, total = (self.steps, self.total_steps) if self.total is None else (self.done, self.total)
        if total is None:
            return 0.0
        return done / total if total else 1.0

    @property
    def count(self) -> tuple[int, int | None]:
        """How many batches are done and how many there will be; images, where batches were not counted."""
        return (self.steps, self.total_steps) if self.steps or self.total_steps else (self.done, self.total)

    @property
    def rate(self) -> float:
        """Images a second."""
        return self.done / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """How long the rest of the epoch takes at this rate; None while nothing is known."""
        return self.seconds * (1 - self.share) / self.share if self.seconds > 0 and self.share > 0 else None

    @property
    def title(self) -> str:
        """What is going on, in a word or two."""
        return f"Epoch {self.epoch}/{self.epochs}" if self.stage == "train" else self.stage.capitalize()


def as_number(value: Any) -> float | None:
    """Return a value from logs as a float, or None if it is not a number: people's callbacks put anything there.

    Examples
    --------
    >>> as_number(3), as_number("3"), as_number([0.5, 0.25]), as_number(None)
    (3.0, None, None, None)
    """
    if isinstance(value, (str, bytes, complex)):
        return None
    try:
        return float(value.item() if getattr(value, "ndim", 0) else value)
    except Exception:  # an array of many values, or any object whatever
        return None


def numbers_in(logs: Mapping[str, Any] | None) -> dict[str, float]:
    """Return those of the logs that are numbers, as floats."""
    found = {str(name): as_number(value) for name, value in (logs or {}).items()}
    return {name: number for name, number in found.items() if number is not None}


def render_logs(logs: Mapping[str, Any]) -> str:
    """Return the values as Keras prints them: four digits, or powers of ten if very small.

    Examples
    --------
    >>> render_logs({"loss": 0.48213, "learning_rate": 0.0001})
    'loss: 0.4821 - learning_rate: 1.0000e-04'
    """
    return " - ".join(f"{name}: {render_number(value)}" for name, value in logs.items())


def render_number(value: Any) -> str:
    """Return a number with four digits after the point, or as a power of ten if it is very small.

    What is not a number is shown as text in one line, and cut if it is long.

    Examples
    --------
    >>> render_number(0.25), render_number(None), render_number([1, 2])
    ('0.2500', 'None', '[1, 2]')
    """
    number = as_number(value)
    if number is None:
        text = " ".join(for_terminal(text_of(value).replace("\n", " ")).split())
        return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"
    return f"{number:.4f}" if abs(number) > 1e-3 or number == 0 else f"{number:.4e}"


def render_line(progress: Progress, *, bar: bool = True) -> str:
    """Return what stays when a stage is over, as Keras prints it: of several epochs the epoch in a line of its own.

    Parameters
    ----------
    progress : Progress
    bar : bool
        Whether there is a bar, as with ``verbose=1``, or none, as with ``verbose=2``.

    Examples
    --------
    >>> done = Progress("train", 60000, 60000, 3.8, 1, 5, {"loss": 0.4821}, steps=1875, total_steps=1875)
    >>> print(render_line(done))
    Epoch 1/5
    1875/1875 ━━━━━━━━━━━━━━━━━━━━ 4s 2ms/step - loss: 0.4821
    >>> print(render_line(done, bar=False))
    Epoch 1/5
    1875/1875 - 4s - 2ms/step - loss: 0.4821
    """
    done, total = progress.count
    count, seconds = f"{done}/{done if total is None else total}", f"{progress.seconds:.0f}s"
    pace = render_pace(progress.seconds / done if done else 0.0)
    parts = [f"{count} {'━' * _CELLS} {seconds} {pace}"] if bar else [count, seconds, pace]
    title = f"{progress.title}\n" if progress.stage == "train" and progress.epochs > 1 else ""
    return title + " - ".join(part for part in (*parts, render_logs(progress.logs)) if part)


def render_bar(progress: Progress, width: int, *, fancy: bool = True) -> str:
    """Return the line that changes while a stage runs, at most `width` characters wide.

    Parameters
    ----------
    progress : Progress
    width : int
        Of the terminal.
    fancy : bool
        Whether the terminal can show more than ASCII.

    Examples
    --------
    >>> half = Progress("train", 300, 1200, 0.5, 1, 5, {"loss": 0.5}, steps=10, total_steps=40)
    >>> render_bar(half, 100, fancy=False)
    'Epoch 1/5 10/40 #####--------------- 1.5s left 50ms/step - loss: 0.5000'
    """
    full, empty = ("━", "┄") if fancy else ("#", "-")
    done, total = progress.count
    left, unknown = progress.seconds_left, total is None
    pace = render_pace(progress.seconds / done) if done else ""
    clock = (
        f"{render_seconds(progress.seconds)}" if unknown else f"{render_seconds(left)} left" if left is not None else ""
    )
    text = ""
    # In a narrow terminal the bar gets shorter first, then the pace goes, then the bar: the numbers matter more.
    for cells, speed in ((_CELLS, pace), (_CELLS // 2, pace), (_CELLS // 2, ""), (0, "")):
        filled = min(cells, int(progress.share * cells))
        drawn = "" if unknown else full * filled + empty * (cells - filled)
        count = f"{done}/{'Unknown' if unknown else total}"
        start = " ".join(part for part in (progress.title, count, drawn, clock, speed) if part)
        text = " - ".join(part for part in (start, render_logs(progress.logs)) if part)
        if len(text) <= width:
            break
    return text[: max(0, width)]


def render_pace(seconds: float, unit: str = "step") -> str:
    """Return how long a step takes, as Keras prints it.

    Examples
    --------
    >>> render_pace(2.4), render_pace(0.0021), render_pace(0.00004)
    ('2s/step', '2ms/step', '40us/step')
    """
    if seconds >= 1 or seconds == 0:
        return f"{seconds:.0f}s/{unit}"
    return f"{seconds * 1e3:.0f}ms/{unit}" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us/{unit}"


def render_seconds(seconds: float) -> str:
    """Return a duration, short.

    Examples
    --------
    >>> render_seconds(1.84), render_seconds(75.2), render_seconds(7300)
    ('1.8s', '1m 15s', '2h 1m')
    """
    if seconds < 60:
        return f"{seconds:.1f}s"
    minutes = int(seconds) // 60
    return f"{minutes}m {int(seconds) % 60}s" if minutes < 60 else f"{minutes // 60}h {minutes % 60}m"
