"""How texts are cleaned."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.data.cleaning import STEPS, clean


@pytest.mark.parametrize(
    ("step", "text", "expected"),
    [
        ("nfc", "cafe\u0301", "caf\u00e9"),
        ("nfc", "ﬁ ２ ½", "ﬁ ２ ½"),
        ("whitespace", "  a \t\n b\u00a0\u3000c \r\n", "a b c"),
        ("whitespace", "a\x00b\x07c\x1bd\x85e", "a b c d e"),
        ("urls", "see https://a.b/c?d=e#f, and HTTP://x or www.y.org!", "see http and http or http"),
        ("urls", "httpd and https are words", "httpd and https are words"),
        ("users", "@ann_b1: hi (@Bob) @", "@user: hi (@user) @"),
        ("users", "write to ann@b.org or a.@b", "write to ann@b.org or a.@b"),
        ("lowercase", "ÉTÉ Ünder WOW", "été ünder wow"),
        ("punctuation", "It's #1, isn't it?! (yes) — né…", "Its 1 isnt it yes — né…"),
    ],
)
def test_cleaning_steps_by_example(step, text, expected):
    assert clean(text, [step]) == expected


def test_every_step_of_the_schema_exists():
    from emotion_grid.config.schema import load_schema

    assert set(load_schema()["properties"]["data"]["properties"]["clean"]["items"]["enum"]) == set(STEPS)


def test_steps_are_applied_in_the_order_given():
    assert clean("@Ann!", ["users", "punctuation"]) == "user"
    assert clean("@Ann!", ["punctuation", "users"]) == "Ann"
    assert clean(" x ", []) == " x "


@pytest.mark.parametrize(
    "text",
    ["👩‍👩‍👧‍👦", "❤️‍🔥", "🏳️‍🌈", "👍🏽", "1️⃣", "🇩🇪", "می‌خواهم", "नमस्ते", "한국어", "Ünïcødé WOW!!! #so @me http://x.y"],
)
def test_default_steps_harm_no_emoji_and_no_script(text):
    from emotion_grid.config.schema import load_schema

    default = load_schema()["properties"]["data"]["properties"]["clean"]["default"]
    assert clean(text, default) == text


_TEXTS = st.text(max_size=25) | st.lists(
    st.sampled_from(["@", "http", "://", "www.", "a", "İ", "Σ", " ", "\n", "́", ".", "‍", "é", "ANN", "_"]), max_size=9
).map("".join)


@pytest.mark.parametrize("steps", [*([name] for name in STEPS), ["nfc", "whitespace"]], ids="-".join)
def test_cleaning_twice_is_cleaning_once(steps):
    @given(_TEXTS)
    def check(text):
        once = clean(text, steps)
        assert clean(once, steps) == once

    check()
