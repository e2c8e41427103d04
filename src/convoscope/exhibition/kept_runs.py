"""The runs and comparisons on this machine: what the gallery lists of them, and the pages that they open."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from convoscope.errors import ConvoscopeError, FileFormatError, MissingFileError
from convoscope.exhibition.late_sites import LateSites, Room
from convoscope.exhibition.reading import report_page
from convoscope.names import for_terminal
from convoscope.report.terminal import percent
from convoscope.web.site import Response, Site, page_files

_MOST_CLASSES = 40  # whose confusion matrix still fits on a card
_NO_REPORT = "There is no report yet: the comparison is not finished."
_UP = "../../"


def run_id(folder: Path) -> str:
    """Return what a run's address has in place of its folder, which may be named anything.

    Examples
    --------
    >>> run_id(Path("runs/digits-cnn-2-1"))
    '4ba84f4a7301'
    """
    return hashlib.sha256(folder.as_posix().encode("utf-8", "surrogateescape")).hexdigest()[:12]


def listed_runs(place: Path) -> list[dict[str, Any]]:
    """List the runs in a folder, the newest first, damaged ones last with their reason.

    Parameters
    ----------
    place : Path
        What `convoscope runs` would look in. It need not be there.

    Returns
    -------
    list of dict
        ``id``, ``name``, ``state``, ``created``, ``reason``, ``dataset``, ``network``, ``epochs``, ``accuracy`` as
        text, ``part``, the images that it is of, ``confusion``, and ``within``, the comparison that it belongs to. None
        for what is not known.
    """
    from convoscope.experiments.listing import listed, ordered

    runs = ordered(listed(place), "created") if place.is_dir() else []
    return [_described(run, place) for run in runs]


def listed_comparisons(place: Path) -> list[dict[str, Any]]:
    """List the comparisons and searches in a folder.

    Returns
    -------
    list of dict
        ``id``, ``name``, ``dataset``, ``created``, ``varied``, and ``reason``, why there is no report to show, or None.
    """
    from convoscope.experiments.plan import Experiment

    found = []
    for folder in _experiments(place):
        told: dict[str, Any] = {"id": run_id(folder), "name": _name(folder, place), "reason": None}
        try:
            content = Experiment(folder).read()
            told |= {"dataset": Path(content["dataset"]).name, "created": content.get("created")}
            told["varied"] = {name.replace("_", " "): _values(each) for name, each in content["varied"].items()}
        except (ConvoscopeError, OSError) as error:
            told["reason"] = str(error)
        if told["reason"] is None and not (folder / "report.html").is_file():
            told["reason"] = _NO_REPORT
        found.append(told)
    return found


def runs(place: Path) -> LateSites:
    """Return the explorers of the runs in a folder."""

    def known() -> dict[str, Room]:
        from convoscope.experiments.results import run_folders

        found = (folder.path for folder in run_folders(place)) if place.is_dir() else ()
        return {run_id(path): _room(path, _explorer, "report.json", "model.safetensors") for path in found}

    return LateSites(known, up=_UP)


def comparisons(place: Path) -> LateSites:
    """Return the reports of the comparisons in a folder."""
    return LateSites(
        lambda: {run_id(path): _room(path, _report, "report.html") for path in _experiments(place)}, up=_UP
    )


def _room(path: Path, make: Callable[[Path], Site], *files: str) -> Room:
    return Room(for_terminal(path.name), partial(make, path), lambda: [_changed(path / file) for file in files])


def _changed(file: Path) -> int | None:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return None


def _explorer(folder: Path) -> Site:
    from convoscope.exhibition.explored_run import run_of
    from convoscope.exhibition.loading import load_run
    from convoscope.web import explorer

    run = run_of(folder)
    assert run is not None  # of a folder
    return explorer.site(load_run(run, folder, title=for_terminal(folder.name)), gallery=_UP)


def _report(folder: Path) -> Site:
    file = folder / "report.html"
    if not file.is_file():
        raise MissingFileError(_NO_REPORT)
    try:
        found = report_page(file.read_text(encoding="utf-8"), up=_UP)
    except UnicodeDecodeError:
        found = None
    if found is None:
        raise FileFormatError(f"{file} is not a report that Convoscope wrote.")
    page, style = (text.encode() for text in found)
    return Site(
        page_files(),
        {
            "": lambda: Response(page, "text/html; charset=utf-8"),
            "report.css": lambda: Response(style, "text/css; charset=utf-8"),
        },
    )


def _experiments(place: Path) -> list[Path]:
    return sorted((file.parent for file in place.glob("*/experiment.json")), key=lambda path: path.name)


def _name(folder: Path, place: Path) -> str:
    return for_terminal(folder.relative_to(place).as_posix())


def _described(run: Any, place: Path) -> dict[str, Any]:
    """Return what the gallery's page is told of a run, a `convoscope.experiments.listing.Listed`."""
    result = run.result
    settings, figures = result.settings, result.figures
    part = next((part for part in ("test", "val") if f"{part}_accuracy" in figures), None)
    within = next((each.name for each in _experiments(place) if each in result.folder.parents), None)
    return {
        "id": run_id(result.folder),
        "name": for_terminal(run.name),
        "state": run.state,
        "created": run.created or None,
        "reason": None if result.reason is None else for_terminal(result.reason),
        "dataset": None if "dataset" not in settings else for_terminal(Path(str(settings["dataset"])).name),
        "network": settings.get("backbone") or settings.get("recipe") or settings.get("model"),
        "epochs": result.epochs,
        "accuracy": None if part is None else percent(figures[f"{part}_accuracy"], 2),
        "part": {"test": "test images", "val": "validation images", None: None}[part],
        "confusion": _confusion(result.folder) if run.state == "finished" else None,
        "within": within,
    }


def _confusion(folder: Path) -> list[list[int]] | None:
    """Read the confusion matrix of a finished run, if a card has room for it."""
    from convoscope.runs import RunFolder

    try:
        matrix: list[list[int]] = RunFolder(folder).read_report()["confusion_matrix"]
    except (ConvoscopeError, OSError):
        return None
    return matrix if 0 < len(matrix) <= _MOST_CLASSES else None


def _values(given: Any) -> str:
    """Write what a comparison varies, or a search draws from."""
    if isinstance(given, dict):
        return f"{given['low']} to {given['high']}"
    return ", ".join("×".join(map(str, each)) if isinstance(each, list) else str(each) for each in given)
