"""``Classifier``: from a folder of your own photos to what a new one shows, in two lines."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.applications import backbone as find_backbone
from convoscope.applications.backbones import DEFAULT
from convoscope.engine.select import current, told_of
from convoscope.engine.threads import get_threads
from convoscope.errors import ConfigurationError, DataError, FileFormatError, ShapeError
from convoscope.models import load_model
from convoscope.models.network import Network
from convoscope.paths import user_path
from convoscope.quality import Findings
from convoscope.runs import RunFolder, TrainSettings
from convoscope.runs.checking import unread
from convoscope.runs.photo_training import train_photos
from convoscope.runs.photos import check_backbone, load_photos, spelled
from convoscope.transfer import Choice, Extractor, FeatureStore, Photos, Wishes
from convoscope.transfer.choosing import MINUTES, train as train_way
from convoscope.transfer.fine_tuning import check_blocks
from convoscope.wording import counted

Say = Callable[[str], None]


class Classifier:
    """A classifier of photos on a pretrained backbone.

    Make one by `Classifier.train` from a folder, by `Classifier.fit` from arrays, or by `Classifier.load`.

    Attributes
    ----------
    model : Model or Sequential
        The whole network: photos in, calibrated probabilities out. Call ``explore``, ``summary`` or ``save`` on it.
    report : dict
        What ``report.json`` of the run says; empty after `fit`.
    run : Path or None
        The run's folder.

    Examples
    --------
    >>> from convoscope import layers, models
    >>> model = models.Sequential([layers.Rescaling(1 / 255, input_shape=(8, 8, 3)), layers.Flatten()])
    >>> model.add(layers.Dense(2, activation="softmax"))
    >>> model.class_names = ["ants", "bees"]
    >>> Classifier(model), Classifier(model).report
    (Classifier('ants', 'bees'), {})
    """

    def __init__(self, model: Network, report: dict[str, Any] | None = None, run: Path | None = None) -> None:
        self.model = model
        self.report = report or {}
        self.run = run

    def __repr__(self) -> str:
        return f"Classifier({', '.join(map(repr, self.class_names))})"

    @property
    def class_names(self) -> list[str]:
        """The classes, in the order of the probabilities."""
        return list(self.model.class_names or ())

    @property
    def findings(self) -> Findings | None:
        """What may be wrong with the photos that it was trained on; None where that is not known."""
        found = self.report.get("findings")
        return None if found is None else Findings.from_dict(found)

    # ---- making one

    @classmethod
    def train(
        cls,
        folder: str | os.PathLike[str],
        *,
        backbone: str = DEFAULT,
        fine_tune: int | None = None,
        minutes: float = MINUTES,
        exclude: str | os.PathLike[str] | None = None,
        based_on: str | os.PathLike[str] | None = None,
        out: str | os.PathLike[str] | None = None,
        seed: int | None = None,
        data_dir: str | os.PathLike[str] | None = None,
        say: Say = lambda _: None,
    ) -> Classifier:
        """Train on a folder with a subfolder of photos for each class, as ``convoscope train FOLDER`` does.

        Parameters
        ----------
        folder : path
            A folder with a subfolder for each class, or a CSV file with the columns path and label.
        backbone : str
            See `convoscope.applications.backbone`.
        fine_tune : int, optional
            How many of the backbone's last blocks are also trained. If left out, held-out photos decide whether that
            helps, if there are 150 photos or more.
        minutes : float
            How long fine-tuning may take, trials included; 0 for none.
        exclude : path, optional
            A list of files to leave out, such as the ``suspects.csv`` of an earlier run.
        based_on : path, optional
            An earlier run on this folder: its split is kept, and only new photos are assigned to a part.
        out : path, optional
            The run's folder; ``runs/NAME-BACKBONE-1`` and so on by default.
        seed : int, optional
            Repeats a run exactly, with the same number of threads.
        data_dir : path, optional
            Where decoded photos are kept; by default in the user's cache.
        say : callable
            Called with a sentence before every step that takes long: ``print``.

        Raises
        ------
        MissingFileError, DataError
            If there is no such folder, or it does not have two classes with two photos each.
        ConfigurationError
            If an option is invalid.

        Examples
        --------
        >>> classifier = Classifier.train("flowers", minutes=5, say=print)  # doctest: +SKIP
        >>> classifier.predict("unknown.jpg").name  # doctest: +SKIP
        'daisy'
        """
        given = {
            "backbone": spelled(backbone),
            "fine_tune": fine_tune,
            "minutes": minutes,
            "exclude": None if exclude is None else str(user_path(exclude).absolute()),
            "based_on": None if based_on is None else str(user_path(based_on).absolute()),
            "data_dir": None if data_dir is None else str(user_path(data_dir).absolute()),
            "seed": seed,
        }
        check_backbone(backbone, fine_tune)
        source = str(user_path(folder).absolute())
        settings = TrainSettings.with_defaults(
            unread(source), get_threads(), current().name, **given, **told_of(current())
        )
        data = load_photos(settings)
        stem = f"{data.info.name}-{settings.label}"
        run = RunFolder.create_numbered("runs", stem) if out is None else RunFolder.create(out)
        outcome = train_photos(run, settings, data, say=say)
        return cls(outcome.model, outcome.report, run.path)

    @classmethod
    def fit(
        cls,
        x: Iterable[Any],
        y: npt.ArrayLike,
        class_names: Sequence[str] | None = None,
        *,
        backbone: str = DEFAULT,
        minutes: float = 0.0,
        fine_tune: int | None = None,
        seed: int = 0,
    ) -> Classifier:
        """Train on photos in memory, without a run's folder.

        Parameters
        ----------
        x : sequence of paths, bytes, Pillow images or arrays
            Of any size.
        y : array of shape (N,)
            Class numbers from 0, or names.
        class_names : sequence of str, optional
            What the numbers stand for.
        backbone, minutes, fine_tune, seed
            See `train`; here nothing is fine-tuned unless you ask for it.

        Examples
        --------
        >>> dark = [np.full((240, 320, 3), 10 * i, np.uint8) for i in range(4)]
        >>> light = [np.full((240, 320, 3), 215 + 10 * i, np.uint8) for i in range(4)]
        >>> classifier = Classifier.fit(dark + light, ["dark"] * 4 + ["light"] * 4)
        >>> classifier.predict(np.full((100, 100, 3), 230, np.uint8)).name
        'light'
        """
        from convoscope.datasets.images.preprocessing import Preprocessing

        wishes = Wishes(minutes, fine_tune, seed=seed)
        labels, names = _classes(y, class_names)
        found = find_backbone(backbone)
        if fine_tune is not None:
            check_blocks(found, fine_tune)
        images = Preprocessing.from_dict(found.preprocessing).prepare_all(x, threads=get_threads())
        if len(images) != len(labels):
            raise ShapeError(f"Each photo needs a label, but there are {len(images)} photos and {len(labels)} labels.")
        digests = [f"{number}" for number in range(len(images))]
        photos = Photos(images, labels, digests, names, threads=get_threads())
        choice: Choice = train_way(photos, Extractor(found, _Unkept()), wishes)
        return cls(choice.classified.model)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Classifier:
        """Load a classifier from a run's folder or a model's file.

        Examples
        --------
        >>> import tempfile
        >>> from convoscope import layers, models
        >>> from convoscope.datasets.images.preprocessing import Preprocessing
        >>> model = models.Sequential([layers.Rescaling(1 / 255, input_shape=(8, 8, 3)), layers.Flatten()])
        >>> model.add(layers.Dense(2, activation="softmax"))
        >>> model.class_names, model.preprocessing = ["ants", "bees"], Preprocessing(8).as_dict()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Classifier(model).save(f"{folder}/insects.safetensors")
        ...     Classifier.load(f"{folder}/insects.safetensors").class_names
        ['ants', 'bees']
        """
        model = load_model(path)
        if model.class_names is None or model.preprocessing is None:
            raise FileFormatError(
                f"{path} is a model, but not a photo classifier: it stores no class names or no preprocessing. Use "
                "convoscope.load_model."
            )
        folder = Path(user_path(path))
        report = RunFolder(folder).read_report() if folder.is_dir() else {}
        return cls(model, report, folder if folder.is_dir() else None)

    # ---- using it

    def predict(self, images: Any, **options: Any) -> Any:
        """Classify photos of any size; see `convoscope.Model.predict_images`.

        Examples
        --------
        >>> from convoscope import layers, models
        >>> from convoscope.datasets.images.preprocessing import Preprocessing
        >>> model = models.Sequential([layers.Rescaling(1 / 255, input_shape=(8, 8, 3)), layers.Flatten()])
        >>> model.add(layers.Dense(2, activation="softmax"))
        >>> model.class_names, model.preprocessing = ["ants", "bees"], Preprocessing(8).as_dict()
        >>> found = Classifier(model).predict([np.zeros((30, 40, 3), np.uint8), np.ones((60, 50, 3), np.uint8)])
        >>> len(found), found[0].probabilities.shape
        (2, (2,))
        """
        return self.model.predict_images(images, **options)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model into one file, which `load` and `convoscope.load_model` read.

        Examples
        --------
        >>> import tempfile
        >>> from convoscope import layers, models
        >>> from convoscope.datasets.images.preprocessing import Preprocessing
        >>> model = models.Sequential([layers.Rescaling(1 / 255, input_shape=(8, 8, 3)), layers.Flatten()])
        >>> model.add(layers.Dense(2, activation="softmax"))
        >>> model.class_names, model.preprocessing = ["ants", "bees"], Preprocessing(8).as_dict()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Classifier(model).save(f"{folder}/insects.safetensors")
        ...     models.load_model(f"{folder}/insects.safetensors").class_names
        ['ants', 'bees']
        """
        self.model.save(path, include_optimizer=False)


class _Unkept(FeatureStore):
    """Keeps features for as long as a fit takes: photos in memory have no files to know them again by."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], npt.NDArray[np.float32]] = {}

    def get(self, recipe: str, images: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        return {image: self._kept[recipe, image] for image in images if (recipe, image) in self._kept}

    def put(self, recipe: str, images: Sequence[str], vectors: npt.NDArray[np.float32]) -> None:
        self._kept.update({(recipe, image): vector for image, vector in zip(images, vectors, strict=True)})


def _classes(y: npt.ArrayLike, names: Sequence[str] | None) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """Return class numbers, and the names of the classes."""
    given = np.asarray(y)
    if given.ndim != 1 or not len(given):
        raise ShapeError(f"y must have a class number or name for each photo, but its shape is {given.shape}.")
    known = None if names is None else _checked_names(names)
    if given.dtype.kind == "f":
        odd = given[~np.isfinite(given) | (given != np.round(given))]
        if odd.size:
            raise DataError(f"y must have a class number or name for each photo, but one is {odd[0]}.")
        given = given.astype(np.int64)
    if given.dtype.kind in "iu":
        numbers = given.astype(np.int64)
        if numbers.min() < 0:
            raise DataError(f"Class numbers start at 0, but one is {numbers.min()}.")
        count = int(numbers.max()) + 1
        known = tuple(map(str, range(count))) if known is None else known
        if len(known) < count:
            raise DataError(f"class_names has {counted(len(known), 'name')}, but a class number is {count - 1}.")
        return numbers, known
    known = tuple(sorted({str(each) for each in given})) if known is None else known
    unknown = sorted({str(each) for each in given} - set(known))
    if unknown:
        raise DataError(f"y names the class {unknown[0]!r}, which is not in class_names: {', '.join(known)}.")
    return np.array([known.index(str(each)) for each in given]), known


def _checked_names(names: Sequence[str]) -> tuple[str, ...]:
    if isinstance(names, str):
        raise ConfigurationError(f"class_names must be a list with a name for each class, but is the string {names!r}.")
    known = tuple(map(str, names))
    if twice := [name for name in dict.fromkeys(known) if known.count(name) > 1]:
        raise DataError(f"class_names has {twice[0]!r} more than once. Give each class its own name.")
    return known
