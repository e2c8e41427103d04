"""Files from the loopback address, kept where Keras keeps them, and archives unpacked."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.datasets.conftest import Server

from convoscope.datasets.download import Patience
from convoscope.errors import (
    ConfigurationError,
    ConvoscopeWarning,
    DownloadError,
    FileFormatError,
    StorageError,
    UnknownNameError,
)
from convoscope.utils import archives, get_file

HASTE = Patience(timeout=0.5, rounds=2, pause=0.01)


@pytest.fixture
def packed() -> dict[str, bytes]:
    """What the server has."""
    return {}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("no_proxy", "*")
    return tmp_path / "keras" / "datasets"


def fetch(server: Server, *manners: str, **options: Any) -> Path:
    return Path(get_file(origin=[f"{url}big.bin" for url in server.at(*manners)], patience=HASTE, **options))


def test_a_file_is_fetched_once_and_kept_under_its_name(
    server: Server,
    home: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for _ in range(2):
        path = fetch(server, "ok")
        assert path == home / "big.bin"
        assert path.read_bytes() == server.files["big.bin"]
    assert len(server.asked) == 1
    assert capsys.readouterr().out == f"Downloading data from {server.url}/ok/big.bin\n"
    assert fetch(server, "ok", fname="other.bin", cache_subdir="models") == home.parent / "models" / "other.bin"
    assert fetch(server, "ok", force_download=True) == path
    assert len(server.asked) == 3
    assert [p.name for p in home.iterdir()] == ["big.bin"]


def test_mirrors_and_cut_connections_are_gone_on_with(server: Server, tmp_path: Path) -> None:
    path = fetch(server, "404", "cut", "ok", cache_dir=tmp_path / "own")
    assert path == tmp_path / "own" / "datasets" / "big.bin"
    assert path.read_bytes() == server.files["big.bin"]
    assert server.asked[-1] == ("/ok/big.bin", "bytes=150000-")


@pytest.mark.parametrize("manner", ["endless", "moved", "no-range", "slow"])
def test_servers_of_other_kinds_are_understood(server: Server, manner: str) -> None:
    expected = server.files["big.bin"] + (b"!" if manner == "endless" else b"")
    assert fetch(server, manner).read_bytes() == expected


@pytest.mark.parametrize(
    ("manner", "said"),
    [("404", "answered 404"), ("cut", "was cut off after"), ("nothing", "was cut off after 0 of 300000")],
)
def test_what_cannot_be_had_is_told_and_nothing_is_kept(
    server: Server,
    home: Path,
    manner: str,
    said: str,
) -> None:
    with pytest.raises(DownloadError, match=rf"big\.bin could not be downloaded: .*{said}"):
        fetch(server, manner)
    assert not (home / "big.bin").exists()


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_checksums_are_held_to(server: Server, home: Path, algorithm: str) -> None:
    digest = hashlib.new(algorithm, server.files["big.bin"]).hexdigest()
    wrong = digest[::-1]
    with pytest.raises(DownloadError, match="sent another file: its checksum is wrong"):
        fetch(server, "ok", file_hash=wrong)
    assert list(home.iterdir()) == []
    path = fetch(server, "ok", file_hash=digest.upper(), hash_algorithm=algorithm)
    asked = len(server.asked)
    fetch(server, "ok", file_hash=digest)
    assert len(server.asked) == asked
    path.write_bytes(b"damaged")
    assert fetch(server, "ok", **({"md5_hash": digest} if algorithm == "md5" else {"file_hash": digest})) == path
    assert path.read_bytes() == server.files["big.bin"]


def test_with_a_checksum_a_cut_download_goes_on_in_the_next_call(server: Server, home: Path) -> None:
    digest = hashlib.sha256(server.files["big.bin"]).hexdigest()
    with pytest.raises(DownloadError, match="The 225,000 bytes received so far are kept"):
        fetch(server, "cut", file_hash=digest)
    fetch(server, "ok", file_hash=digest)
    assert server.asked[-1] == ("/ok/big.bin", "bytes=225000-")
    assert (home / "big.bin").read_bytes() == server.files["big.bin"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"origin": None}, "needs origin"),
        ({"origin": "ftp://example.org/a.zip"}, "http:// or https:// address, but is 'ftp:"),
        ({"origin": "/etc/passwd"}, "http:// or https://"),
        ({"origin": "http://example.org/"}, "file name without a folder, but is ''"),
        ({"fname": "../outside"}, r"without a folder, but is '\.\./outside'"),
        ({"fname": ".."}, "without a folder"),
        ({"file_hash": "abc"}, "64 hexadecimal digits"),
        ({"file_hash": "0" * 64, "hash_algorithm": "md5"}, "was given as md5"),
        ({"hash_algorithm": "crc32"}, "no hash_algorithm named 'crc32'"),
    ],
)
def test_arguments_that_cannot_be_meant_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        get_file(**{"origin": "http://127.0.0.1:9/a.zip", **options})


def test_a_folder_that_cannot_be_made_is_named(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"cannot create it: .*Give another cache_dir"):
        fetch(server, "ok", cache_dir=tmp_path / "file")


# ---- archives

FILES = {"flowers/": None, "flowers/daisy/1.jpg": b"one", "flowers/rose/2.jpg": b"two"}


def tar(entries: Mapping[str, bytes | None], mode: str = "w:gz") -> bytes:
    kept = io.BytesIO()
    with tarfile.open(fileobj=kept, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in entries.items():
            member = tarfile.TarInfo(name)
            member.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
            member.size = len(content or b"")
            archive.addfile(member, io.BytesIO(content or b""))
    return kept.getvalue()


def zipped(entries: Mapping[str, bytes | None]) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content or b"")
    return kept.getvalue()


MADE: dict[str, Callable[[Mapping[str, bytes | None]], bytes]] = {
    "tar": lambda entries: tar(entries, "w"),
    "tgz": tar,
    "bz2": lambda entries: tar(entries, "w:bz2"),
    "xz": lambda entries: tar(entries, "w:xz"),
    "zip": zipped,
}


@pytest.mark.parametrize("kind", MADE)
def test_archives_are_unpacked_beside_themselves(server: Server, home: Path, kind: str) -> None:
    server.files["flowers.tgz"] = MADE[kind](FILES)
    address = f"{server.url}/ok/flowers.tgz"
    for named, folder in (({}, "flowers.tgz"), ({"fname": "f"}, "f"), ({"fname": "f.tar.gz"}, "f_extracted")):
        for _ in range(2):
            path = Path(get_file(origin=address, extract=True, **named))
            assert path == home / folder
            found = {str(p.relative_to(path)): p.read_bytes() for p in path.rglob("*.jpg")}
            assert found == {name: content for name, content in FILES.items() if content}
    assert sorted(p.name for p in home.iterdir()) == [
        "f", "f.tar.gz", "f_archive", "f_extracted", "flowers.tgz", "flowers.tgz_archive",
    ]  # fmt: skip
    assert len(server.asked) == 3
    assert stat.S_IMODE((home / "f").stat().st_mode) == 0o755


@pytest.mark.parametrize("make", [tar, zipped], ids=["tar", "zip"])
@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "a/../../outside", "..\\outside", "C:\\outside", "C:x"])
def test_nothing_is_written_outside(tmp_path: Path, make: Callable[..., bytes], name: str) -> None:
    (tmp_path / "in").mkdir()
    archive = tmp_path / "in" / "archive"
    archive.write_bytes(make({"good": b"1", name: b"2"}))
    with pytest.raises(FileFormatError, match="that points outside its folder"):
        archives.unpack(archive, tmp_path / "in" / "folder")
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["in", "in/archive"]


def test_links_and_devices_are_left_out(tmp_path: Path) -> None:
    kept = io.BytesIO()
    with tarfile.open(fileobj=kept, mode="w") as archive:
        for name, kind, to in (
            ("out", tarfile.SYMTYPE, "/etc"),
            ("hard", tarfile.LNKTYPE, "../../secret"),
            ("pipe", tarfile.FIFOTYPE, ""),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, to
            archive.addfile(member)
        archive.addfile(tarfile.TarInfo("out/passwd"))
    (tmp_path / "a.tar").write_bytes(kept.getvalue())
    with pytest.warns(ConvoscopeWarning, match="3 links and devices in .*a.tar left out"):
        assert archives.unpack(tmp_path / "a.tar", tmp_path / "a")
    assert [path.relative_to(tmp_path / "a").as_posix() for path in (tmp_path / "a").rglob("*")] == [
        "out",
        "out/passwd",
    ]
    assert not (tmp_path / "a" / "out").is_symlink()

    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as zip_archive:
        zip_archive.writestr(link, "/etc/passwd")
    with pytest.warns(ConvoscopeWarning, match="1 link or device"):
        assert archives.unpack(tmp_path / "b.zip", tmp_path / "b")
    assert list((tmp_path / "b").iterdir()) == []


@pytest.mark.parametrize("make", [tar, zipped], ids=["tar", "zip"])
def test_an_archive_cannot_fill_the_disk(
    tmp_path: Path, make: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "_MORE", 1000)
    (tmp_path / "a").write_bytes(make({"zeros": bytes(3_000_000)}))
    with pytest.raises(FileFormatError, match="unpacks to more than 200 times its size"):
        archives.unpack(tmp_path / "a", tmp_path / "folder")
    monkeypatch.setattr(archives, "_MOST_FILES", 2)
    (tmp_path / "a").write_bytes(make({"1": b"", "2": b"", "3": b""}))
    with pytest.raises(FileFormatError, match="has more than 2 files"):
        archives.unpack(tmp_path / "a", tmp_path / "folder")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("kind", MADE)
def test_a_damaged_archive_leaves_the_old_folder(tmp_path: Path, kind: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "old").touch()
    whole = MADE[kind]({name: os.urandom(20_000) for name in "abc"})
    middle = len(whole) // 2
    (tmp_path / "a").write_bytes(whole[:middle] if kind != "zip" else whole[:middle] + b"!" * 99 + whole[middle + 99 :])
    if kind == "bz2":  # one block: of half of it nothing can be read
        assert not archives.unpack(tmp_path / "a", tmp_path / "folder")
    else:
        with pytest.raises(FileFormatError, match="is a damaged archive"):
            archives.unpack(tmp_path / "a", tmp_path / "folder")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "folder", "old"]


def test_what_is_no_archive_is_said(server: Server, home: Path) -> None:
    for options in ({"extract": True}, {"extract": True, "archive_format": "zip"}, {"untar": True}):
        with pytest.raises(FileFormatError, match=r"big\.bin_archive is not an archive of the kind"):
            fetch(server, "ok", **options)
    with pytest.raises(UnknownNameError, match="no archive_format named 'rar'"):
        fetch(server, "ok", extract=True, archive_format="rar")
    assert [path.name for path in home.iterdir()] == ["big.bin_archive"]
