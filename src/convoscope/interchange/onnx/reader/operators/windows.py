"""Where ONNX's windows stand: pads on each side, and sizes that are rounded up or down."""

from __future__ import annotations

from dataclasses import dataclass

from convoscope.checks import LARGEST_SIZE
from convoscope.interchange.onnx.reader.context import integer_setting, integers_setting
from convoscope.interchange.onnx.reader.network import OnnxNode, UnsupportedError
from convoscope.layers import geometry
from convoscope.types import Padding, Pair


@dataclass(frozen=True)
class Along:
    """The windows along one axis.

    Attributes
    ----------
    length : int
        The image's pixels.
    window : int
        The pixels that a window covers, dilation included.
    stride : int
    before, after : int
        The pixels that the file pads.
    places : int
        How many windows there are.
    """

    length: int
    window: int
    stride: int
    before: int
    after: int
    places: int

    @property
    def is_same(self) -> bool:
        """Whether ``padding="same"`` makes these windows."""
        if self.places != geometry.places(self.length, self.window, self.stride, "same"):
            return False
        return geometry.pad_amounts(self.length, self.window, self.stride, "same")[0] == self.before

    @property
    def reach(self) -> int:
        """How many pixels the windows reach over the end; negative where some are left."""
        return (self.places - 1) * self.stride + self.window - self.length - self.before


def windows(node: OnnxNode, sizes: Pair, kernel: Pair, *, rounds_up: bool = False) -> tuple[Along, Along]:
    """Return the windows along both axes of an image of those sizes."""
    strides = _settings(node, "strides", (1, 1))
    dilations = _settings(node, "dilations", (1, 1))
    covered = [geometry.extent(size, dilation) for size, dilation in zip(kernel, dilations, strict=True)]
    pads = pads_of(node, sizes, covered, strides)
    auto = node.text("auto_pad", "NOTSET")
    found = []
    for number in range(2):
        length, (before, after), window, stride = sizes[number], pads[number], covered[number], strides[number]
        left = length + before + after - window
        places = left // stride + 1
        if rounds_up and auto == "NOTSET":
            places = -(-left // stride) + 1
            places -= (places - 1) * stride >= length + before  # it would see nothing of the image
        if left < 0 or places < 1:
            raise UnsupportedError(f"a window of {window} pixels does not fit into {length} pixels")
        found.append(Along(length, window, stride, before, after, places))
    return found[0], found[1]


def pads_of(node: OnnxNode, sizes: Pair, covered: list[int], strides: Pair) -> Padding:
    """Return the pixels before and after each axis that the file says are padded."""
    auto = node.text("auto_pad", "NOTSET")
    if auto in ("NOTSET", ""):
        top, left, bottom, right = integers_setting(node, "pads", (0, 0, 0, 0), 4)
        if not 0 <= min(top, left, bottom, right) <= max(top, left, bottom, right) <= LARGEST_SIZE:
            raise UnsupportedError(f"its pads are {[top, left, bottom, right]}")
        return (top, bottom), (left, right)
    if auto == "VALID":
        return (0, 0), (0, 0)
    if auto not in ("SAME_UPPER", "SAME_LOWER"):
        raise UnsupportedError(f"its auto_pad is {auto!r:.40}")
    each = zip(sizes, covered, strides, strict=True)
    rows, columns = (geometry.pad_amounts(length, window, stride, "same") for length, window, stride in each)
    return (rows, columns) if auto == "SAME_UPPER" else (rows[::-1], columns[::-1])


def _settings(node: OnnxNode, name: str, default: Pair) -> Pair:
    first, second = integers_setting(node, name, default, 2)
    if not 1 <= min(first, second) <= max(first, second) <= LARGEST_SIZE:
        raise UnsupportedError(f"its {name} are {[first, second]}")
    return first, second


def strides_of(node: OnnxNode) -> Pair:
    """Return the pixels from one window to the next."""
    return _settings(node, "strides", (1, 1))


def dilations_of(node: OnnxNode) -> Pair:
    """Return the pixels between cells of a kernel."""
    return _settings(node, "dilations", (1, 1))


def kernel_of(node: OnnxNode) -> Pair:
    """Return the height and width of a pooling's window."""
    if "kernel_shape" not in node.settings:
        raise UnsupportedError("it has no kernel_shape")
    return _settings(node, "kernel_shape", (1, 1))


def rounds_up(node: OnnxNode) -> bool:
    """Return whether a window that is not full counts."""
    return integer_setting(node, "ceil_mode", 0) != 0
