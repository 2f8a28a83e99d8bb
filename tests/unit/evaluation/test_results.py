"""What is read from an experiment's tables."""

from emotion_grid.evaluation.results import best_run


def test_best_run_is_best_by_validation_among_runs_only(experiment, monkeypatch):
    summary = experiment.evaluate(monkeypatch).reset_index()
    summary.loc[summary["kind"] != "run", "validation_macro_f1"] = 5.0
    summary.loc[summary["run"] == "low_seed-2_b", "validation_macro_f1"] = 1.1
    assert best_run(summary, experiment.plan) == "low_seed-2_b"


def test_best_run_is_that_of_the_setting_with_the_best_mean(experiment, monkeypatch):
    summary = experiment.evaluate(monkeypatch).reset_index().set_index("run", drop=False)
    runs = ["low_seed-1_a", "low_seed-2_b", "high_seed-1_c"]
    for scores, best in (((0.9, 0.5, 0.8), 2), ((0.9, 0.8, 0.84), 0), ((0.7, 0.9, 0.8), 1)):
        summary.loc[runs, "validation_macro_f1"] = scores
        assert best_run(summary, experiment.plan) == runs[best], scores
