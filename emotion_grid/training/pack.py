"""Several runs one after another in one job, since waiting in the queue and starting cost more than a small run."""

import signal
import subprocess
import sys
from pathlib import Path

from emotion_grid.base.files import read_json
from emotion_grid.base.layout import FILES, SPEC, TRAIN_LOG, run_folder
from emotion_grid.base.messages import InputError, log
from emotion_grid.data.splits import INPUTS, RESULT_FILES, missing_files


def command(folder: Path, home: Path, cache: Path, threads: int, keep: str) -> list[str]:
    """The command line that trains the run of a folder.

    Args:
        folder: the run's folder.
        home: the experiment's folder of results.
        cache: the folder of what experiments share.
    """
    spec, inputs = read_json(folder / SPEC), read_json(folder / INPUTS)
    options = {
        "spec": folder / SPEC,
        "data": home / inputs["data"],
        "tokens": cache / inputs["tokens"],
        "encoder": cache / inputs["encoder"] / FILES,
        "output": folder,
        "texts": inputs["texts"],
        "threads": min(threads, spec["training"]["threads"]),  # threads decide digits: each run keeps its own number
        "keep": keep,
    }
    if inputs["features"]:
        options["features"] = cache / inputs["features"]
    return [sys.executable, "-m", "scripts.train", *(f"--{name}={value}" for name, value in options.items())]


class Member:
    """The run at work; SIGTERM and SIGINT go on to it, and no further one starts."""

    def __init__(self) -> None:
        self.process: subprocess.Popen | None = None
        self.signal: int | None = None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._pass_on)

    def _pass_on(self, number: int, frame: object) -> None:
        self.signal = number
        if self.process is not None:
            self.process.send_signal(number)

    def run(self, command: list[str], log_file: Path) -> int:
        """Exit status of a run's process, its output in the run's log."""
        with log_file.open("w", encoding="utf-8") as file:
            self.process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
            return self.process.wait()


def train_pack(runs: list[str], home: Path, cache: Path, threads: int, keep: str) -> None:
    """Train runs one after another, each in a process of its own; finished ones are left as they are.

    Args:
        runs: names of the runs.
        home: the experiment's folder of results.
        cache: the folder of what experiments share.
        threads: CPU threads of a run.
        keep: what each run writes.

    Raises:
        InputError: a run failed; the others are finished all the same.
        SystemExit: a signal told the process to end.
    """
    member, failed = Member(), []
    for number, run in enumerate(runs, 1):
        folder = run_folder(home, run)
        if not missing_files(folder, RESULT_FILES):
            log(f"{number}/{len(runs)}  {run}: finished before")
            continue
        log(f"{number}/{len(runs)}  {run}")
        if member.signal is not None:
            break
        status = member.run(command(folder, home, cache, threads, keep), folder / TRAIN_LOG)
        if member.signal is None and status:
            failed.append(folder / TRAIN_LOG)
            log(f"{run} failed with exit status {status}; see {failed[-1]}")
    if member.signal is not None:
        log(f"stopped by {signal.Signals(member.signal).name}; the next start continues here")
        raise SystemExit(128 + member.signal)
    if failed:
        raise InputError(f"{len(failed)} of {len(runs)} runs failed; see {', '.join(map(str, failed))}")
