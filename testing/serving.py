"""A server of pages as a browser sees it: what is asked, and what is answered."""

import http.client
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from socketserver import BaseServer
from typing import TypeVar

from emotion_grid.serving.server import LOOPBACK, LocalServer, Site


@dataclass(frozen=True)
class Answered:
    """Status, headers and content of an answer."""

    status: int
    headers: dict[str, str]
    page: str


Server = TypeVar("Server", bound=BaseServer)


@contextmanager
def at_work(server: Server) -> Iterator[Server]:
    """A server that answers while the block runs."""
    with server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def served(*sites: Site) -> AbstractContextManager[LocalServer]:
    """A server of sites while the block runs."""
    return at_work(LocalServer(sites))


def ask(url: str, method: str = "GET", path: str | None = None, body: bytes | None = None, **headers: str) -> Answered:
    """What a server answers.

    Args:
        url: the address that it printed.
        path: asked for in place of the address's own.
        headers: with `_` for `-`.
    """
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(LOOPBACK, parts.port, timeout=20)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, parts.path if path is None else path, body, named)
    response = connection.getresponse()
    return Answered(response.status, dict(response.headers), response.read().decode())


def form(*fields: tuple[str, str]) -> bytes:
    """A form as a browser sends it."""
    return urllib.parse.urlencode(fields).encode()
