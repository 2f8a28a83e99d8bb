"""The server of the page: only who knows the address is answered, whatever else a browser is made to send."""

import http.client
import threading
import urllib.parse
from contextlib import contextmanager

import numpy as np
import pytest

from emotion_grid.explanation.shapley import Explanation
from emotion_grid.trying.answers import Answer
from emotion_grid.trying.server import LOOPBACK, MOST_BYTES, TrialServer
from testing.made import HOSTILE
from testing.pages import text_of


def answer(text: str) -> Answer | None:
    """Two labels, of which joy is predicted; every word raises joy and lowers fear."""
    words = text.split()
    if not words:
        return None
    values = np.tile([0.5, -0.25], (len(words), 1))
    explanation = Explanation(words, values, np.zeros(2), values.sum(0))
    return Answer(["joy", "fear"], np.array([0.9, 0.2]), np.array([0.6, 0.4]), explanation, len(words) > 200)


@pytest.fixture
def server():
    with TrialServer("a run", answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def ask(server, method="GET", path=None, body=None, **headers) -> tuple[int, dict, str]:
    """Status, headers and content of an answer."""
    connection = http.client.HTTPConnection(LOOPBACK, server.server_port, timeout=20)
    path = f"/{server.token}/" if path is None else path
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    return response.status, dict(response.headers), response.read().decode()


def typed(text: str) -> bytes:
    return urllib.parse.urlencode({"text": text}).encode()


def test_a_text_gets_its_labels_with_their_thresholds_and_words(server):
    status, headers, page = ask(server, "POST", body=typed("so glad & happy"))
    words = text_of(page)
    assert (
        status == 200
        and "joy predicted 0.900 threshold 0.60" in words
        and "fear not predicted 0.200 threshold 0.40" in words
    )
    assert words.index("joy") < words.index("fear") and page.count("<details") == 2
    assert page.count('<details class="card bar" open>') == 1, "the predicted labels are open"
    assert "glad +0.50" in words and "glad -0.25" in words and "base +0.00, logit +2.00" in words
    assert ">\nso glad &amp; happy</textarea>" in page
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script" not in policy and "unsafe" not in policy
    assert headers["Cache-Control"] == "no-store" and headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_is_no_markup(server, text):
    _, _, page = ask(server, "POST", body=typed(text))
    for piece in ("<script", "<img", "<iframe", 'onerror="', "</textarea><", "<h1>out"):
        assert piece not in page
    assert page.count("</textarea>") == 1


def test_an_empty_text_is_told(server):
    for body in (typed(" \n"), b"", b"other=1", b"text=a&text=b", b"\xff%ff"):
        status, _, page = ask(server, "POST", body=body)
        assert status == 200 and "An empty text has no labels." in page


@contextmanager
def unasked(server):
    """No text reaches the model while the block runs."""
    before, asked = server._answer, []
    server._answer = lambda text: asked.append(text)
    yield
    server._answer = before
    assert not asked


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "0.0.0.0"])
def test_a_request_by_another_name_is_refused(server, host):
    """Fault: a page that lets its name point to this machine reads what is typed (DNS rebinding)."""
    with unasked(server):
        for method, body in (("GET", None), ("POST", typed("x"))):
            status, _, content = ask(server, method, body=body, Host=host)
            assert status == 403 and "a run" not in content


def test_names_of_this_machine_are_admitted_at_any_port(server):
    for host in ("127.0.0.1", "localhost", f"localhost:{server.server_port}", "127.0.0.1:9000"):
        assert ask(server, Host=host)[0] == 200


@pytest.mark.parametrize(
    "path", ["/", "/x/", "//", "/{token}", "/{token}/x", "/{token}/?a", "/%2e%2e/{token}/", "/\u00e9/"]
)
def test_another_address_is_refused(server, path):
    with unasked(server):
        address = urllib.parse.quote(path, safe="/%?{}").format(token=server.token)
        for method, body in (("GET", None), ("POST", typed("x"))):
            status, headers, content = ask(server, method, address, body)
            assert status == 404 and server.token not in content and "Content-Security-Policy" in headers


def test_requests_that_are_too_large_or_do_not_say_their_length_are_refused(server):
    with unasked(server):
        assert ask(server, "POST", body=b"a" * (MOST_BYTES + 1))[0] == 413
        for length in ("", "-1", "x", "\u0661".encode().decode("latin-1"), "1" * 40):
            status, _, _ = ask(server, "POST", body=None, Content_Length=length)
            assert status in (411, 413)
        assert ask(server, "PUT", body=b"a")[0] == 501


def test_the_server_listens_on_the_loopback_interface_alone_and_is_silent(server, capfd):
    ask(server), ask(server, path="/x")
    assert server.server_address[0] == "127.0.0.1" and len(server.token) >= 32
    assert capfd.readouterr() == ("", "")


def test_a_connection_that_says_nothing_holds_up_nobody(server):
    """Fault: browsers open connections before they need them."""
    idle = http.client.HTTPConnection(LOOPBACK, server.server_port, timeout=20)
    idle.connect()
    assert ask(server)[0] == 200
    idle.close()
