"""Opening the gallery from Python: it answers those who have its token, and lets go of its port."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

import convoscope as cs


def test_it_answers_with_its_token_until_it_is_closed(tmp_path: Path) -> None:
    page = cs.gallery(tmp_path, port=0, browser=False, wait=False)
    assert page is not None
    with urllib.request.urlopen(page.address) as answer:
        assert b"How a network learns to see" in answer.read()
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(page.address.rsplit("/", 2)[0] + "/other/")
    page.close()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(page.address)


@pytest.mark.skipif(sys.platform == "win32", reason="there a signal ends a program without a word anyway")
def test_ctrl_c_while_the_digits_are_in_training_ends_it_as_usual(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "convoscope", "gallery", "--no-browser", "--port", "0"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().rpartition(" ")[2].strip()
        asking = threading.Thread(target=ask, args=[f"{address}data/digits.json"])
        asking.start()
        until(lambda: any(tmp_path.glob("convoscope-digits-*/epoch-0000.safetensors")))
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=300)[0]
        asking.join()
    assert (process.returncode, said.splitlines()[-1]) == (0, "The gallery has ended.")
    assert not list(tmp_path.glob("convoscope-digits-*"))


def ask(address: str) -> None:
    with suppress(OSError, http.client.HTTPException):  # nobody is there any more to answer
        urllib.request.urlopen(address).close()


def until(is_so: Callable[[], bool]) -> None:
    """Wait as long as a busy machine may take."""
    end = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)
