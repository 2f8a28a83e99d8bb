"""Train several runs one after another in one job, since waiting in the queue and starting cost more than a small run.

Reads the pack's list of runs and their specs; every run is a process of its own and writes what scripts.train writes, its log beside
its results. Finished runs are left as they are; one that fails neither ends the others nor costs their results.
"""

import signal
import subprocess
import sys
from pathlib import Path

from scripts.lib.cli import log, program_parser, run_program
from scripts.lib.encoders import encoder_key
from scripts.lib.files import InputError, read_json, write_text
from scripts.lib.plan import data_key, features_folder, tokens_folder
from scripts.lib.splits import RESULT_FILES, missing_files


def command(folder: Path, home: Path, cache: Path, threads: int, keep: str) -> list[str]:
    """The command line that trains the run of a folder."""
    spec = read_json(folder / "spec.json")
    options = {
        "spec": folder / "spec.json",
        "data": home / "data" / data_key(spec["data"]),
        "tokens": cache / tokens_folder(spec),
        "encoder": cache / "encoders" / encoder_key(spec["encoder"]) / "files",
        "output": folder,
        "threads": min(threads, spec["training"]["threads"]),  # threads decide digits: each run keeps its own number
        "keep": keep,
    }
    if features := features_folder(spec):
        options["features"] = cache / features
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


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--pack", required=True, type=Path, help="JSON file with the names of the runs")
    parser.add_argument("--results", required=True, type=Path, help="folder of the experiment's results")
    parser.add_argument("--cache", required=True, type=Path, help="folder of what experiments share")
    parser.add_argument("--output", required=True, type=Path, help="file to write when all runs are finished")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of a run (default: 1)")
    parser.add_argument("--keep", choices=["all", "results"], default="all", help="what each run writes")
    arguments = parser.parse_args()
    runs, member, failed = read_json(arguments.pack)["runs"], Member(), []
    for number, run in enumerate(runs, 1):
        folder = arguments.results / "runs" / run
        if not missing_files(folder, RESULT_FILES):
            log(f"{number}/{len(runs)}  {run}: finished before")
            continue
        log(f"{number}/{len(runs)}  {run}")
        if member.signal is not None:
            break
        line = command(folder, arguments.results, arguments.cache, arguments.threads, arguments.keep)
        status = member.run(line, folder / "train.log")
        if member.signal is None and status:
            failed.append(folder / "train.log")
            log(f"{run} failed with exit status {status}; see {failed[-1]}")
    if member.signal is not None:
        log(f"stopped by {signal.Signals(member.signal).name}; the next start continues here")
        sys.exit(128 + member.signal)
    if failed:
        raise InputError(f"{len(failed)} of {len(runs)} runs failed; see {', '.join(map(str, failed))}")
    write_text(arguments.output, "")


if __name__ == "__main__":
    sys.exit(run_program(main))
