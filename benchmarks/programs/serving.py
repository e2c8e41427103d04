"""Requests to a server, as many as it answers: ``python -m benchmarks.programs.serving JOB``, with each peer."""

from __future__ import annotations

import asyncio
import io
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from benchmarks import measurement
from benchmarks.measurement import Job, Sample

CLASSES = ("daisy", "dandelion", "roses", "sunflowers", "tulips")
_PATIENCE = 60.0  # seconds for a server to begin
_WARM_UP = 0.25  # of the time that is measured


def files(job: Job) -> Sample:
    """Write a classifier as Convoscope's file and as ONNX, and photos. The job: folder, photos, every."""
    import numpy as np
    import PIL.Image

    import convoscope as cs
    from convoscope.applications import EfficientNetLite0

    folder = Path(job["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    backbone = EfficientNetLite0(include_top=False, pooling="avg", input_shape=(224, 224, 3))
    inputs = cs.Input((224, 224, 3))
    model = cs.Model(inputs, cs.layers.Dense(len(CLASSES), activation="softmax")(backbone(inputs)))
    model.class_names = list(CLASSES)
    model.preprocessing = cs.Preprocessing(224, fit="crop").as_dict()
    model.save(folder / "model.safetensors")
    model.export(folder / "model.onnx")
    given = sorted(Path(job["photos"]).rglob("*.jpg"))[:: max(1, job["every"])][:64] if job["photos"] else []
    for number in range(64):
        if given:
            content = given[number % len(given)].read_bytes()
        else:  # smooth at several scales, as photos are
            random = np.random.default_rng(number)
            layers = [random.normal(0, 60 / 2**i, (3 * 2**i, 4 * 2**i, 3)) for i in range(7)]
            photo = sum(np.stack([_large(each[..., c]) for c in range(3)], -1) for each in layers) + 128
            file = io.BytesIO()
            PIL.Image.fromarray(np.clip(photo, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=90)
            content = file.getvalue()
        (folder / f"{number}.jpg").write_bytes(content)
    return {}


def _large(values: Any) -> Any:
    import numpy as np
    import PIL.Image

    return np.asarray(PIL.Image.fromarray(values.astype(np.float32)).resize((500, 375), PIL.Image.Resampling.BICUBIC))


def load(job: Job) -> Sample:
    """Ask a server for some seconds. The job: folder, peer, clients, budget, threads."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = Path(job["folder"])
    command, environment = _SERVERS[job["peer"]](folder, port, job["threads"])
    server = subprocess.Popen(
        [sys.executable, "-m", *command],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port, server)
        photos = [(folder / f"{number}.jpg").read_bytes() for number in range(64)]
        requests = [_request(port, photo) for photo in photos]
        outputs = asyncio.run(_asked(port, requests[0]))
        asyncio.run(_load(port, requests, job["clients"], job["budget"] * _WARM_UP))
        began = time.perf_counter()
        times = sorted(asyncio.run(_load(port, requests, job["clients"], job["budget"])))
        seconds = time.perf_counter() - began
    finally:
        server.terminate()
        server.wait()
    return {
        "rate": len(times) / seconds,
        "p50": 1_000 * times[len(times) // 2],
        "p99": 1_000 * times[min(len(times) - 1, int(len(times) * 0.99))],
        "outputs": outputs,
    }


def _convoscope(folder: Path, port: int, threads: int) -> tuple[list[str], dict[str, str]]:
    words = ("--port", str(port), "--threads", str(threads), "--quiet")
    return ["convoscope", "serve", str(folder / "model.safetensors"), *words], {}


def _fastapi(folder: Path, port: int, threads: int) -> tuple[list[str], dict[str, str]]:
    words = ("--port", str(port), "--log-level", "warning", "--no-access-log")
    told = {
        "MODEL_FILE": str(folder / "model.onnx"),
        "MODEL_CLASSES": ",".join(CLASSES),
        "MODEL_THREADS": str(threads),
    }
    return ["uvicorn", "benchmarks.programs.fastapi_service:app", *words], told


_SERVERS = {"convoscope": _convoscope, "fastapi": _fastapi}


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    limit = time.monotonic() + _PATIENCE
    while server.poll() is None and time.monotonic() < limit:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"The server did not begin: {server.poll()}")


def _request(port: int, photo: bytes) -> bytes:
    named = b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="photo.jpg"\r\n'
    body = named + b"Content-Type: image/jpeg\r\n\r\n" + photo + b"\r\n--xyz--\r\n"
    lines = (
        "POST /predict?top=5 HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Content-Type: multipart/form-data; boundary=xyz",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> bytes:
    """Send a request on a connection that stays open, and return the body of the answer."""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        sys.exit(f"The server answered {head[:200]!r}")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
    return await reader.readexactly(length)


async def _asked(port: int, request: bytes) -> list[float]:
    """Return the probabilities of all classes, in their order."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    (found,) = json.loads(await _ask(reader, writer, request))["predictions"]
    writer.close()
    return [each["probability"] for each in sorted(found["classes"], key=lambda each: each["index"])]


async def _load(port: int, requests: list[bytes], clients: int, seconds: float) -> list[float]:
    """Let so many clients ask one request after the other; return how long each took."""
    times: list[float] = []
    end = time.perf_counter() + seconds

    async def asking(first: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        number = first
        while (began := time.perf_counter()) < end:
            await _ask(reader, writer, requests[number % len(requests)])
            times.append(time.perf_counter() - began)
            number += 1
        writer.close()

    await asyncio.gather(*(asking(7 * client) for client in range(clients)))
    return times


if __name__ == "__main__":
    measurement.run_jobs({task.__name__: task for task in (files, load)}, ["numpy", "pillow", "uvicorn"])
