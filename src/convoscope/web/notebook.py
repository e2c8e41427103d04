"""The way from a notebook's page in the browser to a server beside its kernel, which may be on another machine.

What is known of the places where notebooks run:

- On your own machine, also in VS Code, the browser reaches the server directly.
- JupyterHub tells its servers in ``JUPYTERHUB_SERVICE_PREFIX`` what their addresses begin with. The extension
  jupyter-server-proxy then hands on ``PREFIX/proxy/PORT/``, with the name by which the Hub was called: that name must
  be allowed. It is known where the Hub tells it (``JUPYTERHUB_PUBLIC_URL``, ``JUPYTERHUB_HOST``); else it is to be
  given.
- Colab is asked for the address of a port: ``google.colab.kernel.proxyPort(PORT)``.

A name is allowed only if it comes from the environment of the kernel, from Colab, or from the person. Whoever is let in
by his name still needs the token. Where no way leads to the server, a page without a server does: see
`convoscope.web.opening.Page`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from convoscope.errors import ConfigurationError

#: Pages that may show this machine's server in a frame: notebooks on this machine, and in VS Code.
LOCAL = ("http://localhost:*", "http://127.0.0.1:*", "vscode-webview:")
_COLAB = ("https://colab.research.google.com", "https://*.googleusercontent.com", "https://*.colab.dev")


@dataclass(frozen=True)
class Way:
    """How a notebook's page reaches a server.

    Attributes
    ----------
    base : str
        What stands before the token: ``"http://127.0.0.1:8760/"``, or ``"/user/ann/proxy/8760/"``.
    hosts : tuple of str
        Names by which the server is then called.
    ancestors : tuple of str
        Pages that may show it in a frame, besides those of its own origin.
    """

    base: str
    hosts: tuple[str, ...] = ()
    ancestors: tuple[str, ...] = LOCAL


def way_to(
    port: int,
    proxy: str | None = None,
    environment: Mapping[str, str] | None = None,
    modules: Mapping[str, Any] | None = None,
) -> Way:
    """Return the way to a port of this machine.

    Parameters
    ----------
    port : int
    proxy : str, optional
        The address that leads there, with ``{port}`` in it: ``"/user/ann/proxy/{port}/"``, or a whole one with
        ``https://`` before it. Without, it is looked for.
    environment, modules : mapping, optional
        Those of this process; others in tests.

    Raises
    ------
    ConfigurationError
        The proxy's address has no place for the port, or is none.

    Examples
    --------
    >>> way_to(8760, environment={"JUPYTERHUB_SERVICE_PREFIX": "/user/ann/"}).base
    '/user/ann/proxy/8760/'
    >>> way_to(8760, "https://hub.example.org/proxy/{port}/").hosts
    ('hub.example.org',)
    """
    environment = os.environ if environment is None else environment
    modules = sys.modules if modules is None else modules
    if proxy is not None:
        return _given(proxy, port)
    if "google.colab" in modules:
        return _colab(port)
    prefix = environment.get("JUPYTERHUB_SERVICE_PREFIX", "")
    if prefix.startswith("/"):
        told = [environment.get(name, "") for name in ("JUPYTERHUB_PUBLIC_URL", "JUPYTERHUB_HOST")]
        hosts = [name for name in map(_host, told) if name]
        return Way(f"{prefix.rstrip('/')}/proxy/{port}/", tuple(hosts))
    return Way(f"http://127.0.0.1:{port}/")


def _given(proxy: str, port: int) -> Way:
    if "{port}" not in proxy or not proxy.startswith(("/", "http://", "https://")):
        raise ConfigurationError(
            f"A proxy's address begins with / or https:// and has {{port}} where the port stands, as in "
            f"'/user/ann/proxy/{{port}}/', but is {proxy!r}."
        )
    base = proxy.replace("{port}", str(port)).rstrip("/") + "/"
    host = _host(base)
    return Way(base, (host,) if host else ())


def _colab(port: int) -> Way:
    from google.colab.output import eval_js

    address = str(eval_js(f"google.colab.kernel.proxyPort({port})"))
    host = _host(address)
    if not address.startswith("https://") or not host:
        raise ConfigurationError(
            f"Colab was asked for the address of port {port}, but answered {address!r}. Give server=False: the page is "
            "then shown without a server."
        )
    return Way(address.rstrip("/") + "/", (host,), _COLAB)


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
