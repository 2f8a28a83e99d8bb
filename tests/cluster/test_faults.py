"""What kills jobs on a real Slurm, and that the grid is finished all the same, with the results of an undisturbed execution.

FULL=1 adds what takes minutes.
"""

import itertools
import json
import os
import signal
import time
from pathlib import Path

import pytest

from emotion_grid.training.checkpoints import PROGRESS
from testing.slurm import ACCOUNT, run, wait_until
from tests.cluster.test_cluster import SLURM, TRAIN, jobs, running, since, three_runs, trainings  # noqa: F401

FULL = pytest.mark.skipif(not os.environ.get("FULL"), reason="takes minutes: FULL=1")

CGROUPS = Path("/sys/fs/cgroup")
"""Slurm keeps the processes of each job in groups here, one for each resource that it controls."""

FAULTS = """    start = time.monotonic()
    import emotion_grid.training.head_training

    seed, first = job.spec["seed"], not Path(f"tried-{job.spec['seed']}").exists()
    Path(f"tried-{seed}").touch()
    if Path("slow").exists() and first:
        seed_step = emotion_grid.training.head_training.seed_step

        def slow(*arguments):
            time.sleep(0.5 * Path("slow").exists())
            seed_step(*arguments)

        emotion_grid.training.head_training.seed_step = slow
    if Path(f"hungry-{seed}").exists():
        hunger = bytearray(1_200_000_000)
    if Path(f"broken-{seed}").exists():
        raise RuntimeError("broken on purpose")
"""
"""What the training program of a test does at its start: files in the checkout say which run fails, and how."""


def faulty(project, *files: str) -> None:
    """Three runs of many short steps, and a training program that fails as the files say."""
    project.edit("emotion_grid/training/run.py", "    start = time.monotonic()\n", FAULTS)
    project.edit(
        "emotion_grid/training/checkpoints.py", "SECONDS_BETWEEN_CHECKPOINTS = 300", "SECONDS_BETWEEN_CHECKPOINTS = 1"
    )
    three_runs(project)
    project.configure(training={**project.config["training"], "epochs": 100})
    for name in files:
        (project.folder / name).touch()


def by_seed(project) -> dict[str, tuple[bytes, ...]]:
    """The prediction tables of every run, by seed: the fault changes the program, and so the folders' names."""
    found: dict[str, tuple[bytes, ...]] = {}
    for path, content in project.snapshot().items():
        seed = path.split("seed-")[1][0]
        found[seed] = (*found.get(seed, ()), content)
    return found


def job_of(seed: int) -> str:
    """Id of the job that trains a seed."""
    listed = run("squeue", "-h", "-o", "%i %k").splitlines()
    return next(line.split()[0] for line in listed if f"seed-{seed}_" in line)


def provenance(project, seed: int) -> dict:
    (path,) = project.home.glob(f"runs/*seed-{seed}_*/provenance.json")
    return json.loads(path.read_text())


def at_work(project, *seeds: int) -> None:
    """Wait until runs have a checkpoint."""
    saved = "runs/*seed-{}_*/checkpoint/[0-9]*/" + PROGRESS
    wait_until("checkpoints", lambda: all(list(project.home.glob(saved.format(seed))) for seed in seeds))


@pytest.fixture(scope="module")
def undisturbed(pristine, tmp_path_factory) -> dict[str, tuple[bytes, ...]]:
    """The predictions of the three runs on this machine without Slurm, and without a fault."""
    import shutil

    from testing.tiny import Project

    folder = tmp_path_factory.mktemp("undisturbed") / "checkout"
    shutil.copytree(pristine, folder)
    project = Project(folder)
    faulty(project)
    project.run()
    return by_seed(project)


def finished(project, process, undisturbed) -> str:
    """Wait for the end of a start; all three runs are finished and as they would be undisturbed."""
    output = process.communicate(timeout=900)[0]
    assert process.returncode == 0, output
    assert by_seed(project) == undisturbed
    assert not list(project.home.glob("runs/*/checkpoint"))
    return output


def test_cancelled_out_of_memory_or_time_each_is_tried_again(project, since, undisturbed):  # noqa: F811
    """Cancelled and out of time, a run continues from its checkpoint."""
    faulty(project, "slow", "hungry-2")
    project.edit("profiles/slurm/config.v8+.yaml", "retries: 0", "retries: 2")
    project.edit("profiles/slurm/site.yaml", "mem_mb: 8000", "mem_mb: 1300")
    project.edit("profiles/slurm/site.yaml", "mem_mb_retry: 16000", "mem_mb_retry: 2600")
    process = project.start(*TRAIN)
    at_work(project, 1, 3)
    run("scancel", job_of(1))
    run("scontrol", "update", f"jobid={job_of(3)}", "timelimit=1")
    finished(project, process, undisturbed)
    states = {}
    for job in trainings(since):
        seed = job["Comment"].split("seed-")[1][0]
        states.setdefault(seed, []).append((job["State"].split()[0], int(job["ReqMem"].rstrip("M"))))
    assert states["1"][0][0] == "CANCELLED" and states["3"][0][0] == "TIMEOUT"
    assert states["2"][0][0] in ("OUT_OF_MEMORY", "FAILED"), "Slurm may show the memory on the step alone"
    assert [memory for _, memory in states["2"]] == [1300, 2600], "more at the second try"
    assert all(tries[-1][0] == "COMPLETED" and len(tries) == 2 for tries in states.values())
    assert [provenance(project, seed)["starts"] for seed in (1, 2, 3)] == [2, 1, 2]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "ctrl-c"])
def test_after_the_end_of_snakemake_the_same_command_continues(project, since, undisturbed, how):  # noqa: F811
    faulty(project, "slow")
    first = project.start(*TRAIN)
    at_work(project, 1, 2, 3)
    (os.killpg if how == signal.SIGKILL else os.kill)(first.pid, how)
    first.communicate(timeout=300)
    if how == signal.SIGINT:
        wait_until("the end of all jobs", lambda: run("squeue", "-h") == "")
    finished(project, project.start(*TRAIN), undisturbed)
    states = sorted(job["State"].split()[0] for job in trainings(since))
    assert states == ["CANCELLED"] * 3 + ["COMPLETED"] * 3, "none runs twice"
    assert [provenance(project, seed)["starts"] for seed in (1, 2, 3)] == [2, 2, 2], "each continued"


def test_an_absent_controller_and_a_lost_node_cost_no_result(project, cluster, since, undisturbed):  # noqa: F811
    """The controller is away while all jobs are at work: one that starts its step at that moment fails, and is tried again."""
    faulty(project, "slow")
    process = project.start(*TRAIN)
    at_work(project, 1, 2, 3)
    cluster.stop_daemon("slurmctld")
    time.sleep(5)
    cluster.start_controller()
    lost = job_of(1)
    node = run("squeue", "-h", "-j", lost, "-o", "%N").strip()
    moved = run("squeue", "-h", "-w", node, "-o", "%i").split()
    try:
        run("scontrol", "update", f"nodename={node}", "state=down", "reason=test")
        wait_until("the jobs of the lost node in the queue", lambda: set(moved) <= set(queued()))
    finally:
        run("scontrol", "update", f"nodename={node}", "state=resume", check=False)  # if it has not come back by itself
    start_soon(moved)
    (project.folder / "slow").unlink()
    finished(project, process, undisturbed)
    assert len({job["JobID"] for job in trainings(since)}) == 3, "the same jobs, queued again; no others"
    assert provenance(project, 1)["starts"] == 2


def queued() -> list[str]:
    """Ids of the jobs that wait."""
    return run("squeue", "-h", "-t", "PD", "-o", "%i").split()


def start_soon(numbers: list[str]) -> None:
    """Spare jobs that Slurm queued again most of the two minutes that it waits before it starts them.

    Their old processes must have ended by then, and the node must have noticed: Slurm ends what bears a job's number, and would end the
    new ones, too.
    """
    for number in numbers:
        groups = f"*/slurm*/uid_*/job_{number}"
        wait_until(f"the end of job {number}'s processes", lambda groups=groups: not list(CGROUPS.glob(groups)))
        run("scontrol", "update", f"jobid={number}", "starttime=now+20")


@pytest.mark.parametrize("how", ["cancel", "requeue"])
def test_a_preempted_run_continues_whether_slurm_ends_its_job_or_queues_it_again(project, since, undisturbed, how):  # noqa: F811
    faulty(project, "slow")
    project.edit("profiles/slurm/config.v8+.yaml", "retries: 0", "retries: 1")
    run("scontrol", "update", "partitionname=alpha", f"preemptmode={how}")
    process = project.start(*TRAIN)
    at_work(project, 1, 2, 3)
    moved = running()
    ask = ("--nodes=2", "--gres=gpu:2", "--mem=100", "--output=/dev/null")
    run("sbatch", "--partition=urgent", f"--account={ACCOUNT}", *ask, "--wrap", "sleep 3")
    if how == "requeue":
        wait_until("the preempted jobs in the queue", lambda: set(moved) <= set(queued()))
        log = max(project.folder.glob(".snakemake/log/*.log"))  # the names are times
        wait_until("Snakemake's look at them", lambda: "leave it to SLURM to resume" in log.read_text())
        start_soon(moved)
    finished(project, process, undisturbed)
    assert [provenance(project, seed)["starts"] for seed in (1, 2, 3)] == [2, 2, 2]
    states = sorted(job["State"] for job in trainings(since))
    lost = ["PREEMPTED"] * 3 if how == "cancel" else []
    assert states == ["COMPLETED"] * 3 + lost, "queued again, it is the same job"


def test_a_pack_is_one_job_and_one_failing_member_costs_no_other(new_project, since):  # noqa: F811
    """Light steps are jobs here: one for the data and the tokens, one for the tables; another asks the encoder."""
    faulty(new_project, "broken-2")
    new_project.edit("profiles/slurm/site.yaml", "pack: 1", "pack: 5")
    new_project.edit("profiles/slurm/site.yaml", "light_steps: login", "light_steps: job")
    new_project.run(*SLURM, fails=True)
    assert len(jobs(since)) == 3, [job["Comment"] for job in jobs(since)]
    assert sorted(by_seed(new_project)) == ["1", "3"]
    before = new_project.snapshot()
    (new_project.folder / "broken-2").unlink()
    new_project.run(*SLURM)
    assert len(jobs(since)) == 5
    after = new_project.snapshot()
    assert sorted(by_seed(new_project)) == ["1", "2", "3"]
    assert all(after[path] == content for path, content in before.items())
    assert len({provenance(new_project, seed)["job"] for seed in (1, 3)}) == 1
    assert new_project.run(*SLURM).nothing
    assert len(jobs(since)) == 5


@FULL
def test_twelve_runs_finish_each_on_its_own_gpu_and_one_changed_value_submits_the_changed_ones(project, since):  # noqa: F811
    project.edit(
        "emotion_grid/training/run.py",
        "    start = time.monotonic()\n",
        "    start = time.monotonic()\n"
        "    (job.output / os.environ['SLURM_JOB_ID']).with_suffix('.gpu').write_text(os.environ['CUDA_VISIBLE_DEVICES'])\n",
    )
    project.edit("profiles/slurm/site.yaml", "mem_mb: 8000", "mem_mb: 2500")  # less than the estimate: the bound counts
    project.edit("profiles/slurm/site.yaml", "runtime_least: 20", "runtime_least: 9")
    block = {**project.config["grid"][0], "seed": [1, 2, 3]}
    project.configure(grid=[{**block, "head": {"type": "mlp", "size": [4, 8]}, "encoder": ["one", "two"]}])
    assert len(project.run(*SLURM, seconds=1200).trained) == 12
    assert len(trainings(since)) == 12
    for job in jobs(since):
        assert (job["State"], job["Account"], job["Partition"]) == ("COMPLETED", ACCOUNT, "alpha")
        assert (job["ReqMem"], job["TimelimitRaw"]) == ("2500M", "9") and "gres/gpu=1" in job["AllocTRES"]
    gpus = {path.stem: path.read_text() for path in project.home.glob("runs/*/*.gpu")}
    listed = run("sacct", "-X", "-n", "-P", "-j", ",".join(gpus), "-o", "JobID,NodeList,Start,End").splitlines()
    places = [(node, gpus[job], start, end) for job, node, start, end in (line.split("|") for line in listed)]
    assert len(places) == 12
    assert {gpu for _, gpu, _, _ in places} == {"0", "1"}
    for one, other in itertools.combinations(places, 2):
        apart = one[3] <= other[2] or other[3] <= one[2]
        assert one[:2] != other[:2] or apart, "two jobs at once on one GPU"
    encoders = project.config["encoders"]
    encoders["two"]["training"]["learning_rate"] = 0.002
    project.configure(encoders=encoders)
    assert len(project.run(*SLURM, seconds=1200).trained) == 6
    assert len(trainings(since)) == 18
