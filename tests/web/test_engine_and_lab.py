"""The page's modules in Node: what the tests beside this file say."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

OLDEST = 18  # with a test runner of its own
# All in one process. `node --test`, which people type, starts one for each file.
ALL = """
import { pathToFileURL } from "node:url";
for (const file of process.argv.slice(1)) await import(pathToFileURL(file));
"""


def test_the_pages_modules_pass_their_own_tests() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("the page's modules are tested with Node: apt install nodejs")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.removeprefix("v").split(".")[0]) < OLDEST:
        pytest.skip(f"the page's modules are tested with Node {OLDEST} or newer, and this is {version.strip()}")
    tests = sorted(str(file) for file in Path(__file__).parent.glob("*.test.js"))
    run = subprocess.run(
        [node, "--input-type=module", "--eval", ALL, *tests], capture_output=True, text=True, check=False, timeout=300
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
