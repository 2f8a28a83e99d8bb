"""A soak: accidents at random moments and places of a tiny study, and whether the next start makes up for each of them.

A round takes a copy of a study, lets one accident happen to it and starts the study again:

- kill: a signal to all processes of a start, to Snakemake alone or to one program, at a random moment;
- damage: any file of the results or of the cache, checkpoints of a killed start among them, that is cut, emptied, has one character changed
  or is replaced by another of its kind;
- full disk: results, cache or Snakemake's records on a disk that is too small (only as root, who may mount one);
- read-only: a folder of the results, of the cache or of Snakemake's records in which nothing can be written.

What is killed is a real Snakemake with real programs; starts that are only waited for are forks of one Python (`testing/warm.py`), which
makes room for more rounds. The study trains heads and layers, writes a checkpoint after every step, and explains its best run. What must
hold: no start ends with a traceback; a start that fails names the reason; no start trains again what was finished and undamaged; and at
the end the study has the prediction tables, metrics and comparisons of a study without accidents, byte for byte, all results match their
digests, and one more start finds nothing to do. Prints a Markdown table with the number of rounds and of faults of each kind, and exits
with 1 after a fault, whose checkout stays in --output.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import psutil

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.integrity import SET_ASIDE, find_damage
from emotion_grid.base.layout import CHECKS, EXPLANATION_RECORD, MODEL_RECORD, RECORDED
from emotion_grid.base.messages import log
from emotion_grid.data.splits import PROVENANCE
from testing.disks import mounted
from testing.tiny import Outcome, Project, make_checkout
from testing.warm import WarmPython

TABLES = ("metrics.csv", "comparison.csv")
"""Tables that hold no times, so that they are equal after any accident."""

RECORDS = (PROVENANCE, CHECKS, MODEL_RECORD, EXPLANATION_RECORD, *RECORDED)
"""Files of the results that hold the digests of others."""

ROOTS = ("results", "cache", ".snakemake")
"""Folders of a checkout in which a start writes."""

REASONS = (
    "found a full disk",
    "found a read-only file system",
    "expected permission",
    "in which Snakemake can keep its records",
)
"""Words of the messages about a full disk, a read-only file system and missing permissions."""

SNAKEMAKE_S_REASONS = ("No space left on device", "Read-only file system")
"""The system's words, as Snakemake repeats them where it cannot write its records."""


@dataclass
class Study:
    """A study that ran without accidents.

    Attributes:
        folder: its checkout.
        seconds: how long it took.
        content: its prediction tables, metrics and comparisons, by path.
        kilobytes: size of each of the folders in which a start writes.
    """

    folder: Path
    seconds: float
    content: dict[str, bytes] = field(repr=False)
    kilobytes: dict[str, int]


class Fault(Exception):
    """Something that must hold does not."""


def content(project: Project) -> dict[str, bytes]:
    """Prediction tables, metrics and comparisons of a study, by path."""
    tables = [path for name in TABLES if (path := project.home / name).is_file()]
    return {**project.snapshot(), **{path.name: path.read_bytes() for path in tables}}


def run_study(folder: Path) -> Study:
    """Run a tiny study without accidents."""
    project = make_checkout(folder)
    project.configure(
        encoders={"one": {"model": "./encoders/one"}},
        grid=[{"encoder": "one", "head": {"type": "mlp", "size": [8]}, "freeze": [1, "all"], "seed": [1, 2]}],
        explanations={"texts": 1, "evaluations": 20},
    )
    seconds = "SECONDS_BETWEEN_CHECKPOINTS = "
    project.edit("emotion_grid/training/checkpoints.py", f"{seconds}300", f"{seconds}0")
    start = time.monotonic()
    project.run(seconds=600)
    sizes = {name: sum(path.stat().st_size for path in files(folder / name)) // 1024 for name in ROOTS}
    return Study(folder, time.monotonic() - start, content(project), sizes)


def files(folder: Path) -> list[Path]:
    """All files in a folder that are no links, sorted."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]


def finished_runs(project: Project) -> dict[str, bytes]:
    """What finished runs recorded of their training, by name: other bytes mean that a run was trained again."""
    return {path.parent.name: path.read_bytes() for path in project.home.glob(f"runs/*/{PROVENANCE}")}


def expect_kept(before: dict[str, bytes], project: Project, damaged: tuple[str, ...] = ()) -> None:
    """Compare finished runs with what they were before.

    Args:
        damaged: parts of the path of a damaged file, whose run is trained again.

    Raises:
        Fault: with those that were lost or trained again.
    """
    after = finished_runs(project)
    again = [run for run, record in before.items() if after.get(run) != record and run not in damaged]
    if again:
        raise Fault(f"finished runs were lost or trained again: {', '.join(again)}")


def start(project: Project, reasons: tuple[str, ...] = (), damaged: tuple[str, ...] = ()) -> Outcome:
    """Start a study and wait for it.

    Args:
        reasons: words of which one must be in the output if the start fails; none if it may not fail.
        damaged: parts of the path of a damaged file, whose run is trained again.

    Raises:
        Fault: a traceback, a failure without a reason, a start that does not end, or finished runs that are not as they were.
    """
    before = finished_runs(project)
    try:
        done = subprocess.run(
            project.command(python=project.python),
            cwd=project.folder,
            env=project.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=600,
        )
    except subprocess.TimeoutExpired:
        raise Fault("a start did not end within ten minutes") from None
    (project.folder / "output.txt").write_text(done.stdout)
    if "Traceback (most recent call last)" in done.stdout:
        raise Fault("a traceback")
    if done.returncode and not any(word in done.stdout for word in reasons):
        raise Fault("a start failed without its reason" if reasons else "a start failed")
    expect_kept(before, project, damaged)
    return Outcome(done.returncode, done.stdout)


def forget_some(project: Project, random: Random) -> None:
    """Take away a random part of a finished study, so that there is something to do."""
    if random.random() < 0.3:
        shutil.rmtree(project.folder / "results")
    if random.random() < 0.3:
        shutil.rmtree(project.folder / "cache")
    for run in sorted(project.home.glob("runs/*")):
        if random.random() < 0.5:
            shutil.rmtree(run)
    for name in TABLES:
        (project.home / name).unlink(missing_ok=True)


def killed_start(project: Project, study: Study, random: Random) -> str:
    """Start a study and send a signal at a random moment; finished runs are kept."""
    before = finished_runs(project)
    process = project.start()
    time.sleep(random.uniform(0.2, study.seconds))
    sent = random.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
    target = random.choice(["all processes", "Snakemake alone", "one program"])
    try:
        if target == "all processes":
            os.killpg(process.pid, sent)
        elif target == "Snakemake alone":
            os.kill(process.pid, sent)
        elif programs := [
            child for child in psutil.Process(process.pid).children(recursive=True) if child.is_running()
        ]:
            random.choice(programs).send_signal(sent)
    except (ProcessLookupError, psutil.NoSuchProcess):
        target = "nobody (all was done)"
    output = process.communicate(timeout=600)[0] if target == "one program" else ""
    assert process.stdout
    process.stdout.close()
    process.wait(timeout=600)
    if "Traceback (most recent call last)" in output:
        raise Fault("a traceback")
    expect_kept(before, project)
    return f"{sent.name} to {target}"


def kill(project: Project, study: Study, random: Random) -> str:
    """Send a signal at a random moment."""
    forget_some(project, random)
    told = killed_start(project, study, random)
    kept = len(finished_runs(project))
    start(project)
    return f"{told}; {kept} finished runs kept"


def damage(project: Project, study: Study, random: Random) -> str:
    """Damage a file: the next start makes it again, or names it so that a person can delete it."""
    if random.random() < 0.5:  # so that what is damaged is read, and checkpoints are there
        forget_some(project, random)
        killed_start(project, study, random)
    kinds: dict[str, list[Path]] = {}
    for root in ("results", "cache"):
        for path in files(project.folder / root):
            name = str(path.relative_to(project.folder))
            if SET_ASIDE not in path.parts:
                kinds.setdefault(re.sub(r"[0-9a-f]*[0-9][0-9a-f]*", "#", name), []).append(path)
    if not kinds:
        start(project)
        return "nothing was there yet"
    kind = random.choice(sorted(kinds))
    path = random.choice(kinds[kind])
    name = path.relative_to(project.folder)
    how = random.choice(["cut", "emptied", "one character changed", "replaced by another of its kind"])
    path.write_bytes(damaged(path.read_bytes(), how, random, kinds[kind]))
    ended = start(project, (str(name), str(name.parent)), name.parts)
    if ended.status:
        path.unlink(missing_ok=True)
        start(project, damaged=name.parts)
    return f"{name} {how}: " + ("named" if ended.status else "made again, or of no consequence")


def damaged(whole: bytes, how: str, random: Random, others: list[Path]) -> bytes:
    """A file's content after damage.

    Args:
        others: files of its kind.
    """
    if how == "emptied":
        return b""
    if how == "replaced by another of its kind":
        return random.choice(others).read_bytes()
    place = random.randrange(max(len(whole), 1))
    if how == "cut":
        return whole[:place]
    return whole[:place] + (b"7" if whole[place : place + 1] != b"7" else b"3") + whole[place + 1 :]


def full_disk(project: Project, study: Study, random: Random) -> str:
    """Results, cache or Snakemake's records on a disk that is too small at first."""
    root = random.choice(ROOTS)
    folder = project.folder / root
    if root == ".snakemake":
        forget_some(project, random)
    shutil.rmtree(folder)
    folder.mkdir()
    room = random.randint(4, study.kilobytes[root])
    with mounted(folder, "-t", "tmpfs", "-o", f"size={room}k", "tmpfs"):
        ended = start(project, (*REASONS, *(SNAKEMAKE_S_REASONS if root == ".snakemake" else ())))
        subprocess.run(["mount", "-o", "remount,size=1g", str(folder)], check=True)
        start(project)
        check(project, study)
    return f"{room} KB for {root}: " + ("told" if ended.status else "was enough")


def read_only(project: Project, study: Study, random: Random) -> str:
    """A folder in which nothing can be written."""
    forget_some(project, random)
    roots = [root for name in ROOTS if (root := project.folder / name).is_dir()]
    folders = [*roots, *sorted(path for root in roots[:2] for path in root.rglob("*") if path.is_dir())]
    folder = random.choice(folders)
    reasons = (*REASONS, *(SNAKEMAKE_S_REASONS if folder.name == ".snakemake" else ()))
    if os.geteuid():
        folder.chmod(0o555)
        ended = start(project, reasons)
        folder.chmod(0o755)
    else:  # root may write whatever the mode says
        with mounted(folder, "--bind", "-o", "ro", str(folder)):
            ended = start(project, reasons)
    start(project)
    return f"{folder.relative_to(project.folder)}: " + ("told" if ended.status else "nothing was to be written there")


ACCIDENTS: dict[str, Callable[[Project, Study, Random], str]] = {
    "kill": kill,
    "damage": damage,
    "full disk": full_disk,
    "read-only": read_only,
}


def check(project: Project, study: Study) -> None:
    """Compare a study with the one without accidents, and its results with their digests.

    Raises:
        Fault: with the first table that is missing or different or the first damaged file, or if there is always something to do.
    """
    found = content(project)
    for name, expected in study.content.items():
        if found.get(name) != expected:
            raise Fault(f"{name} is {'different' if name in found else 'missing'}")
    for record in files(project.home):
        if record.name in RECORDS and SET_ASIDE not in record.parts and (broken := find_damage(record)):
            raise Fault(f"a damaged file was taken for good: {next(iter(broken.values()))}")
    if not start(project).nothing:
        raise Fault("a start after all was made found something to do")


def soak(study: Study, output: Path, minutes: float, seed: int) -> tuple[Counter[str], Counter[str]]:
    """Rounds and faults of each kind of accident, one kind after the other until the time is over."""
    rounds: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    kinds = [name for name in ACCIDENTS if name != "full disk" or not os.geteuid()]
    end = time.monotonic() + 60 * minutes
    while time.monotonic() < end:
        number = rounds.total()
        kind, random = kinds[number % len(kinds)], Random(f"{seed}-{number}")
        project = Project(Path(shutil.copytree(study.folder, output / f"round-{number}", symlinks=True)))
        rounds[kind] += 1
        try:
            told = ACCIDENTS[kind](project, study, random)
            if kind != "full disk":  # its results are gone with the disk
                check(project, study)
            log(f"round {number}, {kind}: {told}")
            shutil.rmtree(project.folder)
        except Fault as fault:
            faults[kind] += 1
            log(f"round {number}, {kind}: FAULT: {fault} ({project.folder})")
    if "full disk" not in kinds:
        log("full disk: not tried, since only root may mount a small disk")
    return rounds, faults


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="when to begin no further round (default: 10)")
    parser.add_argument("--seed", type=int, default=1, help="seed of all accidents (default: 1)")
    parser.add_argument("--output", type=Path, help="folder for the checkouts (default: a temporary one)")
    arguments = parser.parse_args()
    output = arguments.output or Path(tempfile.mkdtemp(prefix="soak-"))
    study = run_study(output / "whole")
    log(f"a start from nothing takes {study.seconds:.0f} s")
    with tempfile.TemporaryDirectory() as folder:
        warm = WarmPython(Path(folder))
        Project.python = str(warm.python)
        try:
            rounds, faults = soak(study, output, arguments.minutes, arguments.seed)
        finally:
            warm.stop()
    print("| accident | rounds | faults |\n|---|---|---|")
    for kind in rounds:
        print(f"| {kind} | {rounds[kind]} | {faults[kind]} |")
    if faults:
        sys.exit(1)
    if arguments.output is None:
        shutil.rmtree(output)


if __name__ == "__main__":
    run_program(main)
