"""Only what changed runs again: every row of the promise, on a real Snakemake."""

import os
import shutil
import subprocess
import time

import yaml

from testing.examples import add_example


def test_a_second_start_has_nothing_to_do(project):
    assert project.run().nothing


def test_one_more_head_size_trains_only_its_runs_and_going_back_costs_nothing(project):
    before, grid = project.snapshot(), project.config["grid"]
    project.configure(grid=[{**grid[0], "head": {"type": "mlp", "size": [8, 4]}, "seed": [1]}, grid[0]])
    trained = project.run().trained
    assert len(trained) == 2 and all("mlp-4" in name for name in trained)
    assert len(project.summary()) == 6
    project.configure(grid=grid)
    assert project.run().trained == []
    assert len(project.summary()) == 4, "tables show the current grid only"
    assert {name: project.snapshot()[name] for name in before} == before
    assert project.run().nothing


def test_an_encoders_own_value_trains_only_its_runs(project):
    encoders = project.config["encoders"]
    encoders["two"]["training"]["learning_rate"] = "5e-3"
    project.configure(encoders=encoders)
    trained = project.run("-n").trained
    assert len(trained) == 2 and all(name.startswith("two_") for name in trained)


def test_a_seed_removed_trains_nothing_and_leaves_the_tables(project):
    project.configure(grid=[{**project.config["grid"][0], "seed": [2]}])
    assert project.run().trained == []
    assert [row["seed"] for row in project.summary()] == ["2", "2"]


def test_keys_that_no_run_depends_on_train_nothing(project):
    project.configure(report={"title": "Another title"}, evaluation={"bootstrap": 200})
    project.edit("profiles/slurm/site.yaml", "mem_mb: 8000", "mem_mb: 4000")
    assert project.run().trained == []
    assert "Another title" in (project.home / "report.html").read_text()


def test_yaml_reordered_and_commented_changes_nothing(project):
    text = yaml.safe_dump(dict(reversed(project.config.items())), sort_keys=False)
    project.config_file.write_text("# a comment\n" + text)
    assert project.run().nothing


def test_equal_values_written_another_way_change_nothing(project):
    encoders = project.config["encoders"]
    encoders["two"]["training"]["learning_rate"] = "1e-3"
    project.configure(encoders=encoders)
    assert project.run().nothing


def test_every_file_touched_trains_nothing(project):
    now = time.time()
    for number, path in enumerate(sorted(project.folder.rglob("*"))):
        if path.is_file() and ".snakemake" not in path.parts:
            os.utime(path, (now + number * 0.01, now + number * 0.01))
    assert project.run().trained == []


def test_a_fresh_clone_beside_old_results_trains_nothing(project, finished, tmp_path):
    clone = tmp_path / "clone"
    shutil.copytree(
        project.folder, clone, copy_function=shutil.copy, ignore=shutil.ignore_patterns("results", ".snakemake")
    )
    subprocess.run(["cp", "-a", str(project.folder / "results"), str(clone)], check=True)
    assert type(project)(clone).run().trained == []


def test_a_comment_in_the_training_program_trains_nothing(project):
    project.edit(
        "emotion_grid/training/optimisation.py", "EVALUATION_BATCH = 128", "# a comment\nEVALUATION_BATCH = 128"
    )
    assert project.run().nothing


def test_the_training_programs_behaviour_trains_its_runs_or_marks_them(project):
    project.edit("emotion_grid/training/optimisation.py", "EVALUATION_BATCH = 128", "EVALUATION_BATCH = 32")
    assert len(project.run("-n").trained) == 4
    project.configure(older_results={"program": "keep"})
    assert project.run().trained == []
    assert [row["older"] for row in project.summary()] == ["program"] * 4


def test_another_lock_marks_results_or_trains_them_again(project):
    project.edit("envs/torch.txt", "torch==2.13.0", "torch==2.13.1")
    assert project.run().trained == []
    assert [row["older"] for row in project.summary()] == ["lock"] * 4
    project.configure(older_results={"lock": "rerun"})
    assert len(project.run("-n").trained) == 4


def test_evaluation_and_plots_train_nothing(project):
    project.edit("emotion_grid/evaluation/thresholds.py", "0.05, 0.96", "0.1, 0.91")
    project.edit("emotion_grid/report/figure.py", "import", "UNUSED = 1\nimport")
    outcome = project.run()
    assert outcome.trained == [] and "Scoring" in outcome.output


def test_a_changed_data_row_trains_all_that_read_it(project):
    project.edit("texts/train.csv", "train-7,", "train-7x,")
    outcome = project.run("-n")
    assert len(outcome.trained) == 4 and "splitting it" in outcome.output


def test_new_labels_of_test_train_nothing_and_are_scored(project):
    """Fault: gold labels that come months later train every run again."""
    before, table = project.snapshot(), (project.home / "summary.csv").read_text()
    project.edit("texts/test.csv", " 1,1,0,0\n", " 1,0,0,0\n")
    outcome = project.run()
    assert outcome.trained == [] and "Predicting new texts" not in outcome.output
    assert project.snapshot() == before
    assert (project.home / "summary.csv").read_text() != table
    assert project.run().nothing


def test_new_texts_of_test_are_predicted_by_the_models(project):
    """Fault: new texts of test train every run again, or are never predicted."""
    (kept,) = project.home.glob("runs/*/model/model.safetensors")
    project.configure(grid=[{**project.config["grid"][0], "encoder": kept.parts[-3].split("_")[0]}])
    before = {name: table for name, table in project.snapshot().items() if f"/{kept.parts[-3][:4]}" in name}
    project.edit("texts/test.csv", "test-3,", "test-3,joy glee ")
    dry = project.run("-n")
    assert len(dry.trained) == 0 and dry.output.count("Predicting new texts with") == 2
    assert "texts of dev or test have changed since 2 finished runs" in dry.output
    assert "1 of them was not kept and must be trained again first" in dry.output
    outcome = project.run()
    assert outcome.output.count(" again for its model") == 1 and outcome.trained == []
    after = project.snapshot()
    assert [name for name in before if "validation" in name and before[name] != after[name]] == []
    for name in before:
        if name.endswith("test.csv"):
            old, new = (
                dict(line.split(",", 1) for line in table[name].decode().splitlines()) for table in (before, after)
            )
            assert old.keys() == new.keys()
            assert [key for key in old if not close(old[key], new[key])] == ["test-3"]
    assert project.run().nothing
    project.edit("texts/test.csv", "test-3,joy glee ", "test-3,")
    assert project.run("-n").output.count("Predicting new texts with") == 2


def close(one: str, other: str) -> bool:
    """Whether two rows of probabilities are equal but for their last digits, or are no numbers."""
    if one == other:
        return True
    return all(abs(float(a) - float(b)) < 1e-5 for a, b in zip(one.split(","), other.split(","), strict=True))


def test_lost_records_of_snakemake_and_a_changed_value_train_the_changed_runs(project):
    shutil.rmtree(project.folder / ".snakemake")
    assert project.run().trained == []
    project.configure(training={**project.config["training"], "weight_decay": 0.02})
    assert len(project.run("-n").trained) == 4


def test_a_deleted_prediction_table_trains_its_run(project):
    before = project.snapshot()
    lost = sorted(before)[0]
    (project.home / lost).unlink()
    trained = project.run().trained
    assert trained == [lost.split("/")[1]]
    assert project.snapshot() == before, "the same spec gives the same predictions, bit for bit"


def test_a_deleted_cache_and_one_more_head_size_train_one_run(project):
    shutil.rmtree(project.folder / "cache")
    assert project.run().nothing
    grid = project.config["grid"]
    project.configure(grid=[*grid, {"encoder": "one", "head": {"type": "mlp", "size": 4}, "freeze": "all"}])
    assert len(project.run().trained) == 1


def test_folds_heads_and_seeds_share_one_encoding(project):
    """Fault: features keyed by a split, a head or a seed, so that each asks the encoder again."""
    heads = [{"type": "mlp", "size": [8, 4], "pooling": "mean"}, {"type": "mlp", "size": 6, "pooling": "mean"}]
    project.configure(
        data={**{key: value for key, value in project.config["data"].items() if key != "dev"}, "folds": 4},
        grid=[{"encoder": "one", "head": heads, "freeze": "all", "seed": [1, 2]}],
    )
    output = project.run("-n").output
    assert len(project.run("-n").trained) == 24
    assert output.count("Computing the hidden states") == output.count("Tokenizing the texts") == 1


def test_a_deleted_feature_cache_is_made_again_for_new_runs_alone(project):
    before = project.snapshot()
    shutil.rmtree(project.folder / "cache" / "features")
    assert project.run().nothing
    lost = project.home / "runs" / project.summary()[0]["run"] / "provenance.json"
    lost.unlink()
    outcome = project.run()
    assert outcome.output.count("Computing the hidden states") == 1 and len(outcome.trained) == 1
    assert project.snapshot() == before, "features made again are the same, bit for bit"


def test_a_dry_run_writes_nothing(project):
    grid = project.config["grid"]
    project.configure(grid=[*grid, {"encoder": "one", "seed": 7}])
    before = {path: path.stat().st_mtime_ns for path in project.folder.rglob("*") if ".snakemake" not in path.parts}
    outcome = project.run("-n")
    after = {path: path.stat().st_mtime_ns for path in project.folder.rglob("*") if ".snakemake" not in path.parts}
    assert len(outcome.trained) == 1 and after == before


def test_a_dry_run_shows_that_the_tables_are_behind(project):
    project.configure(grid=[{**project.config["grid"][0], "seed": [2]}])
    outcome = project.run("-n")
    assert outcome.trained == [] and "Scoring" in outcome.output


def test_words_names_neutral_axes_new_heads_and_the_report_train_nothing(project):
    """Fault: a log line, the name of a module or one more axis cost every finished run."""
    project.edit("emotion_grid/grid/axes/freeze.py", "How many of the lowest layers stay fixed", "The fixed layers")
    project.edit("emotion_grid/training/pack.py", "runs failed; see", "runs did not finish; see")
    project.edit("emotion_grid/training/run.py", "best epoch: ", "the best epoch is ")
    project.edit(
        "emotion_grid/model/encoder.py", "expected an encoder that transformers can load", "expected an encoder"
    )
    training = project.folder / "emotion_grid" / "training"
    (training / "order.py").rename(training / "visiting.py")
    for module in ("head_training", "fine_tuning"):
        project.edit(
            f"emotion_grid/training/{module}.py", "emotion_grid.training.order", "emotion_grid.training.visiting"
        )
    add_example(project.folder, "An axis", "emotion_grid/data/preparation.py")
    add_example(project.folder, "A head")
    add_example(project.folder, "A section of the report")
    outcome = project.run("-n")
    assert outcome.trained == [] and "Writing the report" in outcome.output
    # The same names with an axis and a head that they do not have: the edits are in force, and runs with them are new ones.
    grid = project.config["grid"]
    project.configure(grid=[*grid, {"encoder": "one", "head": {"type": "maximum"}, "freeze": "all", "noise": 0.5}])
    (added,) = project.run("-n").trained
    assert added.startswith("one_maximum-1_freeze-all_full_noise-0.5_seed-1_")


def test_the_formula_of_one_head_trains_the_runs_with_this_head(project):
    grid = project.config["grid"]
    project.configure(grid=[*grid, {"encoder": "one", "head": {"type": "attention", "size": 8}, "freeze": "all"}])
    assert len(project.run().trained) == 1
    project.edit("emotion_grid/model/heads/mlp.py", "nn.GELU()", "nn.ReLU()")
    trained = project.run("-n").trained
    assert len(trained) == 4 and all("_mlp-8-l2_" in name for name in trained)
