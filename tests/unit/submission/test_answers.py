"""Which answers are handed in: those of the best run or of the row that is named, for every row of the raw test file."""

import numpy as np
import pytest

from emotion_grid.base.files import write_json
from emotion_grid.base.messages import InputError
from emotion_grid.submission.answers import read_answers
from testing.hand_made import LABELS, Experiment


@pytest.fixture
def experiment(tmp_path, monkeypatch):
    made = Experiment(tmp_path / "home")
    made.evaluate(monkeypatch)
    write_json(made.home / "data" / "d1" / "spec.json", {"labels": LABELS})
    return made


@pytest.fixture
def test_file(tmp_path):
    path = tmp_path / "test.csv"
    path.write_text("id,text,joy,fear\n" + "".join(f"t{n},text {n},,\n" for n in (3, 0, 1, 2)))
    return path


def test_the_best_run_answers_in_the_order_of_the_test_file(experiment, test_file):
    answers = read_answers(experiment.home, "best", test_file)
    assert answers.row == "high_seed-1_c" and answers.ids == ["t3", "t0", "t1", "t2"]
    # Its probabilities are 0.4 where a label is right: at its own thresholds they count, at 0.5 none would.
    assert answers.given.tolist() == [[0, 0], [1, 0], [0, 1], [1, 1]]


def test_another_row_answers_if_it_is_named_in_full_or_as_in_the_config(experiment, test_file):
    assert read_answers(experiment.home, "low_seed-1_a", test_file).given.tolist() == [[0, 0], [1, 0], [0, 1], [0, 1]]
    everything = read_answers(experiment.home, "most-frequent_d", test_file)
    assert (everything.given == np.ones((4, 2))).all()
    experiment.rows[-1]["columns"]["encoder"] = "most-frequent"
    assert read_answers(experiment.home, "most-frequent", test_file).row == "most-frequent_d"
    assert read_answers(experiment.home, "team", test_file).given.tolist() == [[0, 0], [1, 0], [0, 1], [1, 1]]


def test_a_name_of_no_row_is_refused(experiment, test_file):
    with pytest.raises(InputError, match=r"which nobody is not: found none; the rows are low_seed-1_a, .*, team$"):
        read_answers(experiment.home, "nobody", test_file)
    with pytest.raises(InputError, match="which small is not: found none"):
        read_answers(experiment.home, "small", test_file)


def test_texts_that_are_not_predicted_are_refused(experiment, test_file):
    with test_file.open("a") as file:
        file.write("t9,a text more,,\n")
    with pytest.raises(InputError, match=r"a row for each of the 5 texts, found none for 1 of them: t9"):
        read_answers(experiment.home, "best", test_file)


def test_a_row_of_the_test_file_that_cannot_be_read_is_refused_although_the_study_drops_it(experiment, test_file):
    write_json(experiment.home / "data" / "d1" / "spec.json", {"labels": LABELS, "reading": {"on_bad_rows": "drop"}})
    with test_file.open("a") as file:
        file.write("t9,,,\n")
    with pytest.raises(InputError, match=r"(?s)row 5 \(id t9\), column text: .*answers every row of the test file"):
        read_answers(experiment.home, "best", test_file)


def test_a_row_without_predictions_for_test_is_refused(experiment, test_file):
    (experiment.home / "team" / "test.csv").unlink()
    with pytest.raises(InputError, match=r"team: expected its predictions for test at .*team, found none"):
        read_answers(experiment.home, "team", test_file)
