"""The report's section of language models."""

from emotion_grid.base.files import write_json
from scripts import compare, evaluate, report
from testing.made import LABELS, made_row, make_texts, run_program, write_plan, write_records, write_tables
from testing.pages import section_of, table_of, text_of


def counts(answered=0, problems=None, models=("big-1",)):
    return {
        "answered": answered,
        "weighed": answered,
        "problems": problems or {},
        "models": list(models),
        "tokens": {"input": 1000, "output": 10},
    }


def test_refused_and_unreadable_answers_stand_in_the_report(tmp_path):
    golds = make_texts(tmp_path)
    write_tables(tmp_path / "runs" / "one", golds, 1.0, 1)
    write_records(tmp_path / "runs" / "one")
    row = {**made_row("big_1", {"encoder": "big", "fold": None}, "language model"), "folder": "language-models/big_1"}
    write_tables(tmp_path / row["folder"], golds, 0.5, 2)
    write_json(
        tmp_path / row["folder"] / "spec.json", {"model": "org/<big>", "examples": 4, "data": {"labels": LABELS}}
    )
    answers = {
        "validation": counts(100),
        "dev": counts(190, {"refused": 3, "no JSON object": 5, "labels missing": 2}),
        "test": counts(1049, {"refused": 1}),
    }
    write_json(tmp_path / row["folder"] / "provenance.json", {"answers": answers})
    how = {"threshold": "global", "bootstrap": 20, "confidence": 0.95}
    write_plan(tmp_path, [made_row("one", {"encoder": "small", "fold": None, "seed": 1}), row], evaluation=how)
    run_program(evaluate, "--plan", tmp_path / "plan.json", "--output", tmp_path)
    run_program(compare, "--results", tmp_path)
    run_program(report, "--results", tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    (found,) = table_of(section_of(page, "language-models"))
    assert found == {
        "row": "big",
        "model": "org/<big> answered as big-1",
        "examples shown": "4",
        "texts": "1,350",
        "answered": "1,339",
        "with probabilities": "1,339",
        "refused": "4",
        "unreadable": "7 no JSON object 5, labels missing 2",
        "tokens read": "3,000",
        "tokens written": "30",
    }
    assert "language model" in text_of(section_of(page, "all"))
