"""Commands that run in many processes: starting them, and what each of them prints."""

from __future__ import annotations

import os
import signal
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import typer

from convoscope.cli.errors import FAILED, INTERRUPTED, complain
from convoscope.errors import ConfigurationError, ConvoscopeError, ProcessLostError

_TALKING = 1.0  # seconds in which another process says why it ends: torchrun ends it when the first has gone


def start(count: int, engine: str | None) -> None:
    """Run this command in so many processes, and end with their status; within one of them, go on.

    Raises
    ------
    ConfigurationError
        Another engine than PyTorch was asked for, PyTorch is not installed, or torchrun has started processes already.
    """
    from convoscope.engine.select import torch_problem
    from convoscope.processes import world
    from convoscope.processes.launching import launch

    if engine not in (None, "auto", "torch"):
        raise ConfigurationError(
            f"--processes trains with PyTorch, but --engine {engine} asks for another engine. Leave out one of the two."
        )
    problem = torch_problem(load=False)
    if problem is not None:
        raise ConfigurationError(f"--processes trains with PyTorch. {problem}.")
    there = world().size
    if there not in (1, count):
        raise ConfigurationError(
            f"torchrun has already started {there} processes, but --processes asks for {count}. Leave out --processes."
        )
    if there == count:
        return
    status, reason = launch([sys.executable, "-m", "convoscope", *sys.argv[1:]], count)
    if reason:
        was_killed = status > INTERRUPTED - signal.SIGINT
        complain(
            f"{reason} To resume after the last complete epoch: convoscope train --resume RUN" if was_killed else reason
        )
    raise typer.Exit(status)


@contextmanager
def in_all_processes() -> Iterator[None]:
    """Do what follows in all processes together. The first one prints."""
    from convoscope import processes

    here = processes.world()
    if here.size == 1:
        yield
        return
    team = processes.team()
    try:
        with processes.together() as team:
            team.check_same(" ".join(sys.argv[1:]), "command")
            if here.rank:
                warnings.showwarning = _say_nothing
            yield
    except ProcessLostError as error:
        _end(error)
    except ConvoscopeError as error:
        if team.is_repeating and (here.rank or not processes.was_launched()):
            _end(ProcessLostError(str(error), is_told=True))
        raise
    except KeyboardInterrupt:
        if here.rank:
            raise typer.Exit(INTERRUPTED) from None
        raise


def _end(error: ProcessLostError) -> NoReturn:
    """End because another process has: at once, for what waits for that one would wait on."""
    from convoscope import processes
    from convoscope.processes.watch import LOST

    say_it = not error.is_told and not processes.was_launched() and processes.world().local_rank in (0, 1)
    if say_it:
        complain(str(error))
    elif not processes.was_launched():
        time.sleep(_TALKING)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(FAILED if say_it else LOST)


def _say_nothing(*warning: Any, **options: Any) -> None:
    """Let a warning pass: the first process has the same."""
