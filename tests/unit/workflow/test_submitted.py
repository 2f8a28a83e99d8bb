"""The languages that a submission answers: what it lacks is said before anything runs."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from emotion_grid.base.messages import InputError
from emotion_grid.workflow.submitted import submitted_tests

EMOTIONS = ["anger", "disgust", "fear", "joy", "sadness", "surprise"]


def part(name: str = "", test: str | None = "track_a/test/eng.csv", labels=EMOTIONS, is_united: bool = False):
    """A part of a study, as far as a submission looks at it."""
    plan = SimpleNamespace(
        settings={"labels": labels, "compare": {"team": "x"}},
        runs={"small_seed-1_a": None},
        rows={"tfidf_b": SimpleNamespace(columns={"encoder": "tfidf"})},
    )
    experiment = f"study/sets/{name}" if name else "study"
    data = {} if test is None else {"test": test}
    return SimpleNamespace(experiment=experiment, raw={"data": data}, plan=plan, is_united=is_united)


def test_the_language_is_the_name_of_the_test_file_or_of_the_set():
    parts = [part("english"), part("deu", "german/test.tsv"), part("swe", "x/swe.csv.gz"), part("all", is_united=True)]
    found = submitted_tests(parts, "best")
    assert {language: (owner.experiment, test) for language, (owner, test) in found.items()} == {
        "eng": ("study/sets/english", Path("track_a/test/eng.csv")),
        "deu": ("study/sets/deu", Path("german/test.tsv")),
        "swe": ("study/sets/swe", Path("x/swe.csv.gz")),
    }


@pytest.mark.parametrize("row", ["best", "small_seed-1_a", "tfidf_b", "tfidf", "team"])
def test_every_row_that_the_tables_will_have_may_answer(row):
    assert list(submitted_tests([part()], row)) == ["eng"]


@pytest.mark.parametrize(
    ("parts", "row", "expected"),
    [
        ([part(test=None)], "best", r"^submission: expected the task's test file under data\.test, found none"),
        ([part(test="texts/test.csv")], "best", r"called like a language .*ptbr.*, found texts/test\.csv$"),
        ([part("eng"), part("more")], "best", r"^submission, data set more: expected one .*, found eng in eng, too$"),
        ([part("deu", "deu.csv", EMOTIONS[1:])], "best", "^submission, data set deu: data.labels: .*none for Anger$"),
        ([part()], "other", r"or another row \(team, tfidf\), found other$"),
    ],
)
def test_what_a_submission_lacks_is_said(parts, row, expected):
    with pytest.raises(InputError, match=expected):
        submitted_tests(parts, row)
