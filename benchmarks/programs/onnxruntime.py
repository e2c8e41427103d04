"""ONNX Runtime's measurements: ``python -m benchmarks.programs.onnxruntime JOB``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnxruntime

from benchmarks import measurement, networks, sweep
from benchmarks.measurement import Job, Sample


def model(job: Job) -> Sample:
    """Save the lesson's network as a file, for predictions from a cold shell. The job: folder."""
    from benchmarks.programs import onnx_words

    folder = Path(job["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lesson.onnx").write_bytes(onnx_words.build(networks.LESSON))
    return {}


def inference(job: Job) -> Sample:
    """Predict batches with the lesson's network. The job: batch, threads, budget."""
    seconds, outputs = _predicted(networks.LESSON, job["batch"], job)
    return {"seconds": seconds, "outputs": outputs}


def row(job: Job) -> Sample:
    """Predict a batch again and again. The job: row (a label of the sweep), threads, budget."""
    chosen = sweep.find(job["row"])
    seconds, outputs = _predicted(chosen.network, chosen.batch, job)
    return {"forward": seconds, "outputs": outputs}


def _predicted(network: networks.Network, batch: int, job: Job) -> tuple[float, list[float]]:
    """Return the seconds of a forward pass, and the first image's outputs."""
    from benchmarks.programs import onnx_words

    session = _session(onnx_words.build(network), job["threads"])
    x = onnx_words.images_for(measurement.random_images(network.input, batch)[0])
    seconds = measurement.seconds_a_call(lambda: session.run(None, {"image": x}), job["budget"])
    return seconds, session.run(None, {"image": x})[0][0].tolist()


def prediction(job: Job) -> Sample:
    """Open the lesson's network and predict one image. The job: folder, threads."""
    session = _session(f"{job['folder']}/lesson.onnx", job["threads"])
    # With one channel, channels first and channels last are the same values in the same order.
    x = measurement.random_images(networks.LESSON.input, 1)[0].reshape(1, 1, 28, 28)
    return {"outputs": session.run(None, {"image": x})[0][0].tolist()}


def _session(network: bytes | str, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])


if __name__ == "__main__":
    tasks = (model, inference, row, prediction)
    measurement.run_jobs({task.__name__: task for task in tasks}, ["onnxruntime", "numpy"])
