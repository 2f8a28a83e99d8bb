"""The plan: what a config asks for, as folders with specs; written by the process that a user starts, and only read by jobs."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.lib.encoders import Source, encoder_key
from scripts.lib.files import SHORT, InputError, canonical, digest, read_json, write_json
from scripts.lib.grid import expand, varying
from scripts.lib.spec import (
    baseline_spec,
    cache_key,
    data_spec,
    features_spec,
    program_digest,
    run_name,
    run_spec,
    tokens_spec,
)
from scripts.lib.splits import RESULT_FILES, SPLITS, missing_files


@dataclass(frozen=True)
class Row:
    """A row of the tables: something with prediction tables in `folder`, judged by the gold labels in `data`."""

    name: str
    kind: str
    folder: str
    data: str
    spec: dict
    columns: dict[str, Any] = field(default_factory=dict)
    older: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """All that an experiment's config asks for; keys are folder names, those of `cached` in the cache (tokens/…, features/…)."""

    experiment: str
    runs: dict[str, Row]
    baselines: dict[str, Row]
    data: dict[str, dict]
    encoders: dict[str, Source]
    cached: dict[str, dict]
    features_gb: float
    others: list[str]
    explanations: dict
    settings: dict

    def document(self) -> dict:
        """The content of plan.json: what decides the tables, and the programs that make them."""
        rows = [
            {
                "run": row.name,
                "kind": row.kind,
                "folder": row.folder,
                "data": row.data,
                "columns": row.columns,
                "older": list(row.older),
            }
            for row in (*self.runs.values(), *self.baselines.values())
        ]
        return {"experiment": self.experiment, "rows": rows, **self.settings}


def build_plan(config: dict) -> Plan:
    """The plan for a checked config.

    Raises:
        InputError: a grid, an encoder or a data file that cannot be.
    """
    points, sources = expand(config)
    home = Path(config["results_root"]).expanduser() / config["experiment"]
    folds = sorted({point.values["fold"] for point in points}, key=lambda fold: fold or 0)
    specs = {fold: data_spec(config, fold) for fold in folds}
    data = {data_key(spec): spec for spec in specs.values()}
    finished = _finished(home / "runs")
    changing, runs = varying(points), {}
    for point in points:
        source, fold = sources[point.values["encoder"]], point.values["fold"]
        spec = run_spec(point, source, specs[fold])
        name, spec, older = _standing(run_name(point, spec), spec, home / "runs", finished, config["older_results"])
        data[data_key(spec["data"])] = spec["data"]
        columns = {**point.columns(), **{key: point.training[key] for key in changing}}
        runs[name] = Row(name, "run", f"runs/{name}", data_key(spec["data"]), spec, columns, older)
    baselines = {}
    for kind in config["baselines"]:
        for fold in folds:
            spec = baseline_spec(kind, specs[fold])
            name = f"{kind}{'' if fold is None else f'_fold-{fold}'}_{digest(spec)[:SHORT]}"
            columns = {"encoder": kind, "fold": fold}
            baselines[name] = Row(name, "baseline", f"baselines/{name}", data_key(specs[fold]), spec, columns)
    explains = config["explanations"]["texts"] and config["keep_models"] != "none"
    settings = {
        "columns": list(dict.fromkeys(name for row in (*runs.values(), *baselines.values()) for name in row.columns)),
        "labels": config["data"]["labels"],
        "folds": config["data"].get("folds"),
        "compare": {name: str(Path(folder).expanduser()) for name, folder in config["compare"].items()},
        "evaluation": config["evaluation"],
        "keep_models": config["keep_models"],
        "explained": config["explanations"]["run"] if explains else None,
        "title": config["report"]["title"] or config["experiment"],
        "programs": {name: program_digest(f"scripts.{name}") for name in ("evaluate", "compare", "report")},
    }
    return Plan(
        config["experiment"],
        runs,
        baselines,
        data,
        {encoder_key(source.spec): source for source in sources.values()},
        _cached(runs),
        config["features_gb"],
        _other_predictions(config["compare"]),
        _explanations(config, runs),
        settings,
    )


def _cached(runs: dict[str, Row]) -> dict[str, dict]:
    """Specs of the tokens and features that the runs read."""
    found = {}
    for row in runs.values():
        found[tokens_folder(row.spec)] = tokens_spec(row.spec)
        if folder := features_folder(row.spec):
            found[folder] = features_spec(row.spec)
    return found


def tokens_folder(run: dict) -> str:
    """Folder in the cache of the tokens that a run reads, from its spec."""
    return f"tokens/{cache_key(tokens_spec(run))}"


def features_folder(run: dict) -> str | None:
    """Folder in the cache of the features that a run reads, from its spec; None if nothing of its encoder is frozen."""
    spec = features_spec(run)
    return spec and f"features/{cache_key(spec)}"


def _explanations(config: dict, runs: dict[str, Row]) -> dict:
    """What decides the explanation of a run, beside the run itself."""
    wanted = config["explanations"]
    if wanted["run"] != "best" and wanted["run"] not in runs:
        raise InputError(
            f"explanations.run: expected best or the name of a run of this grid (a folder under runs/), found {wanted['run']}"
        )
    return {
        "texts": wanted["texts"],
        "evaluations": wanted["evaluations"],
        "threshold": config["evaluation"]["threshold"],
        "program": program_digest("scripts.explain"),
    }


def _other_predictions(compare: dict[str, str]) -> list[str]:
    """The prediction tables under `compare`."""
    tables = []
    for name, folder in compare.items():
        found = [path for path in (Path(folder).expanduser() / f"{split}.csv" for split in SPLITS) if path.is_file()]
        if not found:
            raise InputError(
                f"compare.{name}: expected a folder with {' or '.join(f'{split}.csv' for split in SPLITS)}, found none of them in {folder}"
            )
        tables += [str(path) for path in found]
    return tables


def data_key(spec: dict) -> str:
    """The name of the folder of prepared splits."""
    return digest(spec)[:SHORT]


def write_specs(plan: Plan, home: Path, cache: Path) -> None:
    """Write every spec that is not there yet, and plan.json and explanations.json if they changed."""
    for row in (*plan.runs.values(), *plan.baselines.values()):
        _write_once(home / row.folder / "spec.json", row.spec)
    for key, spec in plan.data.items():
        _write_once(home / "data" / key / "spec.json", spec)
    for key, source in plan.encoders.items():
        # Inside the image another folder is home.
        model = str(Path(source.model).expanduser()) if source.model.startswith("~") else source.model
        _write_once(cache / "encoders" / key / "spec.json", {**source.spec, "source": model})
    for folder, spec in plan.cached.items():
        _write_once(cache / folder / "spec.json", spec)
        _reconsider(cache / folder / "features.json", plan.features_gb)
    write_request(plan.document(), home / "plan.json")
    write_request(plan.explanations, home / "explanations.json")


def _reconsider(record: Path, limit: float) -> None:
    """Remove the record of features that an earlier start, with a lower `features_gb`, did not store."""
    if record.is_file():
        found = read_json(record)
        if not found["stored"] and found["gigabytes"] is not None and found["gigabytes"] <= limit:
            record.unlink(missing_ok=True)


def write_request(document: dict, path: Path, beside: Path | None = None) -> Path:
    """Write what results are made from unless it already says the same, since its time tells whether they are behind; return its path.

    With `beside`, a document that differs goes into that folder: so a dry run shows what would be made and changes nothing.
    """
    if path.is_file() and canonical(read_json(path)) == canonical(document):
        return path
    path = path if beside is None else Path(beside) / path.name
    write_json(path, document)
    return path


def _write_once(path: Path, spec: dict) -> None:
    try:
        if not path.is_file():
            write_json(path, spec)
    except PermissionError as error:
        raise InputError(
            f"{path.parent}: expected it in place or a folder that you can write to, found neither ({error.filename}); ask who owns it "
            "to run this study once or to open it (chmod -R g+rwX), or set cache_root or results_root to a folder of your own"
        ) from error


def _finished(folder: Path) -> dict[str, list[str]]:
    """Names of the finished runs on disk, by their readable part."""
    names: dict[str, list[str]] = {}
    for entry in os.scandir(folder) if folder.is_dir() else ():
        readable, _, _ = entry.name.rpartition("_")
        names.setdefault(readable, []).append(entry.name)
    return names


def _standing(
    name: str, spec: dict, folder: Path, finished: dict, older_results: dict
) -> tuple[str, dict, tuple[str, ...]]:
    """The run that stands for a spec, its spec, and what of it is older.

    That is the spec's own run or, where the config lets it, a finished one that differs in program or lock alone.
    """
    candidates = [other for other in finished.get(name.rpartition("_")[0], []) if other != name]
    kept = tuple(key for key in ("program", "lock") if older_results[key] == "keep")
    if not candidates or not kept or not missing_files(folder / name, RESULT_FILES):
        return name, spec, ()
    wanted = _without(spec, kept)
    for other in sorted(candidates, key=lambda other: -(folder / other).stat().st_mtime):
        if missing_files(folder / other, (*RESULT_FILES, "spec.json")):
            continue
        found = read_json(folder / other / "spec.json")
        if canonical(_without(found, kept)) == canonical(wanted):
            return other, found, tuple(key for key in kept if _part(found, key) != _part(spec, key))
    return name, spec, ()


def _without(spec: dict, keys: tuple[str, ...]) -> dict:
    """A spec without its program or lock, and its data without theirs."""
    return {key: _without(value, keys) if key == "data" else value for key, value in spec.items() if key not in keys}


def _part(spec: dict, key: str) -> list:
    return [spec.get(key), spec["data"].get(key)]
