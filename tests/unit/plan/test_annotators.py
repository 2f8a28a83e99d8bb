"""The file of annotators' answers in a plan: it renames no run, and what cannot be used is refused before anything runs."""

import pytest

from emotion_grid.base.messages import InputError

LONG = "who,text,joy,fear\nann,so glad,1,0\nbea,So glad!,1,0\n"


@pytest.fixture
def planned(study, tmp_path):
    """Call with the content of a file of answers and keys of `data.annotators`: the plan of a study that names it."""

    def make(content: str = LONG, data: dict | None = None, **keys: object):
        (tmp_path / "answers.csv").write_text(content, encoding="utf-8")
        return study(data={**(data or {}), "annotators": {"file": "answers.csv", "raters": "who", **keys}})

    return make


def test_annotators_rename_no_run(study, planned):
    plain, plan = study(), planned()
    assert plain.settings["annotators"] is None and plan.settings["annotators"]["annotator"] == "who"
    assert list(plan.runs) == list(plain.runs) and list(plan.data) == list(plain.data)


def test_the_plan_says_how_the_file_is_read(planned, tmp_path):
    wide = "text,emotion,ann,bea\nso glad,Joy,3,1\nso glad,Fear,0,\n"
    keys = {"raters": ["ann", "bea"], "label_column": "emotion", "labels": {"joy": "Joy", "fear": ["Fear"]}}
    section = planned(wide, **keys, positive_from=1).settings["annotators"]
    assert section["file"] == str(tmp_path / "answers.csv") and section["annotator"] is None
    assert section["reading"] == {
        "read": {},
        "columns": {"id": None, "text": "text"},
        "labels": {"joy": ["Joy"], "fear": ["Fear"]},
        "unlabelled": [""],
        "label_column": "emotion",
        "positive_from": 1,
        "raters": {"unite": "majority", "columns": ["ann", "bea"]},
    }


@pytest.mark.parametrize(
    ("content", "keys", "expected"),
    [
        (
            "who,text,joy,fear\nann,strange,1,0\n",
            {},
            r"expected answers to texts of the study, found none: of its 1 texts, such as strange, none is among the study's 4$",
        ),
        (
            "who,text,mood\nann,so glad,joy\nann,a day,Calm\n",
            {"label_column": "mood"},
            "column mood: expected emotions that data.annotators.labels maps to labels, found Calm without a mapping",
        ),
        ("who,text,joy\nann,so glad,1\n", {}, "expected the column fear, found who, text, joy"),
        ("who,text,joy,fear\nann,so glad,1,2\n", {}, "row 1, column fear: expected 0 or 1, or nothing .* found 2$"),
        (LONG, {"file": "none.csv"}, r"expected a file with a table, found nothing at \S*none.csv \(data_root is"),
    ],
)
def test_what_cannot_be_used_is_refused_with_names(planned, content, keys, expected):
    with pytest.raises(InputError, match=rf"^data\.annotators: .*{expected}"):
        planned(content, **keys)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"raters": ["ann"]}, r"data\.annotators\.raters: expected data\.annotators\.label_column beside columns"),
        (
            {"label_column": "mood", "positive_from": 1},
            r"data\.annotators\.positive_from: expected columns of intensities, found data\.annotators\.label_column",
        ),
        ({"rater": "who"}, r"data\.annotators\.rater: unknown key; did you mean raters"),
    ],
)
def test_keys_that_do_not_go_together_are_refused(planned, keys, expected):
    with pytest.raises(InputError, match=expected):
        planned(**keys)


def test_what_planning_cannot_read_is_left_to_the_step(planned, tmp_path):
    (tmp_path / "train.parquet").write_bytes(b"PAR1")
    assert planned("who,text,joy,fear\nann,strange,1,0\n", data={"train": "train.parquet"})
