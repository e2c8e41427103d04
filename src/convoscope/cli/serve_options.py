"""What ``convoscope serve`` lets clients do, as options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from convoscope.serving.settings import Limits

_PANEL = "Limits"


@dataclass(frozen=True)
class LimitOptions:
    """How much clients may send, and how their images are computed."""

    max_bytes: Annotated[
        int, typer.Option(help="Largest size of a request in bytes.", min=1, rich_help_panel=_PANEL)
    ] = 32_000_000
    max_files: Annotated[int, typer.Option(help="Most images in a request.", min=1, rich_help_panel=_PANEL)] = 64
    max_pixels: Annotated[
        int | None,
        typer.Option(
            help="Most pixels in an image. Default: 50 million.", min=1, show_default=False, rich_help_panel=_PANEL
        ),
    ] = None
    rate: Annotated[
        float | None,
        typer.Option(
            help="Requests per minute for each client. Default: no limit.", show_default=False, rich_help_panel=_PANEL
        ),
    ] = None
    queue: Annotated[
        int, typer.Option(help="Most images waiting; beyond that, clients get a 503.", min=1, rich_help_panel=_PANEL)
    ] = 512
    batch: Annotated[int, typer.Option(help="Most images computed in one batch.", min=1, rich_help_panel=_PANEL)] = 16
    wait: Annotated[
        float,
        typer.Option(
            help="Milliseconds that an image waits for others to join its batch.", min=0, rich_help_panel=_PANEL
        ),
    ] = 5.0

    def limits(self) -> Limits:
        """Return them as the server takes them."""
        from convoscope.serving.settings import Limits

        return Limits(
            max_bytes=self.max_bytes,
            max_files=self.max_files,
            max_pixels=self.max_pixels,
            rate=self.rate,
            queue=max(self.queue, self.max_files),
            batch=self.batch,
            wait=self.wait / 1_000,
            held=max(Limits.held, self.max_bytes),
        )
