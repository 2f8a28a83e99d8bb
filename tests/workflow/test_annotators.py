"""A study with annotators: their tables and the report, what makes them again, and what is refused before anything runs."""

import csv

import pandas as pd

from testing.pages import section_of, text_of
from testing.tiny import LABELS, Project

EMOTIONS = {"anger": "Anger", "fear": "Fear", "joy": "Joy"}


def write_answers(project: Project, extra: list[list[object]] | None = None, wrong: int = 7) -> None:
    """Three people's answers to the dev texts, in capitals: what is gold, but each is wrong in every so many texts."""
    with (project.folder / "texts/dev.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    with (project.folder / "answers.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "emotion", "ann", "bea", "cat"])
        for number, row in enumerate(rows):
            for label in LABELS:
                given = [int(row[label]) ^ (number % wrong == person) for person in range(3)]
                writer.writerow([row["text"].upper(), EMOTIONS[label], *(2 * value for value in given)])
        writer.writerows(extra or [])


def configure(project: Project, **changes: object) -> None:
    annotators = {
        "file": "answers.csv",
        "label_column": "emotion",
        "labels": EMOTIONS,
        "raters": ["ann", "bea", "cat"],
        "positive_from": 1,
    }
    project.configure(data={**project.config["data"], "annotators": {**annotators, **changes}})


def test_a_finished_study_gets_its_annotators_without_training(project: Project):
    write_answers(project, [["another text", "Joy", 1, 1, 0]])
    configure(project)
    done = project.run()
    assert done.trained == []
    scores = pd.read_csv(project.home / "annotators/scores.csv", keep_default_na=False)
    assert scores[scores["texts"] == "all"]["name"].tolist() == ["ann", "bea", "cat", ""]
    beside = scores[scores["texts"] == "dev"]
    assert set(beside["rows"]) == {20}
    assert beside["name"].tolist()[1:] == ["one", "two", "most-frequent", "tfidf"]
    texts = pd.read_csv(project.home / "annotators/texts.csv")
    assert texts["how"].value_counts().to_dict() == {"folded": 20, "not in the study": 1}
    page = text_of(section_of((project.home / "report.html").read_text(encoding="utf-8"), "annotators"))
    assert "3 annotators in answers.csv, 21 texts. 20 of these are texts of this study" in page
    assert "another text" in page
    assert project.run().nothing
    write_answers(project, wrong=5)
    again = project.run()
    assert again.trained == [] and "Comparing annotators and models of tiny" in again.output
    assert "Writing the report of tiny" in again.output
    (project.home / "annotators/texts.csv").unlink()
    assert "Comparing annotators and models of tiny" in project.run().output


def test_a_file_that_matches_no_text_and_emotions_without_a_mapping_are_refused(pristine_project: Project):
    project = pristine_project
    write_answers(project, [["another text", "Sadness", 1, 1, 0]])
    configure(project)
    refused = project.run("-n", fails=True).output
    assert "data.annotators: answers.csv, column emotion: expected emotions that data.annotators.labels maps" in refused
    assert "found Sadness without a mapping" in refused
    (project.folder / "answers.csv").write_text("who,text,anger,fear,joy\nann,strange,1,0,0\n")
    project.configure(data={**project.config["data"], "annotators": {"file": "answers.csv", "raters": "who"}})
    refused = project.run("-n", fails=True).output
    assert (
        "expected answers to texts of the study, found none: of its 1 texts, such as strange, none is among" in refused
    )
    project.configure(data={**project.config["data"], "annotators": {"file": "none.csv", "raters": "who"}})
    assert (
        "data.annotators: expected a file with a table, found nothing at none.csv"
        in project.run("-n", fails=True).output
    )
