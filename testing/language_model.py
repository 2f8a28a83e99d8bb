"""A server on loopback that answers as the OpenAI API does, or fails in a way that a test chooses."""

import contextlib
import json
import math
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from testing.serving import at_work

Fault = Callable[["_Handler", bytes], None]
"""What the server does in the place of an answer, which it gets whole, with its headers."""


class FakeModel(ThreadingHTTPServer):
    """Says true of every label that a text names, and false of all others.

    Attributes:
        faults: what happens to the next requests, in order; where it is None, and afterwards, they are answered.
        content: the answer to a text and the names of its labels; a test may set another function.
        probability: of each token that is written; None for replies without token probabilities.
        delay: seconds before a reply.
        requests: all that were received, in order: their bodies.
        keys: the keys that came with them.
        delivered: how often each text was answered with a whole reply.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.faults: list[Fault | None] = []
        self.content: Callable[[str, list[str]], str] = say_labels
        self.probability: float | None = 0.9
        self.delay = 0.0
        self.requests: list[dict[str, Any]] = []
        self.keys: set[str] = set()
        self.delivered: Counter[str] = Counter()
        self.lock = threading.Lock()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients of tests go away."""


class _Handler(BaseHTTPRequestHandler):
    server: FakeModel
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.requests.append(request)
            self.server.keys.add(self.headers["Authorization"].removeprefix("Bearer "))
            fault = self.server.faults.pop(0) if self.server.faults else None
        text = request["messages"][-1]["content"]
        time.sleep(self.server.delay)
        if fault:
            fault(self, self.reply(request, text))
            return
        self.send(200, self.reply(request, text))
        with self.server.lock:
            self.server.delivered[text] += 1

    def reply(self, request: dict[str, Any], text: str) -> bytes:
        """A chat completion."""
        labels = list(request["response_format"]["json_schema"]["schema"]["properties"])
        return json.dumps(completion(self.server.content(text, labels), self.server.probability)).encode()

    def send(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(content)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


def say_labels(text: str, labels: list[str]) -> str:
    """True of every label that a text names."""
    return json.dumps({label: label in text.split() for label in labels})


def completion(content: str, probability: float | None = 0.9, finish: str = "stop", **message: Any) -> dict[str, Any]:
    """A chat completion with a content.

    Args:
        probability: of each token; `true` and `false` have each other as the only alternative.
        message: what else the message holds.
    """
    choice: dict[str, Any] = {
        "index": 0,
        "message": {"role": "assistant", "content": content, **message},
        "finish_reason": finish,
    }
    if probability is not None:
        choice["logprobs"] = {"content": [_token(piece, probability) for piece in _pieces(content)]}
    usage = {"prompt_tokens": 50, "completion_tokens": 20, "total_tokens": 70}
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "tiny-1",
        "choices": [choice],
        "usage": usage,
    }


def _pieces(content: str) -> list[str]:
    """The tokens of a content: `true` and `false`, each with a blank before it, and what stands between them."""
    return [piece for piece in re.split(r"( ?true| ?false)", content) if piece]


def _token(piece: str, probability: float) -> dict[str, Any]:
    other = {"true": "false", "false": "true"}.get(piece.strip())
    found = [(piece, probability), *([(piece.replace(piece.strip(), other), 1 - probability)] if other else [])]
    likely = [
        {"token": text, "bytes": list(text.encode()), "logprob": math.log(share) if share else -9999.0}
        for text, share in found
    ]
    return {**likely[0], "top_logprobs": likely}


def status(code: int, said: Any = None, **headers: str) -> Fault:
    """A status other than success."""
    content = json.dumps({"error": {"message": f"status {code}", "code": None}} if said is None else said).encode()
    return lambda handler, reply: handler.send(code, content, **headers)


def silence(handler: _Handler, reply: bytes) -> None:
    """Nothing, until the client goes away."""
    handler.connection.settimeout(60)
    with contextlib.suppress(OSError):
        handler.connection.recv(1)
    handler.close_connection = True


def hang_up(handler: _Handler, reply: bytes) -> None:
    """The connection is closed without a word."""
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def half(handler: _Handler, reply: bytes) -> None:
    """Half of the reply, though its length is announced."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(reply)))
    handler.end_headers()
    handler.wfile.write(reply[: len(reply) // 2])
    hang_up(handler, reply)


def body(content: bytes) -> Fault:
    """Success, with another body than a chat completion."""
    return lambda handler, reply: handler.send(200, content)


def fake_model() -> AbstractContextManager[FakeModel]:
    """A server that is there while the block runs."""
    return at_work(FakeModel())
