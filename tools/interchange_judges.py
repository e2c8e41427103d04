"""Who reads each format's files, computes with them, and by how much what it finds differs from `predict`."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import convoscope as cs

# Tests are checked by less strict rules than tools.
onnx_files: Any = import_module("tests.interchange.onnx_files")
Array = npt.NDArray[Any]
#: By a model, the largest difference of an output, as a share of the largest output.
Measuring = Callable[[Any], float]

_KERAS_PROGRAM = Path(__file__).with_name("keras_predictions.py")


@dataclass(frozen=True)
class Judge:
    """Who reads a format's files and computes with them.

    Attributes
    ----------
    title : str
        The heading of the format's columns.
    tested : str
        With which versions, and how.
    out : callable
        Measures what the other program computes with a file of ours.
    back : callable, optional
        Measures what we compute with the file when we read it as another program's, without our own description.
    """

    title: str
    tested: str
    out: Measuring
    back: Measuring | None = None


def onnx() -> Judge:
    """ONNX Runtime on files of all opsets."""
    import onnx as library
    import onnxruntime

    from convoscope.interchange.onnx.reader.file import read_converted
    from convoscope.interchange.onnx.writer.file import content_of

    def runtime(content: bytes, inputs: dict[str, Any]) -> Any:
        return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"]).run(None, inputs)

    def out(model: Any) -> float:
        large = model.count_params() > 1_000_000
        ways = [{"opset": 17}] if large else [{"opset": n} for n in (13, 15, 17, 20, 22)] + [{"nchw": True}]
        counts = (1, 2) if large else (1, 7)
        worst: float = max(onnx_files.largest_difference(model, runtime, counts, **options) for options in ways)
        return worst

    def back(model: Any) -> float:
        return _read_again(model, content_of(model), read_converted)

    versions = f"onnx {library.__version__} and ONNX Runtime {onnxruntime.__version__}"
    return Judge("ONNX", f"{versions}; opsets 13, 15, 17, 20 and 22, with images of either layout", out, back)


def pytorch() -> Judge:
    """PyTorch on the module that we write."""
    import torch

    from convoscope.interchange.pytorch.modules import converted

    sys.modules.setdefault("torchvision._meta_registrations", types.ModuleType("torchvision._meta_registrations"))

    @contextlib.contextmanager
    def written(model: Any) -> Iterator[Any]:
        with tempfile.TemporaryDirectory() as folder:
            model.export(Path(folder, "network.py"))
            yield _module(Path(folder, "network.py"))

    def out(model: Any) -> float:
        def computed(arrays: Sequence[Array]) -> Any:
            with torch.no_grad():
                told = module(*map(torch.as_tensor, arrays))
            return [each.numpy() for each in _listed(told)]

        with written(model) as module:
            return _largest(model, computed)

    def back(model: Any) -> float:
        examples = tuple(onnx_files.inputs_of(model, 2))
        with written(model) as module:
            return _largest(model, _as_converted(converted(module, examples)))

    return Judge("PyTorch", f"PyTorch {torch.__version__}, on the module that is written", out, back)


def keras() -> Judge:
    """Keras on .keras files, in an environment of its own; and those files read again."""
    from benchmarks.environments import python_of

    python = python_of("keras")
    if python is None:
        raise SystemExit("Keras runs in an environment of its own: python -m benchmarks environments keras")
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    child = subprocess.Popen(
        [str(python), str(_KERAS_PROGRAM)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **quiet},
    )
    assert child.stdin is not None
    assert child.stdout is not None
    asking, telling = child.stdin, child.stdout
    versions = telling.readline().strip()

    def out(model: Any) -> float:
        def computed(arrays: Sequence[Array]) -> Any:
            np.savez(folder / "inputs.npz", *arrays)
            print(folder, file=asking, flush=True)
            told = telling.readline().strip()
            if told != "done":
                raise RuntimeError(f"Keras could not compute {model!r}: {told}")
            with np.load(folder / "outputs.npz") as kept:
                return [kept[name] for name in kept.files]

        with _folder() as folder:
            model.export(folder / "model.keras")
            return _largest(model, computed)

    def back(model: Any) -> float:
        with _folder() as folder:
            model.export(folder / "model.keras")
            again = cs.load_model(folder / "model.keras")
            return _largest(model, lambda arrays: _predicted(again, arrays))

    return Judge("Keras", f"{versions}, on .keras files", out, back)


def c() -> Judge:
    """The C compiler of the machine."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise SystemExit("C needs a compiler: install gcc")
    said = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]

    def out(model: Any) -> float:
        shape = model.output_shape[1:]

        def computed(arrays: Sequence[Array]) -> Any:
            made = np.full((len(arrays[0]), *shape), np.nan, np.float32)
            for image, row in zip(arrays[0], made, strict=True):
                pointers = [np.ascontiguousarray(image, np.float32).ctypes, row.ctypes]
                function(*(each.data_as(ctypes.c_void_p) for each in pointers))
            return [made]

        with _folder() as folder:
            model.export(folder / "network.c")
            command = [compiler, "-std=c99", "-O2", "-shared", "-fPIC", "network.c", "-o", "network.so", "-lm"]
            subprocess.run(command, cwd=folder, check=True)
            function = ctypes.CDLL(str(folder / "network.so")).network_predict
            return _largest(model, computed)

    return Judge("C", f"{said}, -std=c99 -O2", out)


def litert() -> Judge:
    """LiteRT on files of floats, by XNNPACK and by the operators that are built in."""
    from importlib.metadata import version

    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    from convoscope.interchange.litert.reader.file import read_converted

    litert_files: Any = import_module("tests.interchange.litert_files")

    def run(kind: Any) -> Callable[[bytes, Any], Any]:
        def computed(content: bytes, inputs: Any) -> Any:
            interpreter = Interpreter(model_content=content, experimental_op_resolver_type=kind)
            details = interpreter.get_input_details()
            for detail, array in zip(details, inputs, strict=True):
                interpreter.resize_tensor_input(detail["index"], array.shape)
            interpreter.allocate_tensors()
            for detail, array in zip(details, inputs, strict=True):
                interpreter.set_tensor(detail["index"], array)
            interpreter.invoke()
            return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]

        return computed

    def out(model: Any) -> float:
        counts = (1, 2) if model.count_params() > 1_000_000 else (1, 7)
        kinds = OpResolverType.AUTO, OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        worst: float = max(litert_files.largest_difference(model, run(kind), counts) for kind in kinds)
        return worst

    def back(model: Any) -> float:
        return _read_again(model, litert_files.content_of(model), read_converted)

    tested = f"flatbuffers {version('flatbuffers')} and ai-edge-litert {version('ai-edge-litert')}"
    return Judge("LiteRT", f"{tested}; floats, by XNNPACK and by the built-in operators", out, back)


#: By the name of the format.
JUDGES: dict[str, Callable[[], Judge]] = {"onnx": onnx, "keras": keras, "litert": litert, "pytorch": pytorch, "c": c}


def _read_again(model: Any, content: bytes, read_converted: Callable[[Path], Any]) -> float:
    """Measure what we compute with a file that is read as another program's."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model")
        path.write_bytes(content)
        return _largest(model, _as_converted(read_converted(path)))


def _as_converted(found: Any) -> Callable[[Sequence[Array]], Sequence[Array]]:
    """Return what computes with a model that was read, on arrays as the file's network takes them."""

    def computed(arrays: Sequence[Array]) -> Any:
        turned = [array.transpose(order) for array, order in zip(arrays, found.inputs, strict=True)]
        told = _predicted(found.model, [np.ascontiguousarray(array, np.float32) for array in turned])
        # An axis of ours at each place of the file's: the way back is the order of the order.
        return [array.transpose(np.argsort(order)) for array, order in zip(told, found.outputs, strict=True)]

    return computed


def _largest(model: Any, computed: Callable[[Sequence[Array]], Sequence[Array]]) -> float:
    """Return by how much computed outputs differ from the model's at most, as a share of the largest output."""
    found = 0.0
    for count in (1, 2) if model.count_params() > 1_000_000 else (1, 7):
        arrays = onnx_files.inputs_of(model, count)
        for ours, theirs in zip(_predicted(model, arrays), computed(arrays), strict=True):
            if ours.shape != theirs.shape:
                raise RuntimeError(f"{model!r} has outputs {ours.shape}, and they became {theirs.shape}.")
            found = max(found, float(np.abs(theirs - ours).max() / max(np.abs(ours).max(), 1e-30)))
    return found


def _predicted(model: Any, arrays: Sequence[Array]) -> list[Array]:
    return _listed(model.predict(arrays if len(arrays) > 1 else arrays[0], verbose=0))


def _listed(told: Any) -> list[Any]:
    return list(told.values()) if isinstance(told, dict) else list(told) if isinstance(told, (list, tuple)) else [told]


def _module(path: Path) -> Any:
    """Return the module that a file of source makes, with its weights."""
    spec = importlib.util.spec_from_file_location("written", path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    from torch import nn

    kinds = [each for each in vars(made).values() if isinstance(each, type) and issubclass(each, nn.Module)]
    return kinds[-1].load()  # type: ignore[attr-defined]


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is written as something else
        yield Path(folder)
