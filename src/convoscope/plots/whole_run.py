"""All figures of a run."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convoscope.drawing import make_folder, require_matplotlib, save
from convoscope.errors import ConvoscopeError, StorageError
from convoscope.paths import user_path
from convoscope.plots.classes import confusion, per_class
from convoscope.plots.costs import accuracy_against_time
from convoscope.plots.curves import curves
from convoscope.plots.pictures import filters, maps, mistakes
from convoscope.runs import RunFolder

# Each by the name of its files.
FIGURES: dict[str, Callable[[RunFolder], Any]] = {
    "curves": curves,
    "accuracy-time": accuracy_against_time,
    "confusion": confusion,
    "per-class": per_class,
    "mistakes": mistakes,
    "filters": filters,
    "maps": maps,
}


@dataclass(frozen=True)
class Drawn:
    """What became of a run's figures.

    Attributes
    ----------
    files : tuple of Path
    missing : dict of str to str
        Figures that could not be drawn, with the reason: of a run that has not ended, or without convolutions.
    """

    files: tuple[Path, ...]
    missing: dict[str, str]


def draw_run(run: str | os.PathLike[str], out: str | os.PathLike[str] | None = None) -> Drawn:
    """Draw all figures of a run, as PNG and as SVG.

    Parameters
    ----------
    run : str or path-like
        Its folder.
    out : str or path-like, optional
        Where to; ``plots`` in the run's folder if left out. It is made.

    Raises
    ------
    MissingFileError
        There is no run.
    NotReadyError
        If matplotlib is not installed.
    StorageError
        If a file cannot be written.
    """
    folder = RunFolder.open(run)
    require_matplotlib()
    place = folder.path / "plots" if out is None else user_path(out)
    make_folder(place)
    files: list[Path] = []
    missing: dict[str, str] = {}
    for name, draw in FIGURES.items():
        try:
            figure = draw(folder)
            files += save(figure, place / name)
            _forget(figure)
        except StorageError:
            raise
        except ConvoscopeError as error:
            missing[name] = str(error)
    return Drawn(tuple(files), missing)


def _forget(figure: Any) -> None:
    """Free a figure that pyplot would keep for a window."""
    from matplotlib import pyplot

    pyplot.close(figure)
