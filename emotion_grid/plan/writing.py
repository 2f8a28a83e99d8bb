"""Writing specs and requests, which jobs only read."""

from collections.abc import Container
from dataclasses import asdict
from pathlib import Path
from typing import Any

from emotion_grid.base.digests import canonical
from emotion_grid.base.files import read_json, write_json
from emotion_grid.base.integrity import read_record
from emotion_grid.base.layout import DATASETS, ENCODERS, EXPLANATIONS_REQUEST, FEATURES_RECORD, PLAN, SPEC, data_folder
from emotion_grid.base.sharing import explained_refusals, shared
from emotion_grid.data.splits import INPUTS, predicted_texts
from emotion_grid.plan.plan import Plan


def write_specs(plan: Plan, home: Path, cache: Path, finished: Container[str] = ()) -> None:
    """Write every spec that is not there yet, where each run finds its inputs, and plan.json and explanations.json if they changed.

    A spec that says something else than planned is written again. That of a finished row is not read: its digest is in the row's record.

    Args:
        home: the experiment's folder of results.
        cache: the folder of what experiments share.
        finished: names of the rows whose results are whole.

    Raises:
        InputError: a folder that the system does not let write to.
    """
    with explained_refusals(cache), shared(cache):
        _write_cache_specs(plan, cache)
    with explained_refusals(home):
        _write_results_specs(plan, home, finished)


def _write_results_specs(plan: Plan, home: Path, finished: Container[str]) -> None:
    for row in (*plan.runs.values(), *plan.rows.values()):
        if row.name not in finished or not (home / row.folder / SPEC).is_file():
            _write_spec(home / row.folder / SPEC, row.spec)
        write_request(asdict(row.inputs), home / row.folder / INPUTS)
        if row.predicts and row.inputs.texts:
            _write_spec(predicted_texts(home / row.folder, row.inputs.texts), {})
    for key, spec in plan.data.items():
        _write_spec(data_folder(home, key) / SPEC, spec)
    write_request(plan.document(), home / PLAN)
    write_request(plan.explanations, home / EXPLANATIONS_REQUEST)


def _write_cache_specs(plan: Plan, cache: Path) -> None:
    for key, source in plan.encoders.items():
        path = cache / ENCODERS / key / SPEC
        written, _ = read_record(path)  # another start may have found the same encoder elsewhere
        _write_spec(path, {**source.spec, "source": written.get("source", source.model)})
    for key, spec in plan.datasets.items():
        _write_spec(cache / DATASETS / key / SPEC, spec)
    for folder, spec in plan.cached.items():
        _write_spec(cache / folder / SPEC, spec)
        _reconsider(cache / folder / FEATURES_RECORD, plan.features_gb)


def _reconsider(record: Path, limit: float) -> None:
    """Remove the record of features that an earlier start, with a lower `features_gb`, did not store."""
    if record.is_file():
        facts = read_json(record)
        if not facts["stored"] and facts["gigabytes"] is not None and facts["gigabytes"] <= limit:
            record.unlink(missing_ok=True)


def write_request(document: dict[str, Any], path: Path, beside: Path | None = None) -> Path:
    """Write what results are made from unless it already says the same, since its time tells whether they are behind; return its path.

    With `beside`, a document that differs goes into that folder: so a dry run shows what would be made and changes nothing.
    """
    if _says(path, document):
        return path
    path = path if beside is None else Path(beside) / path.name
    write_json(path, document)
    return path


def _says(path: Path, document: dict[str, Any]) -> bool:
    """Whether a file holds a document already; one that cannot be read does not."""
    if not path.is_file():
        return False
    found, broken = read_record(path)
    return not broken and canonical(found) == canonical(document)


def _write_spec(path: Path, spec: dict[str, Any]) -> None:
    if not _says(path, spec):
        write_json(path, spec)
