"""What one person sees: text after text, the own answers, rests, and nothing that anybody else said."""

import re
import sqlite3

import pytest

from emotion_grid.labelling.person import Labelling
from emotion_grid.labelling.store import open_store
from testing.made import HOSTILE
from testing.pages import text_of
from tests.unit.labelling.conftest import LABELS, TEXTS


@pytest.fixture
def anna(store):
    return Labelling(store, "anna", "a study, dev")


def shown(labelling: Labelling, place: str = "") -> str:
    reply = labelling.get(place)
    assert reply is not None and reply.leads_to is None
    return reply.page


def answer(labelling: Labelling, position: int, *marks: int) -> None:
    reply = labelling.post(str(position), {"label": [str(mark) for mark in marks]})
    assert reply is not None and reply.leads_to == ""


def marked(page: str) -> list[bool]:
    return ["checked" in tag for tag in re.findall(r"<input[^>]*>", page)]


def test_a_text_after_the_other(anna, store):
    assert "the text 1<" in shown(anna) and "1 of 100 · 1 of 250 in all" in text_of(shown(anna))
    answer(anna, 1, 0, 2)
    assert "the text 2<" in shown(anna) and marked(shown(anna)) == [False] * 3
    answer(anna, 2)
    assert store.given("anna") == [[True, False, True], [False] * 3]


def test_an_answer_can_be_changed(anna, store):
    for position in (1, 2, 3):
        answer(anna, position, 0)
    assert 'href="3"' in shown(anna), "back to the text before"
    page = shown(anna, "2")
    assert "the text 2<" in page and marked(page) == [True, False, False] and "You labelled it before" in text_of(page)
    answer(anna, 2, 1)
    assert store.given("anna")[1] == [False, True, False] and "the text 4<" in shown(anna), "then on where one was"


def test_an_answer_that_is_sent_twice_counts_once(anna):
    answer(anna, 1, 0), answer(anna, 1, 0)
    assert "the text 2<" in shown(anna)


def test_people_are_blind_to_each_other(anna, store):
    ben, before = Labelling(store, "ben", "a study, dev"), shown(Labelling(store, "ben", "a study, dev"))
    answer(anna, 1, 0), answer(anna, 2, 1)
    assert shown(ben) == before and ben.get("2") is None


def test_there_is_a_rest_after_a_hundred_and_an_end(anna):
    for position in range(1, 101):
        answer(anna, position)
    page = shown(anna)
    assert "100 texts are labelled" in page and "150 texts are left" in page and 'href="101"' in page
    assert "1 of 100 · 101 of 250 in all" in text_of(shown(anna, "101"))
    for position in range(101, 251):
        answer(anna, position)
    assert "All 250 texts are labelled" in shown(anna) and "50 of 50" in text_of(shown(anna))
    assert anna.get("251") is None


@pytest.mark.parametrize("place", ["2", "0", "-1", "01", "1x", "١", "1/2", "?a", "9" * 30])
def test_other_places_are_not_there(anna, place):
    assert anna.get(place) is None and anna.post(place, {}) is None


@pytest.mark.parametrize("mark", ["3", "-1", "x", "00", "anger"])
def test_labels_that_do_not_exist_are_refused(anna, store, mark):
    assert anna.post("1", {"label": ["0", mark]}) is None
    assert store.answered("anna") == 0


def test_an_answer_that_cannot_be_saved_is_told_and_kept_on_the_page(anna, store, monkeypatch, capsys):
    def refuse(*_):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(store, "save", refuse)
    page = anna.post("1", {"label": ["1"]}).page
    assert "This answer was not saved (database or disk is full)" in text_of(page)
    assert marked(page) == [False, True, False] and 'action="1"' in page
    assert "an answer of anna was not saved" in capsys.readouterr().err


def test_each_label_has_a_key_as_far_as_there_are_keys(tmp_path):
    with open_store(tmp_path / "dev.sqlite") as store:
        store.begin([f"label {number}" for number in range(40)], TEXTS)
        page = shown(Labelling(store, "anna", "a study"))
    keys = re.findall(r'data-key="(.)"', page)
    assert len(keys) == len(set(keys)) == 36 and keys[:11] == [*"1234567890a"]
    assert page.count("<input") == 40


def test_texts_and_labels_are_no_markup(tmp_path):
    with open_store(tmp_path / "dev.sqlite") as store:
        store.begin([*LABELS, "<img src=x>"], [(f"t-{number}", text) for number, text in enumerate(HOSTILE)])
        anna = Labelling(store, "anna", "<i>a study</i>")
        for position in range(1, len(HOSTILE) + 1):
            page = shown(anna, str(position))
            for piece in ("<img", "<iframe", "<h1>out", "<svg", "<i>", "<a href='"):
                assert piece not in page
            assert page.count("<script>") == 1
            answer(anna, position)
