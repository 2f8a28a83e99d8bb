"""Several runs in one job, since waiting in the queue and starting cost more than a small run, and a small run leaves most of a GPU unused."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
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


class Members:
    """The runs at work; SIGTERM and SIGINT go on to them, and no further one starts."""

    def __init__(self) -> None:
        self.at_work: set[subprocess.Popen] = set()
        self.signal: int | None = None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._pass_on)

    def _pass_on(self, number: int, frame: object) -> None:
        self.signal = number
        for process in self.at_work.copy():
            process.send_signal(number)

    def run(self, command: list[str], log_file: Path) -> int | None:
        """Exit status of a run's process, its output in the run's log; None if a signal came before it could start."""
        if self.signal is not None:
            return None
        with (
            log_file.open("w", encoding="utf-8") as file,
            subprocess.Popen(command, stdout=file, stderr=file) as process,
        ):
            self.at_work.add(process)
            if self.signal is not None:  # it came while the process started
                process.send_signal(self.signal)
            status = process.wait()
            self.at_work.discard(process)
        return status


def train_pack(runs: list[str], home: Path, cache: Path, threads: int, keep: str, at_once: int) -> None:
    """Train runs, each in a process of its own, so many at a time; finished ones are left as they are.

    Members that run side by side share the memory of the machine and its GPU. One that finds too little is tried again alone.

    Args:
        runs: names of the runs.
        home: the experiment's folder of results.
        cache: the folder of what experiments share.
        threads: CPU threads of a run.
        keep: what each run writes.
        at_once: how many train at the same time.

    Raises:
        InputError: a run failed; the others are finished all the same.
        SystemExit: a signal told the process to end.
    """
    members, numbers = Members(), {run: f"{number}/{len(runs)}  {run}" for number, run in enumerate(runs, 1)}

    def train(run: str) -> int | None:
        folder = run_folder(home, run)
        if not missing_files(folder, RESULT_FILES):
            log(f"{numbers[run]}: finished before")
            return 0
        if members.signal is None:
            log(numbers[run])
        status = members.run(command(folder, home, cache, threads, keep), folder / TRAIN_LOG)
        if members.signal is None and status:
            log(f"{run} failed with exit status {status}; see {folder / TRAIN_LOG}")
        return status

    with ThreadPoolExecutor(at_once) as pool:
        statuses = dict(zip(runs, pool.map(train, runs), strict=True))
    for run, status in statuses.items():
        if at_once > 1 and status and members.signal is None and _was_short_of_memory(status, run_folder(home, run)):
            log(f"{run} ran out of memory beside others; tried again alone")
            statuses[run] = train(run)
    if members.signal is not None:
        log(f"stopped by {signal.Signals(members.signal).name}; the next start continues here")
        raise SystemExit(128 + members.signal)
    failed = [str(run_folder(home, run) / TRAIN_LOG) for run, status in statuses.items() if status]
    if failed:
        raise InputError(f"{len(failed)} of {len(runs)} runs failed; see {', '.join(failed)}")


def _was_short_of_memory(status: int, folder: Path) -> bool:
    """Whether a run was ended for want of memory: by the system, or by an error of Python's or of the GPU's library."""
    if status == -signal.SIGKILL:
        return True
    words = (folder / TRAIN_LOG).read_text(encoding="utf-8", errors="replace")
    return "out of memory" in words.lower() or "MemoryError" in words
