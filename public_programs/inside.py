"""Run one program in a process of its own, on small data, and record what its models did.

``python -m public_programs.inside convoscope program.py record.json``. Training is cut short: two epochs of few steps.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import re
import runpy
import shlex
import subprocess
import sys
import traceback
import types
import urllib.request
from collections.abc import Callable
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.response import addinfourl

from public_programs import pretrained, standins

EPOCHS, STEPS, SAMPLES = 2, 2, 128
_SAMPLES = ("x", "y", "sample_weight", "validation_data")
_DATASETS = ("mnist", "fashion_mnist", "cifar10", "cifar100")


def main(framework: str, script: str, record: str) -> int:
    """Run the script; write what happened; return its exit status."""
    events: list[dict[str, Any]] = []
    said: dict[str, Any] = {"events": events}
    _no_network()
    _small_data(framework)
    pretrained.leave_out(framework)
    _short_training(framework, events)
    _other_packages()
    try:
        runpy.run_path(script, init_globals={"shell": shell, "get_ipython": _notebook}, run_name="__main__")
    except SystemExit as stopped:
        if stopped.code not in (None, 0):
            said["error"] = {"type": "SystemExit", "message": str(stopped.code)}
    except BaseException as error:  # whatever a program raises is the result
        said["error"] = _described(error, script)
        traceback.print_exc()
    Path(record).write_text(json.dumps(said, default=str), encoding="utf-8")
    return 1 if "error" in said else 0


def _described(error: BaseException, script: str) -> dict[str, Any]:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == script]
    if isinstance(error, SyntaxError) and error.filename == script:
        lines = [error.lineno]
    return {"type": type(error).__name__, "message": str(error)[:2000], "line": lines[-1] if lines else None}


# ---- data


class _StandIns(urllib.request.BaseHandler):
    """Answers every address with its stand-in."""

    handler_order = 100  # before those that would use the network

    def https_open(self, request: urllib.request.Request) -> addinfourl:
        try:
            data = standins.download(request.full_url)
        except LookupError as error:
            raise URLError(str(error)) from None
        headers = Message()
        headers["Content-Length"] = str(len(data))
        answer = addinfourl(io.BytesIO(data), headers, request.full_url, 200)
        answer.msg = "OK"  # type: ignore[attr-defined] # what openers read of an answer
        return answer

    http_open = https_open


def _no_network() -> None:
    urllib.request.install_opener(urllib.request.build_opener(_StandIns))
    started = subprocess.check_output
    subprocess.check_output = lambda command, *rest, **options: (  # type: ignore[assignment]
        shell(command) if isinstance(command, str) else started(command, *rest, **options)
    )
    os.system = shell  # type: ignore[assignment]
    os.kill = lambda *_: sys.exit()  # how notebooks on a rented machine free its memory at their end


def _small_data(framework: str) -> None:
    """Give every ``load_data`` few samples, wherever the framework keeps it."""
    roots = (
        ["convoscope.datasets"] if framework == "convoscope" else ["keras.datasets", "keras._tf_keras.keras.datasets"]
    )
    for root in roots:
        for name in _DATASETS:
            try:
                module = importlib.import_module(f"{root}.{name}")
            except ModuleNotFoundError:
                continue
            module.__dict__["load_data"] = lambda *_, _name=name, **__: standins.arrays(_name)


def shell(commands: str) -> bytes:
    """Do what a notebook's ``!wget``, ``!unzip`` and ``!tar`` do; leave other commands undone."""
    for command in re.split(r";|&&", commands):
        _do(shlex.split(command))
    return b""


def _do(words: list[str]) -> None:
    program = Path(words[0]).name if words else ""
    addresses = [word for word in words if word.startswith("http")]
    if "|" in words and addresses:  # curl ... | tar xz
        standins.unpack(addresses[0].rsplit("/", 1)[-1], standins.download(addresses[0]), Path.cwd())
    elif program in ("wget", "curl", "gdown") and addresses:
        given = [words[at + 1] for at, word in enumerate(words) if word in ("-O", "-o", "--output-document")]
        target = Path(given[0] if given else addresses[0].rsplit("/", 1)[-1])
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(standins.download(addresses[0]))
    elif program in ("unzip", "tar"):
        files = [word for word in words[1:] if word.endswith((".zip", ".gz", ".tgz", ".tar"))]
        _unpack(Path(files[0]))
    elif program == "mkdir":
        for word in words[1:]:
            if not word.startswith("-"):
                Path(word).expanduser().mkdir(parents=True, exist_ok=True)


def _unpack(path: Path) -> None:
    if path.exists():
        standins.unpack(path.name, path.read_bytes(), Path.cwd())
    elif path.name == "train.zip":  # of the competition "Dogs vs. Cats", which needs an account
        Path("train").mkdir(exist_ok=True)
        for kind in ("cat", "dog"):
            data = standins.photo(len(kind), (60, 50), shade=40 * (kind == "dog"))
            for n in range(2500):
                (Path("train") / f"{kind}.{n}.jpg").write_bytes(data)


# ---- training


def _short_training(framework: str, events: list[dict[str, Any]]) -> None:
    """Cut `fit`, `evaluate` and `predict` short, and record what they were called on and returned."""
    if framework == "convoscope":
        owner = importlib.import_module("convoscope.models.trainer").Trainer
    else:
        owner = importlib.import_module("keras").Model
    depth = [0]  # evaluate within fit is part of fit
    for name in ("fit", "evaluate", "predict"):
        setattr(owner, name, _recorded(name, getattr(owner, name), events, depth))


def _recorded(
    name: str, method: Callable[..., Any], events: list[dict[str, Any]], depth: list[int]
) -> Callable[..., Any]:
    def call(self: Any, *args: Any, **options: Any) -> Any:
        if depth[0]:
            return method(self, *args, **options)
        depth[0] += 1
        try:
            if name == "fit":
                args, options = _fewer(args, _cut(options, *args))
            elif name == "evaluate":
                args, options = _fewer(args, options)
            result = method(self, *args, **_cut_steps(options))
        finally:
            depth[0] -= 1
        events.append({"call": name, "parameters": int(self.count_params()), **_result(name, self, result)})
        return result

    call.__name__ = name
    call.__doc__ = method.__doc__
    return call


def _cut(options: dict[str, Any], *args: Any) -> dict[str, Any]:
    options = _cut_steps(dict(options))
    if len(args) < 4:  # epochs may have come by position
        first = int(options.get("initial_epoch", 0) or 0)
        options["epochs"] = min(int(options.get("epochs", 1)), first + EPOCHS)
    return options


def _fewer(args: tuple[Any, ...], options: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of `fit` or `evaluate` with the first of the samples only, where they are arrays."""
    short = {name: _first(value) if name in _SAMPLES else value for name, value in options.items()}
    return tuple(_first(value) if at < 2 else value for at, value in enumerate(args)), short


def _first(value: Any) -> Any:
    if isinstance(value, (list, tuple)) and any(hasattr(each, "shape") for each in value):
        return type(value)(_first(each) for each in value)
    if isinstance(value, dict):
        return {name: _first(each) for name, each in value.items()}
    if hasattr(value, "take") and hasattr(value, "prefetch"):  # a data set of batches
        return value.take(STEPS)
    return value[:SAMPLES] if type(value).__name__ in ("ndarray", "DataFrame", "Series", "Tensor") else value


def _cut_steps(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options with few steps where steps are named."""
    short = dict(options)
    for name in ("steps_per_epoch", "validation_steps", "steps"):
        if short.get(name) is not None:
            short[name] = max(1, min(int(short[name]), STEPS))
    return short


def _result(name: str, model: Any, result: Any) -> dict[str, Any]:
    if name == "fit":
        return {"history": sorted(result.history), "epochs": len(result.history.get("loss", ()))}
    if name == "evaluate":
        return {"values": len(result) if hasattr(result, "__len__") else 1}
    shapes = [list(getattr(each, "shape", ())) for each in (result if isinstance(result, list) else [result])]
    return {"shapes": shapes}


# ---- packages that programs import and that say nothing of Keras


def _notebook() -> Any:
    return _Nothing()


class _Anything(types.ModuleType):
    """A module in which every name is there and does nothing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing()


class _Nothing:
    def __call__(self, *_: Any, **__: Any) -> Any:
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def __iter__(self) -> Any:
        return iter(())

    def __getitem__(self, _: Any) -> Any:
        return self


def _other_packages() -> None:
    for name in ("google.colab", "google.colab.files", "wandb", "wandb.keras"):
        module = _Anything(name)
        module.__path__ = []
        sys.modules[name] = module
        if "." in name:
            setattr(sys.modules.setdefault(name.split(".")[0], _Anything(name)), name.rsplit(".", 1)[1], module)
    _wandb()


def _wandb() -> None:
    """Weights & Biases: a configuration that holds values, and a callback that does nothing."""
    callbacks = importlib.import_module("convoscope.callbacks" if "convoscope" in sys.modules else "keras.callbacks")

    class WandbCallback(callbacks.Callback):  # type: ignore[name-defined,misc]
        def __init__(self, *_: Any, **__: Any) -> None:
            super().__init__()

    wandb: Any = sys.modules["wandb"]
    wandb.config = types.SimpleNamespace()
    wandb.init = lambda *_, **options: _run(wandb, options)
    sys.modules["wandb.keras"].WandbCallback = WandbCallback  # type: ignore[attr-defined]


def _run(wandb: Any, options: dict[str, Any]) -> Any:
    for name, value in (options.get("config") or {}).items():
        setattr(wandb.config, name, value)
    return types.SimpleNamespace(config=wandb.config, summary={}, dir=".", finish=lambda: None)


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    sys.exit(main(*sys.argv[1:4]))
