"""What stands in a LiteRT file: the tables of its flatbuffer, their fields, and the numbers of operators and types.

A compact account of the published schema, version 3, as far as image classifiers need it. It serves reading and
writing. A field is named as in the schema. Its slot is its place in the table, its kind one of `SCALARS`, ``string``,
the name of a table, any of these in brackets for a vector of them, or ``options``: the table that `OPTIONS` has under
the number in the field before.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

#: The four bytes behind the first four of a file, and the version in its root table.
IDENTIFIER, VERSION = b"TFL3", 3
#: Kinds of fields that are numbers, as NumPy has them.
SCALARS = {
    "bool": "?",
    "int8": "<i1",
    "uint8": "<u1",
    "int32": "<i4",
    "uint32": "<u4",
    "int64": "<i8",
    "uint64": "<u8",
    "float32": "<f4",
}


@dataclass(frozen=True)
class Field:
    """A field of a table.

    Attributes
    ----------
    name : str
    slot : int
    kind : str
    default : int or float
        What a number is that does not stand in the file.
    """

    name: str
    slot: int
    kind: str
    default: int | float = 0


def table(text: str) -> tuple[Field, ...]:
    """Return the fields that a text has one after the other, ``name kind`` or ``name kind=default``; ``-`` is left out.

    Examples
    --------
    >>> table("padding int8, -, dilation int32=1")[1]
    Field(name='dilation', slot=2, kind='int32', default=1)
    """
    fields = []
    for slot, part in enumerate(text.split(", ") if text else []):
        if part != "-":
            name, described = part.split(" ")
            kind, _, default = described.partition("=")
            fields.append(Field(name, slot, kind, int(default or 0)))
    return tuple(fields)


#: The fields of each table but those of operators' options, by its name. ``Model`` is the root.
TABLES: dict[str, tuple[Field, ...]] = {
    "Model": table(
        "version uint32, operator_codes [OperatorCode], subgraphs [SubGraph], description string, buffers [Buffer], "
        "metadata_buffer [int32], metadata [Metadata], signature_defs [SignatureDef]"
    ),
    "OperatorCode": table("deprecated_builtin_code int8, custom_code string, version int32=1, builtin_code int32"),
    "SubGraph": table("tensors [Tensor], inputs [int32], outputs [int32], operators [Operator], name string"),
    "Tensor": table(
        "shape [int32], type int8, buffer uint32, name string, quantization QuantizationParameters, is_variable bool, "
        "sparsity SparsityParameters, shape_signature [int32], has_rank bool"
    ),
    "QuantizationParameters": table(
        "min [float32], max [float32], scale [float32], zero_point [int64], details_type uint8, -, "
        "quantized_dimension int32"
    ),
    "SparsityParameters": table("traversal_order [int32], block_map [int32]"),  # enough to tell that one is there
    "Operator": table(
        "opcode_index uint32, inputs [int32], outputs [int32], builtin_options_type uint8, builtin_options options, "
        "custom_options [uint8], custom_options_format int8, mutating_variable_inputs [bool], intermediates [int32]"
    ),
    "Buffer": table("data [uint8], offset uint64, size uint64"),  # offset and size: of data behind the flatbuffer
    "Metadata": table("name string, buffer uint32"),
    "SignatureDef": table("inputs [TensorMap], outputs [TensorMap], signature_key string, -, subgraph_index uint32"),
    "TensorMap": table("name string, tensor_index uint32"),
}
_ACTIVATION = "fused_activation_function int8"
_STRIDES = "padding int8, stride_w int32, stride_h int32"
_DILATIONS = "dilation_w_factor int32=1, dilation_h_factor int32=1"
#: The tables of operators' options: the number that tells each in a file, and its fields.
OPTIONS: dict[str, tuple[int, tuple[Field, ...]]] = {
    "Conv2DOptions": (1, table(f"{_STRIDES}, {_ACTIVATION}, {_DILATIONS}, quantized_bias_type int8")),
    "DepthwiseConv2DOptions": (2, table(f"{_STRIDES}, depth_multiplier int32, {_ACTIVATION}, {_DILATIONS}")),
    "Pool2DOptions": (5, table(f"{_STRIDES}, filter_width int32, filter_height int32, {_ACTIVATION}")),
    "FullyConnectedOptions": (
        8,
        table(
            f"{_ACTIVATION}, weights_format int8, keep_num_dims bool, asymmetric_quantize_inputs bool, "
            "quantized_bias_type int8"
        ),
    ),
    "SoftmaxOptions": (9, table("beta float32")),
    "ConcatenationOptions": (10, table(f"axis int32, {_ACTIVATION}")),
    "AddOptions": (11, table(f"{_ACTIVATION}, pot_scale_int16 bool=1")),
    "L2NormOptions": (12, table(_ACTIVATION)),
    "LocalResponseNormalizationOptions": (13, table("radius int32, bias float32, alpha float32, beta float32")),
    "ResizeBilinearOptions": (15, table("-, -, align_corners bool, half_pixel_centers bool")),
    "ReshapeOptions": (17, table("new_shape [int32]")),
    "SpaceToDepthOptions": (19, table("block_size int32")),
    "MulOptions": (21, table(_ACTIVATION)),
    "PadOptions": (22, ()),
    "GatherOptions": (23, table("axis int32, batch_dims int32")),
    "BatchToSpaceNDOptions": (24, ()),
    "SpaceToBatchNDOptions": (25, ()),
    "TransposeOptions": (26, ()),
    "ReducerOptions": (27, table("keep_dims bool")),
    "SubOptions": (28, table(f"{_ACTIVATION}, pot_scale_int16 bool=1")),
    "DivOptions": (29, table(_ACTIVATION)),
    "SqueezeOptions": (30, table("squeeze_dims [int32]")),
    "StridedSliceOptions": (
        32,
        table(
            "begin_mask int32, end_mask int32, ellipsis_mask int32, new_axis_mask int32, shrink_axis_mask int32, "
            "offset bool"
        ),
    ),
    "ExpOptions": (33, ()),
    "SplitOptions": (35, table("num_splits int32")),
    "LogSoftmaxOptions": (36, ()),
    "CastOptions": (37, table("in_data_type int8, out_data_type int8")),
    "DequantizeOptions": (38, ()),
    "MaximumMinimumOptions": (39, ()),
    "ArgMaxOptions": (40, table("output_type int8")),
    "LessOptions": (41, ()),
    "NegOptions": (42, ()),
    "PadV2Options": (43, ()),
    "GreaterOptions": (44, ()),
    "GreaterEqualOptions": (45, ()),
    "LessEqualOptions": (46, ()),
    "SelectOptions": (47, ()),
    "SliceOptions": (48, ()),
    "TransposeConvOptions": (49, table(f"{_STRIDES}, {_ACTIVATION}, quantized_bias_type int8")),
    "TileOptions": (51, ()),
    "ExpandDimsOptions": (52, ()),
    "EqualOptions": (53, ()),
    "NotEqualOptions": (54, ()),
    "ShapeOptions": (55, table("out_type int8")),
    "PowOptions": (56, ()),
    "PackOptions": (59, table("values_count int32, axis int32")),
    "UnpackOptions": (64, table("num int32, axis int32")),
    "SquareOptions": (66, ()),
    "ResizeNearestNeighborOptions": (74, table("align_corners bool, half_pixel_centers bool")),
    "LeakyReluOptions": (75, table("alpha float32")),
    "SquaredDifferenceOptions": (76, ()),
    "MirrorPadOptions": (77, table("mode int8")),
    "AbsOptions": (78, ()),
    "SplitVOptions": (79, table("num_splits int32")),
    "AddNOptions": (82, ()),
    "QuantizeOptions": (89, ()),
    "HardSwishOptions": (91, ()),
    "DepthToSpaceOptions": (94, table("block_size int32")),
    "SelectV2Options": (98, ()),
    "BatchMatMulOptions": (101, table("adj_x bool, adj_y bool, asymmetric_quantize_inputs bool")),
    "BroadcastToOptions": (104, ()),
    "GeluOptions": (116, table("approximate bool")),
}
#: Operators: the number of each, and the table of its options, if it takes any.
OPERATORS: dict[str, tuple[int, str | None]] = {
    "ADD": (0, "AddOptions"),
    "AVERAGE_POOL_2D": (1, "Pool2DOptions"),
    "CONCATENATION": (2, "ConcatenationOptions"),
    "CONV_2D": (3, "Conv2DOptions"),
    "DEPTHWISE_CONV_2D": (4, "DepthwiseConv2DOptions"),
    "DEPTH_TO_SPACE": (5, "DepthToSpaceOptions"),
    "DEQUANTIZE": (6, "DequantizeOptions"),
    "FLOOR": (8, None),
    "FULLY_CONNECTED": (9, "FullyConnectedOptions"),
    "L2_NORMALIZATION": (11, "L2NormOptions"),
    "L2_POOL_2D": (12, "Pool2DOptions"),
    "LOCAL_RESPONSE_NORMALIZATION": (13, "LocalResponseNormalizationOptions"),
    "LOGISTIC": (14, None),
    "MAX_POOL_2D": (17, "Pool2DOptions"),
    "MUL": (18, "MulOptions"),
    "RELU": (19, None),
    "RELU_N1_TO_1": (20, None),
    "RELU6": (21, None),
    "RESHAPE": (22, "ReshapeOptions"),
    "RESIZE_BILINEAR": (23, "ResizeBilinearOptions"),
    "SOFTMAX": (25, "SoftmaxOptions"),
    "SPACE_TO_DEPTH": (26, "SpaceToDepthOptions"),
    "TANH": (28, None),
    "PAD": (34, "PadOptions"),
    "GATHER": (36, "GatherOptions"),
    "BATCH_TO_SPACE_ND": (37, "BatchToSpaceNDOptions"),
    "SPACE_TO_BATCH_ND": (38, "SpaceToBatchNDOptions"),
    "TRANSPOSE": (39, "TransposeOptions"),
    "MEAN": (40, "ReducerOptions"),
    "SUB": (41, "SubOptions"),
    "DIV": (42, "DivOptions"),
    "SQUEEZE": (43, "SqueezeOptions"),
    "STRIDED_SLICE": (45, "StridedSliceOptions"),
    "EXP": (47, "ExpOptions"),
    "SPLIT": (49, "SplitOptions"),
    "LOG_SOFTMAX": (50, "LogSoftmaxOptions"),
    "CAST": (53, "CastOptions"),
    "PRELU": (54, None),
    "MAXIMUM": (55, "MaximumMinimumOptions"),
    "ARG_MAX": (56, "ArgMaxOptions"),
    "MINIMUM": (57, "MaximumMinimumOptions"),
    "LESS": (58, "LessOptions"),
    "NEG": (59, "NegOptions"),
    "PADV2": (60, "PadV2Options"),
    "GREATER": (61, "GreaterOptions"),
    "GREATER_EQUAL": (62, "GreaterEqualOptions"),
    "LESS_EQUAL": (63, "LessEqualOptions"),
    "SELECT": (64, "SelectOptions"),
    "SLICE": (65, "SliceOptions"),
    "TRANSPOSE_CONV": (67, "TransposeConvOptions"),
    "TILE": (69, "TileOptions"),
    "EXPAND_DIMS": (70, "ExpandDimsOptions"),
    "EQUAL": (71, "EqualOptions"),
    "NOT_EQUAL": (72, "NotEqualOptions"),
    "LOG": (73, None),
    "SUM": (74, "ReducerOptions"),
    "SQRT": (75, None),
    "RSQRT": (76, None),
    "SHAPE": (77, "ShapeOptions"),
    "POW": (78, "PowOptions"),
    "REDUCE_PROD": (81, "ReducerOptions"),
    "REDUCE_MAX": (82, "ReducerOptions"),
    "PACK": (83, "PackOptions"),
    "UNPACK": (88, "UnpackOptions"),
    "REDUCE_MIN": (89, "ReducerOptions"),
    "SQUARE": (92, "SquareOptions"),
    "RESIZE_NEAREST_NEIGHBOR": (97, "ResizeNearestNeighborOptions"),
    "LEAKY_RELU": (98, "LeakyReluOptions"),
    "SQUARED_DIFFERENCE": (99, "SquaredDifferenceOptions"),
    "MIRROR_PAD": (100, "MirrorPadOptions"),
    "ABS": (101, "AbsOptions"),
    "SPLIT_V": (102, "SplitVOptions"),
    "CEIL": (104, None),
    "ADD_N": (106, "AddNOptions"),
    "ELU": (111, None),
    "QUANTIZE": (114, "QuantizeOptions"),
    "ROUND": (116, None),
    "HARD_SWISH": (117, "HardSwishOptions"),
    "SELECT_V2": (123, "SelectV2Options"),
    "BATCH_MATMUL": (126, "BatchMatMulOptions"),
    "BROADCAST_TO": (130, "BroadcastToOptions"),
    "GELU": (150, "GeluOptions"),
    "RELU_0_TO_1": (152, None),
}
#: An operator whose number is larger stands in `builtin_code` alone, and `deprecated_builtin_code` has this one.
LARGEST_OLD_CODE = 127


class TensorType(IntEnum):
    """What a tensor's values are."""

    FLOAT32, FLOAT16, INT32, UINT8, INT64, STRING, BOOL, INT16 = range(8)
    INT8, FLOAT64 = 9, 10
    UINT64, UINT32, UINT16, INT4, BFLOAT16 = 12, 15, 16, 17, 18


#: The types whose values NumPy has, as it names them.
DTYPES = {
    TensorType.FLOAT32: "<f4",
    TensorType.FLOAT16: "<f2",
    TensorType.FLOAT64: "<f8",
    TensorType.INT8: "<i1",
    TensorType.INT16: "<i2",
    TensorType.INT32: "<i4",
    TensorType.INT64: "<i8",
    TensorType.UINT8: "<u1",
    TensorType.UINT16: "<u2",
    TensorType.UINT32: "<u4",
    TensorType.UINT64: "<u8",
    TensorType.BOOL: "?",
}


class Padding(IntEnum):
    """Which pixels a window needs: as many outputs as positions, or only whole windows."""

    SAME, VALID = range(2)


class Activation(IntEnum):
    """What stands at the end of an operator (``fused_activation_function``)."""

    NONE, RELU, RELU_N1_TO_1, RELU6, TANH, SIGN_BIT = range(6)


class MirrorPadding(IntEnum):
    """Whether the edge itself is mirrored (``mode`` of MIRROR_PAD)."""

    REFLECT, SYMMETRIC = range(2)
