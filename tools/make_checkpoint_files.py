"""Write small files with PyTorch for the tests of `convoscope.interchange.pytorch`, and their values with NumPy.

Run it where PyTorch is installed: ``python tools/make_checkpoint_files.py``.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import torch

FOLDER = Path(__file__).parents[1] / "tests" / "interchange" / "files"
TYPES = (
    torch.float64,
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
    torch.bool,
    torch.complex64,
)


def tensors() -> dict[str, torch.Tensor]:
    """Return tensors of every type and form that a checkpoint may have."""
    generator = torch.Generator().manual_seed(7)
    drawn = torch.randn(3, 4, generator=generator) * 8
    found = {f"type.{str(kind).removeprefix('torch.')}": drawn.to(kind) for kind in TYPES}
    shared = torch.arange(24.0)
    found |= {
        "view.whole": shared.view(4, 6),
        "view.turned": shared.view(4, 6).t(),
        "view.part": shared.view(2, 3, 4)[1, 1:, ::2],
        "view.number": shared[5],
        "form.number": torch.tensor(3),
        "form.empty": torch.zeros(0, 4),
        "form.parameter": torch.nn.Parameter(drawn[:2]),
    }
    return found


def as_numpy(tensor: torch.Tensor) -> Any:
    """Return a tensor's values; NumPy has no bfloat16."""
    plain = tensor.detach()
    return (plain.float() if plain.dtype == torch.bfloat16 else plain).numpy()


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    given = tensors()
    np.savez_compressed(FOLDER / "values.npz", **{name: as_numpy(tensor) for name, tensor in given.items()})
    torch.save(OrderedDict(given), FOLDER / "older.pth", _use_new_zipfile_serialization=False)
    torch.save(OrderedDict(given), FOLDER / "newer.pth")
    torch.save(given, FOLDER / "protocol4.pth", pickle_protocol=4)
    torch.save({"raw": torch.arange(5).to(torch.uint16)}, FOLDER / "uint16.pth")
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.ones(2, 1, 4, 4)).sum().backward()
    optimizer.step()
    state = torch.nn.DataParallel(network).state_dict()
    np.savez_compressed(FOLDER / "parallel.npz", **{k.removeprefix("module."): v.numpy() for k, v in state.items()})
    checkpoint = {"epoch": 3, "best": 0.5, "state_dict": state, "optimizer": optimizer.state_dict(), "arch": "small"}
    for name, newer in (("parallel_older.pth", False), ("parallel_newer.pth", True)):
        torch.save(checkpoint, FOLDER / name, _use_new_zipfile_serialization=newer)
    torch.save(network, FOLDER / "whole_older.pth", _use_new_zipfile_serialization=False)
    torch.save(network, FOLDER / "whole_newer.pth")
    torch.save([1, 2, 3], FOLDER / "no_tensors.pth")


if __name__ == "__main__":
    main()
