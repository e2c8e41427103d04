from __future__ import annotations

import hashlib
import io
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from convoscope.datasets.description import FileInfo
from convoscope.datasets.download import Patience, Wanted, download, fetch_files
from convoscope.datasets.progress import ProgressLine
from convoscope.errors import DownloadError, StorageError

from .conftest import Server

#: For 127.0.0.1 alone, signed by itself, from 2020 to 2119, with its key: what tools/make_loopback_certificate.sh made.
CERTIFICATE = Path(__file__).with_name("loopback.pem")
HASTE = Patience(timeout=0.5, rounds=2, pause=0.01)


@pytest.fixture
def data(server: Server) -> bytes:
    return server.files["big.bin"]


@pytest.fixture
def file(data: bytes) -> FileInfo:
    return FileInfo("big.bin", len(data), hashlib.sha256(data).hexdigest())


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_arrives_whole_and_alone(tmp_path: Path, server: Server, file: FileInfo, data: bytes) -> None:
    seen: list[tuple[int, int | None, str]] = []
    download(tmp_path, [file], server.at("ok"), progress=lambda *at: seen.append(at))
    assert (tmp_path / "big.bin").read_bytes() == data
    assert names(tmp_path) == ["big.bin"]
    assert seen[-1] == (len(data), len(data), "big.bin")
    assert [done for done, _, _ in seen] == sorted({done for done, _, _ in seen})


def test_a_file_that_is_there_is_not_asked_for(tmp_path: Path, server: Server, file: FileInfo) -> None:
    (tmp_path / "big.bin").write_bytes(b"mine")
    download(tmp_path, [file], server.at("ok"))
    assert server.asked == []
    assert (tmp_path / "big.bin").read_bytes() == b"mine"


def test_a_cut_connection_is_gone_on_with_where_it_broke(
    tmp_path: Path, server: Server, file: FileInfo, data: bytes
) -> None:
    download(tmp_path, [file], server.at("cut", "ok"), patience=HASTE)
    assert (tmp_path / "big.bin").read_bytes() == data
    assert server.asked == [("/cut/big.bin", None), ("/ok/big.bin", f"bytes={len(data) // 2}-")]


def test_a_cut_download_is_kept_and_the_next_call_goes_on(
    tmp_path: Path, server: Server, file: FileInfo, data: bytes
) -> None:
    with pytest.raises(
        DownloadError, match=r"was cut off after 150000 of 300000 bytes\. The 150,000 bytes received so far are"
    ):
        download(tmp_path, [file], server.at("cut"), patience=Patience(rounds=1))
    assert names(tmp_path) == ["big.bin.part"]
    download(tmp_path, [file], server.at("ok"))
    assert server.asked[-1] == ("/ok/big.bin", "bytes=150000-")
    assert (tmp_path / "big.bin").read_bytes() == data
    assert names(tmp_path) == ["big.bin"]


def test_one_server_that_cuts_every_time_is_asked_again_for_the_rest(
    tmp_path: Path, server: Server, file: FileInfo
) -> None:
    with pytest.raises(DownloadError):
        download(tmp_path, [file], server.at("cut"), patience=Patience(rounds=3, pause=0.01))
    assert [asked for _, asked in server.asked] == [None, "bytes=150000-", "bytes=225000-"]


def test_a_whole_part_is_only_checked(tmp_path: Path, server: Server, file: FileInfo, data: bytes) -> None:
    (tmp_path / "big.bin.part").write_bytes(data)
    download(tmp_path, [file], server.at("ok"))
    assert server.asked == []
    assert names(tmp_path) == ["big.bin"]


@pytest.mark.parametrize("size", [1000, 300_000, 400_000], ids=["shorter", "as long", "longer"])
@pytest.mark.parametrize("manner", ["ok", "no-range"])
def test_a_spoilt_part_leads_to_one_fresh_download(
    tmp_path: Path, server: Server, file: FileInfo, data: bytes, size: int, manner: str
) -> None:
    (tmp_path / "big.bin.part").write_bytes(bytes(size))
    download(tmp_path, [file], server.at(manner))
    assert (tmp_path / "big.bin").read_bytes() == data
    assert len(server.asked) <= 2


def test_a_server_without_ranges_sends_everything_again(
    tmp_path: Path, server: Server, file: FileInfo, data: bytes
) -> None:
    (tmp_path / "big.bin.part").write_bytes(data[:1000])
    download(tmp_path, [file], server.at("no-range"))
    assert server.asked == [("/no-range/big.bin", "bytes=1000-")]
    assert (tmp_path / "big.bin").read_bytes() == data


def test_a_wrong_range_is_not_put_together(tmp_path: Path, server: Server, file: FileInfo, data: bytes) -> None:
    (tmp_path / "big.bin.part").write_bytes(data[:1000])
    download(tmp_path, [file], server.at("wrong-range"))
    assert [asked for _, asked in server.asked] == ["bytes=1000-", None]
    assert (tmp_path / "big.bin").read_bytes() == data


def test_a_server_that_sends_on_to_another_is_followed(
    tmp_path: Path, server: Server, file: FileInfo, data: bytes
) -> None:
    (tmp_path / "big.bin.part").write_bytes(data[:1000])
    download(tmp_path, [file], server.at("moved"))
    assert server.asked[-1] == ("/ok/big.bin", "bytes=1000-")
    assert (tmp_path / "big.bin").read_bytes() == data


@pytest.mark.parametrize(
    ("manner", "reason"),
    [
        ("404", "answered 404 Not Found"),
        ("500", "answered 500 Internal Server Error"),
        ("silent", r"did not answer \(timed out\)"),
        ("stalls", r"broke off \(timed out\)"),
        ("nothing", "was cut off after 0 of 300000 bytes"),
        ("other", "sent another file: its checksum is wrong"),
        ("longer", "offered 300001 bytes where 300000 were expected"),
        ("endless", "sent more than the 300000 bytes that were expected"),
        ("page", "offered 26 bytes where 300000 were expected"),
    ],
)
def test_a_server_that_fails_is_left_for_the_next_and_named_when_all_fail(
    tmp_path: Path, server: Server, file: FileInfo, data: bytes, manner: str, reason: str
) -> None:
    with pytest.raises(
        DownloadError, match=rf"big\.bin could not be downloaded: {server.url}/{manner}/big\.bin {reason}"
    ):
        download(tmp_path, [file], server.at(manner), patience=HASTE)
    assert names(tmp_path) == (["big.bin.part"] if manner == "stalls" else [])
    download(tmp_path, [file], server.at(manner, "ok"), patience=HASTE)
    assert (tmp_path / "big.bin").read_bytes() == data


def test_a_web_page_in_the_files_place_does_not_cost_what_came_before(
    tmp_path: Path, server: Server, file: FileInfo, data: bytes
) -> None:
    (tmp_path / "big.bin.part").write_bytes(data[:1000])
    with pytest.raises(DownloadError, match="The 1,000 bytes received so far are kept"):
        download(tmp_path, [file], server.at("page"), patience=HASTE)
    assert (tmp_path / "big.bin.part").read_bytes() == data[:1000]


def test_only_a_bad_moment_is_worth_a_second_try(tmp_path: Path, server: Server, file: FileInfo) -> None:
    with pytest.raises(DownloadError) as caught:
        download(tmp_path, [file], server.at("404", "503", "other"), patience=HASTE)
    assert [path for path, _ in server.asked] == [
        "/404/big.bin",
        "/503/big.bin",
        "/other/big.bin",
        "/503/big.bin",
    ]
    assert "\n" not in str(caught.value)
    assert [str(caught.value).count(f"{server.url}/{manner}/") for manner in ("404", "503", "other")] == [1, 1, 1]


def test_a_machine_without_internet_is_told_so_at_once(
    tmp_path: Path, file: FileInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve = socket.getaddrinfo

    def offline(host: str, *rest: Any, **more: Any) -> Any:
        if host == "data.invalid":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, *rest, **more)

    def no_pause(seconds: float) -> None:
        pytest.fail("there is nothing to wait for")

    monkeypatch.setattr("socket.getaddrinfo", offline)
    monkeypatch.setattr("time.sleep", no_pause)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        with pytest.raises(DownloadError) as caught:
            download(tmp_path, [file], [nobody, "http://data.invalid/"])
    assert f"{nobody}big.bin could not be reached (Connection refused)" in str(caught.value)
    assert "http://data.invalid/big.bin could not be reached (Name or service not known)" in str(caught.value)
    assert names(tmp_path) == []


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY"])
def test_a_proxy_that_the_environment_names_is_asked(
    tmp_path: Path, server: Server, file: FileInfo, data: bytes, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    for name in ("no_proxy", "NO_PROXY", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, server.url)
    monkeypatch.setattr("urllib.request._opener", None)  # it knows the proxies of the first download
    download(tmp_path, [file], ["http://data.invalid/ok/"])
    assert server.asked == [("http://data.invalid/ok/big.bin", None)]
    assert (tmp_path / "big.bin").read_bytes() == data


def test_a_certificate_that_nobody_vouches_for_is_refused_in_words(
    tmp_path: Path, server: Server, file: FileInfo, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    address = [server.at("ok")[0].replace("http:", "https:")]
    with pytest.raises(DownloadError) as caught:
        download(tmp_path, [file], address, patience=HASTE)
    assert "could not be reached (its certificate was rejected: self-signed certificate; if your network's" in str(
        caught.value
    ).replace("self signed", "self-signed")
    assert names(tmp_path) == []
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    download(tmp_path, [file], address, patience=HASTE)
    assert (tmp_path / "big.bin").read_bytes() == data


def test_of_a_file_of_unknown_size_a_whole_part_is_known_by_its_checksum(
    tmp_path: Path, server: Server, file: FileInfo, data: bytes
) -> None:
    (tmp_path / "big.bin.part").write_bytes(data)
    fetch_files(tmp_path, [Wanted("big.bin", (f"{server.url}/ok/big.bin",), digest=file.sha256[:8])])
    assert server.asked == []
    assert names(tmp_path) == ["big.bin"]


def test_ctrl_c_keeps_what_came(tmp_path: Path, server: Server, file: FileInfo, data: bytes) -> None:
    def interrupt(done: int, total: int | None, name: str) -> None:
        if done > 100_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(tmp_path, [file], server.at("ok"), progress=interrupt)
    assert names(tmp_path) == ["big.bin.part"]
    kept = (tmp_path / "big.bin.part").read_bytes()
    assert len(kept) > 100_000
    assert data.startswith(kept)


def in_another_process(folder: Path, file: FileInfo, url: str, before: str = "") -> subprocess.Popen[str]:
    code = f"""
import sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
from convoscope.datasets.description import FileInfo
from convoscope.datasets.download import download
{before}
download(Path({str(folder)!r}), [{file!r}], [{url!r}])
"""
    return subprocess.Popen([sys.executable, "-W", "error", "-c", code], stderr=subprocess.PIPE, text=True)


def test_two_processes_fetch_a_file_once(tmp_path: Path, server: Server, file: FileInfo, data: bytes) -> None:
    (url,) = server.at("slow")
    processes = [in_another_process(tmp_path, file, url) for _ in range(2)]
    assert [(process.communicate()[1], process.returncode) for process in processes] == [("", 0), ("", 0)]
    assert server.asked == [("/slow/big.bin", None)]
    assert (tmp_path / "big.bin").read_bytes() == data
    assert names(tmp_path) == ["big.bin"]


def test_a_killed_download_holds_nobody_up_and_is_gone_on_with(
    tmp_path: Path, server: Server, file: FileInfo, data: bytes
) -> None:
    process = in_another_process(tmp_path, file, server.at("slow")[0])
    part = tmp_path / "big.bin.part"
    deadline = time.monotonic() + 60
    while not (part.exists() and part.stat().st_size > 0):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert not (tmp_path / "big.bin").exists()
    download(tmp_path, [file], server.at("ok"))
    assert server.asked[-1][1] is not None
    assert (tmp_path / "big.bin").read_bytes() == data
    assert names(tmp_path) == ["big.bin"]


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="this system cannot limit the size of a file")
def test_a_full_disk_is_a_storage_error_and_leaves_only_the_part(
    tmp_path: Path, server: Server, file: FileInfo
) -> None:
    # A limit on the size of files fails as a full disk does, in the middle of a write.
    limit = "import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n" + (
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))"
    )
    process = in_another_process(tmp_path, file, server.at("ok")[0], before=limit)
    errors = process.communicate()[1]
    assert errors.splitlines()[-1].startswith(
        f"convoscope.errors.StorageError: A download could not be stored in {tmp_path}: File too large. Free some space"
    )
    assert names(tmp_path) == ["big.bin.part"]


def test_a_folder_that_is_not_there_is_a_storage_error(tmp_path: Path, server: Server, file: FileInfo) -> None:
    with pytest.raises(StorageError, match=r"could not be stored in .*nowhere: No such file or directory"):
        download(tmp_path / "nowhere", [file], server.at("ok"))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_one_line_a_file_on_a_terminal() -> None:
    terminal = Terminal()
    line = ProgressLine(terminal)
    for done in range(0, 2_000_001, 1000):
        line(done, 2_000_000, "images")
    line(500_000, None, "labels")
    line.close()
    line.close()
    first, second = terminal.getvalue().split("\n")[:2]
    assert first.startswith("\rimages  0.0 of 2.0 MB")
    assert first.endswith("\rimages  2.0 of 2.0 MB")
    assert second == "\rlabels  0.5 MB"
    assert terminal.getvalue().count("\n") == 2
    assert terminal.getvalue().count("\r") < 100  # 2,001 were told


def test_progress_is_silent_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    for stream in (sys.stderr, None):
        line = ProgressLine(stream)
        line(1, 2, "images")
        line.close()
    assert capsys.readouterr() == ("", "")
