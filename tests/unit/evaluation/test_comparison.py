"""The comparison of an experiment: what makes a difference is found, and what selected the runs judges nothing."""

import pandas as pd
import pytest

from emotion_grid.evaluation.comparison import comparison_table
from emotion_grid.evaluation.contrasts import SAME
from emotion_grid.evaluation.results import read_results
from scripts import compare, evaluate
from testing.made import make_experiment, run_program


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    home = tmp_path_factory.mktemp("made")
    make_experiment(home)
    run_program(evaluate, "--plan", home / "plan.json", "--output", home)
    return home


def test_the_axis_that_makes_a_difference_is_found_and_no_other(made):
    run_program(compare, "--results", made)
    table = pd.read_csv(made / "comparison.csv", dtype={"first": str, "second": str})
    axes = table[table["family"] == "axis"]
    assert axes[axes["verdict"] != SAME]["axis"].tolist() == ["encoder"]
    assert axes.set_index("axis").loc["encoder", "pairs"] == 20
    best = table[table["family"] == "best"]
    assert len(best) == 39 + 2, "every other setting and both baselines"
    told = best[best["verdict"] == "higher"]["second"]
    assert set(told.str.split(" · ").str[0]) == {"encoder0", "tfidf", "most-frequent"}
    assert (best["p_corrected"] >= best["p"]).all()


def test_what_selected_the_runs_judges_nothing(made, tmp_path, monkeypatch):
    results = read_results(made)
    validation = type(results)(**{**results.__dict__, "judge": "validation"})
    assert len(comparison_table(validation)) == 0
