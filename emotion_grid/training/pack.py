"""Several runs one after another in one job."""

import signal
import subprocess
import sys
from pathlib import Path

from emotion_grid.base.files import read_json
from emotion_grid.encoders.sources import encoder_key
from emotion_grid.plan.specs import data_key, features_folder, tokens_folder


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
