"""Which device computes, in which precision."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache

import torch

from convoscope.engine.threads import get_threads
from convoscope.errors import ConfigurationError, unknown_name

PRECISIONS = ("float32", "tf32", "bf16")
_KINDS = ("auto", "cpu", "cuda", "mps")


def choose(device: str | None) -> str:
    """Return the device that a name stands for: None and "auto" are a GPU where there is one.

    Raises
    ------
    ConfigurationError
        If there is no such device here; the message says why.
    """
    name = device or "auto"
    kind, _, number = name.partition(":")
    if kind not in _KINDS or (":" in name and (kind != "cuda" or not number.isdecimal())):
        raise unknown_name("device", device, ["auto", "cuda", "cuda:1", "mps", "cpu"])
    if name == "auto":
        return "cuda" if cuda_problem() is None else "mps" if mps_problem() is None else "cpu"
    problem = {"cuda": cuda_problem, "mps": mps_problem}.get(kind, lambda: None)()
    if problem is not None:
        raise ConfigurationError(f"The device {name!r} cannot be used: {problem}. The device 'cpu' always works.")
    count = torch.cuda.device_count() if kind == "cuda" else 1
    if number and int(number) >= count:
        known = ", ".join(f"cuda:{index}" for index in range(count))
        raise ConfigurationError(f"There is no device {name!r}: PyTorch finds {count} here ({known}).")
    return name


def cuda_problem() -> str | None:
    """Return why no CUDA device can be used, or None if one can."""
    if not torch.backends.cuda.is_built():
        return (
            f"PyTorch {torch.__version__} was built without CUDA. Install a build with it: pytorch.org/get-started "
            "has the command for your system"
        )
    if torch.cuda.is_available():
        return None
    try:
        torch.cuda.init()
    except Exception as error:  # PyTorch has no kind of error for this: whatever it is, it is the reason
        return f"PyTorch cannot start CUDA: {str(error).splitlines()[0].rstrip('.')}"
    return "PyTorch finds no NVIDIA GPU. Run 'nvidia-smi' to see whether the driver finds one"


def mps_problem() -> str | None:
    """Return why Apple's GPU cannot be used, or None if it can."""
    if not torch.backends.mps.is_built():
        return f"PyTorch {torch.__version__} was built without it; it is for Macs with Apple silicon"
    return None if torch.backends.mps.is_available() else "it needs macOS 14 or later and Apple silicon"


def describe() -> dict[str, str]:
    """Return what 'convoscope doctor' says: PyTorch's version, and each device's name or why it is not used."""
    found = {"version": str(torch.__version__)}
    problem = cuda_problem()
    if problem is not None:
        found["cuda"] = problem
    else:
        for index in range(torch.cuda.device_count()):
            memory = torch.cuda.get_device_properties(index).total_memory / 2**30
            found[f"cuda:{index}"] = f"{torch.cuda.get_device_name(index)}, {memory:.0f} GB"
    found["mps"] = mps_problem() or "Apple's GPU"
    return found


def check_precision(precision: str | None, device: str) -> str:
    """Return the precision that a name stands for; None is float32.

    Raises
    ------
    ConfigurationError
        If the name is unknown, or the device does not support it.
    """
    name = precision or "float32"
    if name not in PRECISIONS:
        raise unknown_name("precision", precision, list(PRECISIONS))
    if name == "tf32" and not device.startswith("cuda"):
        raise ConfigurationError(
            f"The precision 'tf32' needs an NVIDIA GPU; the device is {device!r}. Leave it out, or use 'bf16'."
        )
    return name


@cache
def wake(device: torch.device) -> None:
    """Have PyTorch's thread for gradients meet the GPU, once: it warns of having had nothing to do with it before."""
    if device.type == "cuda":
        with warnings.catch_warnings(), torch.enable_grad():
            warnings.simplefilter("ignore")
            square = torch.ones((2, 2), device=device, requires_grad=True)
            torch.autograd.grad((square @ square).sum(), square)


@contextmanager
def computing(device: torch.device, precision: str) -> Iterator[None]:
    """Compute with these settings, and leave PyTorch's own as they were."""
    kind = device.type
    wake(device)
    if kind == "cpu" and torch.get_num_threads() != get_threads():
        torch.set_num_threads(get_threads())
    before = torch.get_float32_matmul_precision()
    repeats = torch.backends.cudnn.deterministic or torch.are_deterministic_algorithms_enabled()
    flags = torch.backends.cudnn.flags(
        enabled=True, benchmark=not repeats, deterministic=repeats, allow_tf32=precision == "tf32"
    )
    # What is cached in mixed precision would outlive a recorded step.
    mixed = torch.autocast(kind, torch.bfloat16, enabled=precision == "bf16", cache_enabled=False)
    try:
        if kind == "cuda":
            torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
        with flags if kind == "cuda" else nullcontext(), torch.cuda.device(device if kind == "cuda" else -1), mixed:
            yield
    except torch.OutOfMemoryError as error:
        raise ConfigurationError(
            f"The memory of the device {str(device)!r} is too small for this: {str(error).splitlines()[0]} Use a "
            "smaller batch_size or precision='bf16'."
        ) from error
    finally:
        if kind == "cuda":
            torch.set_float32_matmul_precision(before)
