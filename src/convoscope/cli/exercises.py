"""``convoscope exercises``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from convoscope.cli.options import grouped, read_path
from convoscope.cli.page_options import PageOptions

HELP = "Open self-checking exercises on convolutional networks. Press Ctrl-C to stop."
EXAMPLES = (
    "convoscope exercises",
    "convoscope exercises --exercises my.json",
    "convoscope exercises --save exercises.html",
)

OwnExercises = Annotated[
    Path | None,
    typer.Option("--exercises", parser=read_path, help="Your own exercises, as a JSON file (see docs/exercises.md)."),
]


@grouped
def command(
    own: OwnExercises = None,
    save: Annotated[
        Path | None,
        typer.Option(
            "--save", parser=read_path, help="Write the exercises and the filter lab as one HTML file, and exit."
        ),
    ] = None,
    *,
    page: PageOptions,
) -> None:
    """Run ``convoscope exercises``; `HELP` says what it does."""
    from convoscope.cli.console import results
    from convoscope.storage import write_atomically
    from convoscope.web.exercise_files import read_exercises
    from convoscope.web.exercises import site
    from convoscope.web.opening import open_page

    added = None if own is None else read_exercises(own)
    if save is not None:
        from convoscope.web.class_file import class_file

        write_atomically(save, [class_file({}, added, title="Exercises", begins="exercises").encode()])
        results().print(f"Written: {save}", soft_wrap=True)
        return
    open_page(
        site(added),
        "The exercises page",
        port=page.port,
        browser=not page.no_browser,
        wait=True,
        hosts=page.host or (),
    )
