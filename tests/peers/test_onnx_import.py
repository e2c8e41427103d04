"""Classifiers as PyTorch exports them, with both of its exporters: read, and held to ONNX Runtime."""

from __future__ import annotations

import sys
import types
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

import convoscope as cs
from convoscope.interchange.onnx.reader.file import read_converted

# The operators of torchvision, which a build for another PyTorch lacks, are not needed for its networks.
sys.modules.setdefault("torchvision._meta_registrations", types.ModuleType("torchvision._meta_registrations"))
import timm  # noqa: E402
from torchvision import models  # noqa: E402

#: Of each network how it is exported: by the older exporter or by the newer one ("new"), and for which opset.
EXPORTS = [
    ("resnet18", "old", 9),
    ("resnet18", "old", 17),
    ("resnet18", "new", 18),
    ("mobilenet_v2", "old", 9),
    ("mobilenet_v2", "new", 20),
    ("mobilenet_v3_small", "old", 13),
    ("mobilenet_v3_small", "new", 18),
    ("squeezenet1_1", "old", 11),
    ("vgg11", "old", 17),
    ("densenet121", "old", 17),
    ("efficientnet_b0", "old", 16),
    ("efficientnet_b0", "new", 18),
    ("googlenet", "old", 14),
    ("inception_v3", "old", 17),
    ("shufflenet_v2_x0_5", "old", 17),
    ("shufflenet_v2_x0_5", "new", 18),
    ("regnet_y_400mf", "old", 17),
    ("convnext_tiny", "old", 16),
    ("convnext_tiny", "new", 18),
    ("timm:mobilenetv4_conv_small", "old", 17),
    ("timm:ghostnet_100", "old", 17),
    ("timm:repvgg_a0", "old", 17),
    ("timm:lcnet_050", "new", 20),
]
#: Networks that put channels in another order: one transposition for each time.
SHUFFLES = {"shufflenet_v2_x0_5": 16}


def _network(name: str) -> tuple[torch.nn.Module, int]:
    torch.manual_seed(1)
    if name.startswith("timm:"):
        network = timm.create_model(name.removeprefix("timm:"))
        size = network.default_cfg["input_size"][-1]
    else:
        inception = name in ("googlenet", "inception_v3")
        options = {"init_weights": False, "aux_logits": False, "transform_input": True} if inception else {}
        network, size = getattr(models, name)(**options), 299 if name == "inception_v3" else 224
        if name == "vgg11":  # without the 120 million weights of its dense layers, which take minutes and show nothing
            sizes = [25_088, 64, 64, 1000]
            for place, taken, given in zip((0, 3, 6), sizes, sizes[1:], strict=False):
                network.classifier[place] = torch.nn.Linear(taken, given)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):  # as training would leave it
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, 0, 0.1)
    return network.eval(), size


def _export(network: torch.nn.Module, size: int, path: Path, exporter: str, opset: int, **options: Any) -> None:
    images = torch.randn(2, 3, size, size)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if exporter == "new":
            batch = ({0: torch.export.Dim("batch")},)
            torch.onnx.export(
                network, (images,), path, dynamo=True, opset_version=opset, dynamic_shapes=batch, verbose=False
            )
        else:
            axes = {"image": {0: "batch"}}
            torch.onnx.export(
                network,
                images,
                path,
                dynamo=False,
                opset_version=opset,
                input_names=["image"],
                dynamic_axes=axes,
                **options,
            )


def _drawn(*shape: int) -> Any:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


_node = onnx.helper.make_node
_SHAPE = ("n", 4, 9, 8)
_KERNEL = {"w": _drawn(3, 4, 2, 2)}
#: What exporters of classifiers seldom write: nodes, the input's shape, tensors and the opset.
GRAPHS: dict[str, tuple[list[Any], tuple[Any, ...], dict[str, Any], int]] = {
    "transposed in groups": (
        [
            _node(
                "ConvTranspose",
                ["x", "w", "b"],
                ["y"],
                group=2,
                strides=[2, 3],
                pads=[1, 0, 2, 1],
                output_padding=[1, 1],
            )
        ],
        _SHAPE,
        {"w": _drawn(4, 3, 3, 4), "b": _drawn(6)},
        17,
    ),
    "transposed, dilated, with strides": (
        [_node("ConvTranspose", ["x", "w"], ["y"], group=2, dilations=[2, 2], strides=[2, 2])],
        _SHAPE,
        {"w": _drawn(4, 2, 3, 3)},
        17,
    ),
    "groups, dilated, uneven pads": (
        [_node("Conv", ["x", "w"], ["y"], group=2, strides=[2, 1], dilations=[1, 2], pads=[0, 3, 2, 1])],
        _SHAPE,
        {"w": _drawn(6, 2, 3, 3)},
        17,
    ),
    "depthwise, same lower": (
        [_node("Conv", ["x", "w"], ["y"], group=4, auto_pad="SAME_LOWER", strides=[2, 2])],
        _SHAPE,
        {"w": _drawn(8, 1, 3, 3)},
        17,
    ),
    "means, rounded up": (
        [_node("AveragePool", ["x"], ["y"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 0, 0, 1], ceil_mode=1)],
        _SHAPE,
        {},
        17,
    ),
    "maxima, rounded up": (
        [_node("MaxPool", ["x"], ["y"], kernel_shape=[3, 2], strides=[2, 2], pads=[1, 1, 1, 0], ceil_mode=1)],
        _SHAPE,
        {},
        17,
    ),
    "dilated maxima, padded": (
        [_node("MaxPool", ["x"], ["y"], kernel_shape=[3, 2], dilations=[2, 3], strides=[2, 1], pads=[2, 1, 1, 1])],
        _SHAPE,
        {},
        17,
    ),
    "dilated means that count what is padded": (
        [
            _node(
                "AveragePool",
                ["x"],
                ["y"],
                kernel_shape=[2, 3],
                dilations=[3, 2],
                strides=[1, 2],
                pads=[1, 2, 1, 1],
                count_include_pad=1,
            )
        ],
        _SHAPE,
        {},
        19,
    ),
    "cubic, without what lies outside": (
        [_node("Resize", ["x", "", "s"], ["y"], mode="cubic", cubic_coeff_a=-0.5, exclude_outside=1)],
        _SHAPE,
        {"s": np.float32([1, 1, 1.7, 0.6])},
        17,
    ),
    "smaller, smoothed": (
        [_node("Resize", ["x", "", "s"], ["y"], mode="linear", antialias=1)],
        _SHAPE,
        {"s": np.float32([1, 1, 0.4, 1.5])},
        18,
    ),
    "every third pixel, backwards, more parts than are put side by side": (
        [_node("Slice", ["x", "a", "b", "c", "d"], ["y"])],
        ("n", 2, 3, 220),
        {"a": np.array([-1]), "b": np.array([-(2**31)]), "c": np.array([3]), "d": np.array([-3])},
        17,
    ),
    "one value computed by another": (
        [
            _node("Conv", ["x", "w"], ["c"]),
            _node("ReduceMean", ["c"], ["m"], axes=[1]),
            _node("Relu", ["m"], ["r"]),
            _node("Add", ["r", "one"], ["s"]),
            _node("Div", ["c", "s"], ["y"]),
        ],
        _SHAPE,
        {**_KERNEL, "one": np.float32(1)},
        17,
    ),
    "a flattened image that is normalized": (
        [
            _node("Flatten", ["x"], ["f"]),
            _node("BatchNormalization", ["f", "g", "b", "m", "v"], ["z"]),
            _node("Gemm", ["z", "k", "c"], ["y"], alpha=0.5, beta=2.0, transB=1),
        ],
        ("n", 3, 5, 4),
        {**{name: abs(_drawn(60)) for name in "gbmv"}, "k": _drawn(5, 60), "c": _drawn(5)},
        17,
    ),
    "squeeze and excite, softmax over channels": (
        [
            _node("Conv", ["x", "w"], ["c"]),
            _node("GlobalAveragePool", ["c"], ["p"]),
            _node("Conv", ["p", "e"], ["q"]),
            _node("Sigmoid", ["q"], ["s"]),
            _node("Mul", ["s", "c"], ["m"]),
            _node("Softmax", ["m"], ["y"], axis=1),
        ],
        _SHAPE,
        {**_KERNEL, "e": _drawn(3, 3, 1, 1)},
        17,
    ),
    "softmax of older opsets": ([_node("Softmax", ["x"], ["y"], axis=1)], ("n", 2, 5, 4), {}, 11),
    "larger, then convolved": (
        [
            _node("Resize", ["x", "", "s"], ["u"], mode="linear", coordinate_transformation_mode="pytorch_half_pixel"),
            _node("Conv", ["u", "w"], ["y"]),
        ],
        _SHAPE,
        {**_KERNEL, "s": np.float32([1, 1, 2, 3])},
        17,
    ),
    "reduced along the width": (
        [
            _node("Transpose", ["x"], ["t"], perm=[0, 2, 3, 1]),
            _node("ReduceMax", ["t"], ["r"], axes=[2], keepdims=0),
            _node("MatMul", ["r", "k"], ["m"]),
            _node("Add", ["m", "b"], ["y"]),
        ],
        ("n", 2, 5, 4),
        {"k": _drawn(2, 3), "b": _drawn(5, 3)},
        17,
    ),
}


def _forms(opset: int) -> tuple[list[Any], dict[str, Any]]:
    """Return a network as each opset writes it: settings became inputs, one operator after the other."""
    tensors: dict[str, Any] = {**{name: abs(_drawn(4)) + 0.5 for name in "gbmv"}, "k": _drawn(16, 3), "c": _drawn(3)}

    def told(op: str, inputs: list[str], output: str | list[str], since: int, **settings: Any) -> Any:
        """Return a node whose settings are inputs from an opset on."""
        outputs = output if isinstance(output, list) else [output]
        if opset < since:
            return _node(op, inputs, outputs, **{name: value for name, value in settings.items() if value is not None})
        names = []
        for name, value in settings.items():
            names.append("" if value is None else f"{outputs[0]}_{name}")
            if value is not None:
                kind = np.float32 if np.asarray(value).dtype.kind == "f" else np.int64
                tensors[names[-1]] = np.asarray(value, kind)
        return _node(op, [*inputs, *names], outputs)

    scales = np.float32([1, 1, 2, 1])
    if opset > 7:
        tensors |= {"scales": scales, "region": np.zeros(0, np.float32)}
    larger = {
        7: _node("Upsample", ["l"], ["u"], scales=scales.tolist(), mode="nearest"),
        9: _node("Upsample", ["l", "scales"], ["u"], mode="nearest"),
        10: _node("Resize", ["l", "scales"], ["u"], mode="nearest"),
        11: _node(
            "Resize", ["l", "region", "scales"], ["u"], mode="linear", coordinate_transformation_mode="align_corners"
        ),
    }
    nodes = [
        told("Pad", ["x"], "p", 11, pads=[0, 0, 1, 0, 0, 0, 0, 1], value=0.5),
        told("Slice", ["p"], "s", 10, starts=[1, 0], ends=[10, 8], axes=[2, 3]),
        told("Clip", ["s"], "t", 11, min=-1.0, max=1.5),
        _node("LRN", ["t"], ["l"], size=3, alpha=0.3),
        larger[max(since for since in larger if since <= max(opset - (opset == 8), 7))],
        told("Split", ["u"], ["a", "z"], 13, split=[1, 3]),
        _node("Concat", ["z", "a"], ["j"], axis=1),
        told("Dropout", ["j"], "d", 12, ratio=0.4),
        _node("BatchNormalization", ["d", "g", "b", "m", "v"], ["n"]),
        _node("AveragePool", ["n"], ["h"], kernel_shape=[2, 2], strides=[2, 2]),
        told("ReduceMean", ["h"], "r", 18, axes=[2]),
        told("Squeeze", ["r"], "q", 13, axes=[2]),
        told("Unsqueeze", ["q"], "w", 13, axes=[2]),
        _node("Flatten", ["w"], ["f"]),
        _node("Gemm", ["f", "k", "c"], ["e"]),
        _node("LogSoftmax", ["e"], ["y"], axis=1),
    ]
    for node in nodes:
        if node.op_type == "Split":
            node.attribute.append(onnx.helper.make_attribute("axis", 1))
    return nodes, tensors


@pytest.mark.parametrize("opset", range(7, 23))
def test_each_opset_writes_it_in_its_own_way(opset: int, tmp_path: Path) -> None:
    nodes, tensors = _forms(opset)
    _hold_to_onnx_runtime(nodes, ("n", 4, 9, 8), tensors, opset, tmp_path)


@pytest.mark.parametrize("name", GRAPHS)
def test_graphs_that_exporters_seldom_write(name: str, tmp_path: Path) -> None:
    _hold_to_onnx_runtime(*GRAPHS[name], tmp_path)


def _hold_to_onnx_runtime(
    nodes: list[Any], shape: tuple[Any, ...], tensors: dict[str, Any], opset: int, folder: Path
) -> None:
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("x", kind, shape)],
        [onnx.ValueInfoProto(name="y", type=helper.make_tensor_type_proto(kind, None))],
        [onnx.numpy_helper.from_array(array, name) for name, array in tensors.items()],
    )
    path = folder / "network.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8), path)
    found = read_converted(path)
    images = np.random.default_rng(0).normal(size=(2, *found.model.input_shape[1:])).astype(np.float32)
    given = {"x": np.ascontiguousarray(images.transpose(np.argsort(found.inputs[0])))}
    theirs = onnxruntime.InferenceSession(path).run(None, given)[0].transpose(found.outputs[0])
    ours = found.model.predict(images, verbose=0)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= 1e-6 * np.abs(theirs).max()


@pytest.mark.parametrize(("name", "exporter", "opset"), EXPORTS)
def test_classifiers(name: str, exporter: str, opset: int, tmp_path: Path) -> None:
    network, size = _network(name)
    path = tmp_path / "network.onnx"
    _export(network, size, path, exporter, opset)
    found = read_converted(path)
    assert found.model.input_shape == (None, size, size, 3)
    session = onnxruntime.InferenceSession(path)
    images = np.random.default_rng(0).normal(size=(2, size, size, 3)).astype(np.float32)
    given = {session.get_inputs()[0].name: np.ascontiguousarray(images.transpose(0, 3, 1, 2))}
    (theirs,) = session.run(None, given)
    ours = found.model.predict(images, verbose=0)
    assert np.abs(ours - theirs).max() <= 1e-5 * np.abs(theirs).max()
    assert Counter(type(layer).__name__ for layer in found.model.layers)["Permute"] == SHUFFLES.get(name, 0)


def test_a_residual_network_trains_on(tmp_path: Path) -> None:
    """Its normalizations stay layers, where the exporter left them, and their averages move."""
    network, size = _network("resnet18")
    keep = {"training": torch.onnx.TrainingMode.PRESERVE, "do_constant_folding": False}
    _export(network, size, tmp_path / "network.onnx", "old", 17, **keep)
    model = cs.load_model(tmp_path / "network.onnx")
    normalizations = [layer for layer in model.layers if type(layer).__name__ == "BatchNormalization"]
    assert len(normalizations) == 20
    before = normalizations[0].get_weights()[2]
    images, classes = np.random.default_rng(1).normal(size=(4, size, size, 3)).astype(np.float32), np.arange(4)
    loss = cs.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=cs.optimizers.SGD(1e-3, momentum=0.9), loss=loss)
    losses = model.fit(images, classes, batch_size=4, epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert (normalizations[0].get_weights()[2] != before).all()
    model.save(tmp_path / "model.safetensors")
    again = cs.load_model(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict(images, verbose=0), model.predict(images, verbose=0))
