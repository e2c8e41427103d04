"""TensorBoard: event files that TensorBoard shows, written without TensorFlow."""

from __future__ import annotations

import os
import shlex
import socket
import time
import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from convoscope.checks import equal, integer
from convoscope.errors import ConvoscopeWarning
from convoscope.paths import user_path
from convoscope.tracking.describe import as_text
from convoscope.tracking.findings import Findings, png
from convoscope.tracking.tracker import Tracker
from convoscope.training.options import reject_unsupported

_WHOLE, _TRAIN, _VALIDATION = "", "train", "validation"
# What Keras' callback can be told as well, at the values that ask for nothing else.
_ACCEPTED: dict[str, tuple[Any, ...]] = {
    "write_graph": (True, False),
    "write_images": (False,),
    "write_steps_per_second": (False,),
    "update_freq": ("epoch",),
    "profile_batch": (0,),
    "embeddings_freq": (0,),
    "embeddings_metadata": (None,),
}


class TensorBoard(Tracker):
    """Write what TensorBoard shows: ``pip install 'convoscope[tensorboard]'``, and ``tensorboard --logdir logs``.

    Parameters
    ----------
    log_dir : str or path
        The folder to write to. Names are Keras': ``epoch_loss`` in ``train`` and ``validation`` below it, so that both
        are curves of one chart.
    histogram_freq : int
        The number of epochs between histograms of the weights; 0 for none.
    hyperparameters, test_data
        See `convoscope.tracking.Tracker`.
    **options
        Keras' other arguments, at their defaults only. There is no graph to write: ``summary`` shows the layers.

    Notes
    -----
    Hyperparameters are written as TensorBoard's HParams and as text, the confusion matrix and the sample predictions as
    images and as texts. Nothing is written or sent anywhere else.

    Examples
    --------
    >>> import convoscope as cs
    >>> callback = cs.callbacks.TensorBoard(log_dir="logs/first")
    >>> callback.how_to_look()
    'To view it: tensorboard --logdir logs/first'
    """

    extra = "tensorboard"
    title = "TensorBoard"

    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        histogram_freq: int = 0,
        *,
        hyperparameters: Mapping[str, Any] | None = None,
        test_data: Any = None,
        **options: Any,
    ) -> None:
        for name in ("write_images", "write_steps_per_second", "update_freq", "profile_batch", "embeddings_freq"):
            value = options.get(name)
            if name in options and not any(equal(value, known) for known in _ACCEPTED[name]):
                warnings.warn(
                    f"TensorBoard: {name}={value!r} is ignored: losses and metrics are logged once per epoch, and "
                    "weight histograms with histogram_freq.",
                    ConvoscopeWarning,
                    stacklevel=2,
                )
                del options[name]
        reject_unsupported(options, _ACCEPTED, type(self))
        super().__init__(hyperparameters, test_data)
        self.log_dir = user_path(log_dir)
        self.histogram_freq = integer(histogram_freq, "histogram_freq", "TensorBoard", minimum=0)
        self._files: dict[str, _EventFile] = {}

    def begin(self, hyperparameters: Mapping[str, Any]) -> None:
        """Write the hyperparameters."""
        from tensorboard.plugins.hparams.summary_v2 import hparams_pb

        told = {name: value if _is_plain(value) else as_text(value) for name, value in hyperparameters.items()}
        self._file(_WHOLE).add(hparams_pb(told, trial_id=str(self.log_dir)), 0)
        rows = "\n".join(f"| {name} | {as_text(value)} |" for name, value in hyperparameters.items())
        self._text("hyperparameters", f"| name | value |\n| --- | --- |\n{rows}", 0)

    def write(self, epoch: int, figures: Mapping[str, float]) -> None:
        """Write each figure where Keras writes it."""
        for name, value in figures.items():
            part = _VALIDATION if name.startswith("val_") else _TRAIN
            tag = name if name.startswith("system/") else f"epoch_{name.removeprefix('val_')}"
            self._scalar(part, tag, value, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._histograms(epoch)

    def write_findings(self, epoch: int, findings: Findings) -> None:
        """Write images, tables, and the accuracy."""
        self._scalar(_WHOLE, findings.accuracy_name, findings.report["accuracy"], epoch)
        self._text("confusion_matrix", findings.confusion_table(), epoch)
        self._text("sample_predictions", findings.samples_table(), epoch)
        for tag, picture in (
            ("confusion_matrix_image", findings.confusion_picture()),
            ("sample_predictions_image", findings.samples_picture()),
        ):
            if picture is not None:
                self._file(_WHOLE).add(_summary(tag, image=_image(picture)), epoch)

    def end(self, whole: bool) -> None:
        """Close the files; the next ones of the same folder are read with them."""
        files, self._files = self._files, {}
        for file in files.values():
            file.close()

    def abandon(self) -> None:
        """Close what can be closed."""
        files, self._files = self._files, {}
        for file in files.values():
            with suppress(OSError):
                file.close()

    def closed(self) -> dict[str, Any]:
        """Leave the open files out of a copy."""
        return {**super().closed(), "_files": {}}

    def how_to_look(self) -> str:
        """Return the command that shows it."""
        return f"To view it: {shlex.join(['tensorboard', '--logdir', str(self.log_dir)])}"

    def _histograms(self, epoch: int) -> None:
        from tensorboard.plugins.histogram.summary_v2 import histogram_pb

        for layer in self.model.layers:
            for index, weights in enumerate(layer.own_weights):
                self._file(_TRAIN).add(histogram_pb(f"{layer.name}/{index}/histogram", weights), epoch)

    def _scalar(self, part: str, tag: str, value: float, epoch: int) -> None:
        self._file(part).add(_summary(tag, simple_value=value), epoch)

    def _text(self, tag: str, markdown: str, epoch: int) -> None:
        from tensorboard.plugins.text.summary_v2 import text_pb

        self._file(_WHOLE).add(text_pb(tag, markdown), epoch)

    def _file(self, part: str) -> _EventFile:
        if part not in self._files:
            self._files[part] = _EventFile(self.log_dir / part)
        return self._files[part]


class _EventFile:
    """A file of events. TensorBoard's own writer has a thread, which prints a traceback where the disk is full."""

    def __init__(self, folder: Path) -> None:
        from tensorboard.summary.writer.record_writer import RecordWriter

        folder.mkdir(parents=True, exist_ok=True)
        now = time.time_ns()
        name = f"events.out.tfevents.{now // 10**9:010d}.{socket.gethostname()}.{os.getpid()}.{now}"
        self._records = RecordWriter((folder / name).open("xb"))
        self._put(file_version="brain.Event:2")

    def add(self, summary: Any, step: int) -> None:
        """Add an event, whole on disk when this returns."""
        self._put(summary=summary, step=step)

    def close(self) -> None:
        self._records.close()

    def _put(self, **content: Any) -> None:
        from tensorboard.compat.proto.event_pb2 import Event

        self._records.write(Event(wall_time=time.time(), **content).SerializeToString())
        self._records.flush()


def _summary(tag: str, **value: Any) -> Any:
    from tensorboard.compat.proto.summary_pb2 import Summary

    return Summary(value=[Summary.Value(tag=tag, **value)])


def _image(picture: Any) -> Any:
    from tensorboard.compat.proto.summary_pb2 import Summary

    return Summary.Image(width=picture.width, height=picture.height, colorspace=3, encoded_image_string=png(picture))


def _is_plain(value: Any) -> bool:
    return isinstance(value, (bool, int, float, str))
