"""Texts to label: those of a study's prepared split, and what is said where there are none."""

import numpy as np
import pytest

from emotion_grid.base.integrity import write_record
from emotion_grid.base.messages import InputError
from emotion_grid.labelling.texts import study_texts
from testing.labelling import make_study
from testing.made import LABELS, made_row, make_texts, write_plan


def test_a_split_has_its_texts_with_their_gold_labels(tmp_path):
    gold = make_study(tmp_path, dev=40)
    rows = study_texts(tmp_path, "dev")
    assert rows.ids == [f"dev-{number}" for number in range(40)] and rows.labels == LABELS
    assert np.array_equal(rows.gold, gold)


def test_in_a_cross_validation_the_texts_of_all_folds_are_there_once(tmp_path):
    rows = [{**made_row(f"run-{fold}", {"encoder": "a"}), "data": f"d{fold}"} for fold in (1, 2)]
    for fold in (1, 2):
        make_texts(tmp_path, rows={"train": 5, "validation": 5, "dev": 30, "test": 4}, key=f"d{fold}")
    path = tmp_path / "data" / "d2" / "dev.csv"
    path.write_text(path.read_text().replace("dev-", "other-"))
    write_plan(tmp_path, [*rows, rows[0]])
    assert len(study_texts(tmp_path, "dev")) == len(set(study_texts(tmp_path, "dev").ids)) == 60
    assert len(study_texts(tmp_path, "test")) == 4


def test_what_is_no_study_is_told(tmp_path):
    with pytest.raises(InputError, match=r"plan.json\), found none; check the name"):
        study_texts(tmp_path, "dev")
    for name in ("eng", "deu"):
        make_study(tmp_path / "sets" / name)
    with pytest.raises(InputError, match=r"found several sets; name the folder of one in .*/sets: deu, eng$"):
        study_texts(tmp_path, "dev")
    assert len(study_texts(tmp_path / "sets" / "eng", "dev")) == 120


def test_texts_that_are_not_prepared_none_or_damaged_are_told(tmp_path):
    make_study(tmp_path)
    with pytest.raises(InputError, match="expected texts in test, found none; name another split"):
        study_texts(tmp_path, "test")
    checks = tmp_path / "data" / "d" / "checks.json"
    write_record(checks, {}, ["dev.csv"])
    (tmp_path / "data" / "d" / "dev.csv").write_text("id,text\n")
    with pytest.raises(InputError, match=r"dev.csv: expected SHA-256"):
        study_texts(tmp_path, "dev")
    checks.unlink()
    with pytest.raises(InputError, match="found none; make them: snakemake --until prepare"):
        study_texts(tmp_path, "dev")
