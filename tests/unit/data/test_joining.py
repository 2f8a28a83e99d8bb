"""Which text of a study each text of the annotators is."""

from pathlib import Path

import pytest

from emotion_grid.base.messages import InputError
from emotion_grid.data.annotators import Item, source_of
from emotion_grid.data.joining import AGAIN, ALIKE, BY_ID, EXACT, FOLDED, UNKNOWN, folded, join


@pytest.fixture
def matches():
    """Call with the annotators' texts, and the study's: place and reason of each."""

    def make(asked: list[str], *texts: str, ids: tuple[str, ...] = (), clean=()) -> list[tuple[int | None, str]]:
        reading = {"columns": {"id": "key" if ids else None, "text": "text"}}
        section = {"file": str(Path("answers.csv")), "reading": reading, "annotator": "who", "clean": list(clean)}
        items = [Item(row, id_, text) for row, (text, id_) in enumerate(zip(asked, ids or asked, strict=True), 1)]
        studied = [(f"id-{place}", text) for place, text in enumerate(texts)]
        return [(match.place, match.how) for match in join(items, studied, source_of(section, ["joy"]))]

    return make


def test_texts_are_found_letter_by_letter_then_without_accents_case_and_punctuation(matches):
    found = matches(["Ce bucurie!", "buna ziua", "new"], "Bună ziua…", "Ce bucurie!", "other")
    assert found == [(1, EXACT), (0, FOLDED), (None, UNKNOWN)]


def test_a_text_that_is_found_as_it_is_is_not_given_to_one_that_is_like_it(matches):
    assert matches(["SO GLAD", "so glad"], "so glad") == [(None, AGAIN), (0, EXACT)]


def test_each_text_of_the_study_is_taken_once(matches):
    assert matches(["x", "x", "x"], "x", "y", "x") == [(0, EXACT), (2, EXACT), (None, AGAIN)]


def test_a_text_like_several_of_the_study_is_joined_to_none(matches):
    assert matches(["so glad", "y"], "So glad!", "so glad?", "y") == [(None, ALIKE), (2, EXACT)]


def test_texts_of_nothing_but_punctuation_are_not_alike(matches):
    assert matches(["!!!", "y"], "...", "y") == [(None, UNKNOWN), (1, EXACT)]


def test_texts_are_cleaned_as_the_studys_were(matches):
    assert matches(["so   glad"], "so glad", clean=["whitespace"]) == [(0, EXACT)]


def test_vowel_signs_of_indian_scripts_tell_texts_apart():
    assert folded("की") != folded("का") and folded("é") == folded("E")


def test_ids_join_by_ids_alone(matches):
    found = matches(["whatever", "x", "whatever"], "x", "y", ids=("id-1", "7", "id-1"))
    assert found == [(1, BY_ID), (None, UNKNOWN), (None, AGAIN)]


def test_a_file_that_matches_no_text_is_refused(matches):
    with pytest.raises(InputError, match=r"of its 2 texts, such as a, b, none is among the study's 1$"):
        matches(["a", "b"], "c")
    with pytest.raises(
        InputError, match=r"ids \(column key\), such as 5, none is .*; without data.annotators.columns.id"
    ):
        matches(["c"], "c", ids=("5",))
