"""What Snakemake itself costs before the first job of a large grid starts: dry runs, and choosing among jobs that are all ready at once.

For each number of runs: seconds and peak memory of a dry run, and seconds from "all jobs are ready" to the first job, with the profile's
greedy scheduler and with Snakemake's default. Nothing trains: data, encoder, tokens and features are put in place as empty files, and
Snakemake is stopped when it starts its first job. Prints a Markdown table.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import write_text
from emotion_grid.base.messages import log
from emotion_grid.config.checking import check_config
from emotion_grid.plan.plan import build_plan
from testing.tiny import Project, make_checkout

READY, STARTED = "Select jobs to execute...", "Execute "


def configure(project: Project, runs: int) -> None:
    """A grid of that many runs: one head, many seeds."""
    block = {"encoder": "one", "head": {"type": "mlp", "size": 8}, "freeze": "all", "seed": list(range(1, runs + 1))}
    project.configure(grid=[block], baselines=[])


def prepare(project: Project) -> None:
    """Put all that runs wait for in place, so that every run is ready at once."""
    plan = build_plan(check_config(project.config))
    made = [f"results/tiny/data/{key}/{name}" for key in plan.data for name in ("checks.json", "train.csv")]
    made += [f"results/tiny/data/{key}/{split}.csv" for key in plan.data for split in ("validation", "dev", "test")]
    made += [f"cache/encoders/{key}/fetched.json" for key in plan.encoders]
    made += [f"cache/{folder}/{folder.split('/')[0]}.json" for folder in plan.cached]
    for path in made:
        write_text(project.folder / path, '{"stored": true}')


def peak_mb(process: subprocess.Popen) -> float:
    """The most memory that a process held so far."""
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def dry_run(project: Project) -> tuple[float, float]:
    """Seconds and peak MB of a dry run."""
    start, peak = time.monotonic(), 0.0
    process = subprocess.Popen(
        project.command("-n", "--quiet"), cwd=project.folder, env=project.environment(), stdout=subprocess.DEVNULL
    )
    while process.poll() is None:
        peak = max(peak, peak_mb(process))
        time.sleep(0.05)
    if process.returncode:
        sys.exit("the dry run failed")
    return time.monotonic() - start, peak


def first_job(project: Project, scheduler: str) -> tuple[float, float]:
    """Seconds from the choice among all jobs to the first job's start, and the MB of memory then."""
    process = project.start("--scheduler", scheduler)
    ready, output = None, []
    for line in process.stdout:
        output.append(line)
        if line.startswith(READY) and ready is None:
            ready = time.monotonic()
        if line.startswith(STARTED) and ready is not None:
            taken, memory = time.monotonic() - ready, peak_mb(process)
            os.killpg(process.pid, 9)
            process.wait()
            return taken, memory
    sys.exit("".join(output))


def main() -> None:
    """Measure and print."""
    parser = program_parser(__doc__)
    parser.add_argument("--runs", type=int, nargs="+", default=[1000, 2500, 5000, 10000])
    arguments = parser.parse_args()
    print("| runs | dry run | peak | greedy: first job after | peak | default (ilp): first job after | peak |")
    print("|---|---|---|---|---|---|---|")
    for runs in arguments.runs:
        folder = Path(tempfile.mkdtemp())
        try:
            project = make_checkout(folder / "checkout")
            configure(project, runs)
            os.chdir(project.folder)
            log(f"{runs} runs: dry run")
            cells = [dry_run(project)]
            prepare(project)
            for scheduler in ("greedy", "ilp"):
                log(f"{runs} runs: {scheduler}")
                cells.append(first_job(project, scheduler))
        finally:
            os.chdir("/")
            shutil.rmtree(folder)
        print(
            f"| {runs:,} | " + " | ".join(f"{seconds:.1f} s | {mb:.0f} MB" for seconds, mb in cells) + " |", flush=True
        )


if __name__ == "__main__":
    sys.exit(run_program(main))
