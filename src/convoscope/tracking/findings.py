"""What came of a training: the report, and what the model says of the first images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convoscope.names import for_terminal
from convoscope.report import classification_report

if TYPE_CHECKING:
    import PIL.Image

_SAMPLES = 24
_MOST_CLASSES_IN_A_PICTURE = 60


@dataclass(frozen=True, eq=False)
class Findings:
    """What there is to write down when training is over.

    Attributes
    ----------
    report : mapping
        See `convoscope.report.classification_report`.
    images : array (n, height, width[, channels])
        The first images; none if what the model takes are no images.
    samples : list of dict
        Of each of these: ``index``, class numbers ``true`` and ``predicted``, and ``probability`` of the prediction.
    max_value : float
        The largest value that a pixel of the images can have.
    """

    report: Mapping[str, Any]
    images: npt.NDArray[Any]
    samples: list[dict[str, Any]]
    max_value: float

    @property
    def names(self) -> list[str]:
        """The classes' names."""
        return [row["name"] for row in self.report["classes"]]

    @property
    def accuracy_name(self) -> str:
        """What the report's accuracy is called: ``test_accuracy``, if it is about test images."""
        return f"{self.report.get('part', 'test')}_accuracy"

    def rows(self) -> list[tuple[int, str, str, float]]:
        """Give each sample's index, its class, the model's prediction, and its probability."""
        names = self.names
        return [(s["index"], names[s["true"]], names[s["predicted"]], s["probability"]) for s in self.samples]

    def confusion_picture(self) -> PIL.Image.Image | None:
        """Draw the confusion matrix; None with more classes than a picture can show."""
        from convoscope.report.sheet import confusion_picture

        if len(self.names) > _MOST_CLASSES_IN_A_PICTURE:
            return None
        return confusion_picture(dict(self.report), "Confusion matrix: true class → prediction")

    def samples_picture(self) -> PIL.Image.Image | None:
        """Lay out the samples on a sheet; None without images."""
        from convoscope.report.sheet import samples_sheet

        if not len(self.images):
            return None
        return samples_sheet(self.samples, self.names, self.images, self.max_value, "Sample predictions")

    def confusion_table(self) -> str:
        """Write the confusion matrix in Markdown: a row for what an image is, a column for what the model says."""
        names = self.names
        lines = [_line(["", *names]), _line(["---"] * (len(names) + 1))]
        for name, row in zip(names, self.report["confusion_matrix"], strict=True):
            lines.append(_line([name, *map(str, row)]))
        return "\n".join(lines)

    def samples_table(self) -> str:
        """Write the samples in Markdown."""
        lines = [_line(["image", "true class", "prediction", "probability"]), _line(["---"] * 4)]
        lines += [_line([f"{index}", true, predicted, f"{share:.4f}"]) for index, true, predicted, share in self.rows()]
        return "\n".join(lines)


def find(model: Any, x: Any, y: Any, report: Mapping[str, Any] | None = None) -> Findings:
    """Test a model, unless there is a report already, and look at what it says of the first images.

    Parameters
    ----------
    model : Sequential
        A classifier: its outputs are the classes' probabilities.
    x : array (N, *input_shape), or (N, height, width) for grey images
    y : array of int (N,), or one-hot rows (N, classes)
    report : mapping, optional
        From `convoscope.report.classification_report`, of these images.
    """
    images, given = np.asarray(x), np.asarray(y)
    labels = given.argmax(axis=1) if given.ndim == 2 and given.shape[1] > 1 else given.reshape(-1)
    inputs = images[..., None] if images.ndim == len(model.plan_input_shape) else images
    if report is None:
        probabilities = model.predict(inputs, verbose=0)
        names = model.class_names or [str(number) for number in range(probabilities.shape[1])]
        report = classification_report(labels, probabilities, names)
    first = model.predict(inputs[:_SAMPLES], verbose=0)
    predictions = first.argmax(axis=1)
    samples = [
        {"index": index, "true": int(true), "predicted": int(predicted), "probability": float(first[index, predicted])}
        for index, (true, predicted) in enumerate(zip(labels[:_SAMPLES], predictions, strict=True))
    ]
    are_images = images.ndim == 3 or (images.ndim == 4 and images.shape[3] in (1, 3))
    return Findings(report, images[:_SAMPLES] if are_images else images[:0], samples, _max_value(model, images))


def png(picture: PIL.Image.Image) -> bytes:
    """Return a picture as a PNG file's bytes."""
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _max_value(model: Any, images: npt.NDArray[Any]) -> float:
    """Return the largest value of a pixel: what the model was told, or else the largest there is."""
    known = (getattr(model, "preprocessing", None) or {}).get("max_value")
    return float(known or images.max(initial=0) or 1.0)


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(for_terminal(cell).replace("|", "\\|") for cell in cells) + " |"
