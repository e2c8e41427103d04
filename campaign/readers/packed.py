"""Pickled batches, PyTorch's checkpoints, files of arrays, and archives."""

from __future__ import annotations

import io
import pickle
import tarfile
import zipfile
from pathlib import Path
from random import Random

import numpy as np

from campaign.containers import damage_gzip
from campaign.mutation import damage
from convoscope.datasets import cifar10, mnist
from convoscope.datasets.npz import NAMES
from convoscope.datasets.pickled import read_pickled
from convoscope.interchange.pytorch import read_checkpoint
from convoscope.utils.archives import unpack


class PickleTrial:
    """A pickled dictionary."""

    def __init__(self, folder: Path) -> None:
        batch = {
            "data": np.arange(60, dtype=np.uint8).reshape(5, 12),
            "labels": [1, 300, 70_000, -1, None],
            "names": ["a", b"b"],
            "columns": np.asfortranarray(np.ones((2, 3))),
        }
        keyed = {key.encode(): value for key, value in batch.items()}
        self.samples = [pickle.dumps(each, protocol) for each in (batch, keyed) for protocol in (2, 3, 4)]

    def make(self, rng: Random) -> bytes:
        """Damage one of them."""
        return damage(rng, rng.choice(self.samples), self.samples)

    def read(self, content: bytes, folder: Path) -> None:
        """Read it."""
        read_pickled(content, "the batch")


#: A tensor of 2×3 numbers: the name of the kind, and the storage's key.
_TENSOR = (
    b"ctorch._utils\n_rebuild_tensor_v2\n((U\x07storagectorch\n%s\nU\x01%sU\x03cpuK\x06tQ"
    b"K\x00K\x02K\x03\x86K\x03K\x01\x86\x89}tR"
)


class CheckpointTrial:
    """A checkpoint of PyTorch, in its older format and in its newer one."""

    def __init__(self, folder: Path) -> None:
        pairs = b"U\x01a" + _TENSOR % (b"FloatStorage", b"0") + b"U\x01b" + _TENSOR % (b"BFloat16Storage", b"1")
        state = b"ccollections\nOrderedDict\n)Rq\x00(" + pairs + b"u}U\x09_metadata}sb"
        code = b"\x80\x02}(U\x05epochK\x03U\x0astate_dict" + state + b"u."
        head = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})
        older = b"".join(pickle.dumps(each, 2) for each in head) + code + pickle.dumps(["0", "1"], 2)
        length = (6).to_bytes(8, "little")
        kept = io.BytesIO()
        with zipfile.ZipFile(kept, "w") as archive:
            for name, content in {
                "data.pkl": code,
                "byteorder": b"little",
                "data/0": bytes(24),
                "data/1": bytes(12),
            }.items():
                archive.writestr(f"archive/{name}", content)
        self.samples = [older + length + bytes(24) + length + bytes(12), kept.getvalue()]

    def make(self, rng: Random) -> bytes:
        """Damage one of them."""
        return damage(rng, rng.choice(self.samples), self.samples)

    def read(self, content: bytes, folder: Path) -> None:
        """Read it."""
        path = folder / "weights.pth"
        path.write_bytes(content)
        read_checkpoint(path)


class BatchesTrial:
    """CIFAR-10 in its archive."""

    def __init__(self, folder: Path) -> None:
        files = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
        batch = {b"data": np.zeros((2, 3072), np.uint8), b"labels": [0, 9]}
        self.samples = [
            _tar({f"cifar-10-batches-py/{name}": pickle.dumps(batch, 2) for name in files}),
            _tar({f"cifar-10-batches-bin/{name}.bin": bytes(2 * 3073) for name in files}),
        ]

    def make(self, rng: Random) -> bytes:
        """Damage one of them."""
        return damage_gzip(rng, rng.choice(self.samples))

    def read(self, content: bytes, folder: Path) -> None:
        """Load it."""
        form = "binary" if b"binary" in content else "python"
        (folder / f"cifar-10-{form}.tar.gz").write_bytes(content)
        try:
            cifar10.load_data(data_dir=folder, download=False)
        finally:
            (folder / f"cifar-10-{form}.tar.gz").unlink()


class ArraysTrial:
    """MNIST as Keras' file."""

    def __init__(self, folder: Path) -> None:
        arrays = (np.zeros((3, 28, 28), np.uint8), np.array([0, 9, 1], np.uint8))
        self.samples = []
        for save in (np.savez, np.savez_compressed):
            kept = io.BytesIO()
            save(kept, **dict(zip(NAMES, arrays * 2, strict=True)))  # type: ignore[arg-type]
            self.samples.append(kept.getvalue())

    def make(self, rng: Random) -> bytes:
        """Damage one of them."""
        return damage(rng, rng.choice(self.samples), self.samples)

    def read(self, content: bytes, folder: Path) -> None:
        """Load it."""
        path = folder / "own.npz"
        path.write_bytes(content)
        mnist.load_data(str(path), data_dir=folder, download=False)


class ArchiveTrial:
    """An archive that is unpacked."""

    def __init__(self, folder: Path) -> None:
        files = {"flowers/daisy/1.jpg": b"one" * 200, "flowers/rose/2.jpg": bytes(3_000), "readme": b""}
        kept = io.BytesIO()
        with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        self.samples = [_tar(files), kept.getvalue()]

    def make(self, rng: Random) -> bytes:
        """Damage one of them."""
        content = rng.choice(self.samples)
        return damage_gzip(rng, content) if content[:2] == b"\x1f\x8b" else damage(rng, content, self.samples)

    def read(self, content: bytes, folder: Path) -> None:
        """Unpack it."""
        path = folder / "archive"
        path.write_bytes(content)
        unpack(path, folder / "unpacked")


def _tar(files: dict[str, bytes]) -> bytes:
    kept = io.BytesIO()
    with tarfile.open(fileobj=kept, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return kept.getvalue()
