"""Folders inside a folder of images that nobody means as a class: the system's, and what programs have written.

Programs' results are known by what is in them, so that a class may be called runs or wandb.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from convoscope.errors import ConvoscopeError
from convoscope.paths import open_regular
from convoscope.storage import read_json

_SYSTEM_FILES = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"})
_SYSTEM_FOLDERS = frozenset(
    {
        *("__macosx", "@eadir", "#recycle", "@recycle", "#snapshot", "@recently-snapshot"),
        *("$recycle.bin", "recycler", "recycled", "found.000", "system volume information", "lost+found"),
        *("network trash folder", "temporary items", "~snapshot"),
        *("__pycache__", "node_modules"),
    }
)
# What lies beside programs' results and is no image. Other files may be images, whatever their names end in.
_DOCUMENTS = frozenset(
    {
        *(".cfg", ".ckpt", ".csv", ".db", ".gz", ".h5", ".html", ".ini", ".ipynb", ".json", ".jsonl", ".keras"),
        *(".lock", ".log", ".md", ".npy", ".npz", ".onnx", ".pdf", ".pt", ".pth", ".py", ".safetensors", ".sh"),
        *(".svg", ".toml", ".txt", ".wandb", ".yaml", ".yml", ".zip"),
    }
)
_SETTINGS = "settings"  # a file that Weights & Biases writes
_RUN_NUMBERS = frozenset({"history.jsonl", "checkpoint.safetensors", "model.safetensors", "report.json"})
# Of `convoscope plot` and of the reports of comparisons: each as PNG beside the SVG of the same name.
FIGURES = frozenset(
    {
        *("curves", "accuracy-time", "confusion", "per-class", "mistakes", "filters", "maps"),
        *("accuracy-seconds", "accuracy-parameters", "gap"),
    }
)
_RUN_IMAGES = frozenset({"mistakes.png", "confusion.png", "example.png"}) | {f"{figure}.png" for figure in FIGURES}
_WANDB_RUN = re.compile(r"run-[^/]+\.wandb")
_MLFLOW_RUN = re.compile(r"(m-)?[0-9a-f]{32}")
_MLFLOW_PARTS = frozenset({"artifacts", "inputs", "meta.yaml", "metrics", "outputs", "params", "tags"})
_MLFLOW_LINE = re.compile(rb"^artifact_(uri|location):", re.MULTILINE)
_CACHED = frozenset({"images.npy", "index.json"})  # and at most one file more: a checksum
_DEEPEST = 64

_IMAGES = ""
SYSTEM = "system files"
_Children = dict[str, "os.DirEntry[str]"]


def is_hidden(name: str) -> bool:
    """Say whether a file or folder is hidden, or a file that the system puts everywhere."""
    return name.startswith(".") or name.casefold() in _SYSTEM_FILES


def results_in(folder: Path) -> str | None:
    """Say what a folder holds in place of a person's images.

    Parameters
    ----------
    folder : Path
        Only names are looked at, and files that say which program wrote them.

    Returns
    -------
    str or None
        ``"Convoscope runs"``, ``"system files"`` and so on; None if the folder may hold images. A folder that holds
        only such folders, and no file that may be an image, counts as one.
    """
    kinds = list(dict.fromkeys(_kinds(folder, set(), 0)))
    return None if not kinds or _IMAGES in kinds else " and ".join(sorted(kinds))


def _kinds(folder: Path, seen: set[tuple[int, int]], depth: int) -> Iterator[str]:
    """Yield what the folder and those below it hold, up to the first file that may be an image."""
    try:
        found_at = os.stat(folder)
    except OSError:
        yield _IMAGES  # for all that is known; whoever reads the folder will say why that fails
        return
    own = found_at.st_dev, found_at.st_ino  # however many links lead there; to resolve them all takes far longer
    if own in seen:
        return
    if depth > _DEEPEST:
        yield _IMAGES
        return
    seen.add(own)
    if folder.name.casefold() in _SYSTEM_FOLDERS:
        yield SYSTEM
        return
    try:
        with os.scandir(folder) as found:
            children = {child.name: child for child in found if not is_hidden(child.name)}
    except OSError:
        yield _IMAGES
        return
    kind = next((name for name, is_it in _KINDS.items() if is_it(folder, children)), None)
    if kind is not None:
        yield kind
    elif _has_images(children):
        yield _IMAGES
    else:
        for child in children.values():
            if is_folder(child):
                for kind in _kinds(Path(child.path), seen, depth + 1):
                    yield kind
                    if kind == _IMAGES:
                        return


def is_folder(child: os.DirEntry[str]) -> bool:
    """Say whether it is a folder or a link to one. A link that leads nowhere, or round in a circle, is none."""
    try:
        return child.is_dir()
    except OSError:
        return False


def _has_images(children: _Children) -> bool:
    return next(_images(children), None) is not None


def _images(children: _Children) -> Iterator[str]:
    """Yield the names of files that may be images."""
    for name, child in children.items():
        is_document = os.path.splitext(name)[1].lower() in _DOCUMENTS or name == _SETTINGS or _is_event_file(name)
        if not is_document and not is_folder(child):
            yield name


def _is_event_file(name: str) -> bool:
    return name.startswith("events.out.tfevents.")


def _says(path: Path, format: str) -> bool:
    try:
        return read_json(path).get("format") == format
    except (ConvoscopeError, OSError):
        return False


def _is_run(folder: Path, children: _Children) -> bool:
    if "config.json" in children and _says(folder / "config.json", "convoscope-run"):
        return True
    # config.json is damaged or gone: then the images in it tell, and notes beside them do not matter.
    has_numbers = any(name in children and not is_folder(children[name]) for name in _RUN_NUMBERS)
    return has_numbers and _RUN_IMAGES.issuperset(_images(children))


def _is_experiment(folder: Path, children: _Children) -> bool:
    return "experiment.json" in children and _says(folder / "experiment.json", "convoscope-experiment")


def _is_figures(folder: Path, children: _Children) -> bool:
    names = list(_images(children))
    drawn = {f"{figure}.png" for figure in FIGURES if f"{figure}.svg" in children}
    return bool(names) and drawn.issuperset(names)


def _is_cache(folder: Path, children: _Children) -> bool:
    return children.keys() >= _CACHED and len(children) <= len(_CACHED) + 1


def _is_environment(folder: Path, children: _Children) -> bool:
    return "pyvenv.cfg" in children


def _is_tensorboard(folder: Path, children: _Children) -> bool:
    return any(map(_is_event_file, children)) and not _has_images(children)


def _is_wandb(folder: Path, children: _Children) -> bool:
    return any(map(_WANDB_RUN.fullmatch, children))


def _is_mlflow(folder: Path, children: _Children) -> bool:
    if _MLFLOW_RUN.fullmatch(folder.name) and children.keys() <= _MLFLOW_PARTS:
        return bool(children)
    if "meta.yaml" not in children:
        return False
    try:
        with open_regular(folder / "meta.yaml") as file:
            return _MLFLOW_LINE.search(file.read(1 << 16)) is not None
    except (ConvoscopeError, OSError):
        return False


_KINDS: dict[str, Callable[[Path, _Children], bool]] = {
    "Convoscope runs": _is_run,
    "Convoscope experiments": _is_experiment,
    "Convoscope figures": _is_figures,
    "Convoscope's decoded images": _is_cache,
    "a Python environment": _is_environment,
    "TensorBoard logs": _is_tensorboard,
    "Weights & Biases runs": _is_wandb,
    "MLflow runs": _is_mlflow,
}
