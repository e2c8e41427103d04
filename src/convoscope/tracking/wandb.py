"""Weights & Biases: a run in a folder, which is sent only if the person says so."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from convoscope.errors import unknown_name
from convoscope.paths import user_path
from convoscope.tracking.findings import Findings
from convoscope.tracking.tracker import Tracker

_MODES = ("offline", "online", "disabled", "shared")


class WandbLogger(Tracker):
    """Record a run for Weights & Biases, offline: ``pip install 'convoscope[wandb]'``.

    Parameters
    ----------
    project : str
    name : str, optional
        The run's. Runs with the same name form one group: a run and its continuations.
    dir : str or path
        Where Weights & Biases creates its folder ``wandb``.
    mode : {"offline", "online", "disabled", "shared"}, optional
        If left out, what Weights & Biases' own variable WANDB_MODE says, or offline if it is not set: then nothing is
        sent. ``wandb sync`` sends a run later.
    hyperparameters, test_data
        See `convoscope.tracking.Tracker`.

    Attributes
    ----------
    folder : Path or None
        Where the run is kept, once it has begun.

    Notes
    -----
    Hyperparameters are the run's config, each epoch a step of its history. The confusion matrix and the sample
    predictions are tables and images, and the accuracy on the test data is in the summary.

    Examples
    --------
    >>> import convoscope as cs
    >>> callback = cs.callbacks.WandbLogger(project="digits", name="first")
    """

    extra = "wandb"
    title = "Weights & Biases"
    switches: Mapping[str, str] = {"WANDB_SILENT": "true", "WANDB_ERROR_REPORTING": "false"}

    def __init__(
        self,
        project: str = "convoscope",
        name: str | None = None,
        dir: str | os.PathLike[str] = ".",
        mode: str | None = None,
        *,
        hyperparameters: Mapping[str, Any] | None = None,
        test_data: Any = None,
    ) -> None:
        super().__init__(hyperparameters, test_data)
        if mode is not None and mode not in _MODES:
            raise unknown_name("mode of WandbLogger", mode, _MODES)
        self.project = project
        self.name = name
        self.dir = user_path(dir)
        self.mode = mode
        self.folder: Path | None = None
        self._run: Any = None
        self._known: str | None = None

    def begin(self, hyperparameters: Mapping[str, Any]) -> None:
        """Begin a run. An online run continues where it was stopped; offline, each has its own folder."""
        import wandb

        mode = self.mode or os.environ.get("WANDB_MODE", "offline")
        known, self._known = self._known, None
        again = {"id": known, "resume": "allow"} if known and mode == "online" else {}
        self.dir.mkdir(parents=True, exist_ok=True)
        self._run = wandb.init(
            project=self.project,
            name=self.name,
            group=self.name,
            dir=str(self.dir),
            mode=mode,
            config=dict(hyperparameters),
            reinit="create_new",  # a run that the person has begun stays theirs
            settings=wandb.Settings(console="off", silent=True, init_timeout=30),
            **again,
        )
        self.folder = Path(self._run.dir).parent

    def write(self, epoch: int, figures: Mapping[str, float]) -> None:
        """Write a step of the history."""
        self._run.log({"epoch": epoch, **figures}, step=epoch)

    def write_findings(self, epoch: int, findings: Findings) -> None:
        """Write tables, images, and the accuracy."""
        import wandb

        from convoscope.report.pixels import to_rgb

        matrix = findings.report["confusion_matrix"]
        names = findings.names
        told: dict[str, Any] = {
            "confusion_matrix": wandb.Table(
                columns=["class", *names], data=[[name, *row] for name, row in zip(names, matrix, strict=True)]
            )
        }
        told["sample_predictions"] = wandb.Table(
            columns=["number", "true class", "prediction", "probability"], data=[list(row) for row in findings.rows()]
        )
        # Beside the table: offline, images in a table are kept outside the run's folder.
        if len(findings.images):
            captions = [
                f"{n}: true {true}, predicted {predicted}, {share:.0%}" for n, true, predicted, share in findings.rows()
            ]
            told["sample_prediction_images"] = [
                wandb.Image(to_rgb(image, findings.max_value), caption=caption)
                for image, caption in zip(findings.images, captions, strict=True)
            ]
        if (picture := findings.confusion_picture()) is not None:
            told["confusion_matrix_image"] = wandb.Image(picture)
        self._run.log(told, step=epoch)
        self._run.summary[findings.accuracy_name] = findings.report["accuracy"]

    def end(self, whole: bool) -> None:
        """End the run."""
        self._run.finish(exit_code=0 if whole else 1)

    def closed(self) -> dict[str, Any]:
        """Leave the connection out of a copy."""
        return {**super().closed(), "_run": None}

    def how_to_look(self) -> str:
        """Return where it is, and the command that sends it."""
        return (
            f"The run is in {self.folder}. To upload it to your account: "
            f"{shlex.join(['wandb', 'sync', str(self.folder)])}"
        )

    def state(self) -> dict[str, Any]:
        """Return the run's name with Weights & Biases."""
        return {"id": None if self._run is None else str(self._run.id)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on with that run."""
        self._known = state["id"]
