"""How far a run is: the numbers, for any display, and the one line that a terminal shows of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from convoscope.names import for_terminal, text_of

_LONGEST_TEXT = 40  # of a value that is no number


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
    """Return a value from logs as a float, or None if it is no number: people's callbacks put anything there.

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

    What is no number is shown as text in one line, and cut if it is long.

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


def render_line(progress: Progress) -> str:
    """Return the line that stays when a stage is over.

    Examples
    --------
    >>> render_line(Progress("train", 60000, 60000, 1.8, epoch=1, epochs=5, logs={"loss": 0.4821}))
    'Epoch 1/5 - 1.8s - loss: 0.4821'
    """
    parts = [progress.title, render_seconds(progress.seconds), render_logs(progress.logs)]
    return " - ".join(part for part in parts if part)


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
    >>> render_bar(Progress("train", 300, 1200, 0.5, 1, 5, {"loss": 0.5}), 100, fancy=False)
    'Epoch 1/5 #####--------------- 300/1200 - 600 images/s - 1.5s left - loss: 0.5000'
    """
    full, empty = ("━", "┄") if fancy else ("#", "-")
    left = progress.seconds_left
    count = f"{progress.done}/{progress.total}"
    rate = f"{progress.rate:,.0f} images/s" if progress.rate else ""
    remaining = f"{render_seconds(left)} left" if left is not None else ""
    text = ""
    # In a narrow terminal the bar gets shorter first, then the rate goes, then the bar: the numbers matter more.
    for cells, speed in ((20, rate), (10, rate), (10, ""), (0, "")):
        filled = min(cells, int(progress.share * cells))
        start = " ".join(part for part in (progress.title, full * filled + empty * (cells - filled), count) if part)
        text = " - ".join(part for part in (start, speed, remaining, render_logs(progress.logs)) if part)
        if len(text) <= width:
            break
    return text[: max(0, width)]


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
