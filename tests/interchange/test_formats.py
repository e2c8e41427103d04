"""The table of formats: which one a file is of, and what is said of one that there is none for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import convoscope as cs
from convoscope.errors import ConfigurationError, DataError, FileFormatError, MissingFileError, UnknownNameError
from convoscope.interchange import formats
from convoscope.interchange.formats import OWN, Format, format_of
from convoscope.layers import Dense
from convoscope.models import Sequential

SEEN = Format("seen", "Seen", (".seen",), writer=OWN.writer, beginnings=((4, b"SEEN"),))
ALL = formats.FORMATS
NAMED = Format("named", "Named", (".named", ".py"), reader=OWN.reader, writer=OWN.writer, members=("inner.h5",))


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "FORMATS", (OWN, SEEN, NAMED))


@pytest.fixture
def model() -> Sequential:
    return Sequential([Dense(3, input_shape=(4,))])


def test_our_own_files_are_ours_whatever_their_names(model: Sequential, tmp_path: Path) -> None:
    model.save(tmp_path / "model.named")
    assert format_of(tmp_path / "model.named") is OWN
    np.testing.assert_array_equal(cs.load_model(tmp_path / "model.named").weights[0], model.weights[0])


def test_the_content_decides_before_the_name(tmp_path: Path) -> None:
    (tmp_path / "a.named").write_bytes(b"\x1c\0\0\0SEEN\0\0\0\0")
    (tmp_path / "b.NAMED").write_bytes(b"anything")
    (tmp_path / "c.other").write_bytes(b"anything")
    with pytest.raises(FileFormatError, match=r"a\.named is Seen, which can be written but not read"):
        cs.load_model(tmp_path / "a.named")
    assert format_of(tmp_path / "b.NAMED") is NAMED
    assert format_of(tmp_path / "c.other") is OWN


def test_an_archive_is_told_by_what_is_in_it(tmp_path: Path) -> None:
    np.savez(tmp_path / "yes.npz", **{"inner.h5": np.zeros(1)})  # inner.h5.npy
    np.savez(tmp_path / "no.npz", other=np.zeros(1))
    import zipfile

    with zipfile.ZipFile(tmp_path / "yes.zip", "w") as archive:
        archive.writestr("folder/inner.h5", b"")
    (tmp_path / "cut.zip").write_bytes((tmp_path / "yes.zip").read_bytes()[:20])
    found = {each.name: format_of(each) for each in tmp_path.iterdir()}
    assert found == {"yes.zip": NAMED, "yes.npz": OWN, "no.npz": OWN, "cut.zip": OWN}


def test_export_writes_what_the_ending_says(model: Sequential, tmp_path: Path) -> None:
    model.export(tmp_path / "model.safetensors")
    model.export(tmp_path / "model.bin", format="named", include_optimizer=True, verbose=False)
    for name in ("model.safetensors", "model.bin"):
        np.testing.assert_array_equal(cs.load_model(tmp_path / name).weights[0], model.weights[0])


@pytest.mark.parametrize("format", [each for each in ALL if each.writer], ids=lambda each: each.name)
def test_weights_that_are_no_numbers_are_not_written(model: Sequential, tmp_path: Path, format: Format) -> None:
    model.weights[0][0, 0] = np.nan
    with pytest.raises(DataError, match="Dense 'dense' has weights that are not finite numbers"):
        format.write(model, tmp_path / f"model{format.endings[0]}")
    assert not list(tmp_path.iterdir())


def test_what_is_not_known_is_named(model: Sequential, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"'model\.bin' has none that is known.*\.seen \(Seen\), \.named"):
        model.export(tmp_path / "model.bin")
    with pytest.raises(UnknownNameError, match=r"no format .* named 'namd'. Did you mean 'named'"):
        model.export(tmp_path / "model.bin", format="namd")
    with pytest.raises(UnknownNameError, match=r"no option of Named files named 'hlf'. Did you mean 'half'"):
        model.export(tmp_path / "model.named", hlf=True)
    with pytest.raises(MissingFileError, match="There is no file"):
        cs.load_model(tmp_path / "nothing.named")
    assert not list(tmp_path.iterdir())
