"""The cache of a folder's images: it spares decoding, is renewed after a change, and survives damage and kills."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from convoscope.datasets import FolderDataset
from convoscope.datasets.folder import decoding
from convoscope.datasets.folder.survey import Form
from convoscope.errors import ConvoscopeWarning, StorageError

Load = Callable[..., FolderDataset]


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were decoded for the cache, as they are."""
    names: list[str] = []
    really = decoding.decode

    def counted(path: Path, form: Form) -> Any:
        names.append(path.name)
        return really(path, form)

    monkeypatch.setattr(decoding, "decode", counted)
    return names


def test_the_second_start_decodes_nothing(load: Load, images: Path, decoded: list[str]) -> None:
    (images / "cat" / "broken.png").write_bytes(b"x")
    first = load(images)
    assert len(decoded) == 21
    second = load(images)
    assert len(decoded) == 21
    assert np.array_equal(first.x_train, second.x_train)
    assert first.train_files == second.train_files
    assert first.report == second.report
    assert first.preprocessing == second.preprocessing


def test_a_change_renews_the_cache_and_leaves_one(tmp_path: Path, load: Load, images: Path, decoded: list[str]) -> None:
    load(images)
    changed = images / "cat" / "3.png"
    Image.new("L", (24, 24), 7).save(changed)
    data = load(images, validation_split=0.1)
    assert len(decoded) == 40
    everything = zip([*data.train_files, *data.val_files, *data.test_files], _all(data), strict=True)
    assert (dict(everything)["cat/3.png"] == 7).all()
    os.utime(changed, ns=(0, 0))
    load(images)
    assert len(decoded) == 60, "a time of its own is a change"
    (images / "dog" / "0.png").unlink()
    load(images)
    assert len(decoded) == 79
    load(images, seed=1)
    assert len(decoded) == 98, "another split has a cache of its own"
    assert len(list((tmp_path / "cache").rglob("images.npy"))) == 2
    assert not list((tmp_path / "cache").rglob("*.lock"))


def _all(data: FolderDataset) -> list[Any]:
    return [*data.x_train, *data.x_val, *data.x_test]


def _zeros_at_the_end(content: bytes) -> bytes:
    return content[:-100] + bytes(100)


def _another_label(content: bytes) -> bytes:
    return content.replace(b'"labels": [0', b'"labels": [7', 1)


DAMAGE_TO_CACHE: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "pixels cut off": ("images.npy", lambda content: content[:200]),
    "no pixels": ("images.npy", lambda content: b""),
    "pixels of nothing": ("images.npy", _zeros_at_the_end),
    "one bit": ("images.npy", lambda content: content[:300] + bytes([content[300] ^ 1]) + content[301:]),
    "another shape": ("images.npy", lambda content: content.replace(b"24, 24, 1)", b"12, 48, 1)", 1)),
    "another type": ("images.npy", lambda content: content.replace(b"|u1", b"|i1", 1)),
    "too many pixels": ("images.npy", lambda content: content + b"x"),
    "index cut off": ("index.json", lambda content: content[:200]),
    "an index of nothing": ("index.json", lambda content: b""),
    "an index without anything": ("index.json", lambda content: b"{}"),
    "a list": ("index.json", lambda content: b"[]"),
    "a number": ("index.json", lambda content: b"1"),
    "no text": ("index.json", lambda content: b"\xff\xfe\x00"),
    "nested": ("index.json", lambda content: b"[" * 100_000),
    "another label": ("index.json", _another_label),
    "what earlier versions wrote": ("index.json", lambda content: json.dumps(json.loads(content)["index"]).encode()),
}


@pytest.mark.parametrize(("file", "damage"), DAMAGE_TO_CACHE.values(), ids=DAMAGE_TO_CACHE)
def test_a_damaged_cache_is_made_anew_and_that_is_said(
    tmp_path: Path, load: Load, images: Path, decoded: list[str], file: str, damage: Callable[[bytes], bytes]
) -> None:
    first = load(images)
    pixels = np.array(first.x_train)
    (damaged,) = (tmp_path / "cache").rglob(file)
    content = damaged.read_bytes()
    found = damaged.stat()
    damaged.unlink()  # the first one is mapped
    damaged.write_bytes(damage(content))
    assert damaged.read_bytes() != content
    os.utime(damaged, ns=(found.st_atime_ns, found.st_mtime_ns))
    with pytest.warns(ConvoscopeWarning, match="are damaged. They are decoded again") as said:
        again = load(images)
    assert len(said) == 1
    assert np.array_equal(again.x_train, pixels)
    assert again.digest() == first.digest()
    assert len(decoded) == 40
    load(images)
    assert len(decoded) == 40


@pytest.mark.parametrize("kind", ["file", "pipe", "link"])
def test_something_else_in_the_caches_place_makes_way(tmp_path: Path, load: Load, images: Path, kind: str) -> None:
    first = load(images)
    (index,) = (tmp_path / "cache").rglob("index.json")
    place = index.parent
    if kind == "pipe":
        if not hasattr(os, "mkfifo"):
            pytest.skip("no named pipes")
        index.unlink()
        os.mkfifo(index)
    else:
        shutil.rmtree(place)
        place.touch() if kind == "file" else place.symlink_to(tmp_path / "nowhere")
    with pytest.warns(ConvoscopeWarning, match="are damaged"):
        assert np.array_equal(load(images).x_val, first.x_val)


def test_an_image_replaced_with_its_size_and_time_kept_is_read_again(load: Load, images: Path) -> None:
    def write(path: Path, value: int) -> None:
        Image.fromarray(np.full((24, 24), value, np.uint8)).save(path, compress_level=0)

    changed = images / "cat" / "3.png"
    write(changed, 7)
    before = changed.stat()
    first = load(images)
    write(images.parent / "new.png", 9)
    os.replace(images.parent / "new.png", changed)
    os.utime(changed, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (changed.stat().st_size, changed.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    second = load(images)
    names = [*second.train_files, *second.val_files, *second.test_files]
    assert (_all(second)[names.index("cat/3.png")] == 9).all()
    assert first.digest() == second.digest(), "the same files in the same parts: a run can go on"


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_killed_halfway_it_leaves_no_half_cache(tmp_path: Path, load: Load, images: Path, decoded: list[str]) -> None:
    script = f"""
from convoscope.datasets import from_folder
def wait(done, total, what):
    if done == 7:
        print("halfway", flush=True)
        time.sleep(60)
from_folder({str(images)!r}, cache_dir={str(tmp_path / "cache")!r}, progress=wait)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"halfway\n"
        process.send_signal(signal.SIGKILL)
    assert not list((tmp_path / "cache").rglob("index.json"))
    data = load(images)
    assert (len(decoded), data.report.images) == (20, 20)
    assert sorted(path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()) == [
        "images.npy",
        "index.json",
    ]


def test_interrupted_it_leaves_nothing(tmp_path: Path, load: Load, images: Path) -> None:
    def interrupt(done: int, total: int | None, what: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(images, progress=interrupt)
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_a_full_disk_is_said(tmp_path: Path, load: Load, images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(
        StorageError,
        match=r"No space left on device. Free some space or choose another location: --data-dir names another folder",
    ):
        load(images)
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
