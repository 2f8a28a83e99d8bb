"""Rows that language models answer: what decides them, and what is refused."""

import pytest

from emotion_grid.base.messages import InputError


@pytest.fixture
def planned(study, tmp_path):
    """Call with a prompt and what a language model's entry says besides: its row."""
    path = tmp_path / "prompt.md"

    def planned(prompt="Say {labels}.", **entry):
        path.write_text(prompt, encoding="utf-8")
        plan = study(baselines=[], language_models={"llm": {"model": "tiny", "prompt": str(path), **entry}})
        (row,) = plan.rows.values()
        return row

    return planned


def test_the_prompt_decides_the_row_and_where_the_model_is_reached_does_not(planned):
    row = planned()
    assert row.kind == "language model" and row.folder.startswith("language-models/llm_")
    elsewhere = {
        "endpoint": "https://example.org/v1",
        "key_from": "A_KEY",
        "at_once": 1,
        "timeout": 5,
        "requests_per_minute": 3,
    }
    assert planned(**elsewhere, budget={"tokens": 10}).name == row.name
    others = [
        planned("Say {labels}!"),
        planned(examples=2),
        planned(seed=2),
        planned(model="small"),
        planned(parameters={"temperature": 1}),
    ]
    assert len({row.name, *(other.name for other in others)}) == 6


def test_no_part_of_a_spec_holds_an_address_or_the_name_of_a_key(planned):
    text = str(planned(endpoint="https://example.org/v1", key_from="A_KEY").spec)
    assert "example.org" not in text and "A_KEY" not in text


def test_a_prompt_that_cannot_be_used_is_named_with_its_key(planned):
    with pytest.raises(InputError, match=r"language_models\.llm\.prompt: .*prompt\.md: expected \{labels\}"):
        planned("Say something.")


SECRET = "sk-Very-Secret"


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (
            {"key_from": SECRET},
            "key_from: expected the name of an environment variable in capitals, never a key, found another text",
        ),
        ({"endpoint": f"https://me:{SECRET}@example.org/v1"}, "endpoint: expected an address such as"),
        ({"endpoint": f"https://example.org/v1?key={SECRET}"}, "without user name, key or query, found another text"),
        ({"endpoint": "example.org"}, "endpoint: expected an address"),
        ({"examples": -1}, "examples: expected a whole number of at least 0"),
        ({"parameters": {"messages": []}}, "a parameter other than model, messages"),
        ({"parameters": {"max_tokens": None}}, "expected max_completion_tokens where max_tokens is null"),
        ({"budget": {"money": 3}}, "language_models.llm.budget"),
        (
            {"budget": {"tokens": 0}},
            "budget: expected {tokens: a whole number above 0} or {money: a number above 0, prices: [two numbers]}",
        ),
        ({"api_key": SECRET}, "language_models.llm.api_key: unknown key"),
    ],
)
def test_what_cannot_be_is_refused_with_its_key_and_no_secret_is_shown(planned, entry, words):
    with pytest.raises(InputError) as caught:
        planned(**entry)
    assert words in str(caught.value)
    assert SECRET not in str(caught.value)


def test_an_answer_of_another_length_is_possible_with_its_own_parameter(planned):
    assert planned(parameters={"max_tokens": None, "max_completion_tokens": 3000}).name
