"""The form of a submission: the languages and emotions of the task, as its published files have them."""

import csv
import os
from pathlib import Path

import pytest

from emotion_grid.base.messages import InputError
from emotion_grid.submission.form import LANGUAGES, header_of, places_of

BRIGHTER = Path(os.environ.get("BRIGHTER_DATA", "."))
"""The folder that holds track_a, as the organisers published it."""


def test_columns_are_those_of_the_organisers_samples():
    assert ",".join(header_of("amh")) == "id,Anger,Disgust,Fear,Joy,Sadness,Surprise"
    assert ",".join(header_of("eng")) == "id,Anger,Fear,Joy,Sadness,Surprise"
    assert ",".join(header_of("afr")) == "id,Anger,Disgust,Fear,Joy,Sadness"


@pytest.mark.skipif(not (BRIGHTER / "track_a").is_dir(), reason="BRIGHTER_DATA names no folder with track_a")
def test_languages_and_emotions_are_those_of_the_published_test_files():
    files = {path.stem: path for path in (BRIGHTER / "track_a" / "test").glob("*.csv")}
    assert sorted(files) == sorted(LANGUAGES)
    for language, path in files.items():
        with path.open(encoding="utf-8", newline="") as file:
            columns = next(csv.reader(file))
        assert header_of(language) == ["id", *(name.capitalize() for name in columns[2:])]


def test_labels_of_a_study_are_found_in_any_order_and_case_with_others_beside_them():
    assert places_of("eng", ["surprise", "Joy", "neutral", "ANGER", "fear", "sadness"]) == [3, 4, 1, 5, 0]


def test_a_study_that_lacks_emotions_of_a_language_is_refused():
    with pytest.raises(InputError, match=r"asks for in deu \(Anger, .*\), found none for Disgust, Surprise$"):
        places_of("deu", ["anger", "fear", "joy", "sadness"])
