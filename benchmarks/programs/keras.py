"""Keras' measurements, on TensorFlow: ``python -m benchmarks.programs.keras JOB``."""

from __future__ import annotations

import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf

from benchmarks import measurement, networks
from benchmarks.measurement import Job, Sample
from benchmarks.programs.keras_words import build, compile_model


def lesson(job: Job) -> Sample:
    """Train an epoch. The job: images, warm_up, batch, threads, data (a folder of NumPy files)."""
    tf.config.threading.set_intra_op_parallelism_threads(job["threads"])
    pixels, y, x_test, y_test = measurement.lesson_data(job["data"], job["images"])
    x = (pixels.astype(np.float32) / np.float32(255))[..., None]
    model = build(keras, networks.LESSON)
    compile_model(model)
    model.fit(x[: job["warm_up"]], y[: job["warm_up"]], batch_size=job["batch"], epochs=1, verbose=0)
    start = time.perf_counter()
    model.fit(x, y, batch_size=job["batch"], epochs=1, verbose=0)
    seconds = time.perf_counter() - start
    peak = measurement.peak_mib()
    test = x_test[..., None].astype(np.float32) / np.float32(255)
    guesses = model.predict(test, batch_size=500, verbose=0).argmax(axis=1)
    return {"seconds": seconds, "peak_mib": peak, "accuracy": float((guesses == y_test).mean())}


def prediction(job: Job) -> Sample:
    """Build the lesson's network and predict one image, the fast way of calling it."""
    model = build(keras, networks.LESSON)
    x, _ = measurement.random_images(networks.LESSON.input, 1)
    return {"outputs": [float(value) for value in np.asarray(model(x))[0]]}


if __name__ == "__main__":
    measurement.run_jobs({task.__name__: task for task in (lesson, prediction)}, ["keras", "tensorflow-cpu"])
