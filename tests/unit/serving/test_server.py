"""The server of pages: only who knows an address is answered, whatever else a browser is made to send."""

import http.client
import socket
import urllib.parse

import pytest

from emotion_grid.base.messages import InputError
from emotion_grid.serving.server import LOOPBACK, MOST_BYTES, LocalServer, Reply
from testing.serving import ask, form, served


class Notes:
    """A site of one place, `` , that notes what it is asked for."""

    policy = "default-src 'none'; form-action 'self'"

    def __init__(self, name: str = "a page"):
        self.name, self.asked = name, []

    def get(self, place):
        self.asked.append(place)
        return None if place == "gone" else Reply(f"{self.name}: {place}")

    def post(self, place, form):
        self.asked.append((place, form))
        return Reply(leads_to="next")


@pytest.fixture
def site():
    return Notes()


@pytest.fixture
def server(site):
    with served(site) as server:
        yield server


@pytest.fixture
def url(server):
    return server.urls[0]


def test_a_site_gets_the_place_and_the_form_and_leads_on(url, site):
    got = ask(url)
    assert (got.status, got.page) == (200, "a page: ")
    assert got.headers["Content-Security-Policy"] == f"{site.policy}; frame-ancestors 'none'"
    assert got.headers["Cache-Control"] == "no-store" and got.headers["Referrer-Policy"] == "same-origin"
    path = urllib.parse.urlsplit(url).path
    sent = ask(url, "POST", f"{path}7", form(("label", "1"), ("label", "2")))
    assert (sent.status, sent.page, sent.headers["Location"]) == (303, "", f"{path}next")
    assert site.asked == ["", ("7", {"label": ["1", "2"]})]
    assert ask(url, path=f"{path}gone").status == 404


def test_each_site_has_an_address_that_opens_no_other():
    anna, ben = Notes("anna"), Notes("ben")
    with served(anna, ben) as server:
        assert [ask(url).page for url in server.urls] == ["anna: ", "ben: "]
        first, second = (urllib.parse.urlsplit(url).path for url in server.urls)
        assert ask(server.urls[0], path=f"{first}..{second}").page == f"anna: ..{second}", "a place, and no path"
    assert ben.asked == [""]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "0.0.0.0"])
def test_a_request_by_another_name_is_refused(url, site, host):
    """Fault: a page that lets its name point to this machine reads what is typed (DNS rebinding)."""
    for method, body in (("GET", None), ("POST", form(("text", "x")))):
        refused = ask(url, method, body=body, Host=host)
        assert refused.status == 403 and "a page" not in refused.page
    assert site.asked == []


def test_names_of_this_machine_are_admitted_at_any_port(url):
    for host in ("127.0.0.1", "localhost", "localhost:8000", "127.0.0.1:9000"):
        assert ask(url, Host=host).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://evil.example", "Sec_Fetch_Site": "same-origin"},
    ],
)
def test_a_form_from_another_page_is_refused(url, site, headers):
    """Fault: a page that has learned the address sends a form in a person's name (CSRF)."""
    assert ask(url, "POST", body=form(("text", "x")), **headers).status == 403
    assert site.asked == []


def test_a_form_from_the_own_page_is_taken_through_a_tunnel_too(url, site):
    own = {"Host": "localhost:9000", "Origin": "http://localhost:9000", "Sec_Fetch_Site": "same-origin"}
    assert ask(url, "POST", body=form(("text", "x")), **own).status == 303
    assert site.asked == [("", {"text": ["x"]})]


@pytest.mark.parametrize("path", ["/", "/x/", "//", "/{token}", "/%2e%2e/{token}/", "/{token}x/", "/\u00e9/"])
def test_another_address_is_refused(server, url, site, path):
    (token,) = server.sites
    address = urllib.parse.quote(path, safe="/%?{}").format(token=token)
    for method, body in (("GET", None), ("POST", form(("text", "x")))):
        refused = ask(url, method, address, body)
        assert refused.status == 404 and token not in refused.page and "Content-Security-Policy" in refused.headers
    assert site.asked == []


def test_requests_that_are_too_large_or_do_not_say_their_length_are_refused(url, site):
    assert ask(url, "POST", body=b"a" * (MOST_BYTES + 1)).status == 413
    for length in ("", "-1", "x", "\u0661".encode().decode("latin-1"), "1" * 40):
        assert ask(url, "POST", Content_Length=length).status in (411, 413)
    assert ask(url, "PUT", body=b"a").status == 501
    assert site.asked == []


def test_forms_that_cannot_be_read_are_empty(url, site):
    for body in (b"", b"\xff%ff", b"&".join([b"a=1"] * 2000)):
        assert ask(url, "POST", body=body).status == 303
    assert site.asked == [("", {})] * 3


def test_the_server_listens_on_the_loopback_interface_alone_and_is_silent(server, url, capfd):
    ask(url), ask(url, path="/x")
    (token,) = server.sites
    assert server.server_address[0] == "127.0.0.1" and len(token) >= 32
    assert capfd.readouterr() == ("", "")


def test_a_connection_that_says_nothing_holds_up_nobody(server, url):
    """Fault: browsers open connections before they need them."""
    idle = http.client.HTTPConnection(LOOPBACK, server.server_port, timeout=20)
    idle.connect()
    assert ask(url).status == 200
    idle.close()


def test_a_port_that_is_taken_is_told(site):
    with socket.create_server((LOOPBACK, 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(InputError, match=rf"port {port}: expected a free one, found Address already in use"):
            LocalServer([site], port)
