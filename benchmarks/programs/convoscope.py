"""Convoscope's measurements: ``python -m benchmarks.programs.convoscope JOB``."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

import convoscope as cs
from benchmarks import measurement, networks, sweep
from benchmarks.measurement import Job, Sample
from benchmarks.programs.keras_words import build, compile_model
from convoscope import _native


def data(job: Job) -> Sample:
    """Unpack a data set into NumPy files, which every peer reads. The job: name, folder, data_dir."""
    folder = Path(job["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    loaded = cs.datasets.load(job["name"], job["data_dir"])
    for name in ("x_train", "y_train", "x_test", "y_test"):
        np.save(folder / f"{name}.npy", getattr(loaded, name))
    return {}


def model(job: Job) -> Sample:
    """Save the lesson's network as a file and an image beside it, for predictions from a cold shell."""
    from PIL import Image

    folder = Path(job["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    build(cs, networks.LESSON).save(folder / "lesson.safetensors")
    image = measurement.random_images((28, 28), 1)[0][0]
    Image.fromarray((image * 255).astype(np.uint8)).save(folder / "image.png")
    return {}


def recipe(job: Job) -> Sample:
    """Write down a recipe, for peers to train by. The job: dataset, recipe, changes (of its fields), file."""
    known = replace(cs.recipes.get(job["recipe"], job["dataset"]), **job["changes"])
    Path(job["file"]).parent.mkdir(parents=True, exist_ok=True)
    Path(job["file"]).write_text(json.dumps(asdict(known)), encoding="utf-8")
    return {}


def lesson(job: Job) -> Sample:
    """Train an epoch. The job: images, warm_up, batch, threads, data (a folder of NumPy files)."""
    _settle(job)
    x, y, x_test, y_test = measurement.lesson_data(job["data"], job["images"])
    x = x[..., None]
    network = build(cs, networks.LESSON, from_bytes=True)
    compile_model(network)
    network.fit(x[: job["warm_up"]], y[: job["warm_up"]], batch_size=job["batch"], epochs=1, verbose=0)
    start = time.perf_counter()
    network.fit(x, y, batch_size=job["batch"], epochs=1, verbose=0)
    seconds = time.perf_counter() - start
    peak = measurement.peak_mib()
    guesses = network.predict(x_test[..., None], batch_size=500, verbose=0).argmax(axis=1)
    return {"seconds": seconds, "peak_mib": peak, "accuracy": float((guesses == y_test).mean())}


def profile(job: Job) -> Sample:
    """Train an epoch like `lesson`, part by part: seconds of all threads, and what the network leaves to compute.

    ``steps`` has each step's words, and its seconds forward and back; ``live`` the shares of values above zero behind
    the first pooling, the second, and the hidden dense layer, of which the multiply-adds of the backward pass follow.
    """
    _settle(job)
    x, y, _, _ = measurement.lesson_data(job["data"], job["images"])
    x = x[..., None]
    network = build(cs, networks.LESSON, from_bytes=True)
    compile_model(network)
    network.fit(x[: job["warm_up"]], y[: job["warm_up"]], batch_size=job["batch"], epochs=1, verbose=0)
    executable = network.executable()
    executable.start_profile()
    start = time.perf_counter()
    network.fit(x, y, batch_size=job["batch"], epochs=1, verbose=0)
    seconds = time.perf_counter() - start
    found = executable.profile()
    steps = [(step.label, *pair) for step, pair in zip(executable.plan.steps, found.steps, strict=True) if any(pair)]
    outputs = dict(zip([layer.name for layer in network.layers], network.layer_outputs(x[:1000]), strict=True))
    live = [float((values > 0).mean()) for name, values in outputs.items() if "pool" in name or "dense" in name]
    return {"seconds": seconds, "around": found.around, "steps": steps, "live": live[:3], **_copying(network)}


def _copying(network: Any) -> Sample:
    """Return the bytes a second that one thread reads and writes where as much lies as the optimizer goes through."""
    arrays = [np.ones(network.count_params(), np.float32) for _ in range(4)]

    def copy() -> None:
        for i, array in enumerate(arrays):
            np.copyto(array, arrays[i - 2])

    seconds = measurement.seconds_a_call(copy, 0.3)
    return {"copying": 2 * sum(array.nbytes for array in arrays) / seconds, "weights": network.count_params()}


def accuracy(job: Job) -> Sample:
    """Train by a recipe, and look at the test images once.

    The job: dataset, data_dir, recipe, changes (of its fields), seed, images (None: all), threads, spawned (the
    monotonic clock's value when this process was started), and perhaps precision, and target, which is only passed on.
    """
    _settle(job)
    loaded = cs.datasets.load(job["dataset"], job["data_dir"])
    images, labels = loaded.x_train[: job["images"], ..., None], loaded.y_train[: job["images"]]
    recipe = replace(cs.recipes.get(job["recipe"], job["dataset"]), **job["changes"])
    before = time.monotonic() - job["spawned"]
    start = time.perf_counter()
    network = recipe.model(images.shape[1:], len(loaded.info.class_names), seed=job["seed"])
    recipe.fit(network, images, labels, verbose=0)
    training = time.perf_counter() - start
    peak = measurement.peak_mib()
    guesses = network.predict(loaded.x_test[..., None], batch_size=500, verbose=0).argmax(axis=1)
    return {
        "training": training,
        "whole": before + training,
        "peak_mib": peak,
        "accuracy": float((guesses == loaded.y_test).mean()),
        "epochs": recipe.epochs,
        "target": job.get("target"),
        "unit": _unit(job),
    }


def row(job: Job) -> Sample:
    """Predict a batch again and again, then train on a pool of batches in random order: seconds a pass and a step.

    The job: row (a label of the sweep), threads, budget (seconds for each), work (operations in the pool), and perhaps
    precision: what is rounded on purpose has no outputs to compare.
    """
    _settle(job)
    chosen = sweep.find(job["row"])
    network = build(cs, chosen.network)
    steps = measurement.pool_size(chosen.network, chosen.batch, job["work"])
    x, y = measurement.images_and_labels(chosen.network, steps * chosen.batch)
    batch = x[: chosen.batch]
    forward = measurement.seconds_a_call(lambda: network.predict_on_batch(batch), job["budget"])
    told = {"unit": _unit(job)} if "precision" in job else {"outputs": _outputs(network.predict_on_batch(batch))}
    if not chosen.trains:
        return {"forward": forward, **told}
    compile_model(network)
    step = measurement.seconds_a_call(lambda: network.fit(x, y, batch_size=chosen.batch, verbose=0), job["budget"], 3)
    return {"forward": forward, "step": step / steps, **told}


def inference(job: Job) -> Sample:
    """Predict batches with the lesson's network. The job: batch, threads, budget."""
    _settle(job)
    network = build(cs, networks.LESSON)
    x, _ = measurement.random_images(networks.LESSON.input, job["batch"])
    seconds = measurement.seconds_a_call(lambda: network.predict_on_batch(x), job["budget"])
    return {"seconds": seconds, "outputs": _outputs(network.predict_on_batch(x))}


def prediction(job: Job) -> Sample:
    """Open the saved network of the lesson and predict one image. The job: folder, threads."""
    _settle(job)
    network = cs.load_model(f"{job['folder']}/lesson.safetensors")
    x, _ = measurement.random_images(networks.LESSON.input, 1)
    return {"outputs": _outputs(network.predict_on_batch(x))}


def cases(job: Job) -> Sample:
    """Choose images that show rounding and nothing else, for rows of the sweep. The job: files, by the rows' labels."""
    from benchmarks.rounding import Case

    for name, file in job["files"].items():
        row = sweep.find(name)
        chosen = Case.of(row.network, max(1, min(4, row.batch // 8)))  # large images have small batches
        np.savez(file, images=chosen.images, gradient=chosen.gradient)
    return {}


def errors(job: Job) -> Sample:
    """Say how far results are from float64. The job: row, file (`cases` made it), threads, precision (of the engine).

    Without a precision the results are those of sums that add term after term.
    """
    from benchmarks.rounding import direct, native

    case, exact = _judged(job["row"], job["file"])
    if job["precision"] is None:
        return direct(case).errors(exact)
    _settle(job)
    return native(case, job["precision"]).errors(exact)


@lru_cache(maxsize=1)
def _judged(row: str, file: str) -> Any:
    """Return a row's case, and what double precision makes of it: once for all who are measured with it in turn."""
    from benchmarks.rounding import Case, exact

    loaded = np.load(file)
    case = Case(sweep.find(row).network.before_the_head(), loaded["images"], loaded["gradient"])
    return case, exact(case)


def _settle(job: Job) -> None:
    cs.set_threads(job["threads"])
    cs.use_engine("native", precision=job.get("precision"))


def _unit(job: Job) -> str | None:
    """Return what multiplies in bfloat16, if that is asked for."""
    return _native.bfloat16_unit() if job.get("precision") == "bf16" else None


def _outputs(outputs: Any) -> list[float]:
    return [float(value) for value in outputs[0].ravel()]


if __name__ == "__main__":
    tasks = (data, recipe, model, lesson, profile, accuracy, row, inference, prediction, cases, errors)
    measurement.run_jobs({task.__name__: task for task in tasks}, ["convoscope", "numpy"])
