"""The ways from a notebook to a server beside its kernel, and pages without a server."""

from __future__ import annotations

import http.client
import sys
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest

import convoscope as cs
from convoscope.errors import ConfigurationError
from convoscope.web.notebook import LOCAL, way_to
from convoscope.web.opening import Opened, Page
from convoscope.web.server import Response, Server, Site


@pytest.fixture
def model() -> cs.Sequential:
    return cs.Sequential([cs.layers.Flatten(input_shape=(4, 4, 1)), cs.layers.Dense(3, activation="softmax")], seed=1)


@pytest.fixture
def colab(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What Colab's module is asked; it answers like Colab, with an address of its own for each port."""
    asked: list[str] = []

    def eval_js(script: str) -> str:
        asked.append(script)
        port = script.removeprefix("google.colab.kernel.proxyPort(").removesuffix(")")
        return f"https://abc-{port}-colab.googleusercontent.com/"

    modules: dict[str, Any] = {name: ModuleType(name) for name in ("google", "google.colab", "google.colab.output")}
    modules["google.colab.output"].eval_js = eval_js
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    return asked


def ask(server: Server, host: str) -> tuple[int, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request("GET", f"/{server.token}/", headers={"Host": host})
        response = connection.getresponse()
        response.read()
        return response.status, response.headers
    finally:
        connection.close()


def test_on_this_machine_the_way_is_straight() -> None:
    way = way_to(8760, environment={}, modules={})
    assert (way.base, way.hosts, way.ancestors) == ("http://127.0.0.1:8760/", (), LOCAL)


@pytest.mark.parametrize(
    ("environment", "base", "hosts"),
    [
        ({"JUPYTERHUB_SERVICE_PREFIX": "/user/ann/"}, "/user/ann/proxy/8760/", ()),
        ({"JUPYTERHUB_SERVICE_PREFIX": "/hub/user/a%20b"}, "/hub/user/a%20b/proxy/8760/", ()),
        (
            {
                "JUPYTERHUB_SERVICE_PREFIX": "/user/ann/",
                "JUPYTERHUB_PUBLIC_URL": "https://Hub.example.org:8443/user/ann/",
                "JUPYTERHUB_HOST": "https://ann.example.org",
            },
            "/user/ann/proxy/8760/",
            ("hub.example.org", "ann.example.org"),
        ),
        ({"JUPYTERHUB_SERVICE_PREFIX": "/user/ann/", "JUPYTERHUB_HOST": "https://[x"}, "/user/ann/proxy/8760/", ()),
        ({"JUPYTERHUB_SERVICE_PREFIX": "javascript:alert(1)"}, "http://127.0.0.1:8760/", ()),
    ],
)
def test_a_hub_says_what_its_addresses_begin_with(
    environment: dict[str, str], base: str, hosts: tuple[str, ...]
) -> None:
    way = way_to(8760, environment=environment, modules={})
    assert (way.base, way.hosts) == (base, hosts)


def test_colab_is_asked_for_the_address_of_the_port(colab: list[str]) -> None:
    way = way_to(8761)
    assert asked_for(colab) == "google.colab.kernel.proxyPort(8761)"
    assert way.base == "https://abc-8761-colab.googleusercontent.com/"
    assert way.hosts == ("abc-8761-colab.googleusercontent.com",)
    assert "https://colab.research.google.com" in way.ancestors


def asked_for(colab: list[str]) -> str:
    assert len(colab) == 1
    return colab[0]


def test_an_answer_of_colab_that_is_no_address_is_told(colab: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["google.colab.output"], "eval_js", lambda script: None)
    with pytest.raises(ConfigurationError, match=r"'None'.*server=False"):
        way_to(8761)


@pytest.mark.parametrize("proxy", ["/user/ann/proxy/8760/", "user/{port}/", "javascript:{port}", "//"])
def test_a_proxys_address_that_is_none_is_refused(proxy: str) -> None:
    with pytest.raises(ConfigurationError, match="begins with / or https://"):
        way_to(8760, proxy)


def test_explore_goes_through_the_proxy_that_is_told(model: cs.Sequential) -> None:
    opened = model.explore(
        port=0, browser=False, wait=False, proxy="https://hub.example.org/a/{port}", hosts=["Other.example.org"]
    )
    try:
        server = opened._server
        address = f"https://hub.example.org/a/{server.port}/{server.token}/"
        assert f'<iframe src="{address}"' in opened._repr_html_()
        assert opened.address == server.address != address
        for host, status in (("hub.example.org", 200), ("other.example.org", 200), ("evil.example", 403)):
            assert ask(server, host)[0] == status
    finally:
        opened.close()


def test_only_what_a_notebook_shows_may_be_in_frames_of_other_pages() -> None:
    site = Site(Path("."), {"": lambda: Response(b"page", "text/plain")})
    with Server(site, port=0) as alone:
        assert alone.policy.endswith("frame-ancestors 'self'")
    opened = Opened(Server(site, port=0))
    try:
        policy = ask(opened._server, "localhost")[1]["Content-Security-Policy"]
        assert policy.endswith("frame-ancestors 'self' http://localhost:* http://127.0.0.1:* vscode-webview:")
        assert urlsplit(opened.shown).path == f"/{opened._server.token}/"
    finally:
        opened.close()


def test_without_a_server_the_page_is_in_the_notebook_and_can_be_saved(model: cs.Sequential, tmp_path: Path) -> None:
    page = model.explore(server=False)
    assert isinstance(page, Page)
    shown = page._repr_html_()
    assert shown.startswith('<iframe srcdoc="&lt;!DOCTYPE html&gt;')
    assert "http://127.0.0.1" not in shown
    assert "allow-same-origin" not in shown  # what is in it can reach nothing of the notebook
    page.save(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == page.html
    assert "MB" in repr(page)
    assert len(repr(page)) < 200
