"""What a run reads is checked against its digests before it is trained, and what it wrote gets digests of its own.

`training/run.py` does not import this module: its digest would enter the name of every run.
"""

import shutil
from pathlib import Path

from emotion_grid.base.digests import file_digest
from emotion_grid.base.environment import set_up_environment
from emotion_grid.base.files import read_json
from emotion_grid.base.integrity import (
    expect_whole,
    files_below,
    renew_record,
    set_aside,
    spec_damage,
    write_record,
)
from emotion_grid.base.layout import CHECKS, FEATURES_RECORD, FETCHED, MODEL_RECORD, SPEC, TOKENS_RECORD
from emotion_grid.base.messages import InputError, log
from emotion_grid.data.splits import BASELINE_FILES, HISTORY, MODEL, MODEL_FILES, PROVENANCE, missing_files
from emotion_grid.training.checkpoints import DIGESTS, FOLDER
from emotion_grid.training.run import Job


def check_inputs(job: Job) -> None:
    """Refuse a spec, prepared splits, tokens, features and an encoder that are not as they were written.

    The weights of an encoder are read only if the run reads them: a head that is trained on features does not.

    Raises:
        InputError: what does not match its digest.
    """
    if damage := spec_damage(job.output):
        raise InputError(f"{damage}; start again: then it is written again")
    records: dict[Path, None] = {job.data / CHECKS: None, job.tokens / TOKENS_RECORD: None}
    if job.features:
        records[job.features / FEATURES_RECORD] = None
    expect_whole(records)
    if not _reads_features_alone(job):
        expect_whole({job.encoder.with_name(FETCHED): None})


def _reads_features_alone(job: Job) -> bool:
    """Whether the run trains a head on features and needs no weights of the encoder."""
    if job.features is None or job.spec["freeze"] != "all":
        return False
    set_up_environment(job.threads)
    from emotion_grid.model.devices import find_device, find_precision

    record = read_json(job.features / FEATURES_RECORD)
    precision = find_precision(job.spec["training"]["precision"], find_device())
    return bool(record["stored"]) and record["precision"] == precision


def put_broken_checkpoints_aside(job: Job) -> None:
    """Move checkpoints aside that are not as they were written, so that the run starts from the first epoch instead of from anything else."""
    checkpoints = job.output / FOLDER
    for folder in (*checkpoints.glob("[0-9]*"), *checkpoints.glob("first/*")):
        if broken := _broken_files(folder):
            reason = f"{folder}: expected a checkpoint as it was written, found {', '.join(broken)} damaged"
            log(f"{reason}; it is moved to {set_aside(folder, job.output, [reason])}")


def _broken_files(folder: Path) -> list[str]:
    """Files of a checkpoint that do not match their digests, or are gone.

    Raises:
        PermissionError: they are closed to this member of a team, which says nothing about what is in them.
    """
    try:
        digests = dict(read_json(folder / DIGESTS))
    except (InputError, FileNotFoundError, TypeError, ValueError):
        return [DIGESTS]
    return sorted(
        name
        for name, expected in digests.items()
        if not (folder / name).is_file() or file_digest(folder / name) != expected
    )


def record_results(job: Job) -> None:
    """Note the digests of what a run has written: its tables, history and spec in provenance.json, its model's beside the model."""
    if job.keep != "model":
        spec = [SPEC] if (job.output / SPEC).is_file() else []
        renew_record(job.output / PROVENANCE, [*BASELINE_FILES, HISTORY, *spec])
    if job.keep != "results":
        _record_model(job.output / MODEL)


def _record_model(folder: Path) -> None:
    """Note the digests of a model, unless a process that keeps the best one removes it at this moment."""
    try:
        write_record(folder / MODEL_RECORD, {}, files_below(folder))
    except FileNotFoundError:
        return
    if missing_files(folder.parent, MODEL_FILES):
        shutil.rmtree(folder, ignore_errors=True)
