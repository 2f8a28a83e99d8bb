"""What the report's first screen warns of."""

import pytest

from emotion_grid.base.files import read_json, write_json
from scripts import compare, evaluate, report
from testing.made import LABELS, ROWS, made_row, make_texts, run_program, write_plan, write_records, write_tables
from testing.pages import section_of, text_of

RUN = {"encoder": "small", "fold": None, "seed": 1}


@pytest.fixture
def page(tmp_path):
    """Call with what checks.json says of all and of dev, and the texts that the run cut: the report."""

    def make(checks=None, dev=None, cut=0, others=None) -> str:
        golds = make_texts(tmp_path)
        write_tables(tmp_path / "runs" / "one", golds, 1.0, 1)
        write_records(tmp_path / "runs" / "one")
        path = tmp_path / "data" / "d" / "checks.json"
        found = {**read_json(path), **(checks or {})}
        found["prepared"]["dev"] |= dev or {}
        write_json(path, found)
        run = tmp_path / "runs" / "one"
        write_json(
            run / "provenance.json", {**read_json(run / "provenance.json"), "texts_cut": {"train": cut, "dev": 0}}
        )
        spec = read_json(run / "spec.json")
        write_json(run / "spec.json", {**spec, "training": {"epochs": 3, "max_length": 64}})
        how = {"threshold": "global", "bootstrap": 20, "confidence": 0.95}
        write_plan(tmp_path, [made_row("one", RUN)], labels=LABELS, evaluation=how, compare=others or {})
        run_program(evaluate, "--plan", tmp_path / "plan.json", "--output", tmp_path)
        run_program(compare, "--results", tmp_path)
        run_program(report, "--results", tmp_path)
        return (tmp_path / "report.html").read_text(encoding="utf-8")

    return make


def test_nothing_is_warned_of_where_nothing_is_odd(page):
    assert 'class="warnings"' not in page(cut=sum(ROWS.values()) // 5 - 1)


def test_texts_that_are_cut_or_nearly_occur_in_train_are_on_the_first_screen(page):
    html = page(dev={"near_duplicates": 1234}, cut=sum(ROWS.values()) // 5)
    first = text_of(html.split('class="warnings"')[1].split("</ul>")[0])
    assert "The best run read 150 of 750 texts (20%) only up to token 64 (training.max_length)." in first
    assert (
        "Some texts occur in train, too, but for case, punctuation, numbers, user names or links (1,234 of dev), so"
        in first
    )
    assert "texts that nearly occur in train 1,234" in text_of(section_of(html, "data"))


def test_other_predictions_without_rows_of_validation_are_said_to_be_scored_at_a_fixed_threshold(page, tmp_path):
    ids = [f"{split}-{number}" for split in ("dev", "test") for number in range(ROWS[split])]
    rows = [f"{id_},{','.join('0' for _ in LABELS)}" for id_ in ids]
    (tmp_path / "pred.csv").write_text("\n".join([",".join(["id", *LABELS]), *rows]) + "\n")
    html = page(others={"another-team": str(tmp_path / "pred.csv")})
    first = text_of(html.split('class="warnings"')[1].split("</ul>")[0])
    assert "another-team: scored at the fixed threshold 0.5, since the predictions under compare have no rows" in first
    assert ",another-team," in (tmp_path / "comparison.csv").read_text(), "it is compared with the best setting"


def test_the_page_says_that_texts_have_no_spaces(page):
    assert "TF-IDF counts characters" in text_of(section_of(page(checks={"unspaced": True}), "data"))
