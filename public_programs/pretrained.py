"""Random weights in place of the pretrained ones that programs download: the same networks, of which nothing is known.

Whether a program *runs* does not depend on what its weights know; and hundreds of megabytes stay where they are.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import io
import json
import sys
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

#: Files of weights that programs fetch themselves, by their beginnings, and whose they are.
_NETWORKS = {"inception_v3": "InceptionV3", "resnet50": "ResNet50", "vgg16": "VGG16", "vgg19": "VGG19"}
#: What `decode_predictions` of Keras fetches.
_CLASSES = "imagenet_class_index.json"


def leave_out(framework: str) -> None:
    """Have the networks of ``applications`` draw the weights that they would fetch."""
    packages = ["convoscope.applications"]
    if framework == "keras":  # tensorflow.keras, which is imported later, takes them from where they are defined
        packages = ["keras.applications", "keras.src.applications"]
    for package in packages:
        importlib.import_module(package)
    for name, module in list(sys.modules.items()):
        if name.startswith(tuple(packages)):
            for own, made in list(vars(module).items()):
                if own[0].isupper() and inspect.isfunction(made):
                    setattr(module, own, _random(made))


def _random(network: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(network)
    if "weights" not in signature.parameters:
        return network

    @functools.wraps(network)
    def made(*args: Any, **options: Any) -> Any:
        given = signature.bind(*args, **options)
        given.apply_defaults()
        if given.arguments["weights"] == "imagenet":
            given.arguments["weights"] = None
        return network(*given.args, **given.kwargs)

    return made


def download(address: str) -> bytes:
    """Return the stand-in for a file of weights, as Keras 2 wrote them, or for ImageNet's classes.

    Raises
    ------
    LookupError
        If there is none.
    """
    name = PurePosixPath(urlsplit(address).path).name
    if name == _CLASSES:
        return json.dumps({n: [f"n{n:08}", f"class_{n}"] for n in range(1000)}).encode()
    start = name.partition("_weights_")[0]
    if start not in _NETWORKS or not name.endswith(".h5"):
        raise LookupError(f"there is no stand-in for {address}")
    framework = "convoscope.keras" if "convoscope" in sys.modules else "keras"
    network = getattr(importlib.import_module(f"{framework}.applications"), _NETWORKS[start])
    return file_of_keras_2(network(weights=None, include_top="notop" not in name))


def file_of_keras_2(model: Any) -> bytes:
    """Return a file with the model's weights, as `save_weights` of Keras 2 wrote it."""
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        for layer in model.layers:
            group = file.create_group(layer.name)
            names = [f"{layer.name}/{weight.name}:0" for weight in layer.weights]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, values in zip(names, layer.get_weights(), strict=True):
                group.create_dataset(name, data=values)
    return buffer.getvalue()
