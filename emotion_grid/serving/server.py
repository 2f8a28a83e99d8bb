"""A server for people at one machine: on the loopback interface, behind addresses that nobody can guess.

Other web pages in a person's browser can reach this machine, too. They do not know the token of an address. If one makes the browser take
its own name for this machine's, the name in the request gives it away (DNS rebinding). If one sends a form, the browser says where it
comes from (CSRF).
"""

import errno
import hmac
import secrets
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from emotion_grid.base.messages import InputError

LOOPBACK, NAMES = "127.0.0.1", ("127.0.0.1", "localhost")
"""Where the server listens; by which names a browser may call it, at any port, since a tunnel may have another."""

MOST_BYTES, MOST_FIELDS = 200_000, 1000
"""Of a request's content; in a form's encoding, a character takes up to twelve bytes."""

SECONDS = 20
"""For which the server waits for a request to go on."""

HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}

Form = dict[str, list[str]]
"""What a person filled in: the values of each field."""


@dataclass(frozen=True)
class Reply:
    """What a request is answered with.

    Attributes:
        page: HTML.
        leads_to: the place of the site that the browser asks for next; then there is no page.
    """

    page: str = ""
    leads_to: str | None = None


class Site(Protocol):
    """The pages behind one address. A place is what follows the address; of one that the site does not have, it answers None."""

    policy: str
    """The Content-Security-Policy of its pages."""

    def get(self, place: str) -> Reply | None: ...

    def post(self, place: str, form: Form) -> Reply | None: ...


class LocalServer(ThreadingHTTPServer):
    """Serves sites, each behind an address of its own.

    Args:
        sites: what is served.
        port: to listen on; 0 for any that is free.

    Attributes:
        sites: by the tokens of their addresses.
        urls: their addresses, in the order of the sites.

    Raises:
        InputError: the port is not free.
    """

    def __init__(self, sites: Sequence[Site], port: int = 0):
        try:
            super().__init__((LOOPBACK, port), _Handler)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            raise InputError(f"port {port}: expected a free one, found {error.strerror}; name another") from None
        self.sites = {secrets.token_urlsafe(24): site for site in sites}
        self.urls = [f"http://{LOOPBACK}:{self.server_port}/{token}/" for token in self.sites]


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    server: LocalServer
    timeout = SECONDS
    server_version, sys_version = "emotion-grid", ""

    def do_GET(self) -> None:
        if address := self._address():
            token, place = address
            self._reply(token, self.server.sites[token].get(place))

    def do_POST(self) -> None:
        if not (address := self._address()):
            return
        if not self._is_from_its_own_page():
            self.send_error(HTTPStatus.FORBIDDEN)
        elif (form := self._form()) is not None:
            token, place = address
            self._reply(token, self.server.sites[token].post(place, form))

    def _address(self) -> tuple[str, str] | None:
        """The token and the place that a request asks for, if it calls this machine by its own name and knows a token; else it is refused."""
        host = self.headers.get("Host", "")
        if (host.rpartition(":")[0] or host) not in NAMES:
            self.send_error(HTTPStatus.FORBIDDEN)
            return None
        given, slash, place = self.path[1:].partition("/")
        for token in self.server.sites:
            if slash and hmac.compare_digest(given.encode(), token.encode()):
                return token, place
        self.send_error(HTTPStatus.NOT_FOUND)
        return None

    def _is_from_its_own_page(self) -> bool:
        """Whether a form comes from a page of this server, as far as the browser says; programs that are no browsers say nothing."""
        own = f"http://{self.headers.get('Host', '')}"
        return (
            self.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")
            and self.headers.get("Origin", own) == own
        )

    def _form(self) -> Form | None:
        """What a request's form holds; None if it is refused for its length."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
            return None
        if len(length) > 9 or int(length) > MOST_BYTES:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return None
        content = self.rfile.read(int(length)).decode("utf-8", errors="replace")
        try:
            return urllib.parse.parse_qs(content, max_num_fields=MOST_FIELDS, errors="replace")
        except ValueError:
            return {}

    def _reply(self, token: str, reply: Reply | None) -> None:
        if reply is None:
            self.send_error(HTTPStatus.NOT_FOUND)
        elif reply.leads_to is not None:
            self._send(HTTPStatus.SEE_OTHER, "", Location=f"/{token}/{reply.leads_to}")
        else:
            self._send(HTTPStatus.OK, reply.page, self.server.sites[token].policy)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse a request in words of the project's own: nothing of the request is repeated."""
        status = HTTPStatus(code)
        self.close_connection = True
        self._send(
            status, f"{status.phrase}: expected an address that the program printed, and forms of moderate length"
        )

    def _send(self, status: HTTPStatus, page: str, policy: str = "default-src 'none'", **headers: str) -> None:
        content = page.encode("utf-8", errors="replace")
        own = {
            "Content-Security-Policy": f"{policy}; frame-ancestors 'none'",
            "Content-Length": str(len(content)),
        }
        self.send_response(status)
        for name, value in {**HEADERS, **own, **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing: a line would hold the token."""
