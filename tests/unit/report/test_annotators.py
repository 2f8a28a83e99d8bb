"""Annotators in the report: the sentence on the first screen and their section, whatever the texts and names hold."""

import csv

import numpy as np
import pytest

from scripts import compare, compare_annotators, evaluate, report
from testing.made import (
    HOSTILE,
    LABELS,
    made_row,
    make_texts,
    run_program,
    write_plan,
    write_records,
    write_tables,
)
from testing.pages import section_of, table_of, text_of

NAMES = ["=1+1", "<b>bea</b>", "cat"]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A run and three annotators who are wrong in a tenth of the labels, and to whom the last texts of dev were not shown."""
    home, random = tmp_path_factory.mktemp("annotated"), np.random.default_rng(3)
    golds = make_texts(home)
    for name, signal in (("one", 1.0), ("two", 1.2)):
        write_tables(home / "runs" / name, golds, signal, 1)
        write_records(home / "runs" / name)
    with (home / "data" / "d" / "dev.csv").open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    with (home / "answers.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["who", "text", *LABELS])
        for name in NAMES:
            for text, gold in zip(texts[:150], golds["dev"], strict=False):
                writer.writerow([name, text, *(int(value) ^ int(random.random() < 0.1) for value in gold)])
        writer.writerow(["cat", "<i>a text of no study</i>", *(0 for _ in LABELS)])
    rows = [
        made_row(name, {"encoder": "small", "fold": None, "seed": seed}) for seed, name in enumerate(("one", "two"))
    ]
    reading = {"columns": {"id": None, "text": "text"}}
    section = {"file": str(home / "answers.csv"), "reading": reading, "annotator": "who", "clean": []}
    write_plan(home, rows, annotators=section)
    run_program(evaluate, "--plan", home / "plan.json", "--output", home)
    for program in (compare, compare_annotators, report):
        run_program(program, "--results", home)
    return home


def test_the_first_screen_sets_a_person_beside_the_models(page):
    answer = text_of(page.split("<nav")[0])
    assert "that people annotated, one annotator reaches 0." in answer
    assert "and the mean of the runs of this setting 0." in answer


def test_the_section_says_how_far_people_agree_and_what_did_not_join(page):
    section = section_of(page, "annotators")
    said = text_of(section)
    assert "3 annotators in answers.csv" in said and "1 not in the study" in said
    labels, people, beside, *_ = [table_of(part + "</table>") for part in section.split("</table>")[:3]]
    assert [row["label"] for row in labels] == LABELS
    assert len(people) == 3 and len(beside) == 2
    assert beside[0]["row"] == "one annotator", "people are wrong in a tenth of the labels, the model more often"


def test_no_text_and_no_name_is_markup_or_a_formula(home, page):
    body = page[page.index("<body>") :]
    for text in ("<i>a text", "<b>bea", "<img", "<iframe", "<script>window"):
        assert text not in body
    for name in ("scores", "agreement", "texts"):
        with (home / "annotators" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            assert not any(cell.startswith(("=", "@", "+")) for row in csv.reader(file) for cell in row)
    assert any(text.startswith("=") for text in HOSTILE)


def test_a_study_without_annotators_has_no_section(home, tmp_path):
    plain = tmp_path / "plain"
    golds = make_texts(plain)
    write_tables(plain / "runs" / "one", golds, 1.0, 1)
    write_records(plain / "runs" / "one")
    write_plan(plain, [made_row("one", {"encoder": "small", "fold": None, "seed": 1})])
    run_program(evaluate, "--plan", plain / "plan.json", "--output", plain)
    for program in (compare, report):
        run_program(program, "--results", plain)
    assert 'id="annotators"' not in (plain / "report.html").read_text(encoding="utf-8")
