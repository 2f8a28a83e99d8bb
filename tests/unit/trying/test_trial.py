"""The page on which a model is tried: what it says of a text, and texts that try to be more."""

import numpy as np
import pytest

from emotion_grid.explanation.shapley import Explanation
from emotion_grid.trying.answers import Answer
from emotion_grid.trying.trial import Trial
from testing.made import HOSTILE
from testing.pages import text_of
from testing.serving import Answered, ask, form, served


def answer(text: str) -> Answer | None:
    """Two labels, of which joy is predicted; every word raises joy and lowers fear."""
    words = text.split()
    if not words:
        return None
    values = np.tile([0.5, -0.25], (len(words), 1))
    explanation = Explanation(words, values, np.zeros(2), values.sum(0))
    return Answer(["joy", "fear"], np.array([0.9, 0.2]), np.array([0.6, 0.4]), explanation, len(words) > 200)


@pytest.fixture
def url():
    with served(Trial("a run", answer)) as server:
        yield server.urls[0]


def send(url: str, text: str) -> Answered:
    return ask(url, "POST", body=form(("text", text)))


def test_a_text_gets_its_labels_with_their_thresholds_and_words(url):
    answered = send(url, "so glad & happy")
    page, words = answered.page, text_of(answered.page)
    assert (
        answered.status == 200
        and "joy predicted 0.900 threshold 0.60" in words
        and "fear not predicted 0.200 threshold 0.40" in words
    )
    assert words.index("joy") < words.index("fear") and page.count("<details") == 2
    assert page.count('<details class="card bar" open>') == 1, "the predicted labels are open"
    assert "glad +0.50" in words and "glad -0.25" in words and "base +0.00, logit +2.00" in words
    assert ">\nso glad &amp; happy</textarea>" in page
    policy = answered.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script" not in policy and "unsafe" not in policy


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_is_no_markup(url, text):
    page = send(url, text).page
    for piece in ("<script", "<img", "<iframe", 'onerror="', "</textarea><", "<h1>out"):
        assert piece not in page
    assert page.count("</textarea>") == 1


def test_an_empty_text_is_told(url):
    for body in (form(("text", " \n")), b"", b"other=1", b"text=a&text=b", b"\xff%ff"):
        answered = ask(url, "POST", body=body)
        assert answered.status == 200 and "An empty text has no labels." in answered.page


def test_it_has_one_place(url):
    for place in ("x", "?a"):
        for method in ("GET", "POST"):
            path = f"/{url.split('/')[3]}/{place}"
            assert ask(url, method, path, b"" if method == "POST" else None).status == 404
