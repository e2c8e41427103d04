"""Figures as files."""

from __future__ import annotations

import os
import warnings
from io import BytesIO
from pathlib import Path
from typing import Any

from convoscope.errors import StorageError
from convoscope.paths import user_path
from convoscope.storage import write_atomically

FORMS = ("png", "svg")


def image(drawing: Any, form: str) -> bytes:
    """Return a figure as a file's bytes: ``"svg"``, the same for the same figure, or ``"png"``."""
    import matplotlib

    target = BytesIO()
    options: dict[str, Any] = {"metadata": {"Date": None}} if form == "svg" else {"dpi": 150}
    with warnings.catch_warnings(), matplotlib.rc_context({"svg.hashsalt": "convoscope"}):
        # A name in a script that the font lacks is drawn as boxes, and what else is in the figure is as good.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        drawing.savefig(target, format=form, **options)
    return target.getvalue()


def save(drawing: Any, path: str | os.PathLike[str]) -> list[Path]:
    """Write a figure as PNG and as SVG.

    Parameters
    ----------
    drawing : matplotlib.figure.Figure
    path : str or path-like
        Without an ending, which is added; one of these two endings is taken off. The folder is made.

    Returns
    -------
    list of Path
        The two files.

    Raises
    ------
    StorageError
        If they cannot be written.
    """
    stem = user_path(path)
    stem = stem.with_suffix("") if stem.suffix.lower().lstrip(".") in FORMS else stem
    make_folder(stem.parent)
    files = [stem.with_name(f"{stem.name}.{form}") for form in FORMS]
    for file, form in zip(files, FORMS, strict=True):
        write_atomically(file, [image(drawing, form)])
    return files


def make_folder(path: Path) -> None:
    """Make a folder, if it is not there; StorageError if it cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"The folder {path} cannot be created: {error.strerror or error}. Give another one."
        ) from error
