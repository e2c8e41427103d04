"""The files of a folder with a folder for each class: which, in which order, with which labels, as Keras lists them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convoscope.checks import real
from convoscope.errors import ConfigurationError, MissingFileError, ShapeError
from convoscope.names import for_terminal
from convoscope.streams import show


@dataclass(frozen=True)
class Files:
    """Paths, the label of each (None where there are none), and the names of the classes."""

    paths: list[str]
    labels: list[int] | None
    class_names: list[str] | None

    def part(self, share: float | None, subset: str | None) -> Files:
        """Return those to train with or those to validate with: the last `share` of all."""
        if not share:
            return self
        held = int(share * len(self.paths))
        if subset == "training":
            show(f"Using {len(self.paths) - held} files for training.")
            part = slice(None, -held)
        else:
            show(f"Using {held} files for validation.")
            part = slice(-held, None)
        return Files(self.paths[part], None if self.labels is None else self.labels[part], self.class_names)

    def shuffled(self, seed: int) -> Files:
        """Return them in the order that Keras draws from that seed."""

        def drawn(values: list[Any]) -> list[Any]:
            np.random.RandomState(seed).shuffle(values)
            return values

        labels = None if self.labels is None else [int(n) for n in drawn(np.array(self.labels, np.int64))]  # type: ignore[arg-type]
        return Files(drawn(list(self.paths)), labels, self.class_names)


def list_directory(
    directory: str,
    labels: str | Sequence[int] | None,
    formats: tuple[str, ...],
    class_names: Sequence[str] | None = None,
    follow_links: bool = False,
    verbose: bool = True,
) -> Files:
    """Return the files in a folder whose names end in one of `formats`, class by class, in alphabetical order.

    Parameters
    ----------
    directory : str
    labels : "inferred", sequence of int or None
        Whether the folders in it are classes; or the label of each file, in their order; or no labels.
    formats : tuple of str
        Endings in small letters: ``(".png", ".jpg")``.
    class_names : sequence of str, optional
        Which folders are classes, and in which order.
    follow_links : bool
        Whether links to folders are followed.
    verbose : bool
        Whether to say what was found.

    Raises
    ------
    MissingFileError
        If there is no such folder.
    ConfigurationError, ShapeError
        If classes have no folder, or there are not as many labels as files.
    """
    if not os.path.isdir(directory):
        raise MissingFileError(f"There is no folder {directory}.")
    folders = [""]
    if isinstance(labels, str):
        found = sorted(n for n in os.listdir(directory) if os.path.isdir(os.path.join(directory, n)) and n[:1] != ".")
        folders = list(class_names) if class_names is not None else found
        if not set(folders) <= set(found):
            raise ConfigurationError(
                f"class_names must be folders in {directory}. It contains {', '.join(map(repr, found)) or 'none'}, "
                f"but class_names={list(folders)}."
            )
    by_class = [list(_files_in(directory, name, formats, follow_links)) for name in folders]
    paths = [path for own in by_class for path in own]
    if isinstance(labels, str):
        files = Files(paths, [number for number, own in enumerate(by_class) for _ in own], folders)
    elif labels is None:
        files = Files(paths, None, None)
    else:
        if len(labels) != len(paths):
            raise ShapeError(
                f"{directory} has {len(paths)} files, but there are {len(labels)} labels: give one for each."
            )
        files = Files(paths, [int(label) for label in labels], [str(label) for label in sorted(set(labels))])
    if verbose:
        classes = "" if files.class_names is None else f" belonging to {len(files.class_names)} classes"
        show(for_terminal(f"Found {len(paths)} files{classes}."))
    return files


def check_split(validation_split: Any, subset: Any, shuffle: bool, seed: Any) -> None:
    """Say what is wrong with the arguments that part files into those to train and those to validate with."""
    if validation_split and not 0 < real(validation_split, "validation_split", "image_dataset_from_directory") < 1:
        raise ConfigurationError(f"validation_split must be between 0 and 1, but is {validation_split!r}.")
    if bool(validation_split) != bool(subset):
        raise ConfigurationError("validation_split and subset need each other: give both or neither.")
    if subset not in ("training", "validation", "both", None):
        raise ConfigurationError(f"subset must be 'training', 'validation' or 'both', but is {subset!r}.")
    if validation_split and shuffle and seed is None:
        raise ConfigurationError(
            "With validation_split, shuffled files need a seed, so that no file is in both parts. Use the same seed "
            "for both, such as seed=123."
        )


def _files_in(directory: str, name: str, formats: tuple[str, ...], follow_links: bool) -> Iterator[str]:
    folder = os.path.join(directory, name)
    for root, _, files in sorted(os.walk(folder, followlinks=follow_links), key=lambda each: each[0]):
        for file in sorted(files):
            if file.lower().endswith(formats):
                relative = os.path.relpath(os.path.join(root, file), folder)
                yield os.path.join(directory, os.path.join(name, relative))
