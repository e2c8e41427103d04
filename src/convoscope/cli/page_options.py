"""The options of commands that serve a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer


@dataclass(frozen=True)
class PageOptions:
    """Where the page is, and who opens it."""

    port: Annotated[int | None, typer.Option("--port", help="Where to listen. Default: 8760, or a free port.")] = None
    host: Annotated[
        list[str] | None,
        typer.Option(
            "--host", help="A name besides localhost by which the page is called: that of a notebook's proxy."
        ),
    ] = None
    no_browser: Annotated[
        bool, typer.Option("--no-browser", metavar="", help="Print the address, and open no browser.")
    ] = False
