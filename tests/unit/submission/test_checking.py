"""A submission is read back: whatever the task would not take, the check finds, and so does a checker from the task's description alone."""

import zipfile

import numpy as np
import pytest

from emotion_grid.base.messages import InputError
from emotion_grid.submission import writing
from emotion_grid.submission.answers import Answers
from emotion_grid.submission.checking import check_archive
from emotion_grid.submission.writing import write_submission
from testing.task import faults_of_submission

LABELS = ["surprise", "anger", "fear", "joy", "sadness"]
IDS = ["eng_test_track_a_00001", "eng_test_track_a_00002", "=3"]
GIVEN = np.array([[1, 0, 0, 0, 0], [0, 1, 0, 0, 1], [0, 0, 0, 0, 0]])
RIGHT = """id,Anger,Fear,Joy,Sadness,Surprise
eng_test_track_a_00001,0,0,0,0,1
eng_test_track_a_00002,1,0,0,1,0
=3,0,0,0,0,0
"""


@pytest.fixture
def test_file(tmp_path):
    path = tmp_path / "eng.csv"
    path.write_text("id,text,anger,fear,joy,sadness,surprise\n" + "".join(f'{id_},"a, b",,,,,\n' for id_ in IDS))
    return path


def test_what_is_written_is_right_for_both_checkers_and_the_same_each_time(tmp_path, test_file):
    answers = {"eng": Answers("best", IDS, LABELS, GIVEN)}
    for name in ("one", "two"):
        write_submission(answers, tmp_path / name)
    archive = tmp_path / "one" / "track_a.zip"
    assert faults_of_submission(archive, {"eng": test_file}) == []
    assert (tmp_path / "one" / "track_a" / "pred_eng.csv").read_text() == RIGHT
    assert archive.read_bytes() == (tmp_path / "two" / "track_a.zip").read_bytes()
    with zipfile.ZipFile(archive) as packed:
        assert packed.read("track_a/pred_eng.csv").decode() == RIGHT


FAULTS = {
    "missing id": (RIGHT.replace("=3,0,0,0,0,0\n", ""), "found none for 1 of them: =3"),
    "extra id": (RIGHT + "eng_test_track_a_00009,0,0,0,0,0\n", r"row 4 \(id eng_test_track_a_00009\), column id"),
    "id of dev": (RIGHT.replace("test_track_a_00002", "dev_track_a_00002"), r"row 2 \(id eng_dev_track_a_00002\)"),
    "repeated id": (RIGHT + "=3,0,0,0,0,0\n", r"row 4 \(id =3\), column id: .* unique, found the id of row 3 again"),
    "a half": (RIGHT.replace("00001,0,0", "00001,0.5,0"), r"row 1 .*, column Anger: expected 0 or 1, found 0\.5"),
    "true": (RIGHT.replace("00001,0,0", "00001,True,0"), r"column Anger: expected 0 or 1, found True"),
    "empty cell": (RIGHT.replace("00001,0,0", "00001,,0"), r"column Anger: expected 0 or 1, found nothing"),
    "missing column": (
        "\n".join(line.rpartition(",")[0] for line in RIGHT.splitlines()),
        "expected the columns .*Sadness, Surprise in this order, found id, Anger, Fear, Joy, Sadness$",
    ),
    "column of another language": (RIGHT.replace("Surprise", "Disgust"), "in this order, found .*Disgust"),
    "small letters": (RIGHT.lower(), "in this order, found id, anger"),
    "columns in another order": (RIGHT.replace("Anger,Fear", "Fear,Anger"), "in this order, found id, Fear, Anger"),
    "short row": (RIGHT.replace("=3,0,0,0,0,0", "=3,0,0,0,0"), "row 3: expected 6 cells, found 5"),
    "no rows": (RIGHT.splitlines()[0] + "\n", "expected a row for each of the 3 texts"),
    "nothing": ("", "in this order, found nothing"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_of_a_file_is_found_by_both_checkers(tmp_path, test_file, name):
    content, expected = FAULTS[name]
    archive = tmp_path / "track_a.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("track_a/pred_eng.csv", content)
    with pytest.raises(InputError, match=expected):
        check_archive(archive, {"eng": IDS})
    if content:
        assert faults_of_submission(archive, {"eng": test_file})


def test_rows_in_another_order_than_the_test_files_are_found(tmp_path):
    header, first, second, third = RIGHT.splitlines(keepends=True)
    with zipfile.ZipFile(tmp_path / "track_a.zip", "w") as packed:
        packed.writestr("track_a/pred_eng.csv", header + first + third + second)
    with pytest.raises(InputError, match=r"row 2 \(id =3\), column id: .* order of the test file"):
        check_archive(tmp_path / "track_a.zip", {"eng": IDS})


@pytest.mark.parametrize("files", [["pred_eng.csv"], ["track_a/pred_eng.csv", "track_a/pred_deu.csv"], []])
def test_other_files_than_those_of_the_languages_are_found(tmp_path, files):
    with zipfile.ZipFile(tmp_path / "track_a.zip", "w") as packed:
        for name in files:
            packed.writestr(name, RIGHT)
    with pytest.raises(InputError, match=r"expected the files track_a/pred_eng\.csv, found"):
        check_archive(tmp_path / "track_a.zip", {"eng": IDS})


def test_a_submission_that_is_not_right_does_not_appear_and_the_earlier_one_stays(tmp_path, monkeypatch):
    answers = {"eng": Answers("best", IDS, LABELS, GIVEN)}
    write_submission(answers, tmp_path / "best")
    earlier = (tmp_path / "best" / "track_a.zip").read_bytes()
    monkeypatch.setattr(writing, "content_of", lambda language, own: RIGHT.replace("Joy,", "").encode())
    for target in ("best", "other"):
        with pytest.raises(InputError, match="expected the columns"):
            write_submission(answers, tmp_path / target)
    assert (tmp_path / "best" / "track_a.zip").read_bytes() == earlier
    assert [path.name for path in tmp_path.iterdir()] == ["best"]
