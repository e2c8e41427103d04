"""What a server answers is what the model says in Python, to the last digit, however it is asked."""

from __future__ import annotations

import base64
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.odd_photos import odd_photos

from convoscope.errors import ConfigurationError, ConvoscopeError, MissingFileError
from convoscope.models import load_model
from convoscope.serving import Client, Server, ServingError

from .conftest import NAMES, ask, photo

KINDS = (("PNG", 24, 20), ("JPEG", 500, 375), ("JPEG", 33, 900), ("WEBP", 61, 7), ("GIF", 1, 1), ("BMP", 40, 90))
ODD = [photo(seed, kind, (width, height)) for seed, (kind, width, height) in enumerate(KINDS)]


def form(*files: tuple[str, bytes], boundary: str = "x") -> tuple[bytes, str]:
    body = b"".join(
        b'--%s\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n%s\r\n'
        % (boundary.encode(), name.encode(), content)
        for name, content in files
    )
    return body + f"--{boundary}--\r\n".encode(), f'multipart/form-data; boundary="{boundary}"'


def test_every_way_of_asking_has_the_answer_of_python(server: Server, model_file: Path) -> None:
    found = load_model(model_file).predict_images(ODD)
    expected = [{**each.told(), "classes": each.told()["classes"][:2]} for each in found]
    assert len({each.none_of_these for each in found}) == 2  # both happen
    status, _, told = ask(server, "POST", "/predict?top=2", *form(*((f"{i}.png", c) for i, c in enumerate(ODD))))
    assert status == 200
    assert told["predictions"] == [{"file": f"{i}.png", **each} for i, each in enumerate(expected)]
    in_text = [base64.b64encode(content).decode() for content in ODD]
    images = json.dumps(
        {"images": [*in_text[:5], {"name": "ant, red.bmp", "data": f"data:image/bmp;base64,{in_text[5]}"}]}
    )
    _, _, told = ask(server, "POST", "/predict/same?top=2", images.encode(), "application/json")
    names = [*(f"image {i}" for i in range(5)), "ant, red.bmp"]
    assert told["predictions"] == [{"file": name, **each} for name, each in zip(names, expected, strict=True)]
    assert told["model"] == "same"
    for content, each in zip(ODD, expected, strict=True):
        for kind in ("image/jpeg", "application/octet-stream"):
            _, _, told = ask(server, "POST", "/predict?top=2", content, kind)
            assert told["predictions"] == [{"file": "image", **each}]


def test_odd_photos_have_the_answers_of_python(server: Server, model_file: Path, tmp_path: Path) -> None:
    files = odd_photos(tmp_path / "odd")
    (tmp_path / "odd" / "none.jpg").write_bytes(b"no image")
    files.append(tmp_path / "odd" / "none.jpg")
    assert len(files) > 50
    expected = load_model(model_file).predict_images(files, errors="return")
    parts = [files[start : start + 40] for start in range(0, len(files), 40)]
    found = [each for part in parts for each in Client(server.address).predict(part, top=3)]
    for file, each, told in zip(files, expected, found, strict=True):
        unread = isinstance(each, ConvoscopeError)
        words = {"error": str(each).replace(str(file), file.name)} if unread else each.told()
        assert told == {"file": file.name, **words}


def test_many_at_once_get_their_own_answers(server: Server, model_file: Path) -> None:
    photos = [photo(seed) for seed in range(60)]
    expected = [each.told()["classes"] for each in load_model(model_file).predict_images(photos)]
    with ThreadPoolExecutor(12) as executor:
        found = list(executor.map(lambda content: Client(server.address).predict(content), photos))
    assert [each["classes"] for each in found] == expected


def test_the_client_takes_paths_and_bytes(server: Server, tmp_path: Path) -> None:
    path = tmp_path / 'a "b".png'
    path.write_bytes(photo(1))
    with Client(server.address) as client:
        one = client.predict(path, top=1)
        assert one["file"] == path.name
        assert len(one["classes"]) == 1
        two = client.predict([path, photo(1), b"nothing"], model="insects", top=1)
        assert two[0] == one
        assert two[1]["classes"] == one["classes"]
        assert "not an image" in two[2]["error"]
        assert "not an image" in client.predict(b"nothing")["error"]
        assert [each["name"] for each in client.models()] == ["insects", "same"]
        assert client.models()[0]["classes"] == NAMES
        assert client.is_ready()
        with pytest.raises(ServingError, match=r"Unknown model. Available models: insects, same"):
            client.predict(path, model="other")
    with pytest.raises(ServingError, match="cannot be reached"):
        Client("http://127.0.0.1:9").predict(path)
    with pytest.raises(ValueError, match="must start with http"):
        Client("127.0.0.1:8770")


def test_the_client_needs_only_the_standard_library() -> None:
    import ast

    import convoscope.serving.client as client

    tree = ast.parse(Path(client.__file__).read_text(encoding="utf-8"))
    names = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {str(name).partition(".")[0] for name in names} <= set(sys.stdlib_module_names)


@pytest.mark.parametrize(
    ("body", "kind", "status", "words"),
    [
        (b"a=1", "application/x-www-form-urlencoded", 415, "which is not supported"),
        (b"GIF89a", "text/plain", 415, "which is not supported"),
        (b"", "image/png", 400, "no image"),
        (b"nothing", "image/png", 422, None),
        (photo(1)[:200], "image/png", 422, None),
        (b"{", "application/json", 400, "the body is not"),
        (b"[" * 100_000, "application/json", 400, "too many values"),
        (b"[" * 5_000, "application/json", 400, "the body is not"),
        (b"[1]", "application/json", 400, "either"),
        (b'{"image": "a", "images": []}', "application/json", 400, "either"),
        (b'{"images": "abcd"}', "application/json", 400, "a list"),
        (b'{"images": []}', "application/json", 400, "no image"),
        (b'{"images": [7]}', "application/json", 400, "base64"),
        (b'{"image": "\xc3\xa9"}', "application/json", 400, "not in base64"),
        (b'{"image": "http://127.0.0.1/a.png"}', "application/json", 400, "nothing is downloaded"),
        (b"--x--", "multipart/form-data", 400, "boundary"),
        (b"--x--", "multipart/form-data; boundary=y", 400, "boundary"),
        (b"--x\r\nno header", "multipart/form-data; boundary=x", 400, "damaged"),
        (b"--x--\r\n", "multipart/form-data; boundary=x", 400, "no image"),
        (form(("a.png", photo(1)))[0][:-8], "multipart/form-data; boundary=x", 400, "cut short"),
        (form(*[("a.png", b"a")] * 65)[0], "multipart/form-data; boundary=x", 413, "at most 64 images"),
        (b'{"images": [%s]}' % b",".join([b'""'] * 65), "application/json", 413, "at most 64 images"),
    ],
)
def test_what_is_wrong_is_said(server: Server, body: bytes, kind: str, status: int, words: str | None) -> None:
    found, headers, told = ask(server, "POST", "/predict", body, kind)
    assert found == status
    if words is None:
        assert "image is " in told["predictions"][0]["error"]  # it names no place of the server's
    else:
        assert words in told["error"]
    assert headers["content-type"] == "application/json"


def test_an_image_alone_may_have_a_name(server: Server) -> None:
    told = ask(server, "POST", "/predict?name=a%20b.png", b"nothing", "image/png")[2]["predictions"][0]
    assert told["file"] == "a b.png"
    assert told["error"].startswith("a b.png is not an image")


def test_a_forms_other_fields_do_not_matter(server: Server) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
    body, kind = form(("../../tmp/caf\xe9.png", photo(2)))
    status, _, told = ask(server, "POST", "/predict", head + body, kind)
    assert (status, told["predictions"][0]["file"]) == (200, "café.png")


@pytest.mark.parametrize("top", ["0", "-1", "x", "", "1e3", "²", "9" * 20])
def test_top_is_a_number(server: Server, top: str) -> None:
    from urllib.parse import quote

    status, _, told = ask(server, "POST", f"/predict?top={quote(top)}", photo(1), "image/png")
    assert (status, told["error"]) == (400, "top, the number of classes to return, must be at least 1.")


def test_what_cannot_be_served_is_refused_at_the_start(model_file: Path, tmp_path: Path) -> None:
    from convoscope.layers import Dense
    from convoscope.models import Sequential

    Sequential([Dense(2, input_shape=(7,))]).save(tmp_path / "numbers.safetensors")
    with pytest.raises(ConfigurationError, match="not images"):
        Server(tmp_path / "numbers.safetensors", port=0)
    with pytest.raises(MissingFileError, match="neither a run nor a model"):
        Server(tmp_path / "none", port=0)
    with pytest.raises(ConfigurationError, match="not a valid model name"):
        Server({"a/b": model_file}, port=0)
    with pytest.raises(ConfigurationError, match="no model to serve"):
        Server({}, port=0)
    with pytest.raises(ConfigurationError, match="at least 8 printable"):
        Server(model_file, port=0, token="short")


def test_pages_and_documents_are_there(server: Server) -> None:
    for address, words in (("/", "Convoscope"), ("/docs", "Convoscope"), ("/static/serving/main.js", "predict")):
        status, headers, text = ask(server, "GET", address)
        assert status == 200
        assert words in text
        assert "default-src 'none'" in headers["content-security-policy"]
    _, _, document = ask(server, "GET", "/openapi.json")
    assert document["openapi"] == "3.1.0"
    assert document["paths"]["/predict/{model}"]["post"]["parameters"][0]["schema"]["enum"] == ["insects", "same"]
    assert ask(server, "GET", "/static/../../../pyproject.toml")[0] == 404
    assert ask(server, "GET", "/health")[2] == {"status": "ok"}
