"""``convoscope serve``."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from convoscope.cli.options import grouped, read_path
from convoscope.cli.serve_options import LimitOptions

if TYPE_CHECKING:
    from convoscope.serving.server import Server

HELP = "Serve trained models over HTTP: POST /predict. The page at / lets you try them; /docs documents the API."
EXAMPLES = (
    "convoscope serve runs/photos-1",
    "convoscope serve flowers=runs/flowers-1 ants=runs/ants-1 --port 8800",
    "convoscope serve runs/photos-1 --host 0.0.0.0 --token-file token.txt --rate 600",
)
_LONGEST_TOKEN_FILE = 10_000
_DRAIN = 30.0


@grouped
def command(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN|NAME=RUN...",
            help="Run folders or model files; name them if there are several. The first is served at /predict, each at "
            "/predict/NAME.",
        ),
    ],
    host: Annotated[
        str, typer.Option(help="The address to listen on; 0.0.0.0 lets other machines connect.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on; 0 for any free port.", min=0, max=65_535)] = 8770,
    name: Annotated[
        list[str] | None,
        typer.Option(
            "--name", help="A host name that clients may use. Default: any with 0.0.0.0, otherwise localhost."
        ),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            help="The token that clients must send. Others on this machine can see it here; --token-file hides it.",
            show_default=False,
        ),
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option(parser=read_path, help="A file that contains the token.", show_default=False)
    ] = None,
    threads: Annotated[
        int | None, typer.Option(help="Number of threads. Default: all cores.", min=1, show_default=False)
    ] = None,
    drain: Annotated[
        float, typer.Option(help="Seconds that accepted requests may take to finish on shutdown.", min=0)
    ] = _DRAIN,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", metavar="", help="Write no log.")] = False,
    *,
    limits: LimitOptions,
) -> None:
    """Run ``convoscope serve``; `HELP` says what it does."""
    from convoscope.cli.errors import say
    from convoscope.engine.threads import set_threads
    from convoscope.serving.server import Server
    from convoscope.streams import standard_output

    if threads is not None:
        set_threads(threads)
    secret = _token(token, token_file)
    log = None if quiet else standard_output()
    server = Server(
        named(models), host=host, port=port, token=secret, names=name or (), limits=limits.limits(), log=log
    )
    say(f"Serving at {server.address}. Press Ctrl-C to stop.", style="bold")
    if secret is None and host not in ("127.0.0.1", "::1", "localhost"):
        words = "Anyone who can reach this machine can send requests. --token-file admits only clients with the token."
        say(words, title="Note: ", style="bold yellow")
    run_until_told(server, drain)


def named(models: list[str]) -> dict[str, Path]:
    """Return models by their names; one without gets that of its folder or file.

    Raises
    ------
    ConfigurationError
        Two have the same name.
    """
    from convoscope.errors import ConfigurationError
    from convoscope.paths import is_there
    from convoscope.serving.loaded import name_for

    found: dict[str, Path] = {}
    for text in models:
        name, equals, path = text.partition("=")
        if not equals or is_there(read_path(text)):  # a path may have an equals sign
            place = read_path(text)
            name = name_for(place)
        else:
            place = read_path(path)
        if name in found:
            raise ConfigurationError(
                f"Two models would be called {name}. Give names: first={found[name]} other={place}"
            )
        found[name] = place
    return found


def run_until_told(server: Server, drain: float) -> None:
    """Answer until SIGTERM or Ctrl-C, and then until what was accepted is answered; the second time, end at once."""
    told = threading.Event()

    def tell(number: int, frame: object) -> None:
        if told.is_set():
            raise KeyboardInterrupt
        told.set()

    def wait() -> None:
        server.wait()
        told.set()

    before = {number: signal.signal(number, tell) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        server.start()
        threading.Thread(target=wait, daemon=True).start()
        while not told.wait(0.5):  # without a limit, Windows would not notice Ctrl-C
            pass
        server.drain(drain)
    finally:
        server.close()
        for number, handler in before.items():
            signal.signal(number, handler)


def _token(token: str | None, file: Path | None) -> str | None:
    from convoscope.errors import ConfigurationError
    from convoscope.paths import open_regular

    if file is None:
        return token
    if token is not None:
        raise ConfigurationError("Give either --token or --token-file, not both.")
    with open_regular(file) as content:
        text = content.read(_LONGEST_TOKEN_FILE).decode("utf-8", "replace").strip()
    if not text:
        raise ConfigurationError(f"{file} is empty, but should contain the token that clients must send.")
    return text
