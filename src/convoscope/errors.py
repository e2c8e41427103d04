"""Every error and warning that Convoscope raises on purpose.

A message is one paragraph: what was expected, what came, where, and what to do about it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LONGEST, _BEGINNING, _END = 2_000, 1_300, 500  # characters


class ConvoscopeError(Exception):
    """The base of all of them: ``except ConvoscopeError`` catches what Convoscope says, and no bug.

    A message quotes what came, which may be of any length: of a very long one the middle is left out.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(shortened(message))


class ConfigurationError(ConvoscopeError, ValueError):
    """A setting of a layer, a model or a training run that cannot be meant."""


class InUseError(ConfigurationError):
    """A folder that another process is working in."""


class UnknownNameError(ConfigurationError):
    """A name that is not among the known ones. `unknown_name` makes its message."""


class OutsideNameError(ConvoscopeError, AttributeError):
    """A name of Keras or TensorFlow that is not here; the message says what to use in its place."""


class OutsideImportError(ConvoscopeError, ImportError):
    """The same name in an import."""


class ShapeError(ConvoscopeError, ValueError):
    """Shapes that do not fit: a picture too small for a layer, data that a model does not take."""


class DataError(ConvoscopeError, ValueError):
    """Data that cannot be trained on or predicted from: NaN, empty, labels out of range."""


class NotReadyError(ConvoscopeError, RuntimeError):
    """Something that comes first is missing: an input shape, or ``compile``."""


class TrainingDivergedError(ConvoscopeError, ArithmeticError):
    """The loss is no longer a number."""


class FileFormatError(ConvoscopeError, ValueError):
    """A file that is damaged, cut short, or of another kind than its name or place says."""


class MissingFileError(ConvoscopeError, FileNotFoundError):
    """A file or folder that is not there."""


class DownloadError(ConvoscopeError, OSError):
    """A data set that could be had neither from disk nor from any of its addresses."""


class StorageError(ConvoscopeError, OSError):
    """A file that could not be written; what stood there before still does."""


class ProcessLostError(ConvoscopeError, RuntimeError):
    """Another of the processes that train together has ended, so this one cannot go on.

    Attributes
    ----------
    is_told : bool
        Whether the other process has said why.
    """

    def __init__(self, message: str = "", *, is_told: bool = False) -> None:
        super().__init__(message)
        self.is_told = is_told


class ConvoscopeWarning(UserWarning):
    """Something that works, and is probably not meant."""


class EngineFallbackWarning(ConvoscopeWarning):
    """The native engine is not available and the slower reference engine has taken over."""


def shortened(message: str) -> str:
    """Return a message as it is, or without the middle of a very long one.

    Examples
    --------
    >>> len(shortened("x must be a number, but is '" + 100_000 * "a" + "'. Give a number.")) < 2_000
    True
    """
    if len(message) <= _LONGEST:
        return message
    left_out = len(message) - _BEGINNING - _END
    return f"{message[:_BEGINNING]} [... {left_out:,} characters left out ...] {message[-_END:]}"


def unknown_name(kind: str, name: object, known: Iterable[str]) -> UnknownNameError:
    """Make the error for a name that is not known, with the nearest right one.

    Parameters
    ----------
    kind : str
        What the name stands for, in the singular: ``"activation"``.
    name : object
        What was given; not always a string.
    known : iterable of str
        The names that would have been right.

    Examples
    --------
    >>> print(unknown_name("activation", "rleu", ["relu", "tanh"]))
    There is no activation named 'rleu'. Did you mean 'relu'? Known: relu, tanh.
    """
    names = list(known)
    nearest = difflib.get_close_matches(str(name)[:_LONGEST].lower(), [n.lower() for n in names], n=1, cutoff=0.5)
    by_lower = {n.lower(): n for n in names}
    hint = f" Did you mean {by_lower[nearest[0]]!r}?" if nearest else ""
    return UnknownNameError(f"There is no {kind} named {name!r}.{hint} Known: {', '.join(names)}.")
