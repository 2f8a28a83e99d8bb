"""Asking an endpoint that misbehaves: no answer is lost, none is paid for twice, and a budget is never exceeded."""

import email.utils
import json
import threading
import time

import pytest

from emotion_grid.asking.answers import read_answer
from emotion_grid.asking.pace import Pace
from emotion_grid.asking.tokens import Budget, Tokens, most_tokens
from emotion_grid.base.messages import InputError
from testing.language_model import body, half, hang_up, say_labels, silence, status

LABELS = ["anger", "joy"]
TEXTS = [f"so much {word} {number}" for number, word in enumerate(["joy", "anger", "rain"] * 4)]


def answers(asking, questions):
    return [read_answer(reply, LABELS).probabilities for reply in asking.replies(questions)]


EXPECTED = [pytest.approx([0.9 if word in text else 0.1 for word in LABELS]) for text in TEXTS]


def test_every_text_is_asked_once_and_never_again(server, opened, questions):
    asked = questions(*TEXTS, *TEXTS[:2])
    for _ in range(2):
        with opened(at_once=4) as asking:
            asking.ask(asked)
            assert answers(asking, asked) == [*EXPECTED, *EXPECTED[:2]]
    assert server.delivered == dict.fromkeys(TEXTS, 1)
    assert len(server.requests) == len(TEXTS)


FAULTS = {
    "silence": (silence, True),
    "hang up": (hang_up, True),
    "half a reply": (half, True),
    "no JSON": (body(b"<html>Bad gateway</html>"), True),
    "broken JSON": (body(b'{"choices": [{"message": {"content": "{'), True),
    "another form": (body(b'{"object": "list", "data": []}'), True),
    "nothing": (body(b""), True),
    "408": (status(408), False),
    "409": (status(409), False),
    "429": (status(429, None, Retry_After="0"), False),
    "429 until a date": (status(429, None, Retry_After=email.utils.formatdate(time.time() - 5, usegmt=True)), False),
    "500": (status(500), False),
    "502 without JSON": (status(502, "<html>"), False),
    "529": (status(529), False),
}


@pytest.mark.parametrize("name", FAULTS)
def test_after_a_fault_the_same_text_is_asked_again(server, opened, questions, name):
    fault, is_paid = FAULTS[name]
    server.faults = [fault]
    (question,) = asked = questions("so much joy")
    with opened(timeout=1 if name == "silence" else 60) as asking:
        asking.ask(asked)
        assert answers(asking, asked) == [pytest.approx([0.1, 0.9])]
        lost = most_tokens(question.request) if is_paid else Tokens()
        assert asking.ledger.spent == Tokens(50, 20) + lost
    assert [request["messages"] for request in server.requests] == [question.request["messages"]] * 2
    assert server.delivered == {"so much joy": 1}


def test_all_faults_at_once_lose_no_answer_and_pay_for_none_twice(server, opened, questions):
    server.faults = [one for fault, _ in FAULTS.values() for one in (fault, None)]
    asked = questions(*TEXTS)
    with opened(at_once=4, timeout=5) as asking:
        asking.ask(asked)
        assert answers(asking, asked) == EXPECTED
    assert server.delivered == dict.fromkeys(TEXTS, 1)


def test_an_endpoint_that_never_answers_is_given_up_and_nothing_is_lost(server, opened, questions):
    asked = questions(*TEXTS)
    with opened() as asking:
        asking.ask(asked[:5])
    server.faults = [status(500)] * 8
    with (
        opened() as asking,
        pytest.raises(InputError, match=r"found none in 8 attempts .*status 500.* start again later"),
    ):
        asking.ask(asked)
    with opened() as asking:
        asking.ask(asked)
        assert answers(asking, asked) == EXPECTED
    assert server.delivered == dict.fromkeys(TEXTS, 1)


@pytest.mark.parametrize(
    ("code", "words"), [(400, "no such parameter"), (401, "wrong key"), (403, "not yours"), (404, "no such model")]
)
def test_what_no_second_attempt_mends_ends_at_once(server, opened, questions, code, words):
    server.faults = [status(code, {"error": {"message": words, "code": None}})] * 2
    with opened(at_once=1) as asking, pytest.raises(InputError, match=f"status {code}: {words}"):
        asking.ask(questions(*TEXTS))
    assert len(server.requests) == 1


def test_credit_that_is_used_up_ends_at_once(server, opened, questions):
    server.faults = [status(429, {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}})]
    with opened() as asking, pytest.raises(InputError, match="exceeded your quota"):
        asking.ask(questions(*TEXTS))


def test_a_server_that_is_not_there_costs_nothing(opened, questions, server):
    with opened(address="http://127.0.0.1:9/v1") as asking, pytest.raises(InputError, match="ConnectError"):
        asking.ask(questions("a"))
    with opened() as asking:
        assert asking.ledger.spent == Tokens()


def test_nobody_asks_while_the_endpoint_wants_a_pause(server, opened, questions):
    server.faults = [status(429, None, Retry_After="1")]
    started = time.monotonic()
    with opened(at_once=1) as asking:
        asking.ask(questions(*TEXTS))
    assert time.monotonic() - started >= 1
    assert len(server.requests) == len(TEXTS) + 1


def test_too_long_a_pause_ends_the_program(server, opened, questions):
    server.faults = [status(429, None, Retry_After="86400")]
    with opened() as asking, pytest.raises(InputError, match="asks for a pause of 86,400 s"):
        asking.ask(questions("a"))


def test_answers_of_the_wrong_form_are_kept_and_not_asked_again(server, opened, questions):
    contents = [
        "",
        "Anger!",
        '{"anger": true}',
        '{"anger": true, "joy": false, "rage": true}',
        '{"anger": 1, "joy": 0}',
    ]
    asked = questions(*TEXTS[: len(contents)])
    known = dict(zip(TEXTS, contents, strict=False))
    server.content = lambda text, labels: known[text]
    for _ in range(2):
        with opened(at_once=2) as asking:
            asking.ask(asked)
            assert answers(asking, asked) == [[0.0, 0.0]] * len(contents)
    assert len(server.requests) == len(contents)


def test_a_budget_is_not_exceeded_and_what_was_answered_stays(server, opened, questions):
    asked = questions(*TEXTS)
    most = max(most_tokens(question.request).all for question in asked)
    budget = Budget(5 * 70 + most)
    with (
        opened(at_once=4, budget=budget) as asking,
        pytest.raises(InputError, match=r"found [67] of them left after .* raise it"),
    ):
        asking.ask(asked)
    answered = dict(server.delivered)
    assert 5 <= len(answered) <= 6, "each costs 70 tokens, and the last might have cost all that was left"
    with opened(at_once=4, budget=Budget(12 * 70 + most)) as asking:
        asking.ask(asked)
        assert asking.ledger.spent.all == 12 * 70
    assert server.delivered == dict.fromkeys(TEXTS, 1)


def test_requests_start_no_faster_than_allowed(server, opened, questions):
    started = time.monotonic()
    with opened(at_once=4, per_minute=600) as asking:
        asking.ask(questions(*TEXTS))
    assert time.monotonic() - started >= 0.1 * (len(TEXTS) - 1)


def test_requests_are_on_their_way_at_the_same_time(server, opened, questions):
    together = threading.Barrier(4)

    def content(text, labels):
        together.wait(60)  # until four requests are here
        return say_labels(text, labels)

    server.content = content
    with opened(at_once=4) as asking:
        asking.ask(questions(*TEXTS))
    assert server.delivered == dict.fromkeys(TEXTS, 1)


def test_a_pause_lets_those_go_who_are_told_to_stop():
    pace = Pace()
    pace.hold(60)
    waiting = threading.Thread(target=pace.wait)
    waiting.start()
    pace.stopped.set()
    waiting.join(60)
    assert not waiting.is_alive()


SECRET = "sk-very-Secret-1234"


def test_the_key_comes_from_the_environment_and_is_told_to_nobody_else(
    server, opened, questions, monkeypatch, tmp_path, capfd
):
    monkeypatch.setenv("A_KEY", f" {SECRET}\n")
    monkeypatch.setenv("OPENAI_API_KEY", "another")
    server.faults = [
        status(500, {"error": {"message": f"Bearer {SECRET} is tired"}}),
        body(f"<html>{SECRET}</html>".encode()),
        status(401, {"error": {"message": f"Incorrect API key provided: {SECRET}"}}),
    ]
    with opened(key_from="A_KEY") as asking, pytest.raises(InputError) as caught:
        asking.ask(questions("a"))
    assert "Incorrect API key provided: (key)" in str(caught.value)
    assert server.keys == {SECRET}
    told = [*capfd.readouterr(), str(caught.value), (tmp_path / "answers.jsonl").read_text()]
    assert "is tired" in told[-1]
    assert not any(SECRET in text for text in told)


def test_without_the_name_of_a_variable_no_key_is_sent(server, opened, questions, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    with opened() as asking:
        asking.ask(questions("a"))
    assert server.keys == {"none"}


def test_a_key_that_is_not_there_is_asked_for_by_its_name(opened, monkeypatch):
    monkeypatch.delenv("A_KEY", raising=False)
    with pytest.raises(InputError, match="A_KEY: expected the endpoint's key"), opened(key_from="A_KEY"):
        pass


def test_what_is_asked_is_in_the_request(server, opened, questions):
    (question,) = questions("so {text} much {labels}")
    with opened() as asking:
        asking.ask([question])
    (request,) = server.requests
    assert request == question.request
    assert request["messages"] == [
        {"role": "system", "content": 'Say "anger", "joy".'},
        {"role": "user", "content": "so {text} much {labels}"},
    ]
    assert json.loads(json.dumps(request["response_format"]))["json_schema"]["schema"]["required"] == LABELS
