"""Ways to damage bytes, texts and JSON, drawn from a `random.Random`: the same seed makes the same damage."""

from __future__ import annotations

import copy
import json
import struct
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

Mutator = Callable[[Random, bytes], bytes]

_WHOLE = (-(2**63), -(2**31), -1, 0, 1, 7, 127, 255, 2**15, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**62, 2**64)
_BAD_VALUES: tuple[Any, ...] = (
    *_WHOLE,
    10**30,
    10**400,
    1.5,
    -0.0,
    1e308,
    5e-324,
    float("nan"),
    float("inf"),
    float("-inf"),
    None,
    True,
    False,
    "",
    "x",
    "\0",
    "\ud800",
    "caf\udce9",
    "../../x",
    "a\nb",
    "\x1b[31m",
    "9" * 5000,
    "y" * 100_000,
    [],
    {},
    [[]],
    [0],
    [None],
    [1, 2, 3, 4, 5],
    [-1, -1],
    [2**31, 2**31],
    {"": None},
    {"class_name": "Dense", "config": {}},
)
_DEEP = 3_000
_FLOATS_END = 2**1023  # beyond it a whole number is no float


def damage(rng: Random, content: bytes, others: Sequence[bytes] = ()) -> bytes:
    """Return bytes with one to six random damages."""
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        if others and rng.random() < 0.1:
            content = _splice(rng, content, rng.choice(others))
        else:
            content = rng.choice(_DAMAGES)(rng, content)
    return content


def damage_json(rng: Random, value: Any) -> Any:
    """Return a copy of a JSON value with one to three of its nodes deleted, replaced, doubled or renamed."""
    value = copy.deepcopy(value)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        places = list(_places(value))
        if not places or rng.random() < 0.01:
            return rng.choice(_BAD_VALUES)
        holder, key = rng.choice(places)
        rng.choice(_NODE_DAMAGES)(rng, holder, key, places)
    return value


def damage_json_text(rng: Random, content: bytes) -> bytes:
    """Return a JSON text with damaged nodes; now and then with damaged bytes, or nested without end."""
    drawn = rng.random()
    if drawn < 0.15:
        return damage(rng, content)
    try:
        value = json.loads(content)
    except ValueError:
        return damage(rng, content)
    text = json.dumps(damage_json(rng, value), ensure_ascii=rng.random() < 0.5)
    if drawn < 0.2:
        text = _nested(rng, text)
    return text.encode("utf-8", "surrogatepass" if drawn < 0.25 else "backslashreplace")


def damage_json_lines(rng: Random, content: bytes) -> bytes:
    """Return lines of JSON, one of them damaged, doubled, removed or moved."""
    lines = content.splitlines(keepends=True)
    if not lines or rng.random() < 0.1:
        return damage(rng, content)
    at = rng.randrange(len(lines))
    drawn = rng.random()
    if drawn < 0.7:
        lines[at] = damage_json_text(rng, lines[at]) + b"\n"
    elif drawn < 0.8:
        lines.insert(at, lines[at])
    elif drawn < 0.9:
        del lines[at]
    else:
        rng.shuffle(lines)
    return b"".join(lines)


def damage_words(rng: Random, text: str, words: Sequence[str], marks: str) -> str:
    """Return a line of words, some of them removed, doubled, exchanged, or with damaged characters."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        parts = text.split(" ")
        at = rng.randrange(len(parts))
        drawn = rng.randrange(7)
        if drawn == 0:
            del parts[at]
        elif drawn == 1:
            parts.insert(at, parts[rng.randrange(len(parts))])
        elif drawn == 2:
            parts[at] = rng.choice(words)
        elif drawn == 3:
            parts[at] = str(rng.choice(_BAD_VALUES))
        elif drawn == 4:
            parts.insert(at, str(rng.choice(_WHOLE)))
        elif drawn == 5:
            at = rng.randrange(len(text) + 1)
            text = text[:at] + rng.choice(marks) + text[at:]
            continue
        else:
            at = rng.randrange(len(text) + 1)
            text = text[:at] + chr(rng.choice((0, 9, 10, 0x1B, 0x85, 0xB2, 0x661, 0x2028, 0xD800, 0x1F600))) + text[at:]
            continue
        text = " ".join(parts)
    return text


def _places(value: Any) -> Any:
    """Go through all nodes below a value, each as what holds it and its key there."""
    waiting = [value]
    while waiting:
        holder = waiting.pop()
        keys: Any = range(len(holder)) if isinstance(holder, list) else holder if isinstance(holder, dict) else ()
        for key in keys:
            yield holder, key
            waiting.append(holder[key])


def _nested(rng: Random, text: str) -> str:
    depth = rng.choice((50, _DEEP, 100_000))
    opened, closed = rng.choice((("[", "]"), ('{"a":', "}")))
    deep = opened * depth + "1" + closed * depth
    at = text.find(":")
    return deep if at < 0 or rng.random() < 0.3 else f"{text[: at + 1]}{deep},{text[1:]}"


def _set_node(rng: Random, holder: Any, key: Any, places: Any) -> None:
    holder[key] = copy.deepcopy(rng.choice(_BAD_VALUES))


def _delete_node(rng: Random, holder: Any, key: Any, places: Any) -> None:
    del holder[key]


def _double_node(rng: Random, holder: Any, key: Any, places: Any) -> None:
    if isinstance(holder, list):
        holder[key:key] = [copy.deepcopy(holder[key])] * rng.choice((1, 2, 50))
    else:
        holder[f"{key}_"] = copy.deepcopy(holder[key])


def _move_node(rng: Random, holder: Any, key: Any, places: Any) -> None:
    other, its = rng.choice(places)
    holder[key] = copy.deepcopy(other[its])


def _wrap_node(rng: Random, holder: Any, key: Any, places: Any) -> None:
    holder[key] = rng.choice((lambda v: [v], lambda v: {"a": v}, lambda v: str(v), lambda v: [v, v]))(holder[key])


def _nudge_node(rng: Random, holder: Any, key: Any, places: Any) -> None:
    value = holder[key]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        as_float = float(value) if abs(value) < _FLOATS_END else value
        holder[key] = rng.choice((value + 1, value - 1, -value, value * 2, value * 1000, as_float, str(value)))
    else:
        _set_node(rng, holder, key, places)


_NODE_DAMAGES = (_set_node, _set_node, _delete_node, _double_node, _move_node, _wrap_node, _nudge_node, _nudge_node)


def _flip(rng: Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8)) if changed else 0):
        changed[_at(rng, changed)] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _set_byte(rng: Random, content: bytes) -> bytes:
    changed = bytearray(content)
    if changed:
        changed[_at(rng, changed)] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
    return bytes(changed)


def _set_integer(rng: Random, content: bytes) -> bytes:
    kind = rng.choice(("<H", ">H", "<I", ">I", "<Q", ">Q"))
    size = struct.calcsize(kind)
    if len(content) < size:
        return content
    at = rng.randrange(min(len(content) - size + 1, rng.choice((32, 512, len(content)))))
    value = rng.choice(_WHOLE) % (1 << 8 * size)
    return content[:at] + struct.pack(kind, value) + content[at + size :]


def _truncate(rng: Random, content: bytes) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def _extend(rng: Random, content: bytes) -> bytes:
    return content + rng.randbytes(rng.choice((1, 8, 1000)))


def _cut(rng: Random, content: bytes) -> bytes:
    start = rng.randrange(len(content) + 1)
    return content[:start] + content[start + rng.choice((1, 4, 64)) :]


def _repeat(rng: Random, content: bytes) -> bytes:
    start = rng.randrange(len(content) + 1)
    end = start + rng.choice((1, 4, 64))
    return content[:end] + content[start:end] * rng.choice((1, 3)) + content[end:]


def _blank(rng: Random, content: bytes) -> bytes:
    start = rng.randrange(len(content) + 1)
    size = min(rng.choice((1, 16, 512)), len(content) - start)
    return content[:start] + bytes([rng.choice((0, 255, 32))]) * size + content[start + size :]


def _splice(rng: Random, content: bytes, other: bytes) -> bytes:
    return content[: rng.randrange(len(content) + 1)] + other[rng.randrange(len(other) + 1) :]


def _at(rng: Random, content: bytearray) -> int:
    """Draw a position, often near the beginning: that is where headers are."""
    return rng.randrange(min(len(content), rng.choice((32, 256, len(content)))))


_DAMAGES = (_flip, _flip, _set_byte, _set_integer, _set_integer, _truncate, _extend, _cut, _repeat, _blank)
