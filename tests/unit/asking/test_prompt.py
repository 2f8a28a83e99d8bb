"""Prompts: which files are taken, and what becomes of them."""

import pytest

from emotion_grid.asking.prompt import parse_prompt, read_prompt
from emotion_grid.base.messages import InputError

LABELS = ["anger", "joy/love"]


@pytest.fixture
def read(tmp_path):
    """Call with the content of a prompt's file: what is read of it."""

    def read(content: str | bytes) -> str:
        path = tmp_path / "prompt.md"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_prompt(path, LABELS)

    return read


def test_a_prompt_of_two_parts(read):
    prompt = parse_prompt(read("Say which of {labels} it has.\n\n- once\n--- no ruler\n---  \nText: {text}\n"))
    assert prompt.task_for(LABELS) == 'Say which of "anger", "joy/love" it has.\n\n- once\n--- no ruler'
    assert prompt.text == "Text: {text}"


def test_without_a_ruler_each_text_stands_alone(read):
    prompt = parse_prompt(read('Answer with {"anger": true or false, "joy/love": true or false}.'))
    assert prompt.text == "{text}"
    assert prompt.task_for(LABELS) == 'Answer with {"anger": true or false, "joy/love": true or false}.'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "expected the task above the line ---, found nothing"),
        ("---\n{text}", "expected the task above"),
        ("Say {labels}.\n---\nText:", "expected {text} once"),
        ("Say {labels} of {text}.", "expected {text} once, below a line ---"),
        ("Say {labels}.\n---\n{text} and {text}", "found it 2 times"),
        ("Say {labels}.\n---\n{text}\n---\n", "expected at most one line ---"),
        ("Is it anger?", 'found no "joy/love"'),
        (b"Say \xff {labels}", "expected text in UTF-8"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_file(read, tmp_path, content, words):
    with pytest.raises(InputError) as caught:
        read(content)
    assert words in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "prompt.md"))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match="expected a file with a prompt, found none"):
        read_prompt(tmp_path / "gone.md", LABELS)
