"""Files of annotators' answers: who gave what to which text, and which text of the study that is."""

import json

import pytest

from emotion_grid.base.messages import InputError
from emotion_grid.data.annotators import (
    read_answers,
    source_of,
)
from emotion_grid.data.forms import read_text

LABELS = ["joy", "sadness"]


@pytest.fixture
def source(tmp_path):
    """Call with the content of a file and how it is declared: its source."""

    def make(content: str, name: str = "answers.csv", annotator: str | None = None, raters=(), clean=(), **reading):
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        reading = {"columns": {"id": None, "text": "text"}, **reading}
        if raters:
            reading["raters"] = {"unite": "majority", "columns": list(raters)}
        return source_of({"file": str(path), "reading": reading, "annotator": annotator, "clean": list(clean)}, LABELS)

    return make


def answers(source) -> dict[tuple[str, str], list[float | None]]:
    """What each annotator gave to each text, by the text and the annotator's name; a text that stands again has its number."""
    found = read_answers(read_text(source.path, source.mapping.form), source)
    names: list[str] = []
    for item in found.items:
        name = item.text or item.id
        names.append(name if name not in names else f"{name} (again)")
    return {(names[item], found.annotators[place]): given for (item, place), given in found.given.items()}


WIDE = """text,emotion,ann,bea
so glad,Joy,3,1
so glad,Sad,0,
oh dear,Joy,0,0
oh dear,Sad,2,0
"""
EMOTIONS = {"joy": ["Joy"], "sadness": ["Sad"]}


def test_a_row_for_each_emotion_with_a_column_for_each_person(source):
    found = answers(source(WIDE, raters=["ann", "bea"], label_column="emotion", labels=EMOTIONS, positive_from=1.0))
    assert found == {
        ("so glad", "ann"): [1, 0],
        ("so glad", "bea"): [1, None],
        ("oh dear", "ann"): [0, 1],
        ("oh dear", "bea"): [0, 0],
    }


def test_a_person_who_says_nothing_of_a_text_has_no_answer_to_it(source):
    content = "text,emotion,ann,bea\nx,Joy,1,\nx,Sad,0,\n"
    found = answers(source(content, raters=["ann", "bea"], label_column="emotion", labels=EMOTIONS))
    assert found == {("x", "ann"): [1, 0]}


def test_a_text_that_stands_twice_is_two_texts(source):
    twice = WIDE + "so glad,Joy,0,0\nso glad,Sad,1,1\n"
    found = answers(source(twice, raters=["ann", "bea"], label_column="emotion", labels=EMOTIONS, positive_from=1.0))
    assert found["so glad", "ann"] == [1, 0] and found["so glad (again)", "ann"] == [0, 1]


def test_a_row_for_each_person_with_a_column_for_each_label(source):
    content = "who,id,joy,sadness\nann,1,1,0\nbea,1,0,0\nann,2,,1\n"
    found = answers(source(content, annotator="who", columns={"id": "id", "text": "text"}))
    assert found == {("1", "ann"): [1, 0], ("1", "bea"): [0, 0], ("2", "ann"): [None, 1]}


def test_an_export_of_label_studio(source):
    def annotation(person: int, *choices: str) -> dict:
        result = [{"type": "choices", "value": {"choices": list(choices)}}] if choices else []
        return {"completed_by": person, "result": result}

    items = [
        {"id": 1, "data": {"text": "so glad"}, "annotations": [annotation(7, "joy"), annotation(8, "joy", "sadness")]},
        {"id": 2, "data": {"text": "oh dear"}, "annotations": [annotation(7, "sadness"), annotation(8)]},
    ]
    found = answers(
        source(
            json.dumps(items),
            "export.json",
            annotator="annotations.completed_by",
            read={"rows": "annotations"},
            columns={"id": None, "text": "data.text"},
            label_column="annotations.result.value.choices",
        )
    )
    assert found == {("so glad", "7"): [1, 0], ("so glad", "8"): [1, 1], ("oh dear", "7"): [0, 1]}


# --- what is refused


def refusal(source) -> str:
    with pytest.raises(InputError) as caught:
        answers(source)
    return str(caught.value).replace(f"{source.path.parent}/", "")


def test_emotions_without_a_mapping_are_named(source):
    content = WIDE + "so glad,Anger,1,1\nso glad,Disgust,1,1\n"
    told = refusal(source(content, raters=["ann", "bea"], label_column="emotion", labels=EMOTIONS, positive_from=1.0))
    assert told.startswith(
        "answers.csv, column emotion: expected emotions that data.annotators.labels maps to labels, found Anger, Disgust without a mapping"
    )


def test_an_emotion_that_is_no_label_of_the_study_stands_under_a_name_of_its_own(source):
    content = WIDE + "so glad,Anger,1,1\noh dear,Anger,0,0\n"
    labels = {**EMOTIONS, "anger": ["Anger"]}
    found = answers(source(content, raters=["ann", "bea"], label_column="emotion", labels=labels, positive_from=1.0))
    assert found["so glad", "ann"] == [1, 0]


def test_a_label_that_no_row_is_about_is_refused(source):
    """Fault: a misspelt name would leave the label without answers, and agreement would be that of the other labels."""
    labels = {"joy": ["Joy"], "sadnes": ["Sad"]}
    told = refusal(source(WIDE, raters=["ann", "bea"], label_column="emotion", labels=labels, positive_from=1.0))
    assert "expected rows for every label of the study, found none for sadness (sadness); the file has Joy, Sad" in told


def test_columns_that_are_missing_and_rows_that_cannot_be_used_are_named(source):
    assert refusal(source("text,joy\nx,1\n", annotator="who")).startswith(
        "answers.csv: expected the column sadness, found text, joy"
    )
    assert "expected the column who, found" in refusal(source("text,joy,sadness\nx,1,0\n", annotator="who"))
    told = refusal(source("who,text,joy,sadness\nann,x,1,maybe\n,x,0,0\nann,,0,0\nann,x\n", annotator="who"))
    assert told.splitlines() == [
        "answers.csv: 4 bad rows",
        "  row 1, column sadness: expected 0 or 1, or nothing where the label is not annotated, found maybe",
        "  row 2, column who: expected the name of an annotator, found none",
        "  row 3, column text: expected a text, found none",
        "  row 4, line 5: expected 4 cells (who, text, joy, sadness), found 2; a text that holds the separator or quotes stands in double quotes",
    ]
