"""Which engine runs: the native one where it is there, else the reference engine, with one warning."""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from dataclasses import replace
from typing import Any

from convoscope.engine.base import Engine
from convoscope.engine.precisions import PRECISIONS, check_precision
from convoscope.engine.threads import get_threads
from convoscope.errors import ConfigurationError, EngineFallbackWarning, unknown_name
from convoscope.processes.world import world

NAMES = ("native", "reference", "torch")
#: Whose statistics batch normalization takes in many processes: the whole batch's, or those of each process's part.
BATCH_NORMS = ("together", "each")
_PRECISIONS_OF_PYTORCH = ("tf32",)  # which no other engine has
_CORE, _PYTORCH = "convoscope._native", "torch"


class _Choice:
    """The engine in use, once it is chosen, and what was asked for."""

    engine: Engine | None = None
    warned = False


def native_problem() -> str | None:
    """Return why the native engine cannot be used, or None if it can."""
    if importlib.util.find_spec(_CORE) is None:
        return "its core was not compiled when Convoscope was installed, which needs a C++17 compiler"
    try:
        core = importlib.import_module(_CORE)
    except ImportError as error:
        return f"its compiled core could not be loaded ({error})"
    core.set_threads(get_threads())
    return None


def torch_problem(*, load: bool = True) -> str | None:
    """Return why the engine of PyTorch cannot be used, or None if it can.

    Loading PyTorch takes seconds; without it, only whether it is installed is looked at.
    """
    if importlib.util.find_spec(_PYTORCH) is None:
        return "PyTorch is not installed; pip install 'convoscope[torch]' adds it"
    if load:
        try:
            importlib.import_module(_PYTORCH)
        except (ImportError, OSError) as error:  # a library of its own that is missing is an OSError
            return f"PyTorch could not be loaded ({error})"
    return None


def available() -> dict[str, str]:
    """Return each engine's name with ``"ok"``, or with why it cannot be used."""
    return {"native": native_problem() or "ok", "reference": "ok", "torch": torch_problem(load=False) or "ok"}


def use(name: str, device: str | None = None, precision: str | None = None, batch_norm: str | None = None) -> Engine:
    """Choose the engine that models compute with from now on.

    Parameters
    ----------
    name : {"auto", "native", "reference", "torch"}
        ``"auto"`` uses the native engine if it is available. ``"torch"`` computes with PyTorch, which supports GPUs.
    device : str, optional
        Where PyTorch computes: ``"cuda"``, ``"cuda:1"``, ``"mps"`` or ``"cpu"``. If left out, on a GPU if there is one.
    precision : str, optional
        For the native engine, ``"float32"``, ``"exact"``, ``"direct"`` or ``"bf16"``: see `set_precision`. For PyTorch,
        ``"float32"``, ``"tf32"`` or ``"bf16"``, the precision of products; weights stay float32. ``"float32"`` if left
        out.
    batch_norm : {"together", "each"}, optional
        With several processes, as torchrun starts them: whether batch normalization uses the mean and variance of the
        whole batch, as one process would, or each process uses those of its own part, which saves time. ``"together"``
        if left out.

    Raises
    ------
    ConfigurationError
        If that engine or device cannot be used here, which the message explains; or if a device or a precision is given
        that the engine does not have.

    Examples
    --------
    >>> use("reference").name
    'reference'
    >>> _ = use("auto")
    """
    if not isinstance(name, str) or name not in ("auto", *NAMES):
        raise unknown_name("engine", name, ["auto", *NAMES])
    if name == "auto" and world().size > 1:
        name = "torch"
    if name == "torch":
        _Choice.engine = _torch(device, precision, batch_norm)
        return _Choice.engine
    if world().size > 1:
        raise ConfigurationError(
            f"{world().size} processes can train together only with the engine 'torch', but the engine is {name!r}. "
            "Use the engine 'torch', or start one process."
        )
    foreign = precision if precision in _PRECISIONS_OF_PYTORCH else None
    for what, given in (("device", device), ("precision", foreign), ("batch_norm", batch_norm)):
        if given is not None:
            raise ConfigurationError(
                f"The {what} {given!r} is an option of the engine 'torch', but the engine is {name!r}. Use the engine "
                f"'torch', or leave out the {what}."
            )
    if precision is not None:
        check_precision(precision)
    problem = native_problem() if name != "reference" else None
    if name == "native" and problem:
        raise ConfigurationError(
            f"The native engine cannot be used: {problem}. Install a C++17 compiler and reinstall Convoscope, or use "
            "the engine 'reference'."
        )
    if name != "reference" and problem and not _Choice.warned:
        _Choice.warned = True
        warnings.warn(
            f"The native engine is not available: {problem}. The reference engine is used instead: it gives the same "
            "results but is many times slower. Run 'convoscope doctor' for details.",
            EngineFallbackWarning,
            stacklevel=3,
        )
    chosen = "reference" if name == "reference" or problem else "native"
    if chosen == "reference":
        _check_reference_rounds(precision)
    _Choice.engine = _make(chosen, precision)
    return _Choice.engine


def _check_reference_rounds(precision: str | None) -> None:
    """Raise ConfigurationError if the reference engine would have to compute in bfloat16."""
    if precision == "bf16":
        raise ConfigurationError(
            "The precision 'bf16' needs the engine 'native' or 'torch', but the engine is 'reference', which computes "
            "in float32. Use another engine, or leave out the precision."
        )


def _torch(device: str | None, precision: str | None, batch_norm: str | None) -> Engine:
    if batch_norm not in (None, *BATCH_NORMS):
        raise unknown_name("batch_norm", batch_norm, BATCH_NORMS)
    problem = torch_problem()
    if problem:
        raise ConfigurationError(f"The engine 'torch' cannot be used: {problem}.")
    from convoscope.engine.torch import TorchEngine

    here = world()
    if here.size == 1:
        return TorchEngine(device, precision)
    from convoscope.engine.torch.processes import Together

    kind = TorchEngine(device).device if device in (None, "auto") else device
    device = f"cuda:{here.local_rank}" if str(kind).partition(":")[0] == "cuda" else kind
    return TorchEngine(device, precision, Together(batch_norm != "each"))


def _make(name: str, precision: str | None) -> Engine:
    if name == "native":
        from convoscope.engine.native import NativeEngine

        return NativeEngine(precision or PRECISIONS[0])
    from convoscope.engine.reference import ReferenceEngine

    return ReferenceEngine()


def set_precision(name: str) -> None:
    """Choose how closely the engine in use follows sums of products in float32, in all computations from now on.

    Parameters
    ----------
    name : {"float32", "exact", "direct", "bf16"}
        ``"float32"``, the default, takes the fastest way of computing in float32. ``"exact"`` takes no transform that
        rounds more than Winograd's smallest tile, F(2×2): convolutions are made of such tiles or of sums of products.
        ``"direct"`` computes every convolution as a sum of products, as textbooks write it: it is slower, and serves
        for comparison. ``"bf16"`` rounds the factors of products to bfloat16, 8 significant bits, and adds the products
        up in float32; layers with many filters are faster so on processors with AMX. The PyTorch engine has
        ``"float32"``, ``"tf32"`` and ``"bf16"``.

    Raises
    ------
    UnknownNameError
        The engine in use has no precision of that name.
    ConfigurationError
        ``"bf16"`` is asked of the reference engine.

    Notes
    -----
    With ``"float32"``, the native engine computes maps of 7×7 values or more, and the gradients of their kernels, in
    tiles of F(4×4) where that is faster. They round more than F(2×2), about as much as sums of products that are added
    in order. The reference engine always sums products. How much each rounds is measured in ``docs/benchmarks.md``.

    With ``"bf16"``, the native engine rounds in convolutions and dense layers whose sums have at least 32 terms and
    which have at least 16 filters or units, forward and backward. All else is computed in float32: other layers,
    activations, the loss, the weights and their updates. Which instructions multiply is told by
    ``convoscope doctor``; where the processor has none for bfloat16, the same numbers are computed in software, which
    takes longer than ``"float32"``.

    See Also
    --------
    use : chooses the engine, with the precision that it is told.

    Examples
    --------
    >>> set_precision("exact")
    >>> set_precision("float32")
    """
    engine: Any = current()
    if engine.name == "reference":
        check_precision(name)
        _check_reference_rounds(name)
        return
    _Choice.engine = replace(engine, precision=name)


def told_of(engine: Engine) -> dict[str, str]:
    """Return what `use` was told of an engine beside its name, nothing left open."""
    return {what: getattr(engine, what) for what in ("device", "precision") if hasattr(engine, what)}


def current() -> Engine:
    """Return the engine in use, choosing one at the first call."""
    return _Choice.engine if _Choice.engine is not None else use("auto")
