"""Ensembles in the plan: a row for each fold, named by all runs that they are selected from."""

import re

import pytest

from emotion_grid.base.messages import InputError
from testing.plans import write_rows

GRID = [{"head": {"type": "mlp", "size": [8, 16]}, "seed": [1, 2]}]
MORE = [(str(number), f"text {number}", str(number % 2), str(number % 3 == 0)) for number in range(12)]


def ensembles(plan) -> dict:
    return {row.columns["encoder"]: row for row in plan.rows.values() if row.kind == "ensemble"}


def test_members_are_settings_and_the_order_of_the_grid_decides_nothing(study):
    plan = study(GRID, ensembles=["seeds", "greedy"])
    found = ensembles(plan)
    assert list(found) == ["seeds", "greedy"] and re.fullmatch(r"ensembles/greedy_[0-9a-f]{8}", found["greedy"].folder)
    settings = found["greedy"].spec["settings"]
    assert [len(setting[""]) for setting in settings] == [2, 2]
    assert sorted(run for setting in settings for run in setting[""]) == sorted(plan.runs)
    for setting in settings:
        assert len({plan.setting_of(plan.runs[run]) for run in setting[""]}) == 1
    other = study([{"head": {"type": "mlp", "size": [16, 8]}, "seed": [2, 1]}], ensembles=["greedy"])
    assert ensembles(other)["greedy"].name == found["greedy"].name


def test_another_run_makes_another_ensemble_and_an_ensemble_no_other_run(study):
    plan = study(GRID, ensembles=["greedy"])
    more = study([{**GRID[0], "seed": [1, 2, 3]}], ensembles=["greedy"])
    assert ensembles(more)["greedy"].name != ensembles(plan)["greedy"].name
    assert list(study(GRID).runs) == list(plan.runs) and not ensembles(study(GRID))


def test_new_gold_labels_of_test_make_no_other_ensemble_and_new_texts_do(study, tmp_path):
    before = ensembles(study(GRID, ensembles=["greedy"]))["greedy"].name
    write_rows(tmp_path / "test.csv", [("1", "so glad", "0", "1")])
    assert ensembles(study(GRID, ensembles=["greedy"]))["greedy"].name == before
    write_rows(tmp_path / "test.csv", [("1", "so very glad", "0", "1")])
    assert ensembles(study(GRID, ensembles=["greedy"]))["greedy"].name != before


def test_each_fold_has_a_row_of_the_runs_of_all_folds(study, tmp_path):
    write_rows(tmp_path / "train.csv", MORE)
    plan = study(GRID, data={"folds": 3}, ensembles=["greedy"])
    rows = [row for row in plan.rows.values() if row.kind == "ensemble"]
    assert [row.columns["fold"] for row in rows] == [1, 2, 3] and len({row.data for row in rows}) == 3
    assert [re.match(r"greedy_fold-(\d)_", row.name)[1] for row in rows] == ["1", "2", "3"]
    for row in rows:
        assert row.spec["settings"] == rows[0].spec["settings"] and list(row.spec["settings"][0]) == ["1", "2", "3"]
        of_fold = [run for setting in row.spec["settings"] for run in setting[row.spec["fold"]]]
        assert {plan.runs[run].data for run in of_fold} == {row.data}


def test_settings_on_other_folds_are_refused_by_their_names(study, tmp_path):
    write_rows(tmp_path / "train.csv", MORE)
    grid = [{"head": {"type": "mlp", "size": 8}}, {"head": {"type": "mlp", "size": 16}, "fold": [1, 2]}]
    with pytest.raises(InputError, match=r"found one .* on other folds .*mlp-16\S* on 1, 2; .*mlp-8\S* on 1, 2, 3$"):
        study(grid, data={"folds": 3}, ensembles=["greedy"])
    assert study(grid, data={"folds": 3}).runs


def test_more_settings_than_there_are_and_unknown_names_are_refused(study):
    assert ensembles(study(GRID, ensembles=["best-2"]))
    with pytest.raises(
        InputError, match="the best settings in best-3 to be at most that of the settings of the grid, found 2"
    ):
        study(GRID, ensembles=["best-3"])
    for name in ("best-1", "best", "worst", "greedy\n"):
        with pytest.raises(InputError, match=r"ensembles\[0\]: expected seeds, greedy, or best- and a number"):
            study(GRID, ensembles=[name])
