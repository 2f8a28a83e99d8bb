"""Which models stay while runs of a grid are still to come."""

import itertools
import shutil

import numpy as np
import pytest

from emotion_grid.base.files import write_json
from emotion_grid.base.messages import InputError
from emotion_grid.data.splits import predicted_texts
from emotion_grid.evaluation.keeping import keep_best_so_far, remove_model, validation_score
from emotion_grid.evaluation.results import best_run
from testing.hand_made import GOLD4, write_tables


def finish(experiment, row: dict, texts: str = "now", predicted: str = "now") -> None:
    """The files of a run that has just ended, its model among them."""
    folder = experiment.home / row["folder"]
    write_json(folder / "inputs.json", {"data": "data/d1", "texts": texts})
    write_json(predicted_texts(folder, predicted), {})
    (folder / "history.csv").write_text("epoch\n1\n")
    (folder / "model").mkdir()
    for name in ("config.json", "model.safetensors"):
        (folder / "model" / name).write_text(row["run"])


def kept(experiment) -> set[str]:
    return {path.parts[-3] for path in experiment.home.glob("runs/*/model/model.safetensors")}


RUNS = ("low_seed-1_a", "low_seed-2_b", "high_seed-1_c")
"""By validation: all right, one label missed, all right only at a low threshold."""


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize(("threshold", "best"), [("global", RUNS[2]), ("fixed", RUNS[0])])
def test_a_model_for_each_incomplete_setting_is_there_at_most_and_the_best_is_left(experiment, order, threshold, best):
    """At a tuned threshold the third run is all right, and the mean of the other two is not; at 0.5 it is the worst."""
    experiment.write(evaluation={"threshold": threshold, "bootstrap": 100, "confidence": 0.9})
    for row in experiment.rows[:3]:
        (experiment.home / row["folder"] / "provenance.json").rename(experiment.home / f"{row['run']}.json")
    for place in order:
        row = experiment.rows[place]
        (experiment.home / f"{row['run']}.json").rename(experiment.home / row["folder"] / "provenance.json")
        finish(experiment, row)
        keep_best_so_far(experiment.home)
        assert len(kept(experiment)) <= 2, "the best setting's, and that of an incomplete one"
    assert kept(experiment) == {best}


@pytest.mark.parametrize("threshold", ["bagged", "shrunk", "global"])
def test_the_model_that_is_left_is_the_one_that_the_tables_call_best(experiment, monkeypatch, threshold):
    """Fault: a run's score on validation depends on runs of its setting that end later."""
    random = np.random.default_rng(3)
    for number in range(12):
        noisy = np.clip(GOLD4 * 0.3 + random.random(GOLD4.shape) * 0.6, 0, 1)
        columns = {"freeze": 1 + number // 3, "seed": number % 3}
        experiment.add("run", f"noisy-{number // 3}_seed-{number % 3}", columns, noisy, noisy)
    experiment.write(evaluation={"threshold": threshold, "bootstrap": 100, "confidence": 0.9})
    runs = [row for row in experiment.rows if row["kind"] == "run"]
    summary = experiment.evaluate(monkeypatch)
    for row in runs:
        score = validation_score(experiment.home / row["folder"], experiment.home / "data" / "d1", experiment.plan)
        assert score == summary["validation_macro_f1"][row["run"]], "in the digits of the table"
    for row in reversed(runs):
        finish(experiment, row)
        keep_best_so_far(experiment.home)
    assert kept(experiment) == {best_run(summary.reset_index(), experiment.plan)}


def test_an_unfinished_run_neither_loses_its_model_nor_costs_another_its_own(experiment):
    first, second = experiment.rows[:2]
    finish(experiment, first)
    (experiment.home / first["folder"] / "provenance.json").unlink()
    finish(experiment, second)
    assert keep_best_so_far(experiment.home) == []
    assert kept(experiment) == {first["run"], second["run"]}


def test_a_model_stays_that_is_to_be_explained_or_has_texts_to_predict(experiment):
    first, second, third = experiment.rows[:3]
    experiment.write(explained=first["run"])
    finish(experiment, first)
    finish(experiment, second, texts="new")
    finish(experiment, third)
    assert keep_best_so_far(experiment.home) == []
    write_json(predicted_texts(experiment.home / second["folder"], "new"), {})
    assert keep_best_so_far(experiment.home) == [second["run"]]


def test_a_kill_while_a_model_goes_leaves_no_half_of_one_and_the_best_whole(experiment, monkeypatch):
    for row in experiment.rows[:3]:
        finish(experiment, row)

    def killed(*arguments, **options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            keep_best_so_far(experiment.home)
    assert RUNS[2] in kept(experiment) and len(kept(experiment)) == 2, "the one that was going counts as gone"
    keep_best_so_far(experiment.home)
    assert kept(experiment) == {RUNS[2]}
    remove_model(experiment.home / experiment.rows[1]["folder"])


def test_predictions_of_other_rows_are_refused(experiment):
    row = experiment.rows[0]
    write_tables(experiment.home / row["folder"] / "predictions", validation=GOLD4[:3])
    with pytest.raises(InputError, match="expected a row for each of the 4 rows of validation"):
        validation_score(experiment.home / row["folder"], experiment.home / "data" / "d1", experiment.plan)
