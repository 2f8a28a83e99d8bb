"""From replies to labels: what is an answer, what is none and why, and how sure the model was."""

import json
import math

import pytest

from emotion_grid.asking.answers import CUT, MISSING, NO_JSON, NO_TRUTH, REFUSED, UNKNOWN, read_answer
from emotion_grid.asking.reply import parse_reply
from emotion_grid.asking.tokens import Tokens
from testing.language_model import completion

LABELS = ["anger", "joy"]
GOOD = '{"anger": true, "joy": false}'


def answer(content="", labels=LABELS, **choices):
    reply = parse_reply(json.dumps(completion(content, **choices)))
    assert reply is not None
    return read_answer(reply, labels)


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        ' \n{"joy":false,\n"anger" : true}\n',
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}```",
        f'<think>Is it {{"anger": false, "joy": true}}?\nNo.</think>\n{GOOD}',
    ],
)
def test_an_answer_may_stand_in_a_code_block_and_after_thoughts(content):
    plain = answer(content, probability=None)
    assert (plain.probabilities, plain.problem, plain.weighed) == ([1.0, 0.0], "", False)
    weighed = answer(content, probability=0.75)
    assert weighed.probabilities == pytest.approx([0.75, 0.25])
    assert weighed.weighed


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", NO_JSON),
        ("I think it is anger.", NO_JSON),
        ('{"anger": true, "joy": fal', NO_JSON),
        (f"{GOOD} and so on", NO_JSON),
        (f"[{GOOD}]", NO_JSON),
        ('["anger"]', NO_JSON),
        ("true", NO_JSON),
        ('{"anger": true, "joy": false, "joy": true}', NO_JSON),
        ('{"anger": true}', MISSING),
        ('{"anger": true, "anger": true}', MISSING),
        ('{"anger": true, "joy": false, "rage": true}', UNKNOWN),
        ('{"Anger": true, "joy": false}', UNKNOWN),
        ('{"anger": 1, "joy": 0}', NO_TRUTH),
        ('{"anger": "true", "joy": "false"}', NO_TRUTH),
        ('{"anger": null, "joy": {"joy": true}}', NO_TRUTH),
        ("[" * 100_000, NO_JSON),
    ],
)
def test_what_is_no_answer_gives_no_label_and_says_why(content, problem):
    found = answer(content, probability=None)
    assert (found.problem, found.probabilities, found.weighed) == (problem, [0.0, 0.0], False)


def test_refusals_and_answers_that_were_cut_off_are_told_apart():
    assert answer("", refusal="I would rather not.", probability=None).problem == REFUSED
    assert answer(GOOD, finish="content_filter").problem == REFUSED
    assert answer(GOOD[:-9], finish="length").problem == CUT
    assert answer(GOOD, finish="length").problem == "", "it had ended by then"


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "<html>502</html>",
        "{",
        "[]",
        "null",
        "{}",
        '{"choices": []}',
        '{"choices": [{"message": null}]}',
        '{"choices": [{"message": {"content": ["a"]}}]}',
        "[" * 100_000,
    ],
)
def test_what_is_no_chat_completion_is_no_reply(raw):
    assert parse_reply(raw) is None


def test_parts_of_a_reply_in_another_form_are_as_good_as_missing():
    body = completion(GOOD)
    body |= {"usage": {"prompt_tokens": "many", "completion_tokens": -1}, "model": 7}
    body["choices"][0]["logprobs"] = {"content": [{"token": 3, "logprob": "high"}, "a", {}]}
    reply = parse_reply(json.dumps(body))
    assert (reply.used, reply.model) == (None, "")
    assert read_answer(reply, LABELS).probabilities == [1.0, 0.0]
    assert parse_reply(json.dumps(completion(GOOD))).used == Tokens(50, 20)


def tokens_of(*pieces):
    """Token probabilities: each piece a text alone, or the texts that could stand there with their probabilities, the chosen one first."""
    found = []
    for piece in pieces:
        likely = [(piece, 1.0)] if isinstance(piece, str | bytes) else piece
        entries = [
            {
                "token": text if isinstance(text, str) else "?",
                "bytes": list(text.encode() if isinstance(text, str) else text),
                "logprob": math.log(share),
            }
            for text, share in likely
        ]
        found.append({**entries[0], "top_logprobs": entries})
    return {"content": found}


def weighed(content, labels, *pieces):
    body = completion(content)
    body["choices"][0]["logprobs"] = tokens_of(*pieces)
    found = read_answer(parse_reply(json.dumps(body)), labels)
    return found.probabilities if found.weighed else None


def test_only_tokens_that_begin_true_or_false_count():
    value = [("true", 0.6), ("false", 0.2), ("tr", 0.05), (" false", 0.05), ("maybe", 0.1)]
    assert weighed('{"joy":true}', ["joy"], '{"joy":', value, "}") == pytest.approx([0.65 / 0.9])


def test_a_token_may_hold_what_stands_before_the_value_and_an_answer_may_lack_the_end_mark():
    value = [(": true", 0.8), (": false", 0.1), (" : false", 0.1)]
    assert weighed('{"joy": true}', ["joy"], '{"joy"', value, "}", "<|im_end|>") == pytest.approx([0.8 / 0.9])


def test_labels_of_any_script_are_found_though_tokens_cut_their_letters():
    name = "हर्ष".encode()
    assert weighed(
        '{"हर्ष": false}', ["हर्ष"], '{"', name[:4], name[4:], '": ', [("false", 0.9), ("true", 0.1)], "}"
    ) == pytest.approx([0.1])
    escaped = json.dumps({"हर्ष": False})
    assert weighed(escaped, ["हर्ष"], escaped[:-6], [("false", 0.9), ("true", 0.1)], "}") == pytest.approx([0.1])


def test_a_value_inside_what_was_thought_before_is_not_taken():
    before = '<think>{"joy": true}</think>'
    pieces = (before, '{"joy": ', [("false", 0.7), ("true", 0.3)], "}")
    assert weighed(before + '{"joy": false}', ["joy"], *pieces) == pytest.approx([0.3])
    assert weighed('{"joy": false}', ["joy"], *pieces) == pytest.approx([0.3]), "the endpoint took the thoughts out"


def test_tokens_of_another_text_say_nothing():
    assert weighed('{"joy": true}', ["joy"], '{"joy": ', [("false", 1.0)], "}") is None
    assert weighed('{"joy": true}', ["joy"], '{"joy": ', [("\u2581true", 1.0)], "}") is None
