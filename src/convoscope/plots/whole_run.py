"""All figures of a run."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convoscope.drawing import make_folder, require_matplotlib, save
from convoscope.errors import ConvoscopeError, StorageError
from convoscope.paths import user_path
from convoscope.plots.classes import confusion, per_class
from convoscope.plots.costs import accuracy_against_time
from convoscope.plots.curves import curves
from convoscope.plots.faithful import faithfulness
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
# Those that are drawn only if they are asked for: they take a while.
FURTHER: dict[str, Callable[[RunFolder], Any]] = {"faithfulness": faithfulness}


@dataclass(frozen=True)
class Drawn:
    """Which figures of a run were drawn, and which were not.

    Attributes
    ----------
    files : tuple of Path
    missing : dict of str to str
        Figures that could not be drawn, with the reason: the run has not ended, or its network has no convolutions.

    Examples
    --------
    >>> drawn = Drawn((Path("plots/curves.png"), Path("plots/curves.svg")), {"filters": "There is no convolution."})
    >>> len(drawn.files), list(drawn.missing)
    (2, ['filters'])
    """

    files: tuple[Path, ...]
    missing: dict[str, str]


def draw_run(
    run: str | os.PathLike[str], out: str | os.PathLike[str] | None = None, further: Sequence[str] = ()
) -> Drawn:
    """Draw all figures of a run, and write each as PNG and as SVG.

    Parameters
    ----------
    run : str or path-like
        Its folder.
    out : str or path-like, optional
        Where the figures are written; ``plots`` in the run's folder if left out. It is created.
    further : list of str
        Figures that take longer: "faithfulness", how well Grad-CAM shows which pixels the network uses.

    Raises
    ------
    MissingFileError
        If there is no run.
    NotReadyError
        If matplotlib is not installed.
    StorageError
        If a file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from convoscope.experiments.grid import begin, resume
    >>> with tempfile.TemporaryDirectory() as folder:  # train a small network on the digits first
    ...     begun, _ = begin("digits", {"filters": [2]}, out=f"{folder}/run", fixed={"epochs": 1})
    ...     run = resume(begun.path, here=True).folder("001-filters-2-seed-0").path
    ...     drawn = draw_run(run)
    >>> sorted(file.name for file in drawn.files)[:4], drawn.missing
    (['accuracy-time.png', 'accuracy-time.svg', 'confusion.png', 'confusion.svg'], {})
    """
    folder = RunFolder.open(run)
    require_matplotlib()
    place = folder.path / "plots" if out is None else user_path(out)
    make_folder(place)
    files: list[Path] = []
    missing: dict[str, str] = {}
    for name, draw in [*FIGURES.items(), *((name, FURTHER[name]) for name in further)]:
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
