"""Opening a browser at an address that has a secret in it.

What a program is started with can be read by every user of a machine. So the browser is given a file instead, which
only this user can read, and which leads on to the address. (Jupyter does the same.)
"""

from __future__ import annotations

import atexit
import os
import platform
import shutil
import subprocess
import tempfile
import threading
import webbrowser
from contextlib import suppress
from html import escape
from pathlib import Path

_SECONDS = 5.0  # for a desktop to tell its browser

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0;url={address}">
<title>Convoscope</title>
</head>
<body><p>The page is at <a href="{address}">{address}</a>.</p></body>
</html>
"""


class Redirect:
    """A file that leads a browser to an address: there from `open` to `remove`, or until Python ends."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._lock = threading.Lock()

    def open(self, address: str) -> bool:
        """Open a browser at an address. Return False where there is none, or none that can read the file."""
        parent = _readable_folder()
        if parent is None:
            return False
        try:
            file = self._write(parent, address)
        except OSError:  # no room, or a folder that cannot be written
            return False
        if webbrowser.open(file.as_uri()):
            return True
        self.remove()
        return False

    def remove(self) -> None:
        """Remove the file, if it is there."""
        with self._lock:
            folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
            atexit.unregister(self.remove)

    def _write(self, parent: Path, address: str) -> Path:
        self.remove()
        folder = Path(tempfile.mkdtemp(prefix="convoscope-", dir=parent))  # only for this user, as the file is
        with self._lock:
            self._folder = folder
        atexit.register(self.remove)
        file = folder / "open.html"
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
            opened.write(_PAGE.format(address=escape(address)))
        return file


def _readable_folder() -> Path | None:
    """Return a folder whose files the browser can read, or None if no file of this system is for it."""
    if "microsoft" in platform.release().lower():  # Windows' own browser, outside of Windows' Linux
        return None
    snap = _snap_folder()
    return Path(tempfile.gettempdir()) if snap is None else snap


def _snap_folder() -> Path | None:
    """Return the folder that a browser installed as a snap shares with its user: it sees no temporary files."""
    if shutil.which("snap") is None or shutil.which("xdg-settings") is None:
        return None
    with suppress(OSError, subprocess.SubprocessError):
        asked = ["xdg-settings", "get", "default-web-browser"]
        told = subprocess.run(asked, capture_output=True, text=True, timeout=_SECONDS, check=False).stdout
        name, found, _ = told.strip().partition("_")  # firefox_firefox.desktop
        folder = Path(os.path.expanduser("~"), "snap", name, "common")
        return folder if found and folder.is_dir() else None
    return None
