"""What is given for ``--storage``, and on which file systems it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from convoscope.errors import ConfigurationError, ConvoscopeError, MissingFileError, NotReadyError
from convoscope.experiments import mounts, places

TABLE = """disk / ext4 rw 0 0
server:/home /home nfs4 rw,vers=4.2,hard 0 0
server:/old /old nfs rw,vers=3,nocto 0 0
ann@far:/ /far fuse.sshfs rw 0 0
//server/share /mnt/my\\040share cifs rw 0 0
disk2 /home/local ext4 rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind", "network"),
    [
        ("/var/study", "ext4", False),
        ("/home/ann/study", "nfs4", True),
        ("/home/local/study", "ext4", False),
        ("/homes/study", "ext4", False),
        ("/mnt/my share/study", "cifs", True),
    ],
)
def test_the_file_system_is_that_of_the_longest_mount(path: str, kind: str, network: bool) -> None:
    mount = mounts.mount_of(path, TABLE)
    assert mount is not None
    assert (mount.kind, mount.is_network) == (kind, network)


@pytest.fixture
def mounted(monkeypatch: pytest.MonkeyPatch) -> object:
    """Let a folder be on another file system."""

    def on(kind: str, *options: str) -> None:
        monkeypatch.setattr(places, "mount_of", lambda path: mounts.Mount("/shared", kind, options))

    return on


@pytest.mark.parametrize(
    ("kind", "options", "typed", "words"),
    [
        ("nfs4", ("rw",), "sqlite:///{}/s.db", "SQLite loses"),
        ("cifs", ("rw",), "sqlite:///{}/s.db", "SQLite loses"),
        ("fuse.sshfs", ("rw",), "{}/s.journal", "cannot append"),
        ("nfs", ("rw", "nocto"), "journal:{}/s.journal", "nocto"),
    ],
)
def test_what_a_network_file_system_would_spoil_is_refused(
    mounted, tmp_path: Path, kind: str, options: tuple[str, ...], typed: str, words: str
) -> None:
    mounted(kind, *options)
    with pytest.raises(ConfigurationError, match=words):
        places.place(typed.format(tmp_path))


def test_a_journal_may_be_on_nfs(mounted, tmp_path: Path) -> None:
    mounted("nfs4", "rw")
    assert places.place(tmp_path / "s.journal").kind == places.JOURNAL


@pytest.mark.parametrize(
    ("typed", "error", "words"),
    [
        ("", ConfigurationError, "empty"),
        ("journal:", ConfigurationError, "does not name a file"),
        ("redis://host", ConfigurationError, "does not know redis://"),
        ("sqlite://", ConfigurationError, "does not name a file"),
        ("sqlite:///:memory:", ConfigurationError, "does not name a file"),
        ("sqlite:////no/folder/x.db", MissingFileError, "no folder"),
        ("/", ConfigurationError, "is a folder"),
        ("postgresql+psycopg://ann:secret@host", ConfigurationError, "names no database"),
    ],
)
def test_what_cannot_be_meant_is_said(typed: str, error: type[ConvoscopeError], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        places.place(typed)
    assert "secret" not in str(caught.value)


def test_files_of_the_other_kind_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "study.db").write_bytes(b"SQLite format 3\0 and so on")
    (tmp_path / "study.journal").write_bytes(b'{"op_code":0}\n')
    with pytest.raises(ConfigurationError, match="Write sqlite:///"):
        places.place(tmp_path / "study.db")
    with pytest.raises(ConfigurationError, match="not an SQLite database"):
        places.place(f"sqlite:///{tmp_path}/study.journal")


def test_a_missing_driver_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(NotReadyError, match=r"pip install 'psycopg\[binary\]'"):
        places.place("postgresql://ann@host/studies")


@pytest.mark.parametrize(
    ("typed", "secrets"),
    [
        ("postgresql+psycopg://ann:s3cret@host:5432/studies", ("s3cret",)),
        ("postgresql+psycopg://ann:s3%40cret@host/studies", ("s3%40cret", "s3@cret")),
        ("postgresql+psycopg://ann:s3@cret@host/studies", ("s3@cret",)),
        ("mysql+pymysql://ann@host/studies?ssl_key_password=s3cret", ("s3cret",)),
    ],
)
def test_passwords_are_shown_nowhere(typed: str, secrets: tuple[str, ...]) -> None:
    found = places.place(typed)
    told = [found.shown, repr(found), *(found.without_secrets(f"login of ann with {secret!r}") for secret in secrets)]
    assert not [text for text in told for secret in secrets if secret in text]
    assert found.shown.startswith(f"{found.kind}://ann")
    assert "host" in found.shown
    assert "s3" in found.address
