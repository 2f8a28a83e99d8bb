"""The comparison of an experiment: what makes a difference is found, and what selected the runs judges nothing."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from emotion_grid.base.files import read_json
from emotion_grid.evaluation import comparison
from emotion_grid.evaluation.contrasts import HIGHER, SAME, UNTESTED
from emotion_grid.evaluation.foresight import NOISE, Size, noise_from, smallest_difference
from emotion_grid.evaluation.results import read_results
from emotion_grid.evaluation.scaling import SCALING
from scripts import compare, evaluate
from testing.made import (
    made_row,
    make_experiment,
    make_texts,
    run_program,
    write_plan,
    write_records,
    write_tables,
)


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


def test_the_noise_that_is_recorded_tells_what_the_comparisons_could_have_found(made):
    """A second study of this size is told in advance what this one is told afterwards."""
    run_program(compare, "--results", made)
    noise = noise_from(read_json(made / "comparison.json")["noise"])
    table = pd.read_csv(made / "comparison.csv")
    settings = table[(table["family"] == "best") & table["second"].str.startswith("encoder")]
    said = smallest_difference(noise, Size(settings=40, seeds=2, rows=200, comparisons=41), 0.95)
    assert said == pytest.approx(settings["detectable"].mean(), rel=0.1)


def test_what_selected_the_runs_judges_nothing(made, tmp_path, monkeypatch):
    results = read_results(made)
    validation = type(results)(**{**results.__dict__, "judge": "validation"})
    home = Path(shutil.copytree(made, tmp_path / "made"))
    monkeypatch.setattr(compare, "read_results", lambda folder: validation)
    run_program(compare, "--results", home)
    assert pd.read_csv(home / "comparison.csv").empty
    record = read_json(home / "comparison.json")
    assert record[NOISE] is None and record[SCALING] == []


def test_axes_are_compared_over_settings_that_were_run_more_than_once(tmp_path):
    """Two heads by two freezes; one of the four settings was run once, and its pairs wait."""
    golds, rows = make_texts(tmp_path), []
    for head, freeze, seed in [(h, f, s) for h in ("1x", "2x") for f in ("0", "all") for s in (1, 2, 3)]:
        if (head, freeze) == ("2x", "all") and seed > 1:
            continue
        name = f"{head}_{freeze}_{seed}"
        columns = {"encoder": "small", "head_size": head, "freeze": freeze, "fold": None, "seed": seed}
        rows.append(made_row(name, columns))
        write_tables(tmp_path / "runs" / name, golds, 1.0 + 2.0 * (freeze == "0"), len(rows))
        write_records(tmp_path / "runs" / name)
    write_plan(tmp_path, rows, evaluation={"threshold": "fixed", "bootstrap": 50, "confidence": 0.95})
    run_program(evaluate, "--plan", tmp_path / "plan.json", "--output", tmp_path)
    results = read_results(tmp_path)
    table = comparison.compare(results, comparison.score_resamples(results))[0].set_index("family")
    (freeze,) = table.loc["axis"].set_index("axis").loc[["freeze"]].to_dict("records")
    assert freeze["verdict"] == HIGHER and freeze["pairs"] == 1, "of two pairs, one has a setting that was run once"
    verdicts = table.loc["best"].set_index("second")["verdict"]
    assert verdicts[verdicts == UNTESTED].index.tolist() == ["size 2x · encoder frozen"]
