"""A server of models under fire: good requests among bad ones get their answers, and its end loses nothing."""

from __future__ import annotations

import base64
import io
import json
import os
import signal
import struct
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
import PIL.Image

import convoscope as cs
from campaign.mutation import damage, damage_json, damage_json_text
from campaign.outcome import Finding, Options, Outcome, keep
from campaign.served import MEGABYTE, Forked
from campaign.talking import hold, talk
from convoscope.cli.serve import run_until_told
from convoscope.serving import Client, Limits, Server, ServingError
from convoscope.web.listener import SLOW

KIND = "serving"
_FULL, _SHORT = 10_000, 600
_ENDS_FULL, _ENDS_SHORT = 20, 2
_SLOW = 60  # of the 64 connections that there may be
_AT_ONCE = 8
_LIMIT = 400_000  # bytes of a request
_MOST_GROWN = 60 * MEGABYTE
_SETTLE = 10.0  # seconds in which connections are to be given back
_RIGHT = frozenset({200, 400, 401, 403, 404, 405, 408, 413, 414, 415, 422, 431, 501, 505})
_TOKEN = "a-token-of-the-campaign"

Attack = Callable[[Random, "_Target"], bytes]


@dataclass(frozen=True)
class _Target:
    """What is asked, with photos of which it is known what the model says."""

    address: str
    port: int
    photos: Sequence[bytes]
    expected: Sequence[list[dict[str, object]]]

    def head(self, more: str, method: str = "POST", address: str = "/predict") -> bytes:
        """Write a request's head, after which the connection is closed."""
        lines = [f"{method} {address} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", f"Authorization: Bearer {_TOKEN}"]
        return "\r\n".join([*lines, "Connection: close", *filter(None, [more]), "", ""]).encode("utf-8", "replace")

    def whole(self, body: bytes, kind: str) -> bytes:
        """Write a whole request."""
        return self.head(f"Content-Type: {kind}\r\nContent-Length: {len(body)}") + body


def run(options: Options) -> Outcome:
    """Ask well and badly, all at once; then end the server while it is asked."""
    outcome = Outcome(KIND)
    with tempfile.TemporaryDirectory(prefix="campaign-") as root:
        path = _model(Path(root))
        if options.wanted("request"):
            with _Forked(path, Path(root, "log.jsonl")) as served:
                _fire(served, path, outcome, options)
        numbers = options.numbers("end") or range(_ENDS_SHORT if options.short else _ENDS_FULL)
        for number in numbers if options.wanted("end") else ():
            outcome.count("ended by SIGTERM while it is asked")
            log = Path(root, f"log-{number}.jsonl")
            with _Forked(path, log) as served:
                problem = _ended(served, log, Random(f"{options.seed} end {number}"))
            if problem:
                outcome.find(f"ended while it was asked, {problem}", options.repeat(KIND, f"end:{number}"))
    return outcome


class _Forked(Forked):
    """A server of one model, which writes its log into a file."""

    def __init__(self, path: Path, log: Path) -> None:
        super().__init__(partial(_serve, path, log))

    def __enter__(self) -> _Forked:
        return self


def _serve(path: Path, log: Path, write: int) -> int:
    limits = Limits(max_bytes=_LIMIT, max_files=8, connections=64)
    with open(log, "w", encoding="utf-8") as lines:
        server = Server({"model": path}, port=0, token=_TOKEN, limits=limits, log=lines)
        os.write(write, f"{server.address}\n".encode())
        os.close(write)
        run_until_told(server, 30.0)
    return 0


def _model(root: Path) -> Path:
    layers = [cs.layers.Rescaling(1 / 255, input_shape=(32, 32, 3)), cs.layers.Conv2D(8, 3, activation="relu")]
    model = cs.Sequential([*layers, cs.layers.Flatten(), cs.layers.Dense(4, activation="softmax")], seed=1)
    model.save(root / "model.safetensors")
    return root / "model.safetensors"


def _photos() -> list[bytes]:
    found = []
    for seed in range(12):
        pixels = np.random.default_rng(seed).integers(0, 256, (60 + 5 * seed, 90, 3), np.uint8)
        file = io.BytesIO()
        PIL.Image.fromarray(pixels).save(file, "JPEG" if seed % 2 else "PNG")
        found.append(file.getvalue())
    return found


# ---- good requests among bad ones


def _fire(served: _Forked, path: Path, outcome: Outcome, options: Options) -> None:
    photos = _photos()
    expected = [each.told()["classes"] for each in cs.load_model(path).predict_images(photos)]
    target = _Target(served.address, served.port, photos, expected)
    numbers = options.numbers("request") or range(_SHORT if options.short else _FULL)
    first = max(1, len(numbers) // 5)
    outcome.findings += _ask_all(target, numbers[:first], outcome, options)
    before = served.state()  # by now it has all that it needs
    with hold(served.port, _SLOW, target.head("Content-Type: image/png\r\nContent-Length: 100000") + bytes(10)):
        time.sleep(SLOW + 1)  # from now on they give way
        outcome.findings += _ask_all(target, numbers[first:], outcome, options)
    outcome.count("slow senders", _SLOW)
    again = options.repeat(KIND, "request")
    if not served.alive():
        outcome.find("the server has ended.", again)
        return
    limit = time.monotonic() + _SETTLE
    while served.state()[0] > before[0] + 4 and time.monotonic() < limit:
        time.sleep(0.1)
    files, memory = served.state()
    if files > before[0] + 4:
        outcome.find(f"{files} file descriptors are open, and {before[0]} were before.", again)
    if memory - before[1] > _MOST_GROWN:
        outcome.find(f"memory has grown by {(memory - before[1]) / MEGABYTE:,.0f} MB.", again)
    with Client(served.address, _TOKEN) as client:
        if [each["classes"] for each in client.predict(photos[:4])] != expected[:4]:
            outcome.find("at the end, answers are wrong.", again)


def _ask_all(target: _Target, numbers: Sequence[int], outcome: Outcome, options: Options) -> list[Finding]:
    groups: dict[tuple[str, str], list[tuple[int, bytes]]] = {}
    with ThreadPoolExecutor(_AT_ONCE) as executor:
        for number, (name, problem, sent) in zip(
            numbers, executor.map(partial(_ask, target, options.seed), numbers), strict=True
        ):
            outcome.count(name)
            if problem:
                groups.setdefault((name, problem), []).append((number, sent))
    findings = []
    for (name, problem), group in sorted(groups.items()):
        number, sent = group[0]
        kept = keep(f"{KIND}-{options.seed}-{number}", sent)
        what = f"a request of the kind '{name}' {problem}. It is kept as {kept}."
        findings.append(Finding(what, options.repeat(KIND, f"request:{number}"), len(group)))
    return findings


def _ask(target: _Target, seed: int, number: int) -> tuple[str, str, bytes]:
    """Send the request of a number: its kind, what is wrong with the answer, and its bytes."""
    rng = Random(f"{seed} request {number}")
    if rng.random() < 0.5:
        return _ask_well(target, rng)
    attack = rng.choice(_ATTACKS)
    name, sent = attack.__name__.strip("_").replace("_", " "), attack(rng, target)
    answer = talk(target.port, sent, half_closed=rng.random() < 0.2, cut=rng.random() < 0.1)
    wrong = [status for status in answer.statuses if status not in _RIGHT]
    if wrong:
        return name, f"was answered with {wrong[0]}", sent
    if b"Traceback" in answer.content or b"site-packages" in answer.content or _TOKEN.encode() in answer.content:
        return name, "was told more than it should be", sent
    if attack in _WITHOUT_TOKEN and 200 in answer.statuses:
        return name, "has no token, but was answered", sent
    return name, "" if answer.in_time else "was not answered in time", sent


def _ask_well(target: _Target, rng: Random) -> tuple[str, str, bytes]:
    chosen = [rng.randrange(len(target.photos)) for _ in range(rng.choice((1, 1, 1, 2, 5)))]
    try:
        with Client(target.address, _TOKEN, retries=8) as client:
            found = client.predict([target.photos[index] for index in chosen], top=4)
    except ServingError as error:
        return "good", f"was lost ({str(error).replace(target.address, 'it')})", b""
    right = [each.get("classes") for each in found] == [target.expected[index] for index in chosen]
    return "good", "" if right else "has a wrong answer", b""


def _oversized(rng: Random, target: _Target) -> bytes:
    if rng.random() < 0.5:
        return target.whole(bytes(_LIMIT + 1), "image/png")
    piece = b"8000\r\n" + bytes(0x8000) + b"\r\n"
    return target.head("Content-Type: image/png\r\nTransfer-Encoding: chunked") + 14 * piece + b"0\r\n\r\n"


def _cut_short(rng: Random, target: _Target) -> bytes:
    whole = target.whole(rng.choice(target.photos), "image/png")
    return whole[: rng.randrange(len(whole))]


def _truncated_image(rng: Random, target: _Target) -> bytes:
    content = rng.choice(target.photos)
    return target.whole(content[: rng.randrange(1, len(content))], "image/jpeg")


def _damaged_image(rng: Random, target: _Target) -> bytes:
    return target.whole(damage(rng, rng.choice(target.photos)), "application/octet-stream")


def _hundred_megapixels(rng: Random, target: _Target) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))

    side = rng.choice((10_000, 12_000, 65_000))
    parts = (b"IHDR", struct.pack(">LLBBBBB", side, side, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(bytes(1 << 20)))
    return target.whole(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in (*parts, (b"IEND", b""))), "image/png")


def _wrong_type(rng: Random, target: _Target) -> bytes:
    kinds = ("text/plain", "", "multipart/form-data", "multipart/form-data; boundary=", "é", "a/b;" * 999, "image")
    return target.whole(rng.choice(target.photos), rng.choice(kinds))


def _form(rng: Random, target: _Target) -> bytes:
    head = b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    return b"".join(head + rng.choice(target.photos) + b"\r\n" for _ in range(rng.randrange(1, 4))) + b"--xyz--\r\n"


def _wrong_boundary(rng: Random, target: _Target) -> bytes:
    boundary = rng.choice(("zyx", "xy", "xyzz", '"xyz', "-" * 71, "\\", "x y z", "xyz; boundary=a"))
    return target.whole(_form(rng, target), f"multipart/form-data; boundary={boundary}")


def _damaged_form(rng: Random, target: _Target) -> bytes:
    return target.whole(damage(rng, _form(rng, target)), "multipart/form-data; boundary=xyz")


def _many_parts(rng: Random, target: _Target) -> bytes:
    return target.whole(b"--x\r\n\r\n\r\n" * 40_000 + b"--x--", "multipart/form-data; boundary=x")


def _json(rng: Random, target: _Target) -> dict[str, object]:
    text = [base64.b64encode(rng.choice(target.photos)).decode() for _ in range(3)]
    return {"images": [text[0], {"name": "a", "data": text[1]}, text[2]]}


def _damaged_json(rng: Random, target: _Target) -> bytes:
    return target.whole(damage_json_text(rng, json.dumps(_json(rng, target)).encode()), "application/json")


def _wrong_json(rng: Random, target: _Target) -> bytes:
    return target.whole(json.dumps(damage_json(rng, _json(rng, target))).encode(), "application/json")


def _deep_json(rng: Random, target: _Target) -> bytes:
    depth = rng.choice((500, 100_000))
    return target.whole(b'{"images":' + b"[" * depth + b"]" * depth + b"}", "application/json")


def _many_headers(rng: Random, target: _Target) -> bytes:
    return target.head("\r\n".join(f"X-{number}: 1" for number in range(rng.choice((99, 3_000, 100_000)))))


def _damaged_head(rng: Random, target: _Target) -> bytes:
    return damage(rng, target.head("Content-Length: 0")) + b"\r\n\r\n"


def _wrong_token(rng: Random, target: _Target) -> bytes:
    given = rng.choice((_TOKEN[:-1], "", "é", "a" * 5_000, f"{_TOKEN}x"))
    return target.whole(rng.choice(target.photos), "image/png").replace(_TOKEN.encode(), given.encode())


def _odd_address(rng: Random, target: _Target) -> bytes:
    odd = (
        "/predict?top=0",
        "/predict?top=" + "9" * 5_000,
        "/predict/../x",
        "/predict/%00",
        "/static/../../x",
        "//",
        "/%ff",
    )
    return target.head("Content-Length: 0", rng.choice(("GET", "POST", "PUT", "get", "X" * 300)), rng.choice(odd))


def _two_lengths(rng: Random, target: _Target) -> bytes:
    return target.head("Content-Length: 5\r\nTransfer-Encoding: chunked\r\nContent-Type: image/png") + b"0\r\n\r\n"


_WITHOUT_TOKEN = (_wrong_token,)
_ATTACKS: tuple[Attack, ...] = (
    *(_oversized, _cut_short, _truncated_image, _damaged_image, _hundred_megapixels, _wrong_type),
    *(_wrong_boundary, _damaged_form, _damaged_form, _many_parts),
    *(_damaged_json, _wrong_json, _deep_json),
    *(_many_headers, _damaged_head, _wrong_token, _odd_address, _two_lengths),
)


# ---- an end while it is asked


def _ended(served: _Forked, log: Path, rng: Random) -> str:
    """Send SIGTERM at a random moment while six clients ask; say what is wrong with what came of it."""
    photos, answered, wrong = _photos(), [0] * 6, []

    def asking(number: int) -> None:
        with Client(served.address, _TOKEN, retries=0) as client:
            while True:
                try:
                    found = client.predict(photos[number % len(photos)])
                except ServingError:
                    return
                answered[number] += 1
                if "classes" not in found:
                    wrong.append(found)

    threads = [threading.Thread(target=asking, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    time.sleep(0.1 + rng.random())
    os.kill(served.pid, signal.SIGTERM)
    for thread in threads:
        thread.join()
    _, status = os.waitpid(served.pid, 0)
    if os.waitstatus_to_exitcode(status):
        return f"it ended with {os.waitstatus_to_exitcode(status)}"
    if wrong:
        return f"an answer was {wrong[0]}"
    events = [json.loads(line)["event"] for line in log.read_text("utf-8").splitlines()]
    accepted = events.count("request")
    return "" if accepted == sum(answered) else f"{accepted} requests were accepted and {sum(answered)} answered"
