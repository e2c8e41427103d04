"""Standard output and standard error as they may be: missing, closed, full, unable to show a letter.

A program with a window, or one started by cron or with ``>&-``, has no standard output; in a notebook or in somebody's
own program it is an object that has little more than `write`. What people are shown goes through here, so that it is
shown where that is possible, and never ends what it is about.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import Any

_PLAINER = str.maketrans(
    {
        **dict.fromkeys("┏┳┓┡╇┩├┼┤└┴┘╭╮╰╯", "+"),
        **dict.fromkeys("━█", "#"),
        **dict.fromkeys("─┄–—", "-"),
        **dict.fromkeys("┃│", "|"),
        **dict.fromkeys("“”", '"'),
        **dict.fromkeys("‘’", "'"),
        "×": "x",
        "·": ".",
        "→": "->",
        "±": "+-",
        "…": "~",
        "²": "^2",
        "µ": "u",
    }
)
# A rule of a table, which is no bar.
_RULES = str.maketrans({"━": "="})


class Output(io.TextIOBase):
    """A text stream that can always be written to. What cannot be shown is dropped, and `failure` says why.

    Parameters
    ----------
    stream : object or None
        What stands for standard output: any object with `write`, or nothing.

    Attributes
    ----------
    failure : Exception or None
        What the first write raised that went wrong. Nothing is written after it.

    Examples
    --------
    >>> import io
    >>> kept = io.StringIO()
    >>> Output(kept).write("shown"), kept.getvalue()
    (5, 'shown')
    >>> Output(None).write("dropped")
    7
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.failure: Exception | None = None

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """What the stream encodes text to; ``"utf-8"`` if it keeps text as it is."""
        return _known(getattr(self._stream, "encoding", None))

    @property
    def shows_everything(self) -> bool:
        """Whether there is no character that cannot be encoded."""
        return self.encoding.lower().replace("-", "").replace("_", "").startswith("utf")

    def isatty(self) -> bool:
        """Whether a person looks at it, who sees a line that is written over itself."""
        if self.failure is not None:
            return False
        try:
            return bool(self._stream.isatty())
        except (AttributeError, TypeError, ValueError, OSError):  # none, without it, closed
            return False

    def fileno(self) -> int:
        """Return the stream's descriptor; `io.UnsupportedOperation` if it has none."""
        try:
            return int(self._stream.fileno())
        except (AttributeError, TypeError) as error:
            raise io.UnsupportedOperation("fileno") from error

    def writable(self) -> bool:
        """Return True: what cannot be shown is dropped."""
        return True

    def write(self, text: str) -> int:
        """Write, in plainer letters if the stream lacks some."""
        if not isinstance(text, str):
            raise TypeError(f"write() takes text, not {type(text).__name__}")
        if self._stream is None or self.failure is not None:
            return len(text)
        try:
            try:
                self._stream.write(text)
            except UnicodeEncodeError:
                self._stream.write(showable(text, self.encoding))
        except Exception as error:  # a stranger's object may raise anything, and no training is worth less than its bar
            self.failure = error
        return len(text)

    def flush(self) -> None:
        """Write what the stream still holds, if it can be."""
        if self._stream is None or self.failure is not None or not hasattr(self._stream, "flush"):
            return
        try:
            self._stream.flush()
        except Exception as error:  # as above
            self.failure = error

    def settle(self) -> None:
        """Flush at the end of a program. If that fails, what is left leads nowhere: Python would complain once more."""
        self.flush()
        if self.failure is not None:
            try:
                descriptor = self.fileno()
            except (OSError, ValueError):
                return
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, descriptor)
            os.close(nowhere)


def standard_output() -> Output:
    """Return what standard output is at this moment."""
    return sys.stdout if isinstance(sys.stdout, Output) else Output(sys.stdout)


def standard_error() -> Output:
    """Return what standard error is at this moment."""
    return sys.stderr if isinstance(sys.stderr, Output) else Output(sys.stderr)


def show(text: str) -> None:
    """Print a text and a line break on standard output, if there is one."""
    output = standard_output()
    output.write(f"{text}\n")
    output.flush()


def showable(text: str, encoding: str) -> str:
    r"""Return a text that an encoding has: plainer lines and signs, and codes for all else that it lacks.

    Examples
    --------
    >>> showable("5×5 → caf\u00e9", "ascii")
    '5x5 -> caf\\xe9'
    """
    encoding = _known(encoding)
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        lines = [line.translate(_RULES if line[:1] in "┏┡" else {}) for line in text.split("\n")]
        plainer = "\n".join(lines).translate(_PLAINER)
        return plainer.encode(encoding, "backslashreplace").decode(encoding)
    return text


def open_missing_descriptors() -> None:
    """Open descriptors 0 to 2 if they are closed, so that no file takes their place and is written into.

    For the beginning of a program.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # the lowest that is free
            if opened != descriptor:
                os.dup2(opened, descriptor)
                os.close(opened)
            os.set_inheritable(descriptor, True)


def _known(encoding: object) -> str:
    try:
        return codecs.lookup(str(encoding)).name if encoding else "utf-8"
    except LookupError:
        return "ascii"
