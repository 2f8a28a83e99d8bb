"""A soak: accidents at random moments and places of a tiny study, and whether the next start makes up for each of them.

A round takes a copy of a study, lets one accident happen to it and starts the study again:

- kill: a signal to all processes of a start, to Snakemake alone or to one program, at a random moment;
- damage: a file of the results or of the cache that is cut, emptied, has one character changed or is replaced by another of its kind;
- full disk: results or cache on a disk that is too small (only as root, who may mount one);
- read-only: a folder of the results or of the cache in which nothing can be written.

What must hold: no start ends with a traceback; a start that fails names the reason; runs that were finished and undamaged are not trained
again; and at the end the study has the prediction tables, metrics and comparisons of a study without accidents, byte for byte. Prints a
Markdown table with the number of rounds and of faults of each kind, and exits with 1 after a fault, whose checkout stays in --output.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import psutil

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.messages import log
from testing.tiny import Outcome, Project, make_checkout

TABLES = ("metrics.csv", "comparison.csv")
"""Tables that hold no times, so that they are equal after any accident."""

NOT_DAMAGED = {"guard.json", "lock", "spec.lock", "start.json", "config.yaml"}
"""Files that nothing is made from."""

REASONS = ("found a full disk", "found a read-only file system", "expected permission")
"""Words of the messages about a full disk, a read-only file system and missing permissions."""


@dataclass
class Study:
    """A study that ran without accidents.

    Attributes:
        folder: its checkout.
        seconds: how long it took.
        content: its prediction tables, metrics and comparisons, by path.
        kilobytes: size of its results and its cache.
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
    start = time.monotonic()
    project.run()
    sizes = {
        name: sum(path.stat().st_size for path in (folder / name).rglob("*") if path.is_file()) // 1024
        for name in ("results", "cache")
    }
    return Study(folder, time.monotonic() - start, content(project), sizes)


def finished_runs(project: Project) -> dict[str, bytes]:
    """What finished runs recorded of their training, by name: other bytes mean that a run was trained again."""
    return {path.parent.name: path.read_bytes() for path in project.home.glob("runs/*/provenance.json")}


def start(project: Project, reason: tuple[str, ...] = ()) -> Outcome:
    """Start a study and wait for it.

    Args:
        reason: words of which one must be in the output if the start fails; none if it may not fail.

    Raises:
        Fault: a traceback, a failure without a reason, or a start that does not end.
    """
    try:
        done = subprocess.run(
            project.command(),
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
    if done.returncode and not any(word in done.stdout for word in reason):
        raise Fault("a start failed without its reason" if reason else "a start failed")
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


def kill(project: Project, study: Study, random: Random) -> str:
    """Send a signal at a random moment."""
    forget_some(project, random)
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
    before = finished_runs(project)
    start(project)
    again = [name for name, record in before.items() if finished_runs(project)[name] != record]
    if again:
        raise Fault(f"finished runs were trained again: {', '.join(again)}")
    return f"{sent.name} to {target}; {len(before)} finished runs kept"


def damage(project: Project, study: Study, random: Random) -> str:
    """Damage a file: the next start makes it again, or names it so that a person can delete it."""
    kinds: dict[str, list[Path]] = {}
    for root in ("results", "cache"):
        for path in sorted((project.folder / root).rglob("*")):
            if path.is_file() and not path.is_symlink() and path.name not in NOT_DAMAGED and path.suffix != ".log":
                kinds.setdefault(path.name, []).append(path)
    path = random.choice(kinds[random.choice(sorted(kinds))])
    whole, name = path.read_bytes(), path.relative_to(project.folder)
    how = random.choice(["cut", "emptied", "one character changed", "replaced by another of its kind"])
    if how == "cut":
        broken = whole[: random.randrange(max(len(whole), 1))]
    elif how == "emptied":
        broken = b""
    elif how == "one character changed":
        place = random.randrange(max(len(whole), 1))
        digit = b"7" if whole[place : place + 1] != b"7" else b"3"
        broken = whole[:place] + digit + whole[place + 1 :]
    else:
        broken = random.choice(kinds[path.name]).read_bytes()
    path.write_bytes(broken)
    before = finished_runs(project)
    ended = start(project, reason=(str(name), str(name.parent)))
    if ended.status:
        path.unlink(missing_ok=True)
        start(project)
    again = [run for run, record in before.items() if finished_runs(project)[run] != record and run not in path.parts]
    if again:
        raise Fault(f"{name} was {how}; undamaged runs were trained again: {', '.join(again)}")
    return f"{name} {how}: " + ("named" if ended.status else "made again, or of no consequence")


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[None]:
    """Mount something over a folder for a while."""
    subprocess.run(["mount", *options, str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def full_disk(project: Project, study: Study, random: Random) -> str:
    """Results or cache on a disk that is too small at first."""
    root = random.choice(["results", "cache"])
    folder = project.folder / root
    shutil.rmtree(folder)
    folder.mkdir()
    room = random.randint(4, study.kilobytes[root])
    with mounted(folder, "-t", "tmpfs", "-o", f"size={room}k", "tmpfs"):
        ended = start(project, reason=REASONS)
        subprocess.run(["mount", "-o", "remount,size=1g", str(folder)], check=True)
        start(project)
        check(project, study)
    return f"{room} KB for {root}: " + ("told" if ended.status else "was enough")


def read_only(project: Project, study: Study, random: Random) -> str:
    """A folder in which nothing can be written."""
    forget_some(project, random)
    roots = [project.folder / name for name in ("results", "cache")]
    folders = [root for root in roots if root.is_dir()]
    folders += sorted(path for root in roots for path in root.rglob("*") if path.is_dir() and len(path.parts) < 12)
    if not folders:
        start(project)
        return "nothing was there yet"
    folder = random.choice(folders)
    if os.geteuid():
        folder.chmod(0o555)
        ended = start(project, reason=REASONS)
        folder.chmod(0o755)
    else:  # root may write whatever the mode says
        with mounted(folder, "--bind", "-o", "ro", str(folder)):
            ended = start(project, reason=REASONS)
    start(project)
    return f"{folder.relative_to(project.folder)}: " + ("told" if ended.status else "nothing was to be written there")


ACCIDENTS: dict[str, Callable[[Project, Study, Random], str]] = {
    "kill": kill,
    "damage": damage,
    "full disk": full_disk,
    "read-only": read_only,
}


def check(project: Project, study: Study) -> None:
    """Compare a study with the one without accidents.

    Raises:
        Fault: with the first table that is missing or different.
    """
    found = content(project)
    for name, expected in study.content.items():
        if found.get(name) != expected:
            raise Fault(f"{name} is {'different' if name in found else 'missing'}")


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
    rounds, faults = soak(study, output, arguments.minutes, arguments.seed)
    print("| accident | rounds | faults |\n|---|---|---|")
    for kind in rounds:
        print(f"| {kind} | {rounds[kind]} | {faults[kind]} |")
    if faults:
        sys.exit(1)
    if arguments.output is None:
        shutil.rmtree(output)


if __name__ == "__main__":
    run_program(main)
