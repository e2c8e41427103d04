"""``convoscope teach``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from convoscope.cli.options import grouped, read_path
from convoscope.cli.page_options import PageOptions

if TYPE_CHECKING:
    from rich.console import Console

    from convoscope.teach.session import Session

HELP = (
    "Make a classifier from your own pictures in the browser, with a webcam or by dropping files. Press Ctrl-C to stop."
)
EXAMPLES = (
    "convoscope teach",
    "convoscope teach my_photos",
    "convoscope teach --out cups --port 8800",
)
_SHOWN = 10  # files that could not be used


@grouped
def command(
    folder: Annotated[
        Path | None,
        typer.Argument(
            parser=read_path,
            metavar="[FOLDER]",
            help="Pictures to start with: a folder with a subfolder for each class.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path,
        typer.Option("--out", parser=read_path, help="The folder to save everything in. An existing one is continued."),
    ] = Path("taught"),
    backbone: Annotated[
        str | None, typer.Option("--backbone", help="The pretrained network. Default: efficientnet-lite0.")
    ] = None,
    *,
    page: PageOptions,
) -> None:
    """Run ``convoscope teach``; `HELP` says what it does."""
    from convoscope.applications import backbone as find_backbone
    from convoscope.applications.backbones import DEFAULT
    from convoscope.cli.console import results
    from convoscope.runs.photos import check_backbone
    from convoscope.teach.page import Teaching, site
    from convoscope.teach.session import Session
    from convoscope.web.server import PORT, Server

    console = results()
    name = backbone or DEFAULT
    check_backbone(name, None)
    out = out.absolute()
    with Session(out / "session", lambda: find_backbone(name)) as session:
        if session.count:
            console.print(f"{out} has {session.summary}. Continuing from there.", soft_wrap=True)
        if folder is not None:
            _add(console, session, folder)
        with Server(
            site(Teaching(session, out)), port=PORT if page.port is None else page.port, hosts=page.host or ()
        ) as server:
            try:
                if page.port and server.port != page.port:
                    console.print(f"Port {page.port} is in use, so port {server.port} is used instead.")
                console.print(f"The page is at {server.address}", soft_wrap=True)
                console.print(f"Everything stays on this machine, in {out}. Press Ctrl-C to stop.", soft_wrap=True)
                console.file.flush()
                if not page.no_browser:
                    console.print(server.open_browser(), soft_wrap=True)
                server.serve()
            except KeyboardInterrupt:
                console.print(
                    f"\nThe page was closed. {out} has {session.summary}; the same command continues with them.",
                    soft_wrap=True,
                )


def _add(console: Console, session: Session, folder: Path) -> None:
    """Add a folder's pictures, and say which cannot be used."""
    refused = session.add_folder(folder)
    for why in refused[:_SHOWN]:
        console.print(f"Left out: {why}", soft_wrap=True, markup=False)
    if len(refused) > _SHOWN:
        console.print(f"... and {len(refused) - _SHOWN} more.")
    console.print(f"{folder}: {session.summary}.", soft_wrap=True)
