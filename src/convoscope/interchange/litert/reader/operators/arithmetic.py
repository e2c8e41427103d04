"""Sums, products and the like, of values and over axes."""

from __future__ import annotations

from convoscope.interchange.litert.reader.call import Call, operator

_PAIRS = {
    "ADD": "Add",
    "SUB": "Sub",
    "MUL": "Mul",
    "DIV": "Div",
    "POW": "Pow",
    "MAXIMUM": "Max",
    "MINIMUM": "Min",
    "EQUAL": "Equal",
    "LESS": "Less",
    "LESS_EQUAL": "LessOrEqual",
    "GREATER": "Greater",
    "GREATER_EQUAL": "GreaterOrEqual",
}
_SINGLE = {"NEG": "Neg", "ABS": "Abs", "SQRT": "Sqrt", "LOG": "Log", "FLOOR": "Floor", "CEIL": "Ceil"}
_OVER_AXES = {
    "MEAN": "ReduceMean",
    "SUM": "ReduceSum",
    "REDUCE_MAX": "ReduceMax",
    "REDUCE_MIN": "ReduceMin",
    "REDUCE_PROD": "ReduceProd",
}


@operator(*_PAIRS)
def pair(call: Call) -> str:
    """Two values, or a value and a constant."""
    return call.node(_PAIRS[call.operator.op], call.input(0), call.input(1))


@operator(*_SINGLE)
def single(call: Call) -> str:
    """A function of each value."""
    return call.node(_SINGLE[call.operator.op], call.input(0))


@operator("ADD_N")
def add_several(call: Call) -> str:
    """The sum of several values."""
    return call.node("Sum", *(call.input(place) for place in range(len(call.operator.inputs))))


@operator("SQUARE")
def square(call: Call) -> str:
    """Each value times itself."""
    return call.node("Mul", call.input(0), call.input(0))


@operator("SQUARED_DIFFERENCE")
def squared_difference(call: Call) -> str:
    """The difference of two values times itself."""
    difference = call.node("Sub", call.input(0), call.input(1))
    return call.node("Mul", difference, difference)


@operator("RSQRT")
def reciprocal_root(call: Call) -> str:
    """One over the square root."""
    return call.node("Reciprocal", call.node("Sqrt", call.input(0)))


@operator(*_OVER_AXES)
def reduction(call: Call) -> str:
    """One value of all along some axes."""
    axes = call.whole_numbers(1, "the axes")
    if not axes:
        return call.node("Identity", call.input(0))
    keeps = int(bool(call.option("keep_dims", False)))
    return call.node(_OVER_AXES[call.operator.op], call.input(0), axes=axes, keepdims=keeps)


@operator("SELECT", "SELECT_V2")
def select(call: Call) -> str:
    """One of two constants, or of two values of a rectifier."""
    return call.node("Where", *(call.input(place) for place in range(3)))
