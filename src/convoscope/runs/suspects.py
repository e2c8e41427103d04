"""What may be wrong with the photos of a run: found with what the frozen backbone makes of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from convoscope.datasets import FolderDataset
from convoscope.quality import DUPLICATE, LABEL, OUTLIER, Findings, examine, sheets
from convoscope.runs.folder import RunFolder
from convoscope.runs.photos import CROSS_VALIDATION, joined
from convoscope.transfer import Choice, Extractor, View
from convoscope.transfer.calibration import softmax


def examined(choice: Choice, data: FolderDataset, extractor: Extractor) -> Findings:
    """Examine the training images and those to test with.

    Each image is judged by a head that was fitted without it.
    """
    frozen = choice.frozen
    images, files, labels, parts = _everything(data)
    features, probabilities = frozen.features, frozen.held_out
    if len(images) > len(features):
        view = View(extractor.backbone.preprocessing)
        more = extractor.features(
            view, data.test_digests or (), lambda some: np.asarray(data.x_test[np.asarray(some, np.intp)])
        )
        kernel, bias = (np.asarray(each, np.float64) for each in frozen.model.layers[-1].get_weights())
        features = np.concatenate([features, more])
        probabilities = np.concatenate([probabilities, softmax(more @ kernel + bias)])
    return examine(
        features=features,
        labels=labels,
        probabilities=probabilities,
        images=images,
        files=files,
        class_names=data.class_names,
        parts=parts,
    )


def write_findings(folder: RunFolder, findings: Findings, data: FolderDataset) -> None:
    """Write the list of suspects, and a picture of each kind, into a run's folder."""
    findings.write_csv(folder.suspects)
    images, files, labels, _ = _everything(data)
    names = [data.class_names[label] for label in labels]
    drawn = sheets(findings, images, files, names)
    for kind, path in ((LABEL, folder.suspected), (DUPLICATE, folder.duplicates), (OUTLIER, folder.outliers)):
        if kind in drawn:
            folder.write_picture(path, drawn[kind])


def _everything(
    data: FolderDataset,
) -> tuple[npt.NDArray[np.uint8], list[str], npt.NDArray[np.int64], list[str]]:
    """Return the images to train and to test with, their files, their labels, and their parts."""
    images, files, labels = data.x_train, list(data.train_files), data.y_train.astype(np.int64)
    if data.test_part == CROSS_VALIDATION:
        return images, files, labels, ["train"] * len(files)
    parts = ["train"] * len(files) + [data.test_part] * len(data.test_files)
    together = joined(images, data.x_test)
    return together, [*files, *data.test_files], np.concatenate([labels, data.y_test.astype(np.int64)]), parts
