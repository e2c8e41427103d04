"""What looks through windows: convolutions and poolings, and images at another size."""

from __future__ import annotations

from typing import Any

from convoscope.interchange.litert.reader.call import Call, operator
from convoscope.interchange.litert.schema import Padding
from convoscope.interchange.onnx.reader.network import UnsupportedError


def _windows(call: Call) -> dict[str, Any]:
    padding = call.option("padding")
    if padding not in (Padding.SAME, Padding.VALID):
        raise UnsupportedError(f"its padding has the unknown number {padding}")
    return {
        "strides": [call.option("stride_h"), call.option("stride_w")],
        "auto_pad": b"SAME_UPPER" if padding == Padding.SAME else b"VALID",
        **call.operator.settings,
    }


def _convolving(call: Call) -> dict[str, Any]:
    dilations = [call.option("dilation_h_factor", 1), call.option("dilation_w_factor", 1)]
    return {"dilations": dilations, **_windows(call)}


def _check_kernel(call: Call, place: int = 1) -> None:
    if call.rank(place) != 4:
        raise UnsupportedError(f"its kernel has {call.rank(place)} axes, but layers are for images")


@operator("CONV_2D")
def convolution(call: Call) -> str:
    """The kernel is (filters, height, width, channels of a group)."""
    _check_kernel(call)
    channels, of_group = call.tensor(0).sizes[-1] if call.rank() else 0, call.tensor(1).sizes[3]
    groups = channels // of_group if of_group > 0 and channels > 0 else 1
    made = call.node(
        "Conv",
        call.image(),
        call.channels_first(call.input(1)),
        call.optional(2),
        group=groups,
        **_convolving(call),
    )
    return call.channels_last(made)


@operator("DEPTHWISE_CONV_2D")
def depthwise_convolution(call: Call) -> str:
    """The kernel is (1, height, width, channels × filters of each)."""
    _check_kernel(call)
    kernel = call.transposed(call.input(1), 3, 0, 1, 2)
    made = call.node(
        "Conv",
        call.image(),
        kernel,
        call.optional(2),
        group=max(call.tensor(0).sizes[3], 1),
        **_convolving(call),
    )
    return call.channels_last(made)


@operator("TRANSPOSE_CONV")
def transposed_convolution(call: Call) -> str:
    """The output's shape comes first, then the kernel (filters, height, width, channels), then the image."""
    _check_kernel(call)
    kernel = call.transposed(call.input(1), 3, 0, 1, 2)
    sizes = call.node("Slice", call.input(0), call.array([1]), call.array([3]))
    settings = {**_windows(call), "auto_pad": b"SAME_UPPER"}
    made = call.node("ConvTranspose", call.image(2), kernel, call.optional(3), sizes, **settings)
    return call.channels_last(made)


@operator("MAX_POOL_2D", "AVERAGE_POOL_2D")
def pooling(call: Call) -> str:
    """The largest of each window, or the mean of what is no padding."""
    op = "MaxPool" if call.operator.op == "MAX_POOL_2D" else "AveragePool"
    size = [call.option("filter_height"), call.option("filter_width")]
    return call.channels_last(call.node(op, call.image(), kernel_shape=size, **_windows(call)))


@operator("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR")
def resizing(call: Call) -> str:
    """Another height and width."""
    nearest = call.operator.op == "RESIZE_NEAREST_NEIGHBOR"
    corners, centres = call.option("align_corners", False), call.option("half_pixel_centers", False)
    settings: dict[str, Any] = {
        "mode": b"nearest" if nearest else b"linear",
        "coordinate_transformation_mode": b"align_corners" if corners else b"half_pixel" if centres else b"asymmetric",
        "axes": [2, 3],
    }
    if nearest:
        settings["nearest_mode"] = b"round_prefer_ceil" if corners else b"floor"
        if centres:  # the pixel in which the middle of the new one lies
            settings["nearest_mode"] = b"round_prefer_ceil"
    return call.channels_last(call.node("Resize", call.image(), "", "", call.input(1), **settings))


@operator("DEPTH_TO_SPACE", "SPACE_TO_DEPTH")
def blocks(call: Call) -> str:
    """Channels become pixels, or pixels channels."""
    op = "DepthToSpace" if call.operator.op == "DEPTH_TO_SPACE" else "SpaceToDepth"
    return call.channels_last(call.node(op, call.image(), blocksize=call.option("block_size"), mode=b"DCR"))


@operator("LOCAL_RESPONSE_NORMALIZATION")
def local_normalization(call: Call) -> str:
    """Each value over a power of the squares of its neighbouring channels."""
    size = 2 * call.option("radius") + 1
    made = call.node(
        "LRN",
        call.image(),
        size=size,
        alpha=call.option("alpha", 0.0) * size,
        beta=call.option("beta", 0.0),
        bias=call.option("bias", 0.0),
    )
    return call.channels_last(made)
