"""A server for one person on one machine: on the loopback interface, behind an address that nobody can guess.

Other web pages in the person's browser can reach this address, too. They do not know its token, and if one makes the browser take its own
name for this machine's, the name in the request gives it away (DNS rebinding).
"""

import hmac
import secrets
import threading
import urllib.parse
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from emotion_grid.trying.answers import Answer
from emotion_grid.trying.page import POLICY, form_page

LOOPBACK, NAMES = "127.0.0.1", ("127.0.0.1", "localhost")
"""Where the server listens; by which names a browser may call it, at any port, since a tunnel may have another."""

MOST_BYTES = 200_000
"""Of a request's content; in a form's encoding, a character takes up to twelve."""

SECONDS = 20
"""For which the server waits for a request to go on."""

HEADERS = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class TrialServer(ThreadingHTTPServer):
    """Serves the page; computes one answer at a time.

    Args:
        title: what is tried.
        answer: from a text to what the model says of it, None if there is nothing to say.
        port: to listen on; 0 for any that is free.

    Attributes:
        url: the page's address.
    """

    def __init__(self, title: str, answer: Callable[[str], Answer | None], port: int = 0):
        super().__init__((LOOPBACK, port), _Handler)
        self.title, self._answer, self._computing = title, answer, threading.Lock()
        self.token = secrets.token_urlsafe(24)
        self.url = f"http://{LOOPBACK}:{self.server_port}/{self.token}/"

    def page(self, text: str) -> str:
        """The page with the answer to a text."""
        with self._computing:
            answer = self._answer(text)
        return form_page(self.title, text, answer, "" if answer else "An empty text has no labels.")


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    server: TrialServer
    timeout = SECONDS
    server_version, sys_version = "emotion-grid", ""

    def do_GET(self) -> None:
        if self._is_admitted():
            self._send(HTTPStatus.OK, form_page(self.server.title))

    def do_POST(self) -> None:
        if not self._is_admitted():
            return
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
        elif len(length) > 9 or int(length) > MOST_BYTES:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            content = self.rfile.read(int(length)).decode("utf-8", errors="replace")
            try:
                form = urllib.parse.parse_qs(content, max_num_fields=1, errors="replace")
            except ValueError:
                form = {}
            self._send(HTTPStatus.OK, self.server.page(form.get("text", [""])[0]))

    def _is_admitted(self) -> bool:
        """Whether a request calls this machine by its own name and knows the token; it is refused if not."""
        host = self.headers.get("Host", "")
        if (host.rpartition(":")[0] or host) not in NAMES:
            self.send_error(HTTPStatus.FORBIDDEN)
            return False
        if not hmac.compare_digest(self.path.encode(), f"/{self.server.token}/".encode()):
            self.send_error(HTTPStatus.NOT_FOUND)
            return False
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse a request in words of the project's own: nothing of the request is repeated."""
        status = HTTPStatus(code)
        self.close_connection = True
        self._send(
            status, f"{status.phrase}: expected the address that the program printed, and a text of moderate length"
        )

    def _send(self, status: HTTPStatus, page: str) -> None:
        content = page.encode("utf-8", errors="replace")
        self.send_response(status)
        for name, value in {**HEADERS, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing: a line would hold the token."""
