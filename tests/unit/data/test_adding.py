"""Added rows: which are kept, and that none of them stands among the texts that judge a run."""

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.base.digests import file_digest
from emotion_grid.base.messages import InputError
from emotion_grid.data.adding import added_rows, bare_form, highest_similarities, nearly_among
from emotion_grid.data.preparation import prepare
from testing.raw import TRAIN

LONG = "when the train finally left the little station we were all of us laughing and crying at once"


def plain(count: int) -> list[tuple[str, str, str]]:
    """Rows of added texts that are like no other text: id, text, and the label joy."""
    random = np.random.default_rng(5)
    words = ["".join(random.choice(list("abcdefghijklmnop"), 7)) for _ in range(4 * count)]
    return [(f"a{row}", " ".join(words[4 * row : 4 * row + 4]), str(row % 2)) for row in range(count)]


@pytest.fixture
def add(raw, tmp_path):
    """Call with rows (id, text, joy) and what is done with them: the added rows, and what the checks say."""

    def added(rows, share=1.0, how=None, **values):
        path = tmp_path / "added.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("id", "text", "joy"), *rows])
        spec, paths = raw(**values)
        splits, _ = prepare(spec, paths)
        own = {"name": "other", "share": share, "file": file_digest(path), "labels": ["joy"], **(how or {})}
        return (*added_rows({**spec, "added": own}, path, splits, lambda *_: None), splits)

    return added


def test_added_rows_know_their_labels_and_no_others(add):
    rows = plain(6)
    table, checks, _ = add(rows)
    assert list(table.columns) == ["id", "text", "joy", "fear"]
    assert table["id"].tolist() == [id_ for id_, _, _ in rows]
    assert table["joy"].tolist() == [float(joy) for _, _, joy in rows]
    assert table["fear"].isna().all()
    assert (checks["file"], checks["rows"], checks["leaks"]) == (6, 6, 0)
    assert checks["known"] == {"joy": 6, "fear": 0}


@pytest.mark.parametrize("split", ["validation", "dev", "test"])
@pytest.mark.parametrize(
    "change",
    [
        lambda text: text,
        str.upper,
        lambda text: text.replace(" ", "  ... "),
        lambda text: f"“{text}!!!”",
        lambda text: text.replace(" ", ""),
    ],
)
def test_a_text_of_a_split_that_judges_is_dropped_and_counted(add, split, change):
    """Fault: a leak that differs in case, punctuation or white space alone."""
    for how in ({}, {"dev": None, "folds": 3, "fold": 2}):
        _, _, splits = add(plain(4), **how)
        if len(splits[split]) == 0:
            continue
        planted = change(splits[split]["text"].iloc[-1])
        table, checks, _ = add([*plain(4), ("leak", planted, "1")], **how)
        assert table["id"].tolist() == ["a0", "a1", "a2", "a3"]
        assert checks["leaks"] == 1


def test_a_text_that_differs_in_few_words_is_dropped_and_others_are_kept(add):
    dev = [("d1", LONG, "10")]
    near = LONG.replace("little", "small").replace("laughing", "singing")
    far = "the little station was closed and nobody was laughing when the last train had left it long ago"
    table, checks, _ = add([("near", near, "1"), ("far", far, "0"), *plain(3)], dev=dev)
    assert (checks["leaks"], table["id"].tolist()) == (1, ["far", "a0", "a1", "a2"])


def test_training_rows_are_no_leaks(add):
    _, _, splits = add(plain(4))
    own = splits["train"]["text"].iloc[0]
    assert own in {text for _, text, _ in TRAIN}
    rows = [(f"w{number}", "".join(chr(97 + (number * n) % 26) for n in range(40)), "1") for number in (3, 5, 7)]
    table, checks, _ = add([("own", "same", "1"), *rows])
    assert "own" in set(table["id"]) or "same" in set(splits["validation"]["text"])
    assert checks["leaks"] == ("same" in set(splits["validation"]["text"]))


def test_shares_are_nested_and_drawn_before_leaks_are_dropped(add):
    rows = [*plain(20), ("leak", "only dev", "1")]
    before: set[str] = set()
    for share in (0.2, 0.5, 1.0):
        table, checks, _ = add(rows, share)
        assert before <= set(table["id"])
        assert len(table) + checks["leaks"] == round(share * len(rows))
        before = set(table["id"])
    assert checks["leaks"] == 1


def test_rows_that_are_all_leaks_are_refused(add):
    with pytest.raises(InputError, match=r"data\.added\.other: expected rows .* found none among 1"):
        add([("leak", "Only DEV.", "1")])


def test_bare_forms_keep_letters_marks_and_digits():
    assert bare_form("  It's 5 o’Clock, Ａnna! ") == "its5oclockanna"
    assert bare_form("मैं खुश हूँ।") == "मैंखुशहूँ"
    assert bare_form("😀!") == "😀!"


@given(st.lists(st.text("ab c", max_size=14), max_size=6), st.lists(st.text("ab c", max_size=14), max_size=6))
def test_similarity_is_jaccards_of_groups_of_five_characters(forms, known):
    def groups(text):
        return {text[start : start + 5] for start in range(len(text) - 4)}

    found = highest_similarities(forms, known)
    for value, form in zip(found, forms, strict=True):
        pairs = [(groups(form) & groups(other), groups(form) | groups(other)) for other in known]
        assert value == max([len(common) / len(either) for common, either in pairs if common], default=0)


def test_many_texts_are_compared_part_by_part(monkeypatch):
    monkeypatch.setattr("emotion_grid.data.adding.AT_ONCE", 3)
    texts = [text for _, text, _ in plain(10)]
    assert nearly_among(texts, texts[7:8]).tolist() == [place == 7 for place in range(10)]
