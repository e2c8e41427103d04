"""PyTorch's modules as models of ours, where PyTorch is installed."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from convoscope.errors import ConfigurationError, FileFormatError

OPSET = 17


def from_torch(module: Any, example_input: Any) -> Any:
    """Make a model that computes what a PyTorch module computes, and that can be trained further.

    PyTorch writes the module as ONNX, and the reader of ONNX files makes layers of that: images become
    (height, width, channels), and weights are brought into our order. The module's Python code is not kept, and a
    module that decides by its values what it computes is taken as it is for the example.

    Parameters
    ----------
    module : torch.nn.Module
        It is read in evaluation mode, and left in the mode that it was in.
    example_input : tensor or array, shape (N, channels, height, width)
        One batch, of any values: it says the input's shape.

    Returns
    -------
    Model

    Raises
    ------
    ConfigurationError
        If PyTorch, or onnx, by which it writes, is not installed; or the module is none.
    FileFormatError
        If the module computes something that there is no layer for; all such operations are named.
    """
    try:
        import onnx  # noqa: F401 - by which PyTorch writes
        import torch
    except ImportError as error:
        raise ConfigurationError(
            f"from_torch reads a module by PyTorch's own export, for which torch and onnx are needed, and {error.name} "
            "is not installed. Install it: pip install torch onnx."
        ) from None
    if not isinstance(module, torch.nn.Module):
        raise ConfigurationError(f"from_torch takes a torch.nn.Module, but got {type(module).__name__}.")
    example = torch.as_tensor(np.asarray(example_input, np.float32))
    from convoscope.interchange.onnx.reader.file import read

    training = module.training
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{type(module).__name__}.onnx")
        module.eval()
        try:
            with warnings.catch_warnings(), torch.no_grad():
                warnings.simplefilter("ignore")  # that the exporter by tracing is the older one of two
                torch.onnx.export(
                    module,
                    (example,),
                    str(path),
                    opset_version=OPSET,
                    dynamo=False,
                    do_constant_folding=False,
                    training=torch.onnx.TrainingMode.PRESERVE,  # which leaves batch normalisations on their own
                    input_names=["images"],
                    output_names=["predictions"],
                    dynamic_axes={"images": {0: "N"}, "predictions": {0: "N"}},
                )
        except Exception as error:  # whatever the module's own code and the exporter raise
            raise FileFormatError(
                f"PyTorch cannot write this {type(module).__name__} as ONNX: {type(error).__name__}: "
                f"{str(error).splitlines()[0] if str(error) else '':.400}"
            ) from error
        finally:
            module.train(training)
        return read(path)
