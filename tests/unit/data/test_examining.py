"""What is said of prepared splits beside what preparation counts: texts that nearly occur in train, and labels with uneven shares."""

import time

import numpy as np
import pandas as pd
import pytest

from emotion_grid.data.examining import examine, near_duplicates, near_form, uneven_labels
from emotion_grid.data.preparation import prepare
from emotion_grid.plan.programs import PREPARATION, TOKENS, TRAINING, program_modules
from testing.raw import TRAIN


def splits(**texts: list[str]) -> dict[str, pd.DataFrame]:
    return {split: pd.DataFrame({"text": texts.get(split, [])}) for split in ("train", "validation", "dev", "test")}


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("I am SO happy!!!", "i am so happy"),
        ("Straße", "STRASSE"),
        ("ｗｉｄｅ letters", "wide letters"),
        ("@anna look https://a.org/b?c", "@bob look www.b.org"),
        ("I won 10 times in 2019", "I won 3 times in 1"),
        ("two\n\tlines", "two lines"),
        ("क्या हुआ?", "क्या  हुआ"),
    ],
)
def test_texts_that_differ_in_what_does_not_count_have_one_form(text, other):
    assert near_form(text) == near_form(other) != ""


@pytest.mark.parametrize(
    ("text", "other"), [("की", "का"), ("not good", "good"), ("😀", "😡"), ("a@b.org", "c"), ("won 1", "won one")]
)
def test_texts_that_differ_in_what_counts_have_two(text, other):
    assert near_form(text) != near_form(other)


def test_what_holds_nothing_that_counts_nearly_occurs_nowhere():
    assert near_form("@anna: https://a.org !!!") == ""
    assert near_duplicates(splits(train=["@anna!"], dev=["@bob?"])) == {"dev": 0}


def test_near_duplicates_are_those_that_are_no_duplicates():
    found = near_duplicates(
        splits(train=["So glad."], validation=["So sad."], dev=["So glad.", "so GLAD"], test=["so sad", "x"])
    )
    assert found == {"dev": 1, "test": 1}


def test_a_hundred_thousand_texts_take_seconds():
    words = np.random.default_rng(0).integers(0, 5000, (100_000, 15)).astype(str)
    texts = [" ".join(row) for row in words]
    start = time.process_time()
    near_duplicates(splits(train=texts[:80_000], dev=texts[80_000:]))
    assert time.process_time() - start < 30


# --- labels


def facts(positives: dict[str, int], rows: int) -> dict:
    return {"rows": rows, "positives": positives, "known": dict.fromkeys(positives, rows)}


@pytest.mark.parametrize(
    ("train", "dev", "is_told"),
    [
        ((500, 1000), (300, 1000), True),
        ((50, 1000), (100, 1000), True),
        ((500, 1000), (3, 10), False),  # so few texts may differ so much by chance
        ((5000, 10000), (5400, 10000), False),  # no chance, but not much either
        ((100, 1000), (0, 1000), False),  # said as a label without a positive row
    ],
)
def test_a_share_that_differs_much_and_not_by_chance_is_told(train, dev, is_told):
    prepared = {"train": facts({"joy": train[0]}, train[1]), "dev": facts({"joy": dev[0]}, dev[1]), "test": {"rows": 5}}
    found = uneven_labels(prepared)
    assert bool(found) == is_told
    if is_told:
        shares = f"joy ({100 * dev[0] / dev[1]:.1f}% there, {100 * train[0] / train[1]:.1f}% in train)"
        assert found[0].startswith(f"dev has other shares of labels than train: {shares}")


def test_splits_that_are_drawn_alike_are_rarely_called_uneven():
    random, told = np.random.default_rng(1), 0
    shares = np.linspace(0.01, 0.5, 28)
    for _ in range(200):
        drawn = {split: random.binomial(rows, shares) for split, rows in (("train", 2000), ("dev", 200), ("test", 400))}
        labels = [f"l{place}" for place in range(28)]
        rows = {"train": 2000, "dev": 200, "test": 400}
        prepared = {
            split: facts(dict(zip(labels, map(int, counts), strict=True)), rows[split])
            for split, counts in drawn.items()
        }
        told += bool(uneven_labels(prepared))
    assert told <= 6, "0.01 of 200, and no more than chance adds"


def test_checks_of_prepared_splits_say_so(raw):
    found, checks = prepare(*raw(train=[*TRAIN, ("x", "ONLY dev!", "11")]))
    after = examine(found, checks)
    assert after["prepared"]["dev"]["near_duplicates"] == 1 and after["prepared"]["test"]["near_duplicates"] == 0
    assert "near_duplicates" not in checks["prepared"]["dev"] and after["unspaced"] is False
    assert after["prepared"]["train"] == checks["prepared"]["train"]


def test_a_check_renames_no_run():
    for program in (PREPARATION, TOKENS, TRAINING):
        assert "emotion_grid.data.examining" not in program_modules(program)
