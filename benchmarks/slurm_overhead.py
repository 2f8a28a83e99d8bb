"""Seconds that a run spends outside its own program on Slurm, with different ways of looking at the queue and with packs.

Starts the test cluster (testing/slurm.py, as root) and trains a grid of tiny runs once for each way; writes results/bench/slurm_overhead.csv
and prints it as a Markdown table. A figure is the median over the runs, with the range.
"""

import re
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import yaml

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import read_json, whole_file
from emotion_grid.base.messages import log
from testing.slurm import Cluster, run
from testing.tiny import Project, make_checkout

WAYS = {
    "the executor's own polling": {"profile": {"init": 40, "between": None}, "pack": 1},
    "the profile's polling": {"profile": {}, "pack": 1},
    "every second": {"profile": {"init": 1, "between": 1}, "pack": 1},
    "the profile's polling, packs of 6": {"profile": {}, "pack": 6},
}
"""Seconds before the first and the second look at the queue (then the executor waits longer each time), and runs a job."""


def configure(project: Project, runs: int, way: dict) -> None:
    """A grid of one setting and that many seeds; polling as a way says."""
    block = {**project.config["grid"][0], "encoder": "one", "seed": list(range(1, runs + 1))}
    project.configure(grid=[block])
    path = project.folder / "profiles/slurm/config.v8+.yaml"
    profile = {**yaml.safe_load(path.read_text()), "latency-wait": 5, "retries": 0}
    if "init" in way["profile"]:
        profile["slurm-init-seconds-before-status-checks"] = way["profile"]["init"]
        profile["seconds-between-status-checks"] = way["profile"]["between"]
    profile["software-deployment-method"] = None  # the start of the image is measured apart
    path.write_text(yaml.safe_dump({name: value for name, value in profile.items() if value is not None}))
    project.edit("profiles/slurm/site.yaml", "pack: 1", f"pack: {way['pack']}")


def measure(project: Project) -> dict[str, list[float]]:
    """Seconds of each job, by what it spent them on, and of the whole grid."""
    begin = time.time()
    output = project.run("--profile", "profiles/slurm").output
    wall = time.time() - begin
    noticed = _noticed(output)
    found: dict[str, list[float]] = {name: [] for name in ("waits", "starts", "program", "noticed")}
    programs = _program_seconds(project)
    listed = run("sacct", "-X", "-n", "-P", "-j", ",".join(programs), "-o", "JobID,Submit,Start,End")
    for line in listed.splitlines():
        job, *times = line.split("|")
        submit, start, end = (time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%S")) for text in times)
        found["waits"].append(start - submit)
        found["program"].append(programs[job])
        found["starts"].append(end - start - programs[job])
        found["noticed"].append(max(0.0, noticed[job] - end))
    return {**found, "grid": [wall]}


def _program_seconds(project: Project) -> dict[str, float]:
    """Seconds of the training programs in each Slurm job."""
    seconds: dict[str, float] = {}
    for path in project.home.glob("runs/*/provenance.json"):
        made = read_json(path)
        seconds[made["job"]] = seconds.get(made["job"], 0) + made["total_seconds"]
    return seconds


def _noticed(output: str) -> dict[str, float]:
    """When Snakemake said that each Slurm job had ended."""
    numbers = dict(re.findall(r"^Job (\d+) has been submitted with SLURM jobid (\d+)", output, re.MULTILINE))
    ended = re.findall(r"^\[(.+?)\]\nFinished jobid: (\d+) \(Rule: train", output, re.MULTILINE)
    return {numbers[job]: time.mktime(time.strptime(text)) for text, job in ended}


def _cell(values: list[float]) -> str:
    return f"{statistics.median(values):.0f} ({min(values):.0f} to {max(values):.0f})"


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--runs", type=int, default=6, help="runs in the grid (default: 6)")
    parser.add_argument("--output", type=Path, default=Path("results/bench/slurm_overhead.csv"), help="the table")
    arguments = parser.parse_args()
    cluster, rows = Cluster(), []
    cluster.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            pristine = make_checkout(Path(folder) / "pristine").folder
            for name, way in WAYS.items():
                log(name)
                project = Project(Path(folder) / "checkout")
                shutil.copytree(pristine, project.folder)
                configure(project, arguments.runs, way)
                seconds = measure(project)
                jobs = len(seconds["program"])
                outside = [
                    sum(parts) for parts in zip(*(seconds[key] for key in ("waits", "starts", "noticed")), strict=True)
                ]
                rows.append(
                    {
                        "way": name,
                        "runs": arguments.runs,
                        "jobs": jobs,
                        "program_s_a_job": _cell(seconds["program"]),
                        "queue_s_a_job": _cell(seconds["waits"]),
                        "snakemake_s_a_job": _cell(seconds["starts"]),
                        "until_noticed_s_a_job": _cell(seconds["noticed"]),
                        "outside_s_a_run": round(sum(outside) / arguments.runs, 1),
                        "whole_grid_s": round(seconds["grid"][0]),
                    }
                )
                shutil.rmtree(project.folder)
    finally:
        cluster.stop()
    table = pd.DataFrame(rows)
    with whole_file(arguments.output) as partial:
        table.to_csv(partial, index=False, lineterminator="\n")
    lines = [
        "| " + " | ".join(map(str, row)) + " |" for row in [table.columns, ["---"] * len(table.columns), *table.values]
    ]
    print("\n".join(lines))


if __name__ == "__main__":
    sys.exit(run_program(main))
