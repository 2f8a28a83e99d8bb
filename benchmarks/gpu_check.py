"""Check and measure on this machine's GPU what no test without one can: python -m benchmarks.gpu_check

Makes encoders with random weights in the shapes of well-known ones and texts as long as tweets are, and trains on them with the programs
that a study runs, but without Snakemake and without a network. Checks bf16, fp16, batches that do not fit the GPU's memory, runs that are
interrupted and started again, features, saved models and what jobs ask for, and measures the speed of each kind of run. Writes checks.csv,
checks.md, machine.json and the output of all programs. A check that fails is a row with its reason, and the others go on; the exit status
is then 1. Without a GPU the encoders are tiny, and what needs one is not checked. The encoders take 12 GB of disk while it runs.
"""

import csv
import json
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.gpu.checks import CHECKS, Check
from benchmarks.gpu.lab import Failed, Lab, OutOfTime
from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import whole_file, write_json, write_text
from emotion_grid.base.layout import PROJECT
from emotion_grid.base.messages import InputError, log
from emotion_grid.base.numbers import clock

PASSED, FAILED, NEEDS_GPU, NO_TIME = "passed", "FAILED", "needs a GPU", "no time left"

COLUMNS = {
    "check": "check",
    "encoder": "encoder",
    "result": "result",
    "precision": "precision",
    "seconds": "seconds",
    "texts_per_second": "texts/s",
    "difference": "difference",
    "bound": "bound",
    "gpu_peak_mb": "GPU peak, MB",
    "peak_mb": "peak, MB",
    "asked_mb": "asked, MB",
    "run_seconds": "last run, s",
    "found": "found",
}
"""Columns of checks.csv, and their headings in checks.md."""


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--output", type=Path, default=PROJECT / "results/gpu-check", help="where to write")
    parser.add_argument("--work", type=Path, help="folder for what is made meanwhile (default: work/ in the output)")
    parser.add_argument("--minutes", type=float, default=15, help="time limit of all checks (default: 15)")
    parser.add_argument("--only", nargs="+", default=[""], help="parts of the names of checks, to run these alone")
    parser.add_argument("--tiny", action="store_true", help="tiny encoders on a GPU, too")
    arguments = parser.parse_args()
    start = time.monotonic()
    checks = [check for check in CHECKS if any(part in check.name for part in arguments.only)]
    if not checks:
        raise InputError(f"--only: expected parts of the names of checks, found {' '.join(arguments.only)}")
    work = (arguments.work or arguments.output / "work").resolve()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    machine = _machine()
    write_json(arguments.output / "machine.json", machine)
    tiny = arguments.tiny or machine["gpu"] is None
    if machine["gpu"] is None:
        log(
            f"NO GPU WORKS HERE: the encoders are tiny, and {sum(check.needs_gpu for check in checks)} checks need a GPU"
        )
    logs = arguments.output / "programs.log"
    logs.write_text("")
    lab = Lab(work, tiny, start + 60 * arguments.minutes, logs.resolve())
    try:
        rows = run_checks(checks, lab, machine, arguments.output)
    finally:
        lab.end()
        shutil.rmtree(work, ignore_errors=True)
    counts = {result: sum(row["result"] == result for row in rows) for result in (PASSED, FAILED, NEEDS_GPU, NO_TIME)}
    told = ", ".join(f"{count} {result}" for result, count in counts.items() if count)
    log(f"{told} in {clock(time.monotonic() - start)}; {arguments.output / 'checks.md'} has the table")
    if counts[FAILED]:
        raise InputError(f"{counts[FAILED]} of {len(rows)} checks failed; {logs} has the output of all programs")


def _machine() -> dict[str, Any]:
    """What machine this is, found out by a process of its own."""
    command = [sys.executable, "-m", "benchmarks.gpu.machine"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    if done.returncode:
        raise InputError(f"the GPU cannot be asked for: {done.stderr.strip()}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def run_checks(checks: list[Check], lab: Lab, machine: dict[str, Any], output: Path) -> list[dict[str, Any]]:
    """The rows of all checks: first of those that may run side by side, then of those that measure time."""
    table = Table(checks, lab, machine, output)
    lab.make(list(dict.fromkeys(check.encoder for check in checks if table.on_gpu or not check.needs_gpu)))
    with ThreadPoolExecutor(lab.at_once) as pool:
        done = [pool.submit(table.add, check) for check in checks if not check.alone]
    for one in done:
        one.result()
    lab.wait()
    for check in checks:
        if check.alone:
            table.add(check)
    return table.rows


class Table:
    """The rows of the checks that are done; its files are written anew with each."""

    def __init__(self, checks: list[Check], lab: Lab, machine: dict[str, Any], output: Path):
        self.checks, self.lab, self.machine, self.output = checks, lab, machine, output
        self.on_gpu = machine["gpu"] is not None
        self._done: dict[int, dict[str, Any]] = {}
        self._lock = threading.Lock()

    @property
    def rows(self) -> list[dict[str, Any]]:
        """In the order of the checks."""
        return [row for _, row in sorted(self._done.items())]

    def add(self, check: Check) -> None:
        """Do a check, say so before and after, and write the tables."""
        log(f"begins: {check.name} ({check.encoder}): {check.shows}")
        start = time.monotonic()
        row = run_check(check, self.lab, self.on_gpu)
        row["seconds"] = round(time.monotonic() - start, 1)
        with self._lock:
            self._done[self.checks.index(check)] = row
            write_tables(self.rows, self.machine, self.output)
        left = clock(max(0.0, self.lab.deadline - time.monotonic()))
        place = f"{len(self._done)}/{len(self.checks)}"
        log(
            f"{place} {row['result']}: {check.name} ({check.encoder}), {row['seconds']} s, {left} left; {row.get('found', '')}"
        )


def run_check(check: Check, lab: Lab, on_gpu: bool) -> dict[str, Any]:
    """The row of a check, whatever becomes of it."""
    row: dict[str, Any] = {"check": check.name, "encoder": check.encoder, "result": PASSED}
    if check.needs_gpu and not on_gpu:
        return {**row, "result": NEEDS_GPU}
    try:
        check.run(lab, row)
    except OutOfTime:
        row["result"] = NO_TIME
    except Exception as error:  # a fault of one check, whatever it is, must not cost the others
        reason = str(error) if isinstance(error, Failed | InputError) else f"{type(error).__name__}: {error}"
        row |= {"result": FAILED, "found": " ".join(f"{reason}; {row.get('found', '')}".strip("; ").split())}
    return row


def write_tables(rows: list[dict[str, Any]], machine: dict[str, Any], output: Path) -> None:
    """Write checks.csv and checks.md."""
    with whole_file(output / "checks.csv") as partial, partial.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(COLUMNS), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    where = "; ".join(f"{name} {value}" for name, value in machine.items() if value is not None)
    lines = [where, "", f"| {' | '.join(COLUMNS.values())} |", f"|{'---|' * len(COLUMNS)}"]
    for row in rows:
        cells = ("" if row.get(name) is None else str(row[name]).replace("|", "/") for name in COLUMNS)
        lines.append(f"| {' | '.join(cells)} |")
    write_text(output / "checks.md", "\n".join([*lines, ""]))


if __name__ == "__main__":
    sys.exit(run_program(main))
