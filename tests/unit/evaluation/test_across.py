"""Several data sets together: means, the best setting, and differences averaged over the sets, recomputed by hand."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from emotion_grid import load_results
from emotion_grid.evaluation.across import FEWEST_SETS, average, compare_sets, read_sets
from emotion_grid.evaluation.contrasts import SAME, UNTESTED, Scored
from scripts import compare_sets as program
from scripts import evaluate
from testing.made import make_experiment, run_program


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A study on three sets of two encoders, the second better by half a standard deviation; the third set has the first encoder alone."""
    home = tmp_path_factory.mktemp("made")
    for name in ("eng", "deu", "swe"):
        folder = home / "sets" / name
        make_experiment(
            folder,
            encoders=1 if name == "swe" else 2,
            evaluation={"threshold": "global", "bootstrap": 40, "confidence": 0.95},
        )
        run_program(evaluate, "--plan", folder / "plan.json", "--output", folder)
    return home


@pytest.fixture(scope="module")
def across(home):
    return read_sets([home / "sets" / name for name in ("eng", "deu", "swe")])


def test_a_setting_has_the_mean_over_sets_of_its_means_over_runs(home, across):
    tables = [
        pd.read_csv(home / "sets" / name / "settings.csv", dtype={"freeze": str, "head_size": str})
        for name in ("eng", "deu")
    ]
    row = across.settings[across.settings["encoder"] == "encoder1"].iloc[7]
    own = [
        table[
            (
                table[["encoder", "head_size", "freeze", "lora"]]
                == row[["encoder", "head_size", "freeze", "lora"]].tolist()
            ).all(axis=1)
        ]
        for table in tables
    ]
    means = [float(table["dev_macro_f1_mean"].iloc[0]) for table in own]
    assert row["sets"] == 2
    assert row["dev_macro_f1_mean"] == pytest.approx(np.mean(means), abs=1e-5)
    assert row["dev_macro_f1_sd"] == pytest.approx(np.std(means, ddof=1), abs=1e-5)


def test_the_best_setting_is_chosen_on_validation_among_those_of_every_set(across):
    runs = across.settings[across.settings["kind"] == "run"]
    everywhere = runs[runs["sets"] == 3]
    assert set(everywhere["encoder"]) == {"encoder0"} and across.best["encoder"] == "encoder0"
    assert across.best["validation_macro_f1_mean"] == everywhere["validation_macro_f1_mean"].max()


def test_the_axis_that_makes_a_difference_is_found_on_the_sets_that_have_it(across):
    table = compare_sets(across)
    axes = table[table["family"] == "axis"].set_index("axis")
    assert axes.loc["encoder", "sets"] == 2 and axes.loc["encoder", "verdict"] == "lower"
    assert axes.loc["encoder", "pairs"] == 40
    assert (axes.drop(index="encoder")["verdict"] == SAME).all()
    assert len(table[table["family"] == "best"]) == len(across.settings) - 1


def scored(scores: list[list[float]], seeds: int) -> Scored:
    """Settings with these scores of their seeds, on texts that change nothing."""
    values = np.ravel(scores)
    rows = pd.DataFrame(
        {
            "kind": "run",
            "setting": np.repeat(np.arange(len(scores)), seeds),
            "fold": "",
            "run": np.arange(len(values)).astype(str),
        }
    )
    return Scored(rows, np.column_stack([values, values, values]), 100)


def test_the_variance_of_an_average_is_that_of_the_sets_with_satterthwaites_freedom():
    random = np.random.default_rng(3)
    noise = [0.01, 0.03, 0.02]
    sets = {str(place): scored(random.normal(0.6, sd, (2, 6)).tolist(), 6) for place, sd in enumerate(noise)}
    weights = np.repeat([1 / 6, -1 / 6], 6)
    difference, errors = average(dict.fromkeys(sets, weights), sets)
    values = [one.scores[:, 0].reshape(2, 6) for one in sets.values()]
    assert difference == pytest.approx(np.mean([first.mean() - second.mean() for first, second in values]))
    variances = []
    for first, second in values:
        pooled = (first.var(ddof=1) + second.var(ddof=1)) / 2
        variances.append((max(first.var(ddof=1), pooled) + max(second.var(ddof=1), pooled)) / 6)
    assert errors.error[0] == pytest.approx(np.sqrt(sum(variances)) / 3)
    # Each set has the ten degrees of freedom of its pooled variance.
    assert errors.freedom[0] == pytest.approx(sum(variances) ** 2 / sum(v**2 / 10 for v in variances))


def test_sets_of_single_runs_repeat_each_other_as_in_a_paired_t_test():
    random = np.random.default_rng(4)
    values = random.normal([0.62, 0.6], 0.02, (9, 2))
    sets = {str(place): scored([[first], [second]], 1) for place, (first, second) in enumerate(values)}
    difference, errors = average(dict.fromkeys(sets, np.array([1.0, -1.0])), sets)
    expected = stats.ttest_rel(values[:, 0], values[:, 1])
    assert 2 * stats.t.sf(abs(difference) / errors.error[0], errors.freedom[0]) == pytest.approx(expected.pvalue)


def test_few_sets_of_single_runs_are_not_tested():
    sets = {str(place): scored([[0.6], [0.5]], 1) for place in range(FEWEST_SETS - 1)}
    _, errors = average(dict.fromkeys(sets, np.array([1.0, -1.0])), sets)
    assert not errors.tested.any()


def test_averaged_verdicts_on_equal_settings_are_wrong_about_one_time_in_twenty():
    """Sets of different difficulty and noise, with a part of the score that a setting owes to a set: the mean difference is zero."""
    random = np.random.default_rng(5)
    wrong = {"seeds": 0, "single": 0}
    for _ in range(400):
        for kind, seeds in (("seeds", 5), ("single", 1)):
            sets = {}
            for place in range(8):
                noise = random.choice([0.005, 0.02])
                sets[str(place)] = scored(random.normal(0.5 + place / 40, noise, (2, seeds)).tolist(), seeds)
            weights = np.repeat([1 / seeds, -1 / seeds], seeds)
            difference, errors = average(dict.fromkeys(sets, weights), sets)
            wrong[kind] += 2 * stats.t.sf(abs(difference) / errors.error[0], errors.freedom[0]) < 0.05
    assert wrong["seeds"] / 400 <= 0.06 and wrong["single"] / 400 <= 0.075, wrong


def test_settings_that_were_run_once_on_three_sets_are_said_to_be_untested(home, tmp_path):
    for name in ("eng", "deu", "swe"):
        folder = tmp_path / "sets" / name
        make_experiment(
            folder, seeds=1, encoders=1, evaluation={"threshold": "global", "bootstrap": 20, "confidence": 0.95}
        )
        run_program(evaluate, "--plan", folder / "plan.json", "--output", folder)
    table = compare_sets(read_sets(sorted((tmp_path / "sets").iterdir())))
    assert set(table["verdict"]) == {UNTESTED}


def test_the_tables_name_every_set_and_hold_every_row(home):
    run_program(program, "--results", home, "--sets", "eng", "deu", "swe")
    sets, summary = (pd.read_csv(home / f"{name}.csv") for name in ("sets", "summary"))
    assert [name for name in sets.columns if ":" in name] == [f"dev_macro_f1:{name}" for name in ("eng", "deu", "swe")]
    assert sets.loc[sets["encoder"] == "encoder1", "dev_macro_f1:swe"].isna().all()
    assert summary.groupby("data").size().to_dict() == {"eng": 82, "deu": 82, "swe": 42}


def test_a_notebook_reads_the_tables_of_all_sets(home):
    run_program(program, "--results", home, "--sets", "eng", "deu", "swe")
    study = load_results(home)
    assert set(study.metrics["data"]) == {"eng", "deu", "swe"} == set(study.runs["data"])
    assert study.settings["dev_macro_f1:swe"].isna().any() and study.settings["freeze"].iloc[0] == "0"
    assert len(study.comparisons) > 40


def test_a_set_that_is_judged_on_validation_takes_no_part_in_comparisons(across):
    sets = {**across.sets, "swe": dataclasses.replace(across.sets["swe"], judge="validation")}
    assert dataclasses.replace(across, sets=sets).judged == ["eng", "deu"]
