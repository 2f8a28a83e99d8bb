"""Runs as jobs: their specs, an experiment's folder, and a Slurm that answers what a test says."""

import json
import os
import time
from pathlib import Path

import pytest

from emotion_grid.data.splits import RESULT_FILES
from emotion_grid.jobs.failures import explain_end
from emotion_grid.jobs.status import experiment_status, runs_text

SMALL, LARGE = {"layers": 6, "hidden_size": 384}, {"layers": 24, "hidden_size": 1024}
MEGABYTE = 1_000_000


HEAD = {"type": "mlp", "size": 384, "layers": 2}


def spec(encoder=SMALL, epochs=10, threads=1, freeze=0, lora=None, batch_size=8, max_length=32) -> dict:
    """What of a run's spec decides what its job asks for."""
    training = {"epochs": epochs, "threads": threads, "batch_size": batch_size, "max_length": max_length}
    return {"encoder": encoder, "head": HEAD, "freeze": freeze, "lora": lora, "training": training}


BEGIN = time.time() - 3600
"""When the jobs of these tests began."""


class Grid:
    """An experiment's folder with runs as named, and what Slurm says of their jobs."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch):
        self.checkout, self.home = folder, Path("results/tiny")
        monkeypatch.chdir(folder)
        (folder / "bin").mkdir()
        for program in ("squeue", "sacct"):
            self.answer(program, "")
        monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
        self.rows: list[dict] = []
        self.queue: list[str] = []
        self.accounting: list[str] = []

    def answer(self, program: str, text: str, status: int = 0) -> None:
        """Let a program of Slurm's print a text, and note that it was asked."""
        (self.checkout / f"{program}.txt").write_text(text)
        path = self.checkout / "bin" / program
        stream = ">&2" if status else ""
        path.write_text(
            f"#!/bin/sh\necho {program} >> {self.checkout}/asked\ncat {self.checkout}/{program}.txt {stream}\nexit {status}\n"
        )
        path.chmod(0o755)

    def run(self, name: str, encoder: str = "one", log: str = "", results: dict | None = None) -> Path:
        """A run of the plan: its log if it has one, written after the jobs began, and its results."""
        self.rows.append({"run": name, "kind": "run", "folder": f"runs/{name}", "columns": {"encoder": encoder}})
        (self.home).mkdir(parents=True, exist_ok=True)
        (self.home / "plan.json").write_text(json.dumps({"rows": self.rows}))
        folder = self.home / "runs" / name
        (folder / "predictions").mkdir(parents=True)
        if log:
            (folder / "train.log").write_text(log)
        if results is not None:
            for file in RESULT_FILES:
                (folder / file).write_text("")
            (folder / "provenance.json").write_text(json.dumps(results))
        return folder

    def job(self, number: int, name: str, state: str, step: str = "", rule: str = "train", **more: str) -> None:
        """A job of a run, as squeue tells it while it lives and sacct afterwards."""
        label, begin = f"rule_{rule}_wildcards_tiny_{name}", time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(BEGIN))
        folder = self.checkout / ".snakemake" / "slurm_logs" / f"rule_{rule}" / f"tiny_{name}"
        folder.mkdir(parents=True, exist_ok=True)
        where = more.get("where", str(self.checkout))
        if state != "PENDING":
            (folder / f"{number}.log").write_text("Slurm's own log\n")
        if state in ("PENDING", "RUNNING", "COMPLETING"):
            self.queue.append(f"{number}|{state}|{label}|{begin}|1:05|20:00|{where}")
            self.answer("squeue", "\n".join(self.queue))
        else:
            self.accounting += [
                f"{number}|{state}|{label}|{begin}|600|20||3000M|{where}",
                f"{number}.batch|{state}||{begin}|600|||20M|",
                f"{number}.0|{step or state}||{begin}|590||{more.get('mb', '1000.50M')}||",
            ]
            self.answer("sacct", "\n".join(self.accounting))

    def look(self) -> dict[str, tuple[str, int | None]]:
        """State and job of every run."""
        found = experiment_status(self.home, self.checkout)
        return {run.name: (run.state, run.job.number if run.job else None) for run in found.runs}

    def table(self) -> str:
        return runs_text(experiment_status(self.home, self.checkout))

    def explain(self, *names: str) -> str:
        return explain_end(
            self.home, self.checkout, [self.home / "runs" / name / "train.log" for name in names], on_cluster=True
        )
