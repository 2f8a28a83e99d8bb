"""The plan: what a config asks for, as folders with specs; written by the process that a user starts, and only read by jobs."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emotion_grid.base.digests import SHORT, digest
from emotion_grid.base.messages import InputError
from emotion_grid.data.splits import SPLITS
from emotion_grid.encoders.sources import Source, encoder_key
from emotion_grid.grid.expand import expand, varying
from emotion_grid.plan.older import finished_runs, standing_run
from emotion_grid.plan.programs import program_digest
from emotion_grid.plan.specs import (
    baseline_spec,
    data_key,
    data_spec,
    features_folder,
    features_spec,
    run_name,
    run_spec,
    tokens_folder,
    tokens_spec,
)


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
    finished = finished_runs(home / "runs")
    changing, runs = varying(points), {}
    for point in points:
        source, fold = sources[point.values["encoder"]], point.values["fold"]
        spec = run_spec(point, source, specs[fold])
        name, spec, older = standing_run(run_name(point, spec), spec, home / "runs", finished, config["older_results"])
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
