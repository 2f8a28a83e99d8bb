"""Two studies side by side: settings are matched by their axes, and differences are tested only where they can be."""

import itertools
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.base.files import read_json, write_json
from emotion_grid.base.messages import InputError
from emotion_grid.evaluation.contrasts import HIGHER, LOWER, SAME, UNTESTED
from emotion_grid.evaluation.results import read_results
from emotion_grid.evaluation.two_studies import (
    ALL,
    SAME_RUNS,
    TwoStudies,
    changes,
    match_studies,
    matched_settings,
    shared_runs,
    unmatched,
)
from scripts import compare_studies, evaluate
from testing.made import made_row, make_texts, run_program, write_plan, write_records, write_tables

ROWS = {"train": 8, "validation": 60, "dev": 150, "test": 10}


def make_study(home: Path, axes: dict[str, list], signal: float, first: int = 0, **plan: object) -> Path:
    """A scored study: a run for each combination of the axes' values; the higher the signal, the better all of them."""
    golds = {fold: make_texts(home, rows=ROWS, key=f"d{fold}") for fold in axes.get("fold", [None])}
    rows = []
    for number, values in enumerate(itertools.product(*axes.values()), first):
        columns = {"encoder": "small", "fold": None, **dict(zip(axes, values, strict=True))}
        name = "_".join([home.name, *(f"{key}-{value}" for key, value in columns.items())])
        rows.append({**made_row(name, columns), "data": f"d{columns['fold']}"})
        write_tables(home / "runs" / name, golds[columns["fold"]], signal, number)
        write_records(home / "runs" / name)
    rows.append({**made_row("tfidf", {"encoder": "tfidf", "fold": None}, "baseline"), "data": rows[0]["data"]})
    write_tables(home / "baselines" / "tfidf", next(iter(golds.values())), 0.1, 9999)
    evaluation = {"threshold": "fixed", "bootstrap": 200, "confidence": 0.95}
    write_plan(home, rows, **{"evaluation": evaluation, "folds": len(golds) if "fold" in axes else None, **plan})
    run_program(evaluate, "--plan", home / "plan.json", "--output", home)
    return home


def both(first: Path, second: Path) -> TwoStudies:
    return match_studies(read_results(first), read_results(second))


GRID = {"freeze": ["0", "half"], "seed": [1, 2, 3]}


@pytest.fixture(scope="module")
def studies(tmp_path_factory) -> dict[str, Path]:
    """Three studies on one grid: two alike, and one that is better."""
    home = tmp_path_factory.mktemp("studies")
    signals = {"one": 0.6, "alike": 0.6, "better": 1.2}
    return {
        name: make_study(home / name, GRID, signal, 100 * place) for place, (name, signal) in enumerate(signals.items())
    }


def test_a_better_study_is_found_and_by_how_much(studies):
    two = both(studies["one"], studies["better"])
    table = matched_settings(two).set_index("setting")
    assert list(table["kind"]) == ["run", "run", "baseline", ""] and two.obstacle == ""
    means = [
        pd.read_csv(studies[name] / "summary.csv").query("kind == 'run'")["dev_macro_f1"].mean()
        for name in ("one", "better")
    ]
    assert (
        table.loc[ALL, "difference"] == pytest.approx(means[1] - means[0], abs=1e-5)
        and table.loc[ALL, "verdict"] == HIGHER
    )
    assert table.loc[ALL, "low"] < table.loc[ALL, "difference"] < table.loc[ALL, "high"]
    assert set(table.loc[table["kind"] == "run", "verdict"]) == {HIGHER}
    assert table.loc["tfidf", "verdict"] == SAME_RUNS
    turned = matched_settings(both(studies["better"], studies["one"])).set_index("setting")
    assert turned.loc[ALL, "verdict"] == LOWER and turned.loc[ALL, "difference"] == pytest.approx(
        -table.loc[ALL, "difference"]
    )


def test_studies_that_are_alike_show_no_evidence_of_a_difference(studies):
    table = matched_settings(both(studies["one"], studies["alike"])).set_index("setting")
    assert table.loc[ALL, "verdict"] == SAME and abs(table.loc[ALL, "difference"]) < 0.1
    assert (table["first_runs"].dropna()[:2] == 3).all()


def test_a_study_beside_itself_has_the_same_runs_and_nothing_to_test(studies):
    two = both(studies["one"], studies["one"])
    table = matched_settings(two)
    assert (
        set(table["verdict"]) == {SAME_RUNS} and ALL not in set(table["setting"]) and (table["difference"] == 0).all()
    )
    assert len(shared_runs(two)) == 6 and unmatched(two) == ([], [])


def test_one_run_a_setting_is_not_tested(tmp_path, studies):
    single = make_study(tmp_path / "single", {"freeze": ["0", "half"], "seed": [9]}, 1.0, 500)
    table = matched_settings(both(studies["one"], single))
    assert set(table[table["kind"] == "run"]["verdict"]) == {UNTESTED}


def test_other_gold_labels_are_an_obstacle(tmp_path, studies):
    """Fault: scores on other texts are paired text by text."""
    other = make_study(tmp_path / "other", GRID, 1.2, 300)
    path = other / "data" / "dNone" / "dev.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], *lines[2:], lines[1]]) + "\n")
    two = both(studies["one"], other)
    assert two.obstacle == "the studies are judged on other texts or by other gold labels"
    table = matched_settings(two)
    assert len(table) == 3 and set(table["verdict"]) <= {"", SAME_RUNS} and table["difference"].notna().all()


@pytest.mark.parametrize(
    ("changed", "obstacle"),
    [({"labels": ["anger"]}, "the studies have other labels"), ({"folds": 5}, "the studies have other folds")],
)
def test_other_labels_and_folds_are_obstacles(studies, changed, obstacle):
    first, second = (read_results(studies[name]) for name in ("one", "better"))
    second.plan.update(changed)
    assert match_studies(first, second).obstacle == obstacle


def test_an_axis_without_a_common_value_is_what_is_compared(tmp_path, studies):
    large = make_study(tmp_path / "large", {"encoder": ["large"], **GRID, "freeze": ["0", "all"]}, 1.2, 400)
    two = both(studies["one"], large)
    assert two.free == ["encoder"]
    table = matched_settings(two)
    assert list(table["kind"]) == ["run", "baseline", ""] and table["verdict"].iloc[-1] == HIGHER
    assert unmatched(two) == (["half frozen"], ["encoder frozen"])


def test_a_value_that_only_one_study_varies_comes_from_the_specs_of_the_other(tmp_path, studies):
    """Fault: 3 epochs in one study, where they are an axis, are another setting than 3 epochs in the other, where they are not."""
    varied = make_study(tmp_path / "varied", {"freeze": ["0"], "epochs": [3, 7], "seed": [1, 2, 3]}, 1.2, 600)
    two = both(studies["one"], varied)
    table = matched_settings(two)
    (run,) = table[table["kind"] == "run"].to_dict("records")
    assert (run["first_runs"], run["second_runs"]) == (3, 3) and "epochs 3" in run["setting"]
    assert len(unmatched(two)[0]) == 1 and len(unmatched(two)[1]) == 1


def test_folds_are_compared_fold_by_fold(tmp_path):
    axes = {"freeze": ["0", "half"], "fold": [1, 2, 3, 4, 5], "seed": [1]}
    first, second = (
        make_study(tmp_path / name, axes, signal, seed) for name, signal, seed in (("a", 0.6, 0), ("b", 1.2, 50))
    )
    table = matched_settings(both(first, second)).set_index("setting")
    assert table.loc[ALL, "verdict"] == HIGHER and np.isnan(table.loc[ALL, "error_texts"])
    assert list(table["first_runs"].dropna()) == [5, 5, 1]


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
CONFIGS = st.dictionaries(
    st.sampled_from("abc"),
    st.recursive(
        VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3)
    ),
    max_size=3,
)


@given(CONFIGS, st.integers(0, 9))
def test_a_config_differs_from_itself_in_nothing_and_from_another_in_what_was_changed(config, value):
    assert changes(config, config) == []
    first = {**config, "grid": [{"freeze": [0, "half"], "seed": [1]}]}
    second = {**config, "grid": [{"freeze": [0, "all"], "seed": [1], "epochs": value}]}
    assert changes(first, second) == [("grid[0].freeze", "0, half", "0, all"), ("grid[0].epochs", "", str(value))]


def test_the_page_says_what_differs_and_escapes_it(studies, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, note in (("one", "plain"), ("better", "<script>alert(1)</script>")):
        config = {"experiment": name, "report": {"note": note}, "training": {"epochs": 3}}
        (studies[name] / "config.yaml").write_text(yaml.safe_dump(config))
    run_program(compare_studies, str(studies["one"]), str(studies["better"]))
    page = (tmp_path / "one-and-better.html").read_text(encoding="utf-8")
    assert "report.note" in page and "&lt;script&gt;alert(1)" in page and "<script>alert" not in page
    assert "experiment</th>" not in page and "training.epochs" not in page
    assert "significantly higher in better" in page and "Over 2 matched settings" in page
    table = pd.read_csv(tmp_path / "one-and-better.csv")
    assert list(table["setting"])[-1] == ALL


def test_a_folder_without_results_is_refused(tmp_path, studies):
    with pytest.raises(
        InputError, match=r"none: expected the results of a finished study .* \(plan\.json\), found none"
    ):
        run_program(compare_studies, str(studies["one"]), str(tmp_path / "none"))


def test_settings_of_a_study_whose_config_is_not_known_are_compared_all_the_same(studies, tmp_path):
    (studies["alike"] / "config.yaml").unlink(missing_ok=True)
    run_program(compare_studies, str(studies["one"]), str(studies["alike"]), "--output", str(tmp_path / "page.html"))
    assert "Not known: a study has no config.yaml" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_runs_of_both_with_other_scores_are_counted(tmp_path, studies):
    """Fault: equal names let a reader believe that scores are equal, too, whatever the thresholds are."""
    copy = Path(shutil.copytree(studies["one"], tmp_path / "copy"))
    plan = read_json(copy / "plan.json")
    write_json(copy / "plan.json", {**plan, "evaluation": {**plan["evaluation"], "threshold": "global"}})
    run_program(evaluate, "--plan", copy / "plan.json", "--output", copy)
    run_program(compare_studies, str(studies["one"]), str(copy), "--output", str(tmp_path / "page.html"))
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "6 runs have the same spec in both studies" in page and "have another score" in page
