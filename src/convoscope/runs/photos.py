"""Runs that train a classifier of photos on a pretrained backbone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.applications import backbone as find_backbone
from convoscope.applications.backbones import DEFAULT
from convoscope.datasets import DatasetInfo, FolderDataset, from_folder
from convoscope.datasets.folder.listing import Listing, list_folder
from convoscope.datasets.folder.survey import in_colour, likely_size
from convoscope.datasets.folder.table import list_table
from convoscope.datasets.progress import Progress
from convoscope.errors import ConfigurationError, DataError, FileFormatError, MissingFileError
from convoscope.names import native_path
from convoscope.paths import is_there, refuse_address, user_path
from convoscope.processes import world
from convoscope.runs.folder import RunFolder
from convoscope.runs.settings import TrainSettings
from convoscope.storage import read_json
from convoscope.transfer.fine_tuning import check_blocks
from convoscope.transfer.scratch import preprocessing

SCRATCH = "none"
CROSS_VALIDATION = "cross-validation"
#: With fewer images than this, none is set aside to test with: each is held out once in cross-validation instead.
_TOO_FEW_TO_TEST = 500
_TEST = 0.1
_FEW = 5  # images of a class, below which the report says so
_LOOKED_AT = 60  # files tell how large the images are, and whether in colour
_SMALL_SIDE = 64  # pixels, below which a photo has too little for a network that was trained on 224
#: What says how to train a network from scratch.
OF_SCRATCH = (
    *("model", "layers", "filters", "convolutions", "kernel_size", "pooling", "dense_units", "dropout"),
    *("recipe", "epochs", "batch_size", "learning_rate", "optimizer", "augmentation", "patience", "goal_accuracy"),
    *("image_size", "color_mode", "validation", "snapshots"),
)
OF_PHOTOS = ("fine_tune", "minutes", "based_on")
_WITH, _WITHOUT = "needs a pretrained backbone", "is for training from scratch"


@dataclass(frozen=True)
class Suitable:
    """Whether a folder's images are photos for a pretrained backbone, and why.

    Attributes
    ----------
    backbone : str
        Its name, or ``"none"``.
    reason : str
        A sentence where it is none.
    """

    backbone: str
    reason: str = ""


def choose_backbone(path: str, given: Mapping[str, Any]) -> Suitable:
    """Choose how to begin with your own images: from a pretrained backbone, or from scratch.

    Parameters
    ----------
    path : str
        The folder or table.
    given : mapping
        What was told, under the names of `TrainSettings`; None is what was not.

    Raises
    ------
    ConfigurationError
        What was told contradicts itself.
    """
    told = [name for name in OF_SCRATCH if given.get(name) is not None]
    asked = given.get("backbone")
    photos = [name for name in OF_PHOTOS if given.get(name) is not None]
    if asked == SCRATCH or (asked is None and told):
        if photos:
            _refuse((photos[0], _WITH), (told[0] if told else "backbone none", _WITHOUT))
        return Suitable(SCRATCH)
    if asked is not None or photos:
        if told:
            _refuse(
                (told[0], _WITHOUT), ("backbone", "asks for a pretrained backbone") if asked else (photos[0], _WITH)
            )
        return Suitable(spelled(asked) if asked else DEFAULT)
    listing = listed(path)
    paths = [listing.root / entry.name for entry in listing.entries]
    return _suits(paths, given.get("max_pixels"))


def _suits(paths: list[Path], max_pixels: int | None) -> Suitable:
    from convoscope.errors import ConvoscopeError

    indices = np.unique(np.linspace(0, len(paths) - 1, min(_LOOKED_AT, len(paths))).round().astype(int))
    some = [paths[index] for index in indices]
    size, coloured = likely_size(some, max_pixels), in_colour(some, max_pixels)
    if size is None or coloured is None:  # what is wrong is said when they are read
        return Suitable(SCRATCH)
    if not coloured:
        return Suitable(SCRATCH, "The images are greyscale, but a pretrained backbone needs colour photos.")
    if max(size) < _SMALL_SIDE:
        return Suitable(SCRATCH, f"The images are small ({size[1]} × {size[0]}), too small for a pretrained backbone.")
    try:
        find_backbone(DEFAULT).file()
    except ConvoscopeError as error:
        return Suitable(SCRATCH, f"No pretrained backbone is installed, so training starts from scratch. {error}")
    return Suitable(DEFAULT)


def _refuse(*reasons: tuple[str, str]) -> None:
    names = {"learning_rate": "lr", "validation": "val", "augmentation": "augment", "color_mode": "color"}
    names |= {"based_on": "from"}
    said = (f"--{names.get(name, name).replace('_', '-')} {why}" for name, why in reasons)
    raise ConfigurationError(f"{', but '.join(said)}. Leave out one of the two.")


def spelled(backbone: str) -> str:
    """Return a backbone's name as it is, and the path of a file from the root on, so that a run can go on anywhere."""
    return str(user_path(backbone).absolute()) if is_there(user_path(backbone)) else backbone


def check_backbone(name: str, fine_tune: int | None) -> None:
    """Raise a ConvoscopeError if there is no such backbone, if it has no weights, or not so many blocks."""
    found = find_backbone(name)
    found.file()
    if fine_tune is not None and fine_tune > 0:  # what is less is refused with the other settings
        check_blocks(found, fine_tune)


def load_photos(
    settings: TrainSettings, progress: Progress | None = None, split: Mapping[str, str] | None = None
) -> FolderDataset:
    """Load your own images in the form that the settings' backbone takes.

    Where training from scratch was the better way, their ``image_size`` is smaller. A `split` that is known stays.

    With fewer than 500 of them, none is set aside to test with: ``test_part`` is then ``"cross-validation"``, and the
    test images are those to train with. Images to validate with train, too, where there are others to test with:
    cross-validation takes their place.
    """
    assert settings.for_backbone is not None
    backbone = find_backbone(settings.for_backbone)
    form = backbone.preprocessing if settings.compared_with is None else preprocessing(backbone)
    share = settings.test_split
    if share is None:
        share = 0.0 if len(listed(settings.dataset).entries) < _TOO_FEW_TO_TEST else _TEST
    data = from_folder(
        settings.dataset,
        image_size=(form["height"], form["width"]),
        color_mode="rgb",
        fit=form["fit"],
        resize=form.get("resize"),
        interpolation=form["interpolation"],
        validation_split=0.0,
        test_split=share,
        max_pixels=settings.max_pixels,
        exclude=exclusions(settings.exclude, settings.dataset),
        split=split or _split_of(settings.based_on),
        cache_dir=None if settings.data_dir is None else user_path(settings.data_dir) / "folders",
        threads=settings.threads,
        progress=progress,
    )
    reason = f"what {settings.backbone} takes" if settings.compared_with is None else "what is trained from scratch"
    taken = replace(data.report.form, size_reason=reason, colour_reason=reason)
    data = replace(data, report=replace(data.report, form=taken))
    if data.test_part == "test":
        data = _with_validation(data)
    data = _checked_classes(data)
    if len(data.x_test):
        return data
    return replace(
        data,
        x_test=data.x_train,
        y_test=data.y_train,
        test_files=data.train_files,
        test_digests=data.train_digests,
        info=replace(data.info, test_count=len(data.x_train)),
        test_part=CROSS_VALIDATION,
    )


def exclusions(path: str | None, dataset: str) -> set[str]:
    """Return which images of a folder or table a list says to leave out.

    Raises
    ------
    DataError
        None of the names on the list is one of its images.

    Warns
    -----
    ConvoscopeWarning
        Some are not.
    """
    if path is None:
        return set()
    from convoscope.quality import excluded, read_exclusions

    files = [entry.name for entry in listed(dataset).entries]
    out = excluded(read_exclusions(path), files, path)
    return {name for name, left in zip(files, out, strict=True) if left}


def listed(dataset: str) -> Listing:
    """List the files of your own images, without opening any."""
    source = Path(user_path(native_path(dataset))).absolute()
    if not is_there(source):
        refuse_address(dataset)
        raise MissingFileError(f"There is no folder or CSV file {dataset}. Check the path.")
    return list_folder(source) if source.is_dir() else list_table(source)


def refuse_for_published(name: str, given: Mapping[str, Any]) -> None:
    """Raise ConfigurationError where an option means something for your own images only."""
    for option in ("backbone", "exclude", *OF_PHOTOS):
        if given.get(option) is not None:
            spelled = "from" if option == "based_on" else option.replace("_", "-")
            raise ConfigurationError(
                f"--{spelled} is only for your own images, but {name} is a published data set. Leave it out."
            )


def refuse_many_processes() -> None:
    """Raise ConfigurationError in many processes: one alone tries what a pretrained backbone gains, by the clock."""
    if world().size > 1:
        raise ConfigurationError(
            "A classifier of photos on a pretrained backbone trains in a single process: leave out --processes or "
            "torchrun. With --backbone none, training starts from scratch and can use several processes."
        )


def _split_of(run: str | None) -> dict[str, str] | None:
    """Return which part each file of an earlier run was in."""
    if run is None:
        return None
    folder = RunFolder.open(run)
    files = read_json(folder.data).get("files")
    if not isinstance(files, list):
        raise FileFormatError(
            f"{folder.data} does not list the run's files, because an earlier version wrote it. --from needs a run on "
            "your own images trained by this version."
        )
    try:
        return {native_path(each["file"]): each["part"] for each in files}
    except (TypeError, KeyError, AttributeError) as error:
        raise FileFormatError(f"{folder.data} is damaged: a file lacks its name or its part.") from error


def _with_validation(data: FolderDataset) -> FolderDataset:
    """Return the data set with the validation images among those to train with."""
    together = joined(data.x_train, data.x_val)
    return replace(
        data,
        x_train=together,
        y_train=np.concatenate([data.y_train, data.y_val]),
        train_files=(*data.train_files, *data.val_files),
        train_digests=(*data.train_digests, *data.val_digests),
        x_val=data.x_val[:0],
        y_val=data.y_val[:0],
        val_files=(),
        val_digests=(),
        info=replace(data.info, train_count=len(together)),
    )


def joined(first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Put images behind others, without a copy where they already lie there: they may be mapped from the disk."""
    base = first.base
    if isinstance(base, np.ndarray) and second.base is base and base.shape[1:] == first.shape[1:]:
        starts = [each.__array_interface__["data"][0] for each in (base, first, second)]
        if starts[2] == starts[1] + first.nbytes:
            start = (starts[1] - starts[0]) // base.strides[0]
            return np.asarray(base[start : start + len(first) + len(second)])
    return np.concatenate([first, second]) if len(second) else first


def _checked_classes(data: FolderDataset) -> FolderDataset:
    """Refuse a class with a single image, of which nothing could be said, and note those with few.

    Raises
    ------
    DataError
    """
    counts = np.bincount(data.y_train, minlength=len(data.info.class_names))
    if (few := np.flatnonzero(counts < 2)).size:
        names = " and ".join(data.info.class_names[index] for index in few)
        has, remove = ("has", "the class") if few.size == 1 else ("have", "the classes")
        raise DataError(
            f"A class needs at least two training images, but {names} {has} one. Add images, or remove {remove}."
        )
    notes = [
        f"{data.info.class_names[index]} has only {counts[index]} training images, so expect low accuracy for it"
        for index in np.flatnonzero(counts < _FEW)
    ]
    return replace(data, report=replace(data.report, notes=[*data.report.notes, *notes]))


def origin(settings: TrainSettings, info: DatasetInfo, digest: str | None) -> dict[str, Any]:
    """Give when and on what a model was trained, for its file."""
    import convoscope

    return {
        "trained": datetime.now(timezone.utc).date().isoformat(),
        "convoscope": convoscope.__version__,
        "data": info.name,
        "train_images": info.train_count,
        "digest": digest,
        "begun_from": settings.backbone,
    }
