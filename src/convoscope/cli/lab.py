"""``convoscope lab``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from convoscope.cli.options import grouped, read_path
from convoscope.cli.page_options import PageOptions

if TYPE_CHECKING:
    from convoscope.filters.chain import Step
    from convoscope.web.lab import Start

HELP = "Open the filter lab in the browser: any filter on any image, every step visible. Press Ctrl-C to stop."
EXAMPLES = (
    "convoscope lab",
    "convoscope lab my.jpg",
    "convoscope lab my.jpg --export lab.html",
    "convoscope lab --no-browser --port 8800",
)


@grouped
def command(
    image: Annotated[
        Path | None,
        typer.Argument(
            parser=read_path,
            metavar="[IMAGE]",
            help="An image file, or a sample: photograph, drawing.",
            show_default=False,
        ),
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option(
            "--export", parser=read_path, help="Write the page as one HTML file that works offline, and exit."
        ),
    ] = None,
    *,
    page: PageOptions,
) -> None:
    """Run ``convoscope lab``; `HELP` says what it does."""
    if export is None:
        serve(image, (), port=page.port, hosts=page.host or (), browser=not page.no_browser)
        return
    from convoscope.cli.console import results
    from convoscope.storage import write_atomically
    from convoscope.web.lab import offline

    write_atomically(export, [offline(_start(image, ())).encode()])
    results().print(f"Written: {export}", soft_wrap=True)


def serve(
    image: Path | None,
    steps: Sequence[Step],
    *,
    port: int | None = None,
    hosts: Sequence[str] = (),
    browser: bool = True,
) -> None:
    """Serve the lab until Ctrl-C.

    Parameters
    ----------
    image : Path or None
        A file's or a sample's name.
    steps : sequence of Filter and Pooling
        What the page begins with.
    port, hosts
        As in `convoscope.web.server.Server`.
    browser : bool
        Whether to open one.
    """
    from convoscope.cli.console import results
    from convoscope.web.lab import site
    from convoscope.web.server import PORT, Server

    console = results()
    with Server(site(_start(image, steps)), port=PORT if port is None else port, hosts=hosts) as server:
        try:
            if port and server.port != port:
                console.print(f"Port {port} is in use, so port {server.port} is used instead.")
            console.print(f"The filter lab is at {server.address}", soft_wrap=True)
            console.print("Only this machine can reach it. Press Ctrl-C to stop.", soft_wrap=True)
            console.file.flush()
            if browser:
                console.print(server.open_browser(), soft_wrap=True)
            server.serve()
        except KeyboardInterrupt:
            console.print("\nThe filter lab was stopped.")


def _start(image: Path | None, steps: Sequence[Step]) -> Start:
    from convoscope.cli import source
    from convoscope.filters import samples
    from convoscope.web.lab import Start

    if image is None:
        return Start(steps=steps)
    if not image.exists() and str(image) in samples.names():
        return Start(str(image), None, steps)
    return Start(image.name, source.load(image), steps)
