"""Paths with a tilde, given to every public function that takes a path: `os.path.expanduser` says what they mean."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import convoscope as cs
from convoscope.datasets.idx import read_idx, write_idx
from convoscope.errors import ConvoscopeWarning
from convoscope.paths import session_folder

FORMS = ("~/here", "~nobody-of-that-name", "./~nobody-of-that-name", Path("~nobody-of-that-name"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder, and a working folder beside it."""
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "home"


def _model() -> cs.Sequential:
    model = cs.Sequential([cs.Input((4, 4, 1)), cs.layers.Flatten(), cs.layers.Dense(2, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def _fit(callback: Any) -> None:
    _model().fit(np.zeros((4, 4, 4, 1), np.float32), np.arange(4) % 2, epochs=1, verbose=0, callbacks=[callback])


def _own_images(path: Any) -> None:
    place = Path(os.path.expanduser(path))
    for name, value in ("dark", 30), ("light", 220):
        (place / name).mkdir(parents=True)
        for i in range(6):
            Image.new("L", (9, 8), value + i).save(place / name / f"{i}.png")
    assert cs.datasets.from_folder(path, cache_dir="cache").class_names == ("dark", "light")
    assert cs.datasets.load(os.fspath(path), "cache").info.class_names == ("dark", "light")


def _saved(path: Any) -> None:
    _model().save(path)
    cs.load_model(path)


def _idx(path: Any) -> None:
    write_idx(path, np.arange(3, dtype=np.uint8))
    assert read_idx(path).tolist() == [0, 1, 2]


USES: dict[str, Callable[[Any], None]] = {
    "model": _saved,
    "IDX": _idx,
    "own images": _own_images,
    "CSVLogger": lambda path: _fit(cs.callbacks.CSVLogger(path)),
    "ModelCheckpoint": lambda path: _fit(cs.callbacks.ModelCheckpoint(path)),
    "Snapshots": lambda path: _fit(cs.callbacks.Snapshots(path)),
    "compare": lambda path: cs.experiments.compare(
        "digits", {"dropout": [0.0]}, out=path, fixed={"model": "dense", "epochs": 1}, engine="reference", threads=1
    ),
}


# A comparison takes a second, so one form is enough of it.
@pytest.mark.parametrize(
    ("use", "path"), [(use, path) for use in USES for path in (FORMS[:1] if use == "compare" else FORMS)], ids=repr
)
def test_a_tilde_means_what_expanduser_says(home: Path, use: str, path: Any) -> None:
    if path is FORMS[3] and use == "own images":
        Path(os.path.abspath(path)).mkdir()
    USES[use](path)
    assert Path(os.path.expanduser(path)).exists()
    if path is FORMS[0]:
        assert not Path("~").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such database there")
def test_a_folder_is_not_taken_for_another_persons_home(home: Path) -> None:
    import pwd

    name = pwd.getpwuid(0).pw_name  # of a person that there is
    model = _model()
    model.save(f"./~{name}")
    assert os.listdir() == [f"~{name}"]
    cs.load_model(f"./~{name}")
    cs.load_model(Path(f"./~{name}"))


@pytest.mark.parametrize("missing", ["file/folder", None])
def test_without_a_home_images_are_read_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str | None
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("CONVOSCOPE_DATA", raising=False)
    if missing is None:
        monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # what it does where no home is known
    else:  # as of a service whose home is /nonexistent
        (tmp_path / "file").touch()
        monkeypatch.setenv("HOME", str(tmp_path / missing))
        monkeypatch.setenv("LOCALAPPDATA", "")
    for name, value in ("dark", 30), ("light", 220):
        (tmp_path / name).mkdir()
        for i in range(6):
            Image.new("L", (9, 8), value + i).save(tmp_path / name / f"{i}.png")
    session_folder.cache_clear()
    with pytest.warns(ConvoscopeWarning, match="There is no home folder"):
        data = cs.datasets.from_folder(tmp_path)
    assert len(data.x_train) == 8
    place = session_folder()
    assert list(place.rglob("*.npy"))
    from convoscope.datasets.locate import places

    assert [(each.folder, each.why) for each in places()] == [(place / "datasets", "a temporary folder")]
    session_folder.cache_clear()


def test_the_folder_in_place_of_a_home_goes_with_the_program(tmp_path: Path) -> None:
    script = "import warnings; warnings.simplefilter('ignore'); from convoscope.paths import session_folder\n"
    done = subprocess.run(
        [sys.executable, "-c", script + "(session_folder() / 'x').touch(); print(session_folder())"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert Path(done.stdout.strip()).name.startswith("convoscope-")
    assert os.listdir(tmp_path) == []
