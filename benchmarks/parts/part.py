"""What a part is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.environments import WORK
from benchmarks.page import Section
from benchmarks.processes import Measurement
from benchmarks.results import Result
from benchmarks.runner import Options

OWN = "Convoscope"
FILES = WORK / "files"


@dataclass(frozen=True)
class Part:
    """One part of the benchmarks.

    Attributes
    ----------
    name, title : str
        By which it is asked for, and its heading.
    environments : tuple of str
        The peers that it measures.
    rounds : callable
        Makes ready what the measurements need and returns them, round by round; exits if it cannot.
    section : callable
        Turns the result into text and plots.
    keeps : tuple of str
        The values that are kept of many samples; without any, all samples are kept as they came.
    """

    name: str
    title: str
    environments: tuple[str, ...]
    rounds: Callable[[Options], Sequence[Sequence[Measurement]]]
    section: Callable[[Result], Section]
    keeps: tuple[str, ...] = ()
