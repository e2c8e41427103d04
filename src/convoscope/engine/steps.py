"""The steps that a plan is made of: each is one thing an engine can do to a batch.

A step has everything an engine needs: shapes are known, "same" padding has become numbers of pixels, and weights are
places in the plan's list. Shapes are without the batch axis; arrays at run time have it first.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from convoscope.layers.arguments import Bounds, Pair, Shape
from convoscope.layers.geometry import Padding


@dataclass(frozen=True)
class Nonlinearity:
    """An activation with its setting: ``alpha`` is the slope of leaky_relu and the depth of elu."""

    name: str = "linear"
    alpha: float = 0.0

    @property
    def gradient_from_output(self) -> bool:
        """Whether the output alone tells the derivative, so that the input need not be kept."""
        return self.name in ("linear", "relu", "leaky_relu", "sigmoid", "tanh", "elu")

    @property
    def elementwise(self) -> bool:
        """Whether each value is changed on its own."""
        return self.name != "softmax"


LINEAR = Nonlinearity()


@dataclass(frozen=True)
class Window:
    """A pooling: what is kept of each window, its size, its strides, and the pixels of padding (which never count)."""

    mode: str  # "max", "min" or "average"
    size: Pair
    strides: Pair
    padding: Padding


@dataclass(frozen=True)
class Step:
    """What all steps have: the layers they compute (first and last place in the stack), shapes, weights.

    ``apart`` says, for people to read, why the step is not fused with the one before it, where one might expect that.
    """

    first_layer: int
    last_layer: int
    input_shape: Shape
    output_shape: Shape
    weights: tuple[int, ...]
    apart: str = field(default="", kw_only=True, compare=False)


@dataclass(frozen=True)
class ConvolutionStep(Step):
    """Convolution, bias, activation, and perhaps a pooling: weights are the kernel and, if any, the bias.

    ``feature_shape`` is the size before the pooling, (height, width, filters). ``normalization``, in prediction alone,
    comes before the activation; its weights are the last ones.
    """

    kernel_size: Pair
    strides: Pair
    dilation: Pair
    padding: Padding
    use_bias: bool
    feature_shape: tuple[int, int, int]
    activation: Nonlinearity = LINEAR
    pool: Window | None = None
    normalization: NormalizationStep | None = None


@dataclass(frozen=True)
class TransposedConvolutionStep(Step):
    """A convolution's way back as a way forth, bias, activation: weights are the kernel and, if any, the bias.

    Settings are those of the convolution that would make the input's size of the output's: `padding` is what it would
    put around the output, and what is therefore cut off here.
    """

    kernel_size: Pair
    strides: Pair
    dilation: Pair
    padding: Padding
    use_bias: bool
    activation: Nonlinearity = LINEAR


@dataclass(frozen=True)
class UpsamplingStep(Step):
    """Images made `size` times as high and wide."""

    size: Pair
    bilinear: bool


@dataclass(frozen=True)
class PoolingStep(Step):
    """A pooling; a global one is a window as large as the image."""

    window: Window


@dataclass(frozen=True)
class DenseStep(Step):
    """A matrix product along the last axis, bias, activation: weights are the kernel and, if any, the bias.

    ``normalization`` is as in `ConvolutionStep`.
    """

    use_bias: bool
    activation: Nonlinearity = LINEAR
    normalization: NormalizationStep | None = None


@dataclass(frozen=True)
class ActivationStep(Step):
    """An activation alone."""

    activation: Nonlinearity


@dataclass(frozen=True)
class DropoutStep(Step):
    """Dropout. ``stream`` keeps the layers' random numbers apart; ``seed`` replaces the run's seed if given."""

    rate: float
    stream: int
    seed: int | None


@dataclass(frozen=True)
class MotionStep(Step):
    """In training, each image flipped, shifted and turned by random numbers of its own.

    ``flips`` says whether images are ever mirrored along the height and along the width, ``shifts`` between which
    shares of height and width they are moved (down and right), ``turns`` between which shares of a full turn they are
    turned about their centre (counter-clockwise). ``stream`` and ``seed`` are as in `DropoutStep`.
    """

    stream: int
    seed: int | None
    flips: tuple[bool, bool] = (False, False)
    shifts: tuple[Bounds, Bounds] = ((0.0, 0.0), (0.0, 0.0))
    turns: Bounds = (0.0, 0.0)
    bilinear: bool = False
    fill_mode: str = "constant"
    fill_value: float = 0.0


@dataclass(frozen=True)
class ErasingStep(Step):
    """In training, a random rectangle of each image overwritten: see `convoscope.layers.RandomErasing`.

    ``fill_value`` None is noise. ``stream`` and ``seed`` are as in `DropoutStep`.
    """

    stream: int
    seed: int | None
    probability: Bounds
    scale: Bounds
    fill_value: float | None
    value_range: Bounds


@dataclass(frozen=True)
class NormalizationStep(Step):
    """Batch normalisation over the last axis: weights are gamma (if scale), beta (if center), moving mean and variance.

    ``frozen`` means that the moving averages are used, and left alone, in training too.
    """

    momentum: float
    epsilon: float
    scale: bool
    center: bool
    frozen: bool


@dataclass(frozen=True)
class PaddingStep(Step):
    """Zeros around an image."""

    padding: Padding


@dataclass(frozen=True)
class RescalingStep(Step):
    """Input × scale + offset."""

    scale: float
    offset: float


@dataclass(frozen=True)
class ReshapeStep(Step):
    """The same values under another shape: nothing to compute, and no copy."""
