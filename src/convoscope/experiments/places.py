"""Where a study is kept, as people type it: a database's URL or a journal file."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from convoscope.errors import ConfigurationError, MissingFileError, NotReadyError
from convoscope.experiments.mounts import WITHOUT_LOCKS, mount_of
from convoscope.paths import user_path

JOURNAL, SQLITE, POSTGRESQL, MYSQL = "journal", "sqlite", "postgresql", "mysql"
_HIDDEN = "***"
_SQLITE_FILE = b"SQLite format 3\0"
_EXAMPLES = (
    "a file for a journal (study.journal), sqlite:///study.db, postgresql://user@host/database or "
    "mysql://user@host/database"
)
_SCHEMES = {SQLITE: SQLITE, POSTGRESQL: POSTGRESQL, "postgres": POSTGRESQL, MYSQL: MYSQL, "mariadb": MYSQL}
# Of each database: the modules that can talk to it with the name SQLAlchemy has for them, and what to install.
_DRIVERS = {
    POSTGRESQL: ({"psycopg": "psycopg", "psycopg2": "psycopg2"}, "pip install 'psycopg[binary]'"),
    MYSQL: ({"pymysql": "pymysql", "MySQLdb": "mysqldb", "mysql.connector": "mysqlconnector"}, "pip install pymysql"),
}


@dataclass(frozen=True)
class Place:
    """Where a study is kept.

    Attributes
    ----------
    kind : {"journal", "sqlite", "postgresql", "mysql"}
    address : str
        The file's path, or the URL to open, with its password: nothing prints it.
    shown : str
        The same without the password.
    secrets : tuple of str
        What must not appear in any message.
    """

    kind: str
    address: str = field(repr=False)
    shown: str
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def without_secrets(self, text: str) -> str:
        """Return a driver's message without a password that it quotes."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, _HIDDEN)
        return text


def place(typed: str | os.PathLike[str]) -> Place:
    """Read what was given for ``--storage``, without opening it.

    Raises
    ------
    ConfigurationError
        It is neither a file nor a URL that is known, or a file that cannot be shared where it is.
    MissingFileError
        The file's folder is not there.
    NotReadyError
        The database's driver is not installed.

    Examples
    --------
    >>> place("sqlite:///study.db").kind
    'sqlite'
    """
    text = os.fspath(typed).strip()
    if not text:
        raise ConfigurationError(f"--storage is empty. Give {_EXAMPLES}.")
    if "://" not in text:
        return _journal(text.removeprefix(f"{JOURNAL}:"), text)
    scheme, _, rest = text.partition("://")
    dialect, _, driver = scheme.lower().partition("+")
    kind = _SCHEMES.get(dialect)
    if kind is None:
        raise ConfigurationError(f"--storage does not know {scheme}://. Give {_EXAMPLES}.")
    return _sqlite(text, rest) if kind == SQLITE else _server(kind, driver, rest)


def _journal(name: str, text: str) -> Place:
    if not name:
        raise ConfigurationError(f"--storage {text} does not name a file. Give {_EXAMPLES}.")
    path = _checked(user_path(name))
    mount = mount_of(path)
    if mount is not None and mount.kind in WITHOUT_LOCKS:
        raise ConfigurationError(
            f"{path} is on {mount.kind} ({mount.point}), where several machines cannot append to one file: lines "
            "would be lost. Keep the journal on NFS, or use a database: postgresql://user@host/database."
        )
    unfit = sorted({"nocto", "vers=2"} & set(mount.options)) if mount is not None else []
    if mount is not None and mount.kind.startswith("nfs") and unfit:
        raise ConfigurationError(
            f"{path} is on an NFS mount ({mount.point}) with {' and '.join(unfit)}, where a machine may not see what "
            "another has just written. Mount it without these options, or use a database: "
            "postgresql://user@host/database."
        )
    if path.is_file():
        with open(path, "rb") as file:
            if file.read(len(_SQLITE_FILE)) == _SQLITE_FILE:
                raise ConfigurationError(f"{path} is an SQLite database, not a journal. Write sqlite:///{name}.")
    return Place(JOURNAL, str(path), str(path))


def _sqlite(text: str, rest: str) -> Place:
    name = rest[1:].partition("?")[0]
    if not rest.startswith("/") or not name or name.startswith(":memory:"):
        raise ConfigurationError(
            f"--storage {text} does not name a file that processes can share. Write sqlite:///study.db, or with the "
            "absolute path sqlite:////home/ann/study.db."
        )
    path = _checked(user_path(name))
    mount = mount_of(path)
    if mount is not None and mount.is_network:
        raise ConfigurationError(
            f"{path} is on a network file system ({mount.kind} at {mount.point}), where SQLite loses data when "
            f"machines write at the same time. Use a journal there (--storage {path.with_suffix('.journal')}), or a "
            "database with a server: postgresql://user@host/database."
        )
    if path.is_file():
        with open(path, "rb") as file:
            if file.read(len(_SQLITE_FILE)) not in (b"", _SQLITE_FILE):
                raise ConfigurationError(f"{path} is not an SQLite database. For a journal, write --storage {name}.")
    return Place(SQLITE, f"sqlite:///{path}", f"sqlite:///{path}")


def _checked(path: Path) -> Path:
    path = path.absolute()
    if path.is_dir():
        raise ConfigurationError(f"--storage {path} is a folder. Give a file in it: {path / 'study.journal'}.")
    if not path.parent.is_dir():
        raise MissingFileError(f"--storage {path}: there is no folder {path.parent}. Create it first.")
    return path


def _server(kind: str, driver: str, rest: str) -> Place:
    account, at, _ = rest.partition("/")[0].rpartition("@")
    user, colon, password = account.partition(":")
    behind = rest[len(account) + len(at) :]
    query = urlsplit(f"{kind}://host/{behind.partition('/')[2]}").query
    inside = [value for name, value in parse_qsl(query) if "pass" in name.lower() and value]
    secrets = {each for secret in (password, *inside) for each in (secret, unquote(secret)) if each}
    shown = f"{kind}://{user}{f':{_HIDDEN}' if colon else ''}{at}{behind}"
    for secret in inside:
        shown = shown.replace(secret, _HIDDEN)
    host, slash, database = behind.partition("?")[0].partition("/")
    if not slash or not database:
        raise ConfigurationError(f"--storage {shown} names no database. Write {kind}://user@{host or 'host'}/database.")
    return Place(kind, f"{kind}+{driver or _driver(kind)}://{rest}", shown, tuple(secrets))


def _driver(kind: str) -> str:
    known, remedy = _DRIVERS[kind]
    for module, name in known.items():
        try:
            found = importlib.util.find_spec(module)
        except ModuleNotFoundError:  # of a package whose parent is missing
            found = None
        if found is not None:
            return name
    raise NotReadyError(f"A study in {kind} needs a driver that is not installed. Install it: {remedy}.")
