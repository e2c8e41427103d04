"""ONNX Runtime's measurements: ``python -m benchmarks.programs.onnxruntime JOB``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from benchmarks import measurement, networks
from benchmarks.measurement import Job, Sample


def _lesson() -> bytes:
    """Return the lesson's network as an ONNX file, channels first, as ONNX has it."""
    from onnx import TensorProto, helper, numpy_helper

    nodes: list[Any] = []
    constants: list[Any] = []
    arrays = iter(networks.weights(networks.LESSON))
    value, flattened = "image", None

    def add(operator: str, *weights: Any, **attributes: Any) -> None:
        nonlocal value
        output = f"value_{len(nodes)}"
        names = []
        for weight in weights:
            names.append(f"weight_{len(constants)}")
            constants.append(numpy_helper.from_array(np.ascontiguousarray(weight), names[-1]))
        nodes.append(helper.make_node(operator, [value, *names], [output], **attributes))
        value = output

    for layer, shape in networks.LESSON.with_inputs():
        if isinstance(layer, networks.Conv):
            add("Conv", next(arrays).transpose(3, 2, 0, 1), next(arrays), kernel_shape=[layer.kernel] * 2)
            add("Relu")
        elif isinstance(layer, networks.Pool):
            add("MaxPool", kernel_shape=[layer.size] * 2, strides=[layer.size] * 2)
        elif isinstance(layer, networks.Flatten):
            add("Flatten")
            flattened = shape
        elif isinstance(layer, networks.Dense):
            kernel = next(arrays)
            if flattened is not None:
                kernel = kernel.reshape(*flattened, -1).transpose(2, 0, 1, 3).reshape(shape[0], -1)
                flattened = None
            add("Gemm", kernel, next(arrays))
            add("Softmax" if layer.activation == "softmax" else "Relu")
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, 28, 28])
    classes = helper.make_tensor_value_info(value, TensorProto.FLOAT, ["batch", 10])
    graph = helper.make_graph(nodes, "lesson", [image], [classes], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


def model(job: Job) -> Sample:
    """Save the lesson's network as a file, for predictions from a cold shell. The job: folder."""
    folder = Path(job["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lesson.onnx").write_bytes(_lesson())
    return {}


def inference(job: Job) -> Sample:
    """Predict batches with the lesson's network. The job: batch, threads, budget."""
    session = _session(_lesson(), job["threads"])
    x = _images(job["batch"])
    seconds = measurement.seconds_a_call(lambda: session.run(None, {"image": x}), job["budget"])
    return {"seconds": seconds, "outputs": session.run(None, {"image": x})[0][0].tolist()}


def prediction(job: Job) -> Sample:
    """Open the lesson's network and predict one image. The job: folder, threads."""
    session = _session(f"{job['folder']}/lesson.onnx", job["threads"])
    return {"outputs": session.run(None, {"image": _images(1)})[0][0].tolist()}


def _session(network: bytes | str, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])


def _images(batch: int) -> Any:
    # With one channel, channels first and channels last are the same values in the same order.
    return measurement.random_images(networks.LESSON.input, batch)[0].reshape(batch, 1, 28, 28)


if __name__ == "__main__":
    measurement.run_jobs({task.__name__: task for task in (model, inference, prediction)}, ["onnxruntime", "numpy"])
