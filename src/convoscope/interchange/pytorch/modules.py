"""PyTorch's modules as models of ours, where PyTorch is installed."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from convoscope.errors import ConfigurationError, FileFormatError
from convoscope.interchange.onnx.reader.converting import Converted
from convoscope.interchange.onnx.reader.file import read, read_converted

#: The operators' version that each of PyTorch's exporters writes.
NEWER_OPSET, OLDER_OPSET = 18, 17


def from_torch(module: Any, example_input: Any) -> Any:
    """Make a model that computes what a PyTorch module computes, and that can be trained further.

    PyTorch writes the module as ONNX: with ``torch.export`` if onnxscript is installed, otherwise, or if that fails, by
    tracing. The reader of ONNX files turns that into layers: images become (height, width, channels), and weights are
    reordered. The module's Python code is not kept; if what a module computes depends on its values, the model computes
    what it did for the example.

    Parameters
    ----------
    module : torch.nn.Module
        It is read in evaluation mode; its own mode does not change.
    example_input : tensor or array, shape (N, channels, height, width); or a tuple of these
        One batch with any values: only its shape matters. A tuple has one for each input of the module, in their order.

    Returns
    -------
    Model

    Raises
    ------
    ConfigurationError
        If PyTorch or onnx is not installed, or this is not a module.
    FileFormatError
        If the module has operations for which there is no layer; the message names all of them.

    Examples
    --------


    >>> import torch  # doctest: +SKIP
    >>> model = from_torch(torch.nn.Conv2d(3, 8, 3), torch.zeros(1, 3, 224, 224))  # doctest: +SKIP
    >>> model.output_shape  # doctest: +SKIP
    (None, 222, 222, 8)
    """
    try:
        import onnx  # noqa: F401 - by which PyTorch writes
        import torch
    except ImportError as error:
        raise ConfigurationError(
            f"from_torch uses PyTorch's own export, which needs torch and onnx, but {error.name} "
            "is not installed. Install it: pip install torch onnx onnxscript."
        ) from None
    if not isinstance(module, torch.nn.Module):
        raise ConfigurationError(f"from_torch takes a torch.nn.Module, but got {type(module).__name__}.")
    return _of_files(module, example_input, read)


def converted(module: Any, example_input: Any) -> Converted:
    """Return the same model, and how its arrays lie beside the module's."""
    found: Converted = _of_files(module, example_input, read_converted)
    return found


def _of_files(module: Any, example_input: Any, take: Callable[[Path], Any]) -> Any:
    """Return what is taken from the module's file, which is written in two ways until one can be read."""
    import torch

    several = example_input if isinstance(example_input, tuple) else (example_input,)
    examples = tuple(torch.as_tensor(np.asarray(each, np.float32)) for each in several)
    training = module.training
    module.eval()
    try:
        with torch.no_grad():
            if find_spec("onnxscript"):
                try:
                    return _read(_exported, module, examples, take)
                except FileFormatError:
                    pass  # what torch.export cannot take, or writes with other operators, tracing may
            return _read(_traced, module, examples, take)
    finally:
        module.train(training)


def _read(
    way: Callable[[Any, Any, Path], None], module: Any, examples: tuple[Any, ...], take: Callable[[Path], Any]
) -> Any:
    """Return what is taken from a file that the module is written to in one way."""
    name = type(module).__name__
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{name}.onnx")
        try:
            with _silence():
                way(module, examples, path)
        except Exception as error:  # whatever the module's own code and the exporter raise
            raise FileFormatError(
                f"PyTorch cannot write this {name} as ONNX: {type(error).__name__}: "
                f"{str(error).splitlines()[0] if str(error) else '':.400}"
            ) from error
        return take(path)


def _exported(module: Any, examples: tuple[Any, ...], path: Path) -> None:
    """Write a module by torch.export, without the optimizations, which leave no batch normalization on its own."""
    import torch

    # Of one image sizes could be lost among axes of length 1.
    inputs = tuple(each if len(each) > 1 else torch.cat([each, each]) for each in examples)
    program = torch.onnx.export(module, inputs, opset_version=NEWER_OPSET, dynamo=True, optimize=False, verbose=False)
    assert program is not None
    program.save(str(path))


def _traced(module: Any, examples: tuple[Any, ...], path: Path) -> None:
    """Write a module by what it calls for the example."""
    import torch

    inputs = [f"images_{number}" for number in range(len(examples))]
    torch.onnx.export(
        module,
        examples,
        str(path),
        opset_version=OLDER_OPSET,
        dynamo=False,
        do_constant_folding=False,
        training=torch.onnx.TrainingMode.PRESERVE,  # which leaves batch normalizations on their own
        input_names=inputs,
        dynamic_axes={name: {0: "N"} for name in inputs},
    )


@contextmanager
def _silence() -> Iterator[None]:
    """Keep what exporters print from whoever calls: which is the older one, what is not installed, and whole graphs."""
    before = logging.root.manager.disable
    logging.disable(max(before, logging.WARNING))
    try:
        with warnings.catch_warnings(), redirect_stdout(StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
