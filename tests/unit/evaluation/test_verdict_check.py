"""Simulated studies are what they say, and verdicts on them are right about as often as they promise; `make check-verdicts` is the long form."""

import re
from pathlib import Path

import numpy as np
import pytest

from emotion_grid.data.scores import macro_f1
from emotion_grid.evaluation.simulation import LEVEL, RARE_LABELS, USUAL_LABELS, Design, predictions, simulate
from emotion_grid.evaluation.verdict_check import Scenario, check, markdown, scenarios, verdict_table
from emotion_grid.report.header.simulated import read_verdicts

PROJECT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("labels", [USUAL_LABELS, RARE_LABELS])
def test_runs_predict_as_well_as_they_truly_are(labels):
    random = np.random.default_rng(0)
    gold = random.random((40_000, len(labels))) < labels
    truth = np.array([0.6, 0.7, 0.75])
    predicted = predictions(truth, np.array([0, 1, 1]), gold, labels, random)
    assert [macro_f1(gold, given) for given in predicted] == pytest.approx(truth, abs=0.01)


def test_luck_is_as_large_as_the_design_says():
    """Scores on so many texts are nearly the true ones."""
    design = Design(settings=2, seeds=2, rows=20_000, noise=(0.01, 0.03))
    scores = np.array([study.scored.scores[:, 0] for study in simulate(design, 60, 1, seed=1)])
    assert scores.mean() == pytest.approx(LEVEL, abs=0.005)
    assert scores[:, :2].std() == pytest.approx(0.01, rel=0.25) and scores[:, 2:].std() == pytest.approx(0.03, rel=0.25)


def test_folds_share_their_training_rows():
    design = Design(settings=1, seeds=1, folds=5, rows=50_000, noise=(0.0,), training_luck=0.05)
    scores = np.array([study.scored.scores[:, 0] for study in simulate(design, 60, 1, seed=1)])
    assert np.corrcoef(scores.T)[0, 1:].mean() == pytest.approx(3 / 4, abs=0.15)


def test_few_false_claims_and_a_large_difference_is_found():
    for design in (Design(4, 3, rows=400), Design(4, 1, folds=5, rows=400)):
        outcome = check(Scenario("", design), 120, 60, seed=3)
        assert outcome.false <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 120)
        assert outcome.covered >= 0.93
    assert check(Scenario("", Design(2, 5)), 30, 60, seed=3).found[-1] >= 0.9


def test_sixteen_equal_settings_run_once_are_never_called_different():
    outcome = check(Scenario("", Design(16, 1, rows=300)), 20, 20, seed=1)
    assert outcome.false == 0 and outcome.found == (0, 0, 0)


def test_the_table_names_every_scenario_once():
    names = [scenario.name for scenario in scenarios()]
    assert len(set(names)) == len(names)
    chosen = scenarios()[:1]
    table = markdown(verdict_table(chosen, [check(chosen[0], 3, 5, seed=1)]))
    assert table.splitlines()[-1].startswith(f"| {names[0]} | 0.000 ± 0.000 | none |")
    assert list(read_verdicts()["study"]) == names


def rows_of(text: str) -> list[list[str]]:
    """The cells of a Markdown table's rows about simulated studies."""
    return [line.strip("| ").split(" | ") for line in text.splitlines() if re.match(r"\| \d+ settings, ", line)]


def test_the_documentation_shows_the_table_that_reports_take_their_figures_from():
    """Of its columns all but the earlier procedure's, which no program makes any more."""
    page = (PROJECT / "docs" / "report.md").read_text(encoding="utf-8")
    assert [[study, *now] for study, before, *now in rows_of(page)] == rows_of(markdown(read_verdicts()))
