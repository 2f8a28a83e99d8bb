"""What Snakemake and its executor for Slurm wrote down about an experiment's jobs."""

import base64
import json
import os
import time
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

from emotion_grid.base.integrity import read_record
from emotion_grid.base.layout import PACKS, RUNS, TRAIN_LOG, experiment_at, run_folder
from emotion_grid.data.splits import RESULT_FILES, missing_files
from emotion_grid.jobs.slurm import Job


class Records:
    """What Snakemake and its executor for Slurm wrote down about the jobs of an experiment."""

    def __init__(self, home: Path, checkout: Path):
        self.home = home
        self.prefix = experiment_at(home).replace("/", "_") + "_"  # Snakemake's executor joins wildcards so
        self.logs = Path(os.path.relpath(checkout / ".snakemake" / "slurm_logs"))
        self.has_jobs = self.logs.is_dir()
        self.queue: dict[tuple[str, str], Job] = {}
        packs = {path.stem: read_record(path)[0] for path in sorted((home / PACKS).glob("*.json"))}
        self.packs: dict[str, list[str]] = {name: pack.get("runs", []) for name, pack in packs.items()}
        self._at_once: dict[str, int] = {name: pack.get("at_once", 1) for name, pack in packs.items()}
        self._packs_of: dict[str, list[str]] = {}
        for pack, members in self.packs.items():
            for name in members:
                self._packs_of.setdefault(name, []).append(pack)
        self.begun = _begun(home, checkout)

    def places(self, name: str) -> list[tuple[str, str]]:
        """Rule and wildcards of the jobs that may train a run: its own, and those of the packs that hold it."""
        packs = [("train_pack", f"{self.prefix}{pack}") for pack in self._packs_of.get(name, [])]
        return [("train", f"{self.prefix}{name}"), *packs]

    def marker(self, name: str) -> "Marker | None":
        """Snakemake's mark that a job of the run was begun and has not ended."""
        folders = [(RUNS, name), *((PACKS, pack) for pack in self._packs_of.get(name, []))]
        return next((self.begun[folder] for folder in folders if folder in self.begun), None)

    def last_log(self, name: str) -> Path | None:
        """Slurm's log of the last job that was to train a run; its name is the job's id."""
        logs = []
        for rule, wildcards in self.places(name):
            folder = self.logs / f"rule_{rule}" / wildcards
            try:
                logs += [log for log in folder.iterdir() if log.stem.isdigit()]
            except FileNotFoundError:
                pass
        return max(logs, key=lambda log: int(log.stem), default=None)

    def position(self, pack: str, name: str, begin: float) -> int:
        """Where a run without results stands in its running pack: below 0 before the members at work, 0 at work, above 0 after them."""
        members = self.packs[pack]
        begun = [member for member in members if (changed(self.program_log(member)) or 0) >= begin]
        unfinished = [member for member in begun if missing_files(run_folder(self.home, member), RESULT_FILES)]
        if name not in begun:
            return 1
        return 0 if name in unfinished[-self._at_once[pack] :] else -1

    def waits_behind_another(self, name: str) -> bool:
        """Whether a run's last job was a pack's, and an earlier member of it is unfinished, too."""
        log = self.last_log(name)
        if not log or log.parent.parent.name != "rule_train_pack":
            return False
        members = self.packs[log.parent.name.removeprefix(self.prefix)]
        earlier = members[: members.index(name)]
        return any(missing_files(run_folder(self.home, member), RESULT_FILES) for member in earlier)

    def program_log(self, name: str) -> Path:
        """The log of the training program."""
        return run_folder(self.home, name) / TRAIN_LOG


@dataclass(frozen=True)
class Marker:
    """Snakemake's mark of a job under way: its id in Slurm (None: on this machine), and since when."""

    number: int | None
    since: float


def _marks(home: Path, checkout: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Snakemake's marks of files being made: the mark, and the parts of the file's path in the experiment's folder."""
    root = checkout / ".snakemake" / "incomplete"
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder) / name
            # A long name is cut into folders that begin with @.
            key = "".join(part.removeprefix("@") for part in path.relative_to(root).parts)
            try:
                made = checkout / base64.b64decode(key, altchars=b"-_").decode()
                yield path, made.resolve().relative_to(home.resolve()).parts
            except (OSError, ValueError):
                continue  # it is no file of this experiment


def _begun(home: Path, checkout: Path) -> dict[tuple[str, str], Marker]:
    """Snakemake's marks of files being made, by the first two parts of their paths in the experiment's folder."""
    marks = {}
    for path, parts in _marks(home, checkout):
        try:
            number, since = json.loads(path.read_text()).get("external_jobid"), path.stat().st_mtime
        except (OSError, ValueError):
            continue  # it has just ended
        if len(parts) > 1:
            marks[parts[0], Path(parts[1]).stem if parts[0] == PACKS else parts[1]] = Marker(
                int(number) if str(number).isdigit() else None, since
            )
    return marks


def unmark_finished(home: Path, checkout: Path, finished: Container[str]) -> None:
    """Remove Snakemake's marks from the files of finished runs.

    Where Snakemake is killed alone, its child goes on and finishes the run. The marks that are left would let the next start make
    again what is whole.

    Args:
        home: the experiment's folder of results.
        checkout: where Snakemake is started.
        finished: names of the runs whose results are whole.
    """
    for path, parts in _marks(home, checkout):
        if len(parts) > 1 and parts[0] == RUNS and parts[1] in finished:
            path.unlink(missing_ok=True)


def changed(path: Path) -> float | None:
    """When a file was last written, or None if there is none."""
    try:
        return path.stat().st_mtime
    except OSError:
        return None


def slurm_time(text: str) -> float | None:
    """A time as Slurm writes it, in seconds of the epoch; None for words such as Unknown."""
    try:
        return time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%S"))
    except ValueError:
        return None
