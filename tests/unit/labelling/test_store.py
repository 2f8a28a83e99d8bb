"""People's answers: each stays, whoever else answers, whatever ends the program, and whoever opens the file next."""

import signal
import sqlite3
import threading
import time

import numpy as np
import pytest

from emotion_grid.base.messages import InputError
from emotion_grid.labelling.store import open_store, person_name
from tests.unit.labelling.conftest import LABELS, TEXTS

ANGER, FEAR, NONE = [True, False, False], [False, True, False], [False] * 3

ANSWERING = """
import sys
from pathlib import Path
from emotion_grid.labelling.store import open_store
with open_store(Path(sys.argv[1])) as store:
    print("ready", flush=True)
    for position in range(store.answered("anna") + 1, 10**6):
        store.save("anna", position, [bool(position >> place & 1) for place in range(3)])
        print(position, flush=True)
"""


def test_answers_are_there_when_the_file_is_opened_again(path):
    with open_store(path) as store:
        store.begin(LABELS, TEXTS)
        for position, given in enumerate([ANGER, NONE, FEAR], 1):
            store.save("anna", position, given)
        store.save("ben", 1, FEAR)
        store.save("anna", 2, FEAR)
    with open_store(path) as store:
        store.begin(LABELS, TEXTS)
        assert store.given("anna") == [ANGER, FEAR, FEAR], "the later answer takes the earlier one's place"
        assert store.people() == {"anna": 3, "ben": 1} and store.answered("carla") == 0
        assert (store.labels, store.texts) == (LABELS, TEXTS)


def test_what_was_saved_outlives_kills(path, start_python):
    with open_store(path) as store:
        store.begin(LABELS, TEXTS)
    random, said = np.random.default_rng(5), 0
    for _ in range(5):
        process = start_python(ANSWERING, path)
        time.sleep(random.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        lines = process.stdout.read().split("\n")[:-1]  # a line that was cut says nothing
        said = max(said, *map(int, lines), 0)
        with open_store(path) as store:
            given = store.given("anna")
        assert len(given) >= said
        assert given == [[bool(position >> place & 1) for place in range(3)] for position in range(1, len(given) + 1)]
    assert said > 5, "it was killed at work"


def test_an_answer_is_flushed_to_the_disk_when_it_is_saved(store):
    """Where the machine itself stops; no test pulls its plug."""
    assert store._ask("PRAGMA journal_mode") == [("wal",)]
    assert store._ask("PRAGMA synchronous") == [(2,)]


def test_people_answer_at_the_same_time(store):
    def answer(person: str, given: list[bool]) -> None:
        for position in range(1, 61):
            store.save(person, position, given)

    people = {f"person-{number}": [ANGER, FEAR, NONE][number % 3] for number in range(6)}
    threads = [threading.Thread(target=answer, args=one) for one in people.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.people() == dict.fromkeys(people, 60)
    assert all(store.given(person) == [given] * 60 for person, given in people.items())


def test_a_beginning_that_is_cut_off_leaves_nothing(path):
    with open_store(path) as store:
        with pytest.raises(TypeError):
            store.begin(LABELS, [*TEXTS[:3], None])
        store.begin(LABELS, TEXTS)
        assert store.texts == TEXTS


@pytest.mark.parametrize(
    ("labels", "texts"),
    [(["anger", "joy", "fear"], TEXTS), (LABELS, TEXTS[1:]), (LABELS, [*TEXTS[1:], ("t-1", "another text")])],
)
def test_other_texts_or_labels_than_at_the_beginning_are_refused(store, labels, texts):
    with pytest.raises(InputError, match="expected the texts and labels that labelling began with"):
        store.begin(labels, texts)


def test_the_order_at_the_beginning_stays(store):
    store.begin(LABELS, TEXTS[::-1])
    assert store.texts == TEXTS


def test_one_program_serves_a_file_while_others_may_read_it(store, path):
    store.save("anna", 1, ANGER)
    with pytest.raises(InputError, match="found another program that does"), open_store(path):
        pass
    with open_store(path, is_served=False) as reader:
        assert reader.given("anna") == [ANGER]


def test_a_file_of_another_kind_is_refused_and_left_alone(path):
    path.parent.mkdir()
    path.write_text("id,anger\n" * 200)
    with pytest.raises(InputError, match="found: file is not a database"), open_store(path):
        pass
    assert path.read_text() == "id,anger\n" * 200


def test_the_file_holds_no_gold_labels(store, path):
    with sqlite3.connect(path) as database:
        columns = database.execute(
            "SELECT m.name, p.name FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table'"
        )
        assert sorted(columns) == [
            ("answers", "given"),
            ("answers", "person"),
            ("answers", "position"),
            ("labels", "name"),
            ("labels", "place"),
            ("texts", "id"),
            ("texts", "position"),
            ("texts", "text"),
        ]


@pytest.mark.parametrize("name", ["anna", "Ann-Marie_2", "李雷", "Zoë", "Zoe\u0308", "o.k"])
def test_names_of_people(name):
    assert person_name(name) in (name, "Zoë")


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "-x", "a b", "x" * 41, "a\n", "<b>", "a\u202e"])
def test_names_that_are_no_part_of_a_file_name_are_refused(name):
    with pytest.raises(InputError, match="expected at most 40 letters, digits"):
        person_name(name)
