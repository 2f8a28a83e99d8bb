"""What comparing files with their digests costs: a large file that a job reads, and the finished runs of a large grid.

Prints a Markdown table: seconds for a file of --gigabytes (an encoder's weights, or features), as every job that reads it spends them;
and for --runs finished runs seconds of what a start looks at before it plans, and of what scoring reads. The files lie in a folder of the
system for temporary files and were just written: they come from memory, not from a disk.
"""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import write_json, write_text
from emotion_grid.base.integrity import expect_whole, write_record
from emotion_grid.base.layout import SUMMARY_TABLE
from emotion_grid.data.rows import write_predictions
from emotion_grid.data.splits import BASELINE_FILES, HISTORY, PROVENANCE, SPLITS, predictions_file
from emotion_grid.evaluation.results import check_tables
from emotion_grid.workflow.damage import damaged_results

LABELS, ROWS = ["anger", "fear", "joy", "sadness", "surprise"], 300


def seconds(work: Callable[[], object]) -> float:
    """How long a call takes."""
    start = time.monotonic()
    work()
    return time.monotonic() - start


def large_file(folder: Path, gigabytes: float) -> Path:
    """The record of a folder with one large file."""
    part = os.urandom(10_000_000)
    with (folder / "values.safetensors").open("wb") as file:
        for _ in range(round(gigabytes * 100)):
            file.write(part)
    write_record(folder / "features.json", {}, ["values.safetensors"])
    return folder / "features.json"


def finished_runs(home: Path, number: int) -> list[SimpleNamespace]:
    """Rows of a plan whose runs are finished, with tables of 300 rows and five labels for each split."""
    first, random = home / "runs" / "run-0", np.random.default_rng(1)
    write_json(first / "spec.json", {"seed": 0})
    for split in SPLITS:
        ids = [f"{split}-{row}" for row in range(ROWS)]
        write_predictions(predictions_file(first, split), ids, LABELS, random.random((ROWS, len(LABELS))))
    write_text(first / HISTORY, "epoch,step\n1,1\n")
    write_record(first / PROVENANCE, {"best_epoch": 1}, [*BASELINE_FILES, HISTORY])
    for run in range(1, number):
        shutil.copytree(first, home / "runs" / f"run-{run}")
    write_text(home / SUMMARY_TABLE, "run\n")
    return [SimpleNamespace(kind="run", folder=f"runs/run-{run}") for run in range(number)]


def main() -> None:
    """Measure and print."""
    parser = program_parser(__doc__)
    parser.add_argument("--gigabytes", type=float, default=1)
    parser.add_argument("--runs", type=int, default=10_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        record = large_file(Path(scratch), arguments.gigabytes)
        expect = min(seconds(lambda: expect_whole({record: None})) for _ in range(3))
        home = Path(scratch) / "home"
        rows = finished_runs(home, arguments.runs)
        plan = SimpleNamespace(data={})
        look = min(seconds(lambda: damaged_results(plan, home, rows)) for _ in range(3))
        document = {"rows": [{"folder": row.folder, "data": "d"} for row in rows]}
        read = seconds(lambda: check_tables(document, home))
    print("| what is compared with its digests | seconds |\n|---|---|")
    print(f"| a file of {arguments.gigabytes:g} GB, in each job that reads it | {expect:.2f} |")
    print(f"| {arguments.runs:,} finished runs, before a start plans (file times alone) | {look:.2f} |")
    print(f"| {arguments.runs:,} finished runs, in scoring (three tables of {ROWS} rows each are read) | {read:.1f} |")


if __name__ == "__main__":
    sys.exit(run_program(main))
