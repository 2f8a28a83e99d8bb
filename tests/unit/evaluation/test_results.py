"""What is read from an experiment's tables."""

from emotion_grid.evaluation.results import best_run


def test_best_run_is_best_by_validation_among_runs_only(experiment, monkeypatch):
    summary = experiment.evaluate(monkeypatch).reset_index()
    summary.loc[summary["kind"] != "run", "validation_macro_f1"] = 5.0
    summary.loc[summary["run"] == "low_seed-2_b", "validation_macro_f1"] = 1.1
    assert best_run(summary) == "low_seed-2_b"
