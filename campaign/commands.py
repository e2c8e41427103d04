"""The command line, called within this process."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stdout
from typing import Any


def command(*words: str) -> Any:
    """Run ``convoscope WORDS``, without what it prints, and let errors through."""
    from convoscope.cli.main import app

    with redirect_stdout(io.StringIO()):
        return app(["--traceback", *words], standalone_mode=False, prog_name="convoscope")


def end_with(*words: str) -> None:
    """Run ``convoscope WORDS`` as a program would, and end the process with its status."""
    from convoscope.cli.main import main

    sys.argv = ["convoscope", *words]
    main()
    sys.exit(0)
