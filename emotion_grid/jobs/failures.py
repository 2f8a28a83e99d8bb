"""What the screen shows when a start ends: which runs failed, why, and what to do."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from emotion_grid.base.layout import PACKS, TRAIN_LOG, experiment_at
from emotion_grid.base.messages import InputError
from emotion_grid.base.numbers import clock, megabytes
from emotion_grid.base.sharing import refused_room
from emotion_grid.jobs.status import SITE, Run, counts, experiment_status
from emotion_grid.jobs.usage import efficiency

CONTINUES = "the same command continues from the last checkpoint"

ADVICE = {
    "OUT_OF_MEMORY": f"raise mem_mb_retry (and mem_mb) in {SITE}; {CONTINUES}",
    "TIMEOUT": f"raise runtime in {SITE}, if the partition allows more; {CONTINUES}",
    "NODE_FAIL": f"nothing is wrong with the run, its node was lost; {CONTINUES}",
    "PREEMPTED": f"nothing is wrong with the run, another job took its place; {CONTINUES}",
    "CANCELLED": f"somebody cancelled the job (scancel, or a stopped start); {CONTINUES}",
}
"""What to do about a run, by the state in which its job ended."""

MEND = "fix the error that the log shows; the same command then trains only what is missing"

ADMIT = f"correct the account, partition, GPU request or limits in {SITE} (docs/cluster.md, Settings for your cluster)"

ROOM_FOR_A_LOG = 65_536
"""Bytes; where there is no room for them, a program may have ended without a word."""

LINES, MESSAGE_LINES, SHOWN = 5, 20, 10
"""Lines shown of a log, lines of a program's own error message at most, and failed runs shown in full."""


def explain_end(
    home: Path,
    checkout: Path,
    failed: Iterable[Path] = (),
    on_cluster: bool = False,
    refusals: Mapping[str, str] | None = None,
) -> str:
    """What a start of the workflow leaves on the screen: each failure with its cause, and what jobs asked for and used.

    Args:
        home: the experiment's folder of results.
        checkout: where Snakemake was started.
        failed: logs of the steps that failed.
        on_cluster: whether runs were Slurm jobs.
        refusals: what Slurm said of jobs that it did not take, by the job's log.
    """
    failed = sorted(map(Path, failed))
    refused = {log: refusals[str(log)] for log in failed if refusals and str(log) in refusals}
    try:
        experiment = experiment_status(home, checkout)
    except InputError as error:
        return f"\n{error}"
    runs, names, others = {run.name: run for run in experiment.runs}, [], []
    shared: set[str] = set()
    for log in (log for log in failed if log not in refused):
        if log.parent == home / PACKS:
            members = [
                name for name in experiment.packs.get(log.stem, []) if name in runs and runs[name].state == "failed"
            ]
            shared.update(members)
        else:
            members = [log.parent.name] if log.name == TRAIN_LOG and log.parent.name in runs else []
        names += members
        others += [] if members else [log]
    parts = _explain_refusals(refused)
    parts += [_explain_run(runs[name], name in shared) for name in names[:SHOWN]]
    if len(names) > SHOWN:
        parts.append(f"{len(names) - SHOWN} more failed: make status EXPERIMENT={experiment_at(home)} STATE=failed")
    parts += [_block(f"Failed: {log.stem}", log, MEND) for log in others]
    if on_cluster and (table := efficiency(experiment)):
        parts.append(table)
    if parts:
        parts.append(counts(experiment))
    return "\n" + "\n\n".join(parts) + "\n" if parts else ""


def _explain_refusals(refused: Mapping[Path, str]) -> list[str]:
    """What Slurm said of jobs that it did not take; jobs of which it said the same stand together."""
    jobs: dict[str, list[str]] = {}
    for log, words in refused.items():
        jobs.setdefault(words, []).append(log.parent.name if log.name == TRAIN_LOG else log.stem)
    return [
        "\n".join(
            [
                f"Not taken by Slurm: {names[0]}" + (f" and {len(names) - 1} more" if len(names) > 1 else ""),
                *(f"    | {line}" for line in words.splitlines()[:MESSAGE_LINES]),
                f"  to do: {ADMIT}",
            ]
        )
        for words, names in jobs.items()
    ]


def _explain_run(run: Run, shared: bool) -> str:
    """A failed run: its job and how that ended, which log to read, its last lines, what to do.

    A job that several runs shared may have ended for another's sake: then a run's own last words count.
    """
    if not run.job:
        return _block(f"Failed: {run.name}", run.log, MEND)
    job = run.job
    asked = [clock(job.asked_seconds)] if job.asked_seconds else []
    asked += [megabytes(job.asked_mb)] if job.asked_mb else []
    used = f" after {clock(job.seconds)}" if job.seconds is not None else ""
    whose = ", shared by a pack" if shared else ""
    title = f"Failed: {run.name}\n  Slurm job {job.number}{whose}: {job.state or 'state not known'}{used}"
    advice = MEND if shared and run.log and _says_why(run.log) else ADVICE.get(job.state, MEND)
    return _block(title + (f" (asked for {', '.join(asked)})" if asked else ""), run.log, advice)


def _block(title: str, log: Path | None, advice: str) -> str:
    if not log or not log.is_file():
        return f"{title}\n  no log: the job never started; Snakemake's message above says why"
    if not (lines := last_lines(log)) and (found := refused_room(log.parent, ROOM_FOR_A_LOG)):
        lines, advice = [f"(empty, because of {found})"], f"free some space on the disk; {CONTINUES}"
    return "\n".join([title, f"  log: {log}", *(f"    | {line}" for line in lines), f"  to do: {advice}"])


def last_lines(log: Path) -> list[str]:
    """The end of a log: a program's own error message if it ends in one, else the last lines; printable characters only.

    Of Slurm's own log of a job more is shown, since Snakemake's words of farewell come last there.
    """
    lines = _end_of(log)
    messages = [i for i, line in enumerate(lines) if line.startswith("error: ")]
    if messages:
        return lines[messages[-1] :][:MESSAGE_LINES]
    return lines[-MESSAGE_LINES if log.stem.isdigit() else -LINES :]


def _end_of(log: Path) -> list[str]:
    """Lines of a log's last 16 KiB, without empty ones and without characters that steer a terminal."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 16_384))
        text = file.read().decode(errors="replace")
    lines = ["".join(c if c.isprintable() else " " for c in line).rstrip() for line in text.splitlines()]
    return [line for line in lines if line]


def _says_why(log: Path) -> bool:
    """Whether a program ended by an error of its own; one that was killed says nothing."""
    return any(line.startswith(("error: ", "Traceback ")) for line in _end_of(log))
