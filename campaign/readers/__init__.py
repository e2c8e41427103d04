"""Every reader of the package, each with well-formed input to damage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from campaign.readers import (
    data,
    exercises,
    images,
    keras_files,
    litert_files,
    models,
    onnx_files,
    own_images,
    packed,
    questions,
    runs,
    served,
    texts,
    tours,
)
from campaign.trying import Trial


@dataclass(frozen=True)
class Reader:
    """A reader.

    Attributes
    ----------
    name : str
    share : float
        Of all inputs, in proportion to the others'. Slow readers get fewer.
    begin : callable
        ``begin(folder)`` makes what is damaged, perhaps in that folder.
    """

    name: str
    share: float
    begin: Callable[[Path], Trial]


READERS = (
    Reader("model", 20, models.ModelTrial),
    Reader("snapshot", 2, models.SnapshotTrial),
    Reader("keras", 12, keras_files.KerasTrial),
    Reader("hdf5", 12, keras_files.Hdf5Trial),
    Reader("onnx", 16, onnx_files.OnnxTrial),
    Reader("litert", 12, litert_files.LiteRtTrial),
    Reader("idx", 12, data.IdxTrial),
    Reader("image", 20, images.ImageTrial),
    Reader("csv", 8, data.TableTrial),
    Reader("cache", 3, data.CacheTrial),
    Reader("pickle", 12, packed.PickleTrial),
    Reader("checkpoint", 8, packed.CheckpointTrial),
    Reader("cifar", 3, packed.BatchesTrial),
    Reader("npz", 3, packed.ArraysTrial),
    Reader("archive", 3, packed.ArchiveTrial),
    Reader("run", 4, runs.RunTrial),
    Reader("experiment", 2, runs.ExperimentTrial),
    Reader("question", 8, questions.QuestionTrial),
    Reader("own-image", 10, own_images.OwnImageTrial),
    Reader("body", 8, served.BodyTrial),
    Reader("rows", 4, served.RowsTrial),
    Reader("exercises", 4, exercises.ExercisesTrial),
    Reader("layers", 12, texts.LayersTrial),
    Reader("kernel", 12, texts.KernelTrial),
    Reader("vary", 8, texts.VaryTrial),
    Reader("proxy", 2, texts.ProxyTrial),
    Reader("tour", 4, tours.TourTrial),
)
