"""``keras.ops``: Keras' functions of arrays, under the names that it has for them."""

from __future__ import annotations

from typing import Any

from convoscope.keras.arrays.arithmetic import (
    abs as abs,
    add as add,
    ceil as ceil,
    clip as clip,
    cos as cos,
    cumsum as cumsum,
    divide as divide,
    equal as equal,
    exp as exp,
    floor as floor,
    greater as greater,
    isfinite as isfinite,
    isnan as isnan,
    less as less,
    log as log,
    log1p as log1p,
    logical_and as logical_and,
    logical_not as logical_not,
    logical_or as logical_or,
    matmul as matmul,
    maximum as maximum,
    minimum as minimum,
    mod as mod,
    multiply as multiply,
    negative as negative,
    norm as norm,
    not_equal as not_equal,
    power as power,
    reciprocal as reciprocal,
    round as round,
    sign as sign,
    sin as sin,
    sqrt as sqrt,
    square as square,
    subtract as subtract,
    tensordot as tensordot,
)
from convoscope.keras.arrays.form import (
    cast as cast,
    expand_dims as expand_dims,
    pad as pad,
    repeat as repeat,
    reshape as reshape,
    shape as shape,
    size as size,
    squeeze as squeeze,
    stack as stack,
    tile as tile,
    transpose as transpose,
    unstack as unstack,
    where as where,
)
from convoscope.keras.arrays.making import (
    arange as arange,
    constant as array,
    convert_to_numpy as convert_to_numpy,
    eye as eye,
    linspace as linspace,
    one_hot as one_hot,
    ones as ones,
    ones_like as ones_like,
    zeros as zeros,
    zeros_like as zeros_like,
)
from convoscope.keras.arrays.reductions import (
    argmax as argmax,
    argmin as argmin,
    argsort as argsort,
    reduce_max as amax,
    reduce_min as amin,
    sort as sort,
    top_k as top_k,
)
from convoscope.nn import (
    elu as elu,
    gelu as gelu,
    hard_sigmoid as hard_sigmoid,
    hard_silu as hard_silu,
    leaky_relu as leaky_relu,
    relu as relu,
    relu6 as relu6,
    selu as selu,
    sigmoid as sigmoid,
    silu as silu,
    softmax as softmax,
    softplus as softplus,
    softsign as softsign,
    swish as swish,
    tanh as tanh,
)

max, min, absolute, convert_to_tensor, hard_swish = amax, amin, abs, array, hard_silu


def normalize(x: Any, axis: Any = -1, order: int = 2) -> Any:
    """Return the values divided by their norm along an axis."""
    return x / maximum(norm(x, order, axis, True), 1e-12)


def stop_gradient(x: Any) -> Any:
    """Return `x`: arrays have no gradients. In a model, freeze layers: ``layer.trainable = False``."""
    return x
