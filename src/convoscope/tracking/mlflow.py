"""MLflow: a run in a database beside the runs' folders, or on the server that the person has set MLflow up for."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Mapping
from typing import Any

from convoscope.paths import user_path
from convoscope.tracking.describe import as_text
from convoscope.tracking.findings import Findings
from convoscope.tracking.tracker import Tracker

_PARAMETERS_AT_ONCE = 100  # MLflow's own limit
_DATABASE, _ARTIFACTS = "mlflow.db", "mlflow-artifacts"


class MLflowLogger(Tracker):
    """Record a run in MLflow, in a file: ``pip install 'convoscope[mlflow]'``.

    Parameters
    ----------
    tracking_uri : str, optional
        Where MLflow keeps it: ``"sqlite:///mlflow.db"``, ``"http://..."``. If left out, what
        ``mlflow.set_tracking_uri`` or MLflow's own variable MLFLOW_TRACKING_URI says, or `folder` if neither is set.
    experiment_name : str
    run_name : str, optional
    folder : str or path
        The folder of ``mlflow.db`` and ``mlflow-artifacts`` in that case.
    hyperparameters, test_data
        See `convoscope.tracking.Tracker`.

    Attributes
    ----------
    run_id : str or None
        MLflow's name for the run, once it has begun.

    Notes
    -----
    Hyperparameters are MLflow's params, each epoch a step of its metrics. The report, the confusion matrix and the
    sample predictions are artifacts, as JSON and as images. MLflow's telemetry is switched off.

    The extra installs ``mlflow-skinny``, which only writes runs; to view them, ``pip install mlflow``.

    Examples
    --------
    >>> import convoscope as cs
    >>> callback = cs.callbacks.MLflowLogger("sqlite:///mlflow.db", experiment_name="digits")
    >>> callback.how_to_look()
    'To view it: mlflow ui --backend-store-uri sqlite:///mlflow.db'
    """

    extra = "mlflow"
    title = "MLflow"
    switches: Mapping[str, str] = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_LOGGING_LEVEL": "WARNING",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    }

    def __init__(
        self,
        tracking_uri: str | None = None,
        experiment_name: str = "convoscope",
        run_name: str | None = None,
        *,
        folder: str | os.PathLike[str] = ".",
        hyperparameters: Mapping[str, Any] | None = None,
        test_data: Any = None,
    ) -> None:
        super().__init__(hyperparameters, test_data)
        self.tracking_uri = tracking_uri
        self.experiment_name = experiment_name
        self.run_name = run_name
        self.folder = user_path(folder)
        self.run_id: str | None = None
        self._known: str | None = None
        self._client: Any = None

    def begin(self, hyperparameters: Mapping[str, Any]) -> None:
        """Begin a run, or continue the one that is known."""
        from mlflow.entities import Param
        from mlflow.tracking import MlflowClient, is_tracking_uri_set

        artifacts = None
        if self.tracking_uri is None and not is_tracking_uri_set():
            place = self.folder.absolute()
            place.mkdir(parents=True, exist_ok=True)
            self.tracking_uri = f"sqlite:///{(place / _DATABASE).as_posix()}"
            artifacts = (place / _ARTIFACTS).as_uri()
        self._client = MlflowClient(tracking_uri=self.tracking_uri)
        known, self._known = self._known, None
        if known is None:
            self.run_id = self._new_run(artifacts)
            there: Mapping[str, str] = {}
        else:
            self.run_id = known
            there = self._client.get_run(known).data.params
            self._client.update_run(known, "RUNNING")
        told = [Param(name, as_text(value)) for name, value in hyperparameters.items() if name not in there]
        for first in range(0, len(told), _PARAMETERS_AT_ONCE):
            self._client.log_batch(self.run_id, params=told[first : first + _PARAMETERS_AT_ONCE])

    def write(self, epoch: int, figures: Mapping[str, float]) -> None:
        """Write a step of the metrics."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        self._client.log_batch(self.run_id, metrics=[Metric(*figure, now, epoch) for figure in figures.items()])

    def write_findings(self, epoch: int, findings: Findings) -> None:
        """Write the artifacts, and the accuracy."""
        self.write(epoch, {findings.accuracy_name: findings.report["accuracy"]})
        matrix = {"classes": findings.names, "matrix": findings.report["confusion_matrix"]}
        for name, content in (
            ("report.json", dict(findings.report)),
            ("confusion_matrix.json", matrix),
            ("sample_predictions.json", {"classes": findings.names, "samples": findings.samples}),
        ):
            self._client.log_dict(self.run_id, content, name)
        for name, picture in (
            ("confusion_matrix.png", findings.confusion_picture()),
            ("sample_predictions.png", findings.samples_picture()),
        ):
            if picture is not None:
                self._client.log_image(self.run_id, picture, name)

    def end(self, whole: bool) -> None:
        """End the run."""
        self._client.set_terminated(self.run_id, "FINISHED" if whole else "KILLED")

    def closed(self) -> dict[str, Any]:
        """Leave the connection out of a copy."""
        return {**super().closed(), "_client": None}

    def how_to_look(self) -> str:
        """Return the command that shows it."""
        store = [] if self.tracking_uri is None else ["--backend-store-uri", self.tracking_uri]
        return f"To view it: {shlex.join(['mlflow', 'ui', *store])}"

    def state(self) -> dict[str, Any]:
        """Return MLflow's name for the run."""
        return {"id": self.run_id}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue that run."""
        self._known = state["id"]

    def _new_run(self, artifacts: str | None) -> str:
        experiment = self._client.get_experiment_by_name(self.experiment_name)
        number = (
            self._client.create_experiment(self.experiment_name, artifact_location=artifacts)
            if experiment is None
            else experiment.experiment_id
        )
        run = self._client.create_run(number, run_name=self.run_name, tags={"mlflow.source.name": "convoscope"})
        return str(run.info.run_id)
