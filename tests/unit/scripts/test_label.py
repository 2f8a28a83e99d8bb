"""The program of the labelling page: who is asked, and tables of the answers."""

import pytest

from emotion_grid.base.messages import InputError
from emotion_grid.labelling.store import open_store
from scripts import label
from testing.labelling import make_study
from testing.made import LABELS, run_program


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A study, and a server that answers nobody and ends at once."""
    monkeypatch.setattr(label.LocalServer, "serve_forever", lambda self: None)
    make_study(tmp_path / "demo", dev=110)
    return tmp_path / "demo"


def served(capsys) -> list[str]:
    """Who has an address, and how far they are."""
    *lines, last = capsys.readouterr().out.splitlines()
    assert last.startswith("Open an address") and all("labelled: http://127.0.0.1:" in line for line in lines)
    return [line.partition(" texts labelled")[0] for line in lines]


def test_people_are_those_that_are_named_or_all_who_began(study, capsys, monkeypatch):
    monkeypatch.setattr(label, "getuser", lambda: "me")
    run_program(label, "--study", study)
    assert served(capsys) == ["me, 0 of 110"]
    run_program(label, "--study", study, "--person", "anna", "--person", "ben", "--person", "anna")
    assert served(capsys) == ["anna, 0 of 110", "ben, 0 of 110"]
    with open_store(study / "annotations" / "dev.sqlite") as store:
        store.save("carla", 1, [True] * len(LABELS))
    run_program(label, "--study", study)
    assert served(capsys) == ["carla, 1 of 110"]


def test_the_order_of_a_study_is_the_same_everywhere(study, tmp_path):
    make_study(tmp_path / "copy", dev=110)
    orders = []
    for home in (study, tmp_path / "copy"):
        run_program(label, "--study", home)
        with open_store(home / "annotations" / "dev.sqlite") as store:
            orders.append([id_ for id_, _ in store.texts])
    assert orders[0] == orders[1] != sorted(orders[0])


def test_tables_are_written_with_how_many_texts_they_have(study, capsys):
    with pytest.raises(InputError, match="expected answers, found none; label texts first"):
        run_program(label, "--study", study, "--export")
    run_program(label, "--study", study, "--person", "anna")
    with open_store(study / "annotations" / "dev.sqlite") as store:
        for position in range(1, 111):
            store.save("anna", position, [False] * len(LABELS))
            if position <= 100:
                store.save("ben", position, [False] * len(LABELS))
    run_program(label, "--study", study, "--export")
    told = capsys.readouterr().err
    assert "anna.csv: 110 of 110 texts\n" in told
    assert "ben.csv: 100 of 110 texts; as a row of the comparison, it must have them all" in told
    assert sorted(path.name for path in (study / "annotations").glob("**/*.csv")) == ["anna.csv", "ben.csv", "dev.csv"]
