"""Hostile requests to the pages' server: it answers or refuses, lives on, and gives back what it took."""

from __future__ import annotations

import base64
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from campaign.mutation import damage, damage_json, damage_json_text
from campaign.outcome import Finding, Options, Outcome, keep
from campaign.readers.questions import explored_site
from campaign.served import MEGABYTE, Served
from campaign.talking import Answer, hold, talk

KIND = "hostile"
_FULL, _SHORT = 6_000, 400
_SLOW_FULL, _SLOW_SHORT = 40, 8
_MOST_GROWN = 150 * MEGABYTE
_AT_ONCE = 8
_RIGHT = frozenset({*range(200, 300), *range(400, 500), 501, 505})  # 501, 505: no such method, or version
_SETTLE = 10.0  # seconds in which connections are to be given back
_QUESTIONS: tuple[tuple[str, dict[str, object]], ...] = (
    ("ask/accuracy", {"silenced": {"1": [0]}, "changes": []}),
    ("ask/accuracy", {"silenced": {}, "changes": [{"position": 1, "weight": "kernel", "index": 3, "value": 0.5}]}),
    ("ask/nearest", {"image": base64.b64encode(bytes(64)).decode()}),
    ("ask/values", {"image": 0, "wanted": [0]}),
    ("ask/epoch", {"epoch": 1}),
    ("ask/error", {"silenced": {}, "changes": []}),
)
_ADDRESSES = (
    "",
    "data/explorer.json",
    "data/model.safetensors",
    "static/explorer/index.html",
    "lab/",
)

Attack = Callable[[Random, Served], bytes]


def run(options: Options) -> Outcome:
    """Attack the explorer's server, in which the lab's page lies too."""
    outcome = Outcome(KIND)
    with tempfile.TemporaryDirectory(prefix="campaign-") as root, Served(explored_site(Path(root))) as served:
        _greet(served, outcome, options, "before anything else")
        before = served.state()
        numbers = options.numbers("request") or range(_SHORT if options.short else _FULL)
        problems = _attack_all(served, numbers, outcome, options)
        outcome.findings += problems
        if not served.alive():
            outcome.find("the server has ended.", options.repeat(KIND, "request"))
            return outcome
        if not options.only:
            slow = _SLOW_SHORT if options.short else _SLOW_FULL
            with hold(served.port, slow, served.head("GET", "")[:-4]):
                _greet(served, outcome, options, f"with {slow} connections that send nothing more")
            outcome.count("slow connections", slow)
        _settled(served, before, outcome, options)
    return outcome


def _greet(served: Served, outcome: Outcome, options: Options, when: str) -> None:
    """Ask for the page as a browser does."""
    answer = talk(served.port, served.head("GET", ""))
    if answer.statuses[:1] != [200]:
        outcome.find(f"the page itself was answered with {answer.told()} {when}.", options.repeat(KIND, "request"))


def _attack_all(served: Served, numbers: Sequence[int], outcome: Outcome, options: Options) -> list[Finding]:
    """Make all requests, some at a time, and return what was wrong, each kind of it once."""
    groups: dict[tuple[str, str], list[tuple[int, _Attacked]]] = {}
    with ThreadPoolExecutor(_AT_ONCE) as executor:
        attacked = executor.map(partial(_attack, served, options.seed), numbers)
        for number, each in zip(numbers, attacked, strict=True):
            outcome.count(each.name)
            if each.problem:
                groups.setdefault((each.name, each.problem), []).append((number, each))
    findings = []
    for (name, problem), group in sorted(groups.items()):
        number, first = group[0]
        kept = keep(f"{KIND}-{options.seed}-{number}", first.sent)
        what = f"a request of the kind '{name}' {problem}: {first.told}. It is kept as {kept}."
        findings.append(Finding(what, options.repeat(KIND, f"request:{number}"), len(group)))
    return findings


@dataclass(frozen=True)
class _Attacked:
    """A request: its kind, its bytes, what was wrong with the answer, if anything, and the answer in words."""

    name: str
    sent: bytes
    problem: str
    told: str


def _attack(served: Served, seed: int, number: int) -> _Attacked:
    rng = Random(f"{seed} request {number}")
    attack = rng.choice(_ATTACKS)
    sent = attack(rng, served)
    name = attack.__name__.strip("_").replace("_", " ")
    try:
        answer = talk(served.port, sent, half_closed=rng.random() < 0.3, cut=rng.random() < 0.05)
    except OSError as error:
        return _Attacked(name, sent, "found no connection", str(error))
    return _Attacked(name, sent, _problem(attack, served, answer), answer.told())


def _problem(attack: Attack, served: Served, answer: Answer) -> str:
    """Say what is wrong with an answer."""
    if not answer.in_time:
        return "was not answered in time"
    wrong = [status for status in answer.statuses if status not in _RIGHT]
    if wrong:
        return f"was answered with {wrong[0]}"
    if attack in _WITHOUT_TOKEN and any(status < 300 for status in answer.statuses):
        return "has no token, but was answered"
    if attack in _SMUGGLING and len(answer.statuses) > 1:
        return f"was taken for {len(answer.statuses)} requests"
    if answer.leaks(served.token):
        return "was refused with the token in the answer"
    return ""


def _settled(served: Served, before: tuple[int, int], outcome: Outcome, options: Options) -> None:
    """Wait until connections are given back, and look at memory."""
    limit = time.monotonic() + _SETTLE
    while served.state()[0] > before[0] and time.monotonic() < limit:
        time.sleep(0.1)
    files, memory = served.state()
    again = f"python -m campaign {KIND}{' --short' if options.short else ''} --seed {options.seed}"
    if files > before[0]:
        outcome.find(f"{files} file descriptors are open, and {before[0]} were before.", again)
    if memory - before[1] > _MOST_GROWN:
        outcome.find(f"memory has grown by {(memory - before[1]) / MEGABYTE:,.0f} MB.", again)
    _greet(served, outcome, options, "at the end")


# ---- attacks: each makes all bytes of one connection


def _wrong_token(rng: Random, served: Served) -> bytes:
    token = rng.choice(("", "x", served.token[:-1], served.token.swapcase(), "%00", "é" * 20, "a" * 5_000, "..", "%"))
    address = rng.choice(_ADDRESSES)
    return f"GET /{token}/{address} HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n\r\n".encode()


def _wrong_host(rng: Random, served: Served) -> bytes:
    host = rng.choice(
        ("evil.example", "127.0.0.1.evil.example", "", "localhost:1:2", "[::1", "h" * 9_000, "127.0.0.1@x")
    )
    return f"GET /{served.token}/ HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


def _odd_address(rng: Random, served: Served) -> bytes:
    odd = (
        *("../../etc/passwd", "static/../../x", "static/%2e%2e/%2e%2e/x", "static/\\..\\x", "static//x.js", "%"),
        *(
            "%ff%fe",
            "%00",
            "static/a%00.js",
            "static/" + "y" * 300 + ".js",
            "static/" + "y/" * 3_000 + "a.js",
            "?" * 99,
        ),
        *("data/epochs/99999999999999999999.safetensors", "data/epochs/-1.safetensors", "data/epochs/1", "[", "//x:y"),
        *("data/epochs/%C2%B2.safetensors", "static/CON.js", "static/nul", "lab/static/../../x", "y" * 70_000),
    )
    return served.head(rng.choice(("GET", "HEAD", "GET")), rng.choice(odd))


def _odd_method(rng: Random, served: Served) -> bytes:
    method = rng.choice(("PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "X" * 300, "\0", "G ET"))
    return served.head(method, rng.choice(_ADDRESSES))


def _damaged_head(rng: Random, served: Served) -> bytes:
    return damage(rng, served.head("GET", rng.choice(_ADDRESSES))) + b"\r\n\r\n"


def _huge_head(rng: Random, served: Served) -> bytes:
    more = rng.choice(
        (
            "X-Long: " + "y" * 200_000,
            "\r\n".join(f"X-{number}: 1" for number in range(3_000)),
            "Cookie: " + "a=b; " * 20_000,
            "X-\u00e9: \u2028",
            " folded: 1",
            "no colon",
            ": no name",
        )
    )
    return served.head("GET", "", more)


def _wrong_length(rng: Random, served: Served) -> bytes:
    length = rng.choice(
        (
            "-1",
            "+5",
            "0x10",
            "1e3",
            "²",
            "",
            "9" * 40,
            "9" * 5_000,
            "5, 5",
            "8000001",
            "4611686018427387904",
            " ",
            "NaN",
        )
    )
    address, question = rng.choice(_QUESTIONS)
    head = served.head("POST", address, f"Content-Type: application/json\r\nContent-Length: {length}")
    return head + json.dumps(question).encode()


def _cut_body(rng: Random, served: Served) -> bytes:
    address, question = rng.choice(_QUESTIONS)
    whole = served.question(address, json.dumps(question).encode())
    return whole[: rng.randrange(len(whole))]


def _smuggled(rng: Random, served: Served) -> bytes:
    """Send what one server may take for one request, and another for two."""
    second = served.head("GET", "data/explorer.json")
    sent = (
        served.head("GET", "", f"Transfer-Encoding: chunked\r\nContent-Length: {len(second)}"),
        served.head("GET", "", "Transfer-Encoding: chunked\r\nContent-Length: 5"),
        served.head("POST", "ask/epoch", "Content-Type: application/json\r\nContent-Length: 0\r\nContent-Length: 9"),
        served.head("POST", "ask/epoch", "Content-Type: application/json\r\nTransfer-Encoding: xchunked"),
        served.head("POST", "ask/epoch", "Content-Type: application/json\r\nTransfer-Encoding : chunked"),
    )
    return rng.choice(sent) + rng.choice((b"0\r\n\r\n", b"", b"5\r\n")) + second


def _body_of_a_get(rng: Random, served: Served) -> bytes:
    """Send a body that looks like a second request: there is only one."""
    second = served.head("GET", "data/explorer.json")
    return served.head("GET", rng.choice(_ADDRESSES), f"Content-Length: {len(second)}") + second


def _bad_json(rng: Random, served: Served) -> bytes:
    address, question = rng.choice(_QUESTIONS)
    return served.question(address, damage_json_text(rng, json.dumps(question).encode()))


def _wrong_types(rng: Random, served: Served) -> bytes:
    address, question = rng.choice(_QUESTIONS)
    return served.question(address, json.dumps(damage_json(rng, question)).encode())


def _deep_json(rng: Random, served: Served) -> bytes:
    depth = rng.choice((500, 5_000, 200_000))
    address, _ = rng.choice(_QUESTIONS)
    return served.question(address, b'{"silenced":' + b"[" * depth + b"]" * depth + b',"changes":[],"image":NaN}')


def _wrong_content_type(rng: Random, served: Served) -> bytes:
    address, question = rng.choice(_QUESTIONS)
    kind = rng.choice(
        ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "\u00e9", "a/b;" * 999)
    )
    return served.question(address, json.dumps(question).encode(), kind)


def _no_http(rng: Random, served: Served) -> bytes:
    tls, http2 = b"\x16\x03\x01\x02\0\x01\0", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    starts = (tls, http2, b"GET\r\n\r\n", b"\r\n" * 500, b"GET / HTTP/9.9\r\n\r\n")
    return rng.choice(starts) + rng.randbytes(rng.choice((0, 10, 3_000)))


_SMUGGLING = (_smuggled, _body_of_a_get)
_WITHOUT_TOKEN = (_wrong_token, _no_http)
_ATTACKS: tuple[Attack, ...] = (
    *(_wrong_token, _wrong_host, _odd_address, _odd_method, _damaged_head, _huge_head, _wrong_length, _cut_body),
    *(
        _smuggled,
        _body_of_a_get,
        _bad_json,
        _bad_json,
        _wrong_types,
        _wrong_types,
        _deep_json,
        _wrong_content_type,
        _no_http,
    ),
)
