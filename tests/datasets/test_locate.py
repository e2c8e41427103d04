from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from convoscope.datasets.locate import cache_dir, find, places
from convoscope.errors import MissingFileError

from .conftest import NAMES


@pytest.mark.parametrize(
    "layout",
    ["fashion-mnist", "fashion_mnist", "Fashion-MNIST", "FashionMNIST/raw", "fashion-mnist/raw", ".", "raw"],
)
@pytest.mark.parametrize("unpacked", [False, True], ids=["gzip", "plain"])
def test_each_usual_layout_is_found(tmp_path: Path, put: Callable[..., Path], layout: str, unpacked: bool) -> None:
    folder = put(tmp_path / layout, unpacked=unpacked)
    found = find("fashion-mnist", NAMES, tmp_path).files
    assert found is not None
    assert {path.parent.resolve() for path in found.values()} == {folder.resolve()}
    assert list(found) == list(NAMES)


def test_names_with_a_dot_before_idx_are_found(tmp_path: Path, put: Callable[..., Path]) -> None:
    for path in put(tmp_path / "mnist", unpacked=True).iterdir():
        path.rename(path.with_name(path.name.replace("-idx", ".idx")))
    assert find("mnist", NAMES, tmp_path).files is not None


def test_the_packed_file_goes_before_the_unpacked_one_because_gzip_has_a_checksum(
    tmp_path: Path, put: Callable[..., Path]
) -> None:
    put(tmp_path, unpacked=True)
    put(tmp_path)
    found = find("mnist", NAMES, tmp_path).files
    assert found is not None
    assert {path.suffix for path in found.values()} == {".gz"}


def test_another_data_sets_folder_is_not_taken(tmp_path: Path, put: Callable[..., Path]) -> None:
    put(tmp_path / "mnist")
    assert find("fashion-mnist", NAMES, tmp_path).files is None


def test_the_order_is_argument_then_variable_then_cache(
    tmp_path: Path, cache: Path, put: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONVOSCOPE_DATA", str(tmp_path / "variable"))
    assert [place.folder for place in places(tmp_path / "argument")] == [
        tmp_path / "argument",
        tmp_path / "variable",
        cache,
    ]
    for folder in (cache, tmp_path / "variable", tmp_path / "argument"):
        put(folder / "mnist")
        found = find("mnist", NAMES, tmp_path / "argument").files
        assert found is not None
        assert found[NAMES[0]].parent == folder / "mnist"


def test_files_are_never_put_together_from_two_folders(tmp_path: Path, cache: Path, put: Callable[..., Path]) -> None:
    put(tmp_path / "mnist", without=NAMES[:2])
    put(cache / "mnist", without=NAMES[2:])
    search = find("mnist", NAMES, tmp_path)
    assert search.files is None
    assert len(search.partial) == 4


def test_every_place_is_told_with_what_it_lacks(
    tmp_path: Path, cache: Path, put: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONVOSCOPE_DATA", str(tmp_path / "variable"))
    put(tmp_path / "mnist", without=NAMES[1:3])
    (tmp_path / "variable").mkdir()
    assert find("mnist", NAMES, tmp_path).looked == (
        f"{tmp_path} (data_dir) has 2 of the 4 files but not {NAMES[1]}, {NAMES[2]}",
        f"{tmp_path / 'variable'} (CONVOSCOPE_DATA) does not have it",
        f"{cache} (the cache) does not exist",
    )


def test_an_empty_variable_is_none_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVOSCOPE_DATA", "")
    assert [place.why for place in places()] == ["the cache"]


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USERPROFILE", os.environ["HOME"])  # where Windows has it
    assert places("~/data")[0].folder == Path(os.environ["HOME"], "data")


def test_a_file_given_as_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "images.gz").touch()
    with pytest.raises(MissingFileError, match=r"data_dir must be a folder .*images\.gz is a file"):
        places(tmp_path / "images.gz")


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the XDG folders are Linux'")
def test_the_cache_follows_the_xdg_specification(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setenv("XDG_CACHE_HOME", "/fast/cache")
    assert cache_dir() == Path("/fast/cache/convoscope/datasets")
    for ignored in ("relative/folder", ""):
        monkeypatch.setenv("XDG_CACHE_HOME", ignored)
        assert cache_dir() == Path("/home/ada/.cache/convoscope/datasets")


def test_the_cache_is_where_each_platform_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setenv("USERPROFILE", "/home/ada")
    monkeypatch.setenv("LOCALAPPDATA", "/home/ada/AppData/Local")
    monkeypatch.setattr("sys.platform", "darwin")
    assert cache_dir() == Path("/home/ada/Library/Caches/convoscope/datasets")
    monkeypatch.setattr("sys.platform", "win32")
    assert cache_dir() == Path("/home/ada/AppData/Local/convoscope/datasets")
    monkeypatch.delenv("LOCALAPPDATA")
    assert cache_dir() is None
