"""The text of a written file: its numbers, its functions, and ``predict`` out of the parts of the calls."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from convoscope.datasets.images.preprocessing import Preprocessing
from convoscope.interchange.c.functions import FUNCTIONS
from convoscope.interchange.c.meaning import NOTHING, code, memory_between
from convoscope.interchange.c.memory import Life, places
from convoscope.interchange.c.part import Part, literal, quoted
from convoscope.interchange.source import identifier
from convoscope.layers.graph import Graph
from convoscope.models.naming import call_names
from convoscope.models.network import Network

# Names that the file has already.
_TAKEN = {"image", "output", "memory", "values", "bytes", "NULL", "INFINITY", "main", *FUNCTIONS}
_A_LINE = 8  # numbers


@dataclass(frozen=True)
class _Layout:
    """Which values lie where: expressions of pointers by the values' numbers, and those of calls' own memory."""

    pointers: dict[int, str]
    own: dict[int, str]
    size: int


def source_of(model: Network, name: str) -> str:
    """Write a built model with one input and one output.

    Raises
    ------
    ConfigurationError
        If it has a layer that there is no C for.
    """
    graph, taken = model.graph, set(_TAKEN)
    layout = _laid_out(graph)
    parts: list[Part] = []
    names: dict[int, str] = {}
    for index, (call, called) in enumerate(zip(graph.calls, call_names(model), strict=True)):
        if isinstance(call.layer, NOTHING):
            continue
        own = names.setdefault(id(call.layer), identifier(called, taken))
        inputs = [layout.pointers[value] for value in call.inputs]
        part = Part(call, own, inputs, layout.pointers[graph.value_of(index)], layout.own.get(index, ""))
        code(call.layer, part)
        parts.append(part)
    numbers: dict[str, npt.NDArray[np.float32]] = {}
    for part in parts:
        numbers |= part.numbers
    lines = [line for part in parts for line in (f"/* {part.layer.name} */", *part.lines)]
    used = {function for part in parts for function in part.used}
    ends = layout.pointers[graph.outputs[0]]
    if ends != "output":
        used.add("copy")
        lines.append(f"copy({ends}, output, {prod(graph.shape_of(graph.outputs[0]))});")
    return "\n".join(
        (
            _heading(model, name, sum(array.size for array in numbers.values()), layout.size),
            *_class_names(model, name),
            *(_array(key, array) for key, array in numbers.items()),
            *(text for function, text in FUNCTIONS.items() if function in used),
            _predict(name, lines, layout.size),
            _bytes(model, name),
            _program(model, name),
        )
    )


def _laid_out(graph: Graph) -> _Layout:
    """Decide where values lie. The image and the output are the caller's."""
    count = len(graph.calls)
    root = {0: 0}
    last: dict[int, int] = {}
    for index, call in enumerate(graph.calls):
        value = graph.value_of(index)
        root[value] = root[call.inputs[0]] if isinstance(call.layer, NOTHING) else value
        for read in call.inputs:
            last[root[read]] = index
    end = root[graph.outputs[0]]
    lives, keys = [], []
    for value in sorted(set(root.values())):
        if value not in (0, end):
            first = value - 1
            keys.append(("value", value))
            lives.append(Life(prod(graph.shape_of(value)), first, last.get(value, first)))
    for index, call in enumerate(graph.calls):
        if needed := memory_between(call):
            keys.append(("own", index))
            lives.append(Life(needed, index, index))
    offsets, size = places(lives)
    found = {key: f"memory + {offset}" for key, offset in zip(keys, offsets, strict=True)}
    # What is read after the last value was made would be written over: nothing is, as calls stand in an order.
    own_of = {0: "image", end: "output" if end else "image"}
    pointers = {value: own_of.get(root[value]) or found["value", root[value]] for value in root}
    return _Layout(pointers, {index: found["own", index] for index in range(count) if ("own", index) in found}, size)


def _heading(model: Network, name: str, weights: int, memory: int) -> str:
    shape, made = model.graph.input_shapes[0], model.graph.output_shapes[0]
    most = (model.preprocessing or {}).get("max_value")
    values = f", with values from 0 to {most:g}" if most is not None else ""
    return f"""/* A network trained with Convoscope, in C99. It depends on the standard library alone.

   {weights:,} numbers, {memory:,} floats of memory while it computes.

   In another file:

       void {name}_predict(const float *image, float *output);

   image:  {" x ".join(map(str, shape))} floats, row by row, the channels of a pixel together{values}
   output: {" x ".join(map(str, made))} floats

   To try it:  cc -O2 -std=c99 -D{name.upper()}_MAIN {name}.c -lm -o {name}  &&  ./{name} < image.bytes */

#include <math.h>
#include <stddef.h>
#include <stdio.h>"""


def _class_names(model: Network, name: str) -> Iterable[str]:
    if model.class_names:
        listed = ", ".join(quoted(str(each)) for each in model.class_names)
        yield f"\nconst char *const {name}_class_names[] = {{{listed}}};"


def _array(name: str, array: npt.NDArray[np.float32]) -> str:
    texts = [literal(value) for value in array.ravel()]
    rows = (", ".join(texts[start : start + _A_LINE]) for start in range(0, len(texts), _A_LINE))
    body = ",\n    ".join(rows)
    return f"\n/* {' x '.join(map(str, array.shape))} */\nstatic const float {name}[{array.size}] = {{\n    {body}}};"


def _predict(name: str, lines: list[str], memory: int) -> str:
    body = "\n    ".join(lines)
    return f"""
/* Predict with memory of your own, {max(memory, 1)} floats: two threads may do so at once. */
void {name}_predict_in(const float *image, float *output, float *memory) {{
    (void)memory;
    {body}
}}

void {name}_predict(const float *image, float *output) {{
    static float memory[{max(memory, 1)}];
    {name}_predict_in(image, output, memory);
}}"""


def _bytes(model: Network, name: str) -> str:
    """Return the function that takes an image as files have it, with exactly the values that `Preprocessing` gives."""
    size = prod(model.graph.input_shapes[0])
    values, table = "bytes[i]", ""
    if model.preprocessing is not None and model.preprocessing.get("max_value", 255) != 255:
        scaled = Preprocessing.from_dict(model.preprocessing).scaled(np.arange(256, dtype=np.uint8))
        values, table = "values[bytes[i]]", _array("values", scaled.astype(np.float32)) + "\n"
    return f"""{table}
/* Predict for an image whose values are from 0 to 255. */
void {name}_predict_bytes(const unsigned char *bytes, float *output) {{
    static float image[{size}];
    for (int i = 0; i < {size}; i++) image[i] = {values};
    {name}_predict(image, output);
}}"""


def _program(model: Network, name: str) -> str:
    size, made = prod(model.graph.input_shapes[0]), prod(model.graph.output_shapes[0])
    said = f'"%.6f %s\\n", output[i], {name}_class_names[i]' if model.class_names else '"%.6f\\n", output[i]'
    return f"""
#ifdef {name.upper()}_MAIN
/* Read images of {size} bytes, and print what is predicted for each. */
int main(void) {{
    static unsigned char bytes[{size}];
    static float output[{made}];
    while (fread(bytes, 1, sizeof bytes, stdin) == sizeof bytes) {{
        {name}_predict_bytes(bytes, output);
        for (int i = 0; i < {made}; i++) printf({said});
    }}
    return 0;
}}
#endif
"""
