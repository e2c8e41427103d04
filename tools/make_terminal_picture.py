"""Take a picture of what a command shows in a terminal, for the README.

    pip install pexpect pyte rich
    python tools/make_terminal_picture.py docs/images/train-digits.png -- convoscope train digits --seed 1

The command runs in a pseudo-terminal of 80 columns; what stands on the screen at its end becomes a page that headless
Chromium (or the browser given with --browser) turns into a PNG. With --first and --last only those lines are shown.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path

import pexpect
import pyte
from rich.console import Console
from rich.style import Style
from rich.text import Text

COLUMNS, LINES = 80, 500
THEME = {
    "black": "#484f58",
    "red": "#ff7b72",
    "green": "#3fb950",
    "brown": "#d29922",
    "blue": "#58a6ff",
    "magenta": "#bc8cff",
    "cyan": "#39c5cf",
    "white": "#d8dee4",
}
PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; background: #101418; color: #d8dee4; }}
pre {{ margin: 0; padding: 20px 24px; font: 14px/16px "DejaVu Sans Mono", monospace; width: {columns}ch; }}
</style><pre>{code}</pre>"""


def screen_after(command: list[str]) -> pyte.Screen:
    """Run a command in a pseudo-terminal and return the screen that it leaves."""
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.ByteStream(screen)
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    child = pexpect.spawn(command[0], command[1:], dimensions=(LINES, COLUMNS), timeout=3600, env=environment)
    while True:
        try:
            stream.feed(child.read_nonblocking(65_536, timeout=3600))
        except pexpect.EOF:
            break
    child.close()
    if child.exitstatus != 0:
        sys.exit(f"{' '.join(command)} ended with status {child.exitstatus}")
    return screen


def text_of(screen: pyte.Screen, first: int, last: int | None) -> Text:
    """Return the screen's lines, from `first` to `last` counted from 1, with their colours."""
    used = max((y for y in range(LINES) if screen.display[y].strip()), default=0) + 1
    text = Text()
    for y in range(first - 1, min(last or used, used)):
        width = len(screen.display[y].rstrip())
        for x in range(width):
            cell = screen.buffer[y][x]
            style = Style(color=colour(cell.fg), bgcolor=colour(cell.bg), bold=cell.bold, italic=cell.italics)
            text.append(cell.data, style)
        text.append("\n")
    return text


def colour(name: str) -> str | None:
    """Return a terminal's colour in the words of rich; the basic ones as themes for dark terminals have them."""
    if len(name) == 6 and all(digit in "0123456789abcdef" for digit in name):
        return f"#{name}"
    return THEME.get(name.removeprefix("bright"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--last", type=int)
    parser.add_argument("--browser", default="chromium")
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    text = text_of(screen_after(arguments.command), arguments.first, arguments.last)
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True, color_system="truecolor")
    console.print(text, end="")
    code = console.export_html(inline_styles=True, code_format="{code}")
    with tempfile.TemporaryDirectory() as scratch:
        page = Path(scratch, "page.html")
        page.write_text(PAGE.format(code=code, columns=COLUMNS), encoding="utf-8")
        height = 40 + int(16 * (text.plain.count("\n")))
        command = [arguments.browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        command += ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"]
        command += ["--disable-sync", f"--user-data-dir={scratch}/profile", "--force-device-scale-factor=1.5"]
        command += [f"--window-size=722,{height}", f"--screenshot={arguments.picture.resolve()}", page.as_uri()]
        arguments.picture.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(command, check=True, capture_output=True)
    print(f"{arguments.picture}: {arguments.picture.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
