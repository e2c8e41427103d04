"""``convoscope gallery``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from convoscope.cli.options import grouped, read_path
from convoscope.cli.page_options import PageOptions

HELP = (
    "Open the gallery in the browser: convolution, colour, pooling, a network, its mistakes, lessons, and your runs. "
    "Press Ctrl-C to stop. In a terminal, plain convoscope does the same."
)
EXAMPLES = (
    "convoscope",
    "convoscope gallery",
    "convoscope gallery experiments/runs",
    "convoscope gallery --no-browser --port 8800",
)
#: Where the runs are that it shows.
RUNS = Path("runs")


@grouped
def command(
    folder: Annotated[
        Path,
        typer.Argument(
            parser=read_path, metavar="[FOLDER]", help="The folder of your runs and comparisons. It need not exist."
        ),
    ] = RUNS,
    *,
    page: PageOptions,
) -> None:
    """Run ``convoscope gallery``; `HELP` says what it does."""
    serve(folder, page)


def serve(folder: Path = RUNS, page: PageOptions | None = None) -> None:
    """Serve the gallery until Ctrl-C.

    Parameters
    ----------
    folder : Path
        The folder of the runs.
    page : PageOptions, optional
    """
    from convoscope.exhibition.page import site
    from convoscope.web.opening import open_page

    page = page or PageOptions()
    open_page(
        site(folder), "The gallery", port=page.port, browser=not page.no_browser, wait=True, hosts=page.host or ()
    )
