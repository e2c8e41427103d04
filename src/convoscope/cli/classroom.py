"""``convoscope class``."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import typer

from convoscope.cli.exercises import OwnExercises
from convoscope.cli.options import read_path

NAME = "class"
HELP = (
    "Write one HTML file for a class: networks, filter lab, exercises and lessons. It works offline and without an "
    "account."
)
EXAMPLES = (
    "convoscope class --model digits=runs/digits-cnn-2-1 --save class.html",
    "convoscope class --model digits=RUN --model fashion=RUN2 --exercises my.json --save class.html",
)
_LARGE = 20_000_000  # bytes


def command(
    save: Annotated[Path, typer.Option("--save", parser=read_path, help="Where to write it.", show_default=False)],
    model: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="NAME=RUN", help="A run's folder or a model's file. Can be repeated."),
    ] = None,
    own: OwnExercises = None,
    tour: Annotated[
        str | None,
        typer.Option(
            metavar="[NAME=]FILE",
            help="Your own tour through a model, as a JSON file (see docs/tours.md). Without a name: through the first "
            "model.",
        ),
    ] = None,
    title: Annotated[
        str, typer.Option(help="The title of the start page.", show_default=False)
    ] = "How a network learns to see",
) -> None:
    """Run ``convoscope class``; `HELP` says what it does."""
    from convoscope.cli.console import results
    from convoscope.cli.errors import say
    from convoscope.cli.explore import load
    from convoscope.exhibition.class_lessons import lessons
    from convoscope.storage import write_atomically
    from convoscope.web.class_file import class_file
    from convoscope.web.exercise_files import read_exercises
    from convoscope.web.explorer import with_tour
    from convoscope.wording import file_size

    added = None if own is None else read_exercises(own)
    models = {name: load(trained, None, None) for name, trained in _named(model or ()).items()}
    if tour is not None:
        name, file = _guided(tour, models)
        models[name] = with_tour(models[name], file)
    content = class_file(models, added, lessons=lessons(list(models)), title=title).encode()
    write_atomically(save, [content])
    results().print(f"Written: {save}, {file_size(len(content))}", soft_wrap=True)
    if len(content) > _LARGE:
        advice = "Browsers open large files slowly. Give fewer models, or smaller ones."
        say(advice, title="Note: ", style="bold yellow")


def _guided(word: str, models: Collection[str]) -> tuple[str, Path]:
    """Read [NAME=]FILE: through which model a tour leads, and where it is."""
    from convoscope.errors import ConfigurationError

    name, equals, file = word.partition("=")
    if equals and name in models:
        return name, read_path(file)
    if not models:
        raise ConfigurationError("A tour leads through a model. Give a model: --model digits=runs/digits-cnn-2-1")
    return next(iter(models)), read_path(word)


def _named(words: list[str] | tuple[str, ...]) -> dict[str, Path]:
    """Read NAME=RUN."""
    from convoscope.errors import ConfigurationError

    found: dict[str, Path] = {}
    for word in words:
        name, equals, trained = word.partition("=")
        if not equals or not trained:
            raise ConfigurationError(
                f"--model takes a name and a run, as in digits=runs/digits-cnn-2-1, but got {word!r}."
            )
        if name in found:
            raise ConfigurationError(f"Two models are called {name!r}. Give each its own name.")
        found[name] = read_path(trained)
    return found
