"""The options of commands that serve a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer


@dataclass(frozen=True)
class PageOptions:
    """Where the page is, and who opens it."""

    port: Annotated[
        int | None, typer.Option("--port", help="The port to listen on. Default: 8760, or a free port.")
    ] = None
    host: Annotated[
        list[str] | None,
        typer.Option(
            "--host",
            help="A host name besides localhost at which the page may be opened, such as that of a notebook proxy.",
        ),
    ] = None
    no_browser: Annotated[
        bool, typer.Option("--no-browser", metavar="", help="Print the address instead of opening a browser.")
    ] = False
