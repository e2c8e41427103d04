"""Weights that are fetched: from a server on this machine, with checksums."""

from __future__ import annotations

import dataclasses
import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.datasets.conftest import Server

from convoscope import applications
from convoscope.applications import backbone
from convoscope.applications.published import PUBLISHED, Downloaded, WithAndWithoutTop, keras_mobilenet_v2
from convoscope.errors import DownloadError, FileFormatError, StorageError

from .test_networks import checkpoint

NAME = "resnet18-0123abcd.pth"


@pytest.fixture
def content(tmp_path: Path) -> bytes:
    return checkpoint("resnet18", tmp_path).read_bytes()


@pytest.fixture
def server(content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("no_proxy", "*")
    server = Server({NAME: content})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def publish(monkeypatch: pytest.MonkeyPatch, server: Server, content: bytes, manner: str = "ok") -> None:
    """Let ResNet18's weights be on the server."""
    digest = hashlib.sha256(content).hexdigest()[:8]
    monkeypatch.setitem(PUBLISHED, "resnet18", Downloaded(f"{server.url}/{manner}/{NAME}", digest))


def test_weights_are_fetched_once(
    server: Server, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(monkeypatch, server, content)
    first = applications.ResNet18(include_top=False, input_shape=(32, 32, 3))
    assert (tmp_path / "keras" / "models" / NAME).read_bytes() == content
    second = applications.ResNet18(include_top=False, input_shape=(32, 32, 3))
    assert len(server.asked) == 1
    np.testing.assert_array_equal(first.get_weights()[0], second.get_weights()[0])
    assert backbone("resnet18").digest == hashlib.sha256(content).hexdigest()
    again = applications.ResNet18(include_top=False, weights=None, input_shape=(32, 32, 3))
    assert not np.array_equal(again.get_weights()[0], first.get_weights()[0])


def test_a_cut_download_goes_on(
    server: Server, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(monkeypatch, server, content, "cut")
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with pytest.raises(DownloadError, match=r"was cut off after .* the next attempt continues from there"):
        applications.ResNet18()
    part = tmp_path / "keras" / "models" / f"{NAME}.part"
    assert 0 < part.stat().st_size < len(content)
    publish(monkeypatch, server, content)
    applications.ResNet18()
    assert server.asked[-1][1] is not None  # a range


@pytest.mark.parametrize("manner", ["other", "page", "404"])
def test_what_is_not_the_file_is_not_taken(
    manner: str, server: Server, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(monkeypatch, server, content, manner)
    folder = tmp_path / "keras" / "models"
    message = (
        rf"weights of ResNet18 could not be downloaded.*put the file into {folder}, or give its path: weights=PATH"
    )
    with pytest.raises(DownloadError, match=message):
        applications.ResNet18()
    assert not (folder / NAME).exists()


@pytest.mark.parametrize("manner", ["404", "other", "nothing"])
def test_a_mirror_delivers_what_the_first_address_does_not(
    manner: str, server: Server, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = hashlib.sha256(content).hexdigest()[:8]
    mirror = f"{server.url}/ok/{NAME}"
    monkeypatch.setitem(PUBLISHED, "resnet18", Downloaded(f"{server.url}/{manner}/{NAME}", digest, mirrors=(mirror,)))
    assert backbone("resnet18").file().read_bytes() == content
    assert [path for path, _ in server.asked] == [f"/{manner}/{NAME}", f"/ok/{NAME}"]


def test_a_folder_that_cannot_be_made_is_named(
    server: Server, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(monkeypatch, server, content)
    (tmp_path / "keras").write_bytes(b"a file")
    with pytest.raises(StorageError, match=r"keras/models, but this folder cannot be created: .*Set KERAS_HOME"):
        backbone("resnet18").file()


def test_a_file_put_there_by_hand_is_checked(
    server: Server, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(monkeypatch, server, content)
    folder = tmp_path / "keras" / "models"
    folder.mkdir(parents=True)
    (folder / NAME).write_bytes(content[:-1])
    with pytest.raises(FileFormatError, match=r"its SHA256 sum is .*Remove it; the next attempt downloads it again"):
        applications.ResNet18()
    (folder / NAME).write_bytes(content)
    applications.ResNet18()
    assert server.asked == []


def test_addresses_have_their_checksums() -> None:
    """PyTorch's in their names, Keras' as its source has them."""
    addresses: dict[str, Any] = {}
    for published in (*PUBLISHED.values(), keras_mobilenet_v2(0.35, 96)):
        parts = (published.top, published.no_top) if isinstance(published, WithAndWithoutTop) else (published,)
        addresses |= {each.url: each for each in parts if isinstance(each, Downloaded)}
    assert len(addresses) == 17
    for url, each in addresses.items():
        assert url.startswith("https://")
        if url.endswith(".pth"):
            assert len(str(each.digest)) == 8
            assert f"-{each.digest}.pth" in url
        elif "mobilenet_v2" not in url:
            assert (len(str(each.digest)), each.algorithm) == (32, "md5")
            assert each.mirrors
        for mirror in each.mirrors:
            assert mirror.startswith("https://")
            assert mirror.rpartition("/")[2] == url.rpartition("/")[2]
    names = [dataclasses.astuple(PUBLISHED[name])[0] for name in ("resnet18", "squeezenet")]
    assert [name.rpartition("/")[2] for name in names] == ["resnet18-f37072fd.pth", "squeezenet1_1-b8a52dc0.pth"]
