"""The plan: what a config asks for, as folders with specs; written by the process that a user starts, and only read by jobs."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from emotion_grid.base.digests import canonical
from emotion_grid.base.layout import DATA, ENCODERS, ENSEMBLES, FEATURES, RUNS, TOKENS
from emotion_grid.base.messages import InputError
from emotion_grid.encoders.sources import Source, encoder_key
from emotion_grid.grid.axes.declared import AXES
from emotion_grid.grid.expand import Point, expand, varying
from emotion_grid.plan.added import file_config
from emotion_grid.plan.annotators import annotators_section
from emotion_grid.plan.compared import compared_tables
from emotion_grid.plan.ensembles import KIND, ensemble_specs, runs_by_setting
from emotion_grid.plan.inputs import RAW_SPLITS, hub_splits, label_names
from emotion_grid.plan.kinds import KINDS, Kind
from emotion_grid.plan.older import finished_runs, predicts, standing_run
from emotion_grid.plan.programs import program_digest, report_digest
from emotion_grid.plan.specs import (
    Inputs,
    axis_parts,
    cache_key,
    data_key,
    data_spec,
    features_spec,
    named,
    readable,
    run_name,
    run_spec,
    texts_key,
    tokens_spec,
)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the tables: something with prediction tables in `folder`, judged by the gold labels in `data`.

    Attributes:
        name: of the row, and of its folder.
        kind: `run`, or the name of another kind of rows.
        folder: in the experiment's folder of results.
        data: key of the prepared splits.
        spec: what decides its predictions.
        columns: its cells in summary.csv.
        older: what of a finished run is older than the checkout: `program`, `lock`.
        inputs: where its job finds what it reads.
        predicts: whether a finished run of version 0.1 is known to predict the present texts of dev and test.
    """

    name: str
    kind: str
    folder: str
    data: str
    spec: dict[str, Any]
    inputs: Inputs
    columns: dict[str, Any] = field(default_factory=dict)
    older: tuple[str, ...] = ()
    predicts: bool = False


@dataclass(frozen=True)
class Plan:
    """All that an experiment's config asks for.

    Attributes:
        experiment: its name.
        runs: the runs of the grid by name.
        rows: the rows of other kinds by name.
        data: specs of prepared splits by key.
        encoders: the encoders by their folder's name in the cache.
        datasets: specs of splits of the hub by their folder's name in the cache.
        cached: specs of tokens and features by their folder in the cache (tokens/…, features/…).
        features_gb: the largest size of stored features.
        others: prediction tables under `compare`, each with the splits that it predicts.
        explanations: what decides the explanation of a run, beside the run itself.
        settings: the rest of plan.json.
    """

    experiment: str
    runs: dict[str, Row]
    rows: dict[str, Row]
    data: dict[str, dict[str, Any]]
    encoders: dict[str, Source]
    datasets: dict[str, dict[str, str]]
    cached: dict[str, dict[str, Any]]
    features_gb: float
    others: dict[str, list[str]]
    explanations: dict[str, Any]
    settings: dict[str, Any]

    def setting_of(self, run: Row) -> tuple[str, ...]:
        """The setting of a run: its cells of all columns but those of repetitions."""
        names = [name for name in self.settings["columns"] if name not in self.settings["repetitions"]]
        return tuple(str(run.columns.get(name)) for name in names)

    def document(self) -> dict[str, Any]:
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
            for row in (*self.runs.values(), *self.rows.values())
        ]
        return {"experiment": self.experiment, "rows": rows, **self.settings}


@dataclass(frozen=True)
class Data:
    """Prepared splits that runs share: one for each combination of values of the axes whose place is the data.

    Attributes:
        spec: what decides them.
        columns: the cells of these axes in summary.csv.
        parts: the pieces of these axes in a name.
    """

    spec: dict[str, Any]
    columns: dict[str, Any]
    parts: list[str]

    @functools.cached_property
    def key(self) -> str:
        """The name of their folder."""
        return data_key(self.spec)

    @functools.cached_property
    def texts(self) -> str:
        """The name of dev's and test's texts."""
        return texts_key(self.spec)


def build_plan(config: dict[str, Any]) -> Plan:
    """The plan for a checked config.

    Raises:
        InputError: a grid, an encoder, a data file or a table under `compare` that cannot be.
    """
    points, sources = expand(config)
    home = Path(config["results_root"]).expanduser() / config["experiment"]
    firsts: dict[str, Point] = {}
    for point in points:
        firsts.setdefault(_data_values(point), point)
    others = [_of_other_rows(point) for point in firsts.values()]
    splits = _data(config, [*firsts.values(), *others])
    shared = {key: splits[key] for key in map(_data_values, others)}
    runs, cached, judging = _runs(config, points, sources, splits, home)
    rows = {row.name: row for kind in KINDS for data in shared.values() for row in _other_rows(kind, config, data)}
    rows |= {row.name: row for row in _ensembles(config, runs, splits)}
    return Plan(
        experiment=config["experiment"],
        runs=runs,
        rows=rows,
        data={data.key: data.spec for data in splits.values()} | judging,
        encoders={encoder_key(source.spec): source for source in sources.values()},
        datasets=_datasets(config, splits),
        cached=cached,
        features_gb=config["features_gb"],
        others=compared_tables(config),
        explanations=_explanations(config, runs),
        settings=_settings(config, [*runs.values(), *rows.values()]),
    )


def _of_other_rows(point: Point) -> Point:
    """A point as rows that are no runs see it: axes that are for runs alone have their defaults."""
    axes = [axis for axis in AXES if axis.of_runs]
    return replace(
        point,
        declared={**point.declared, **{axis.name: axis.default for axis in axes}},
        values={**point.values, **{axis.name: axis.neutral for axis in axes}},
    )


def _datasets(config: dict[str, Any], splits: dict[str, Data]) -> dict[str, dict[str, str]]:
    """The splits of the hub that are read, added rows included."""
    added = {data.spec["added"]["name"] for data in splits.values() if "added" in data.spec}
    read = [config, *(file_config(config, name) for name in added)]
    return {source.key: source.spec for part in read for source in hub_splits(part).values()}


def _data_values(point: Point) -> str:
    """What tells the prepared splits of points apart."""
    return canonical([point.values[axis.name] for axis in AXES if axis.place == "data"])


def _data(config: dict[str, Any], points: list[Point]) -> dict[str, Data]:
    """The prepared splits that the points read, runs or other rows, by the values of their axes."""
    splits: dict[str, Data] = {}
    axes = [axis for axis in AXES if axis.place == "data"]
    for point in points:
        if (key := _data_values(point)) not in splits:
            columns: dict[str, Any] = {}
            for axis in axes:
                columns |= axis.columns(point.declared[axis.name], point.values[axis.name])
            parts = [axis.part(point.values[axis.name]) for axis in axes if point.values[axis.name] != axis.neutral]
            splits[key] = Data(data_spec(config, point.values), columns, parts)
    return splits


def _runs(
    config: dict[str, Any], points: list[Point], sources: dict[str, Source], splits: dict[str, Data], home: Path
) -> tuple[dict[str, Row], dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """The rows of the grid's runs, the specs of the tokens and features that they read, and those of the data that judge older ones."""
    finished, changing = finished_runs(home / RUNS), varying(points)
    folders = {name: f"{ENCODERS}/{encoder_key(source.spec)}" for name, source in sources.items()}
    runs: dict[str, Row] = {}
    cached: dict[str, dict[str, Any]] = {}
    judging: dict[str, dict[str, Any]] = {}
    for point in points:
        source, data = sources[point.values["encoder"]], splits[_data_values(point)]
        spec = run_spec(point, source, data.spec)
        tokens, features = tokens_spec(spec, data.spec), features_spec(spec, data.spec)
        tokens_folder = f"{TOKENS}/{cache_key(tokens)}"
        cached[tokens_folder] = tokens
        features_folder = None
        if features:
            features_folder = f"{FEATURES}/{cache_key(features)}"
            cached[features_folder] = features
        name, axes = run_name(point, spec), readable(axis_parts(point))
        alike = [other for part in {name.rpartition("_")[0], axes} for other in finished.get(part, [])]
        run = standing_run(name, spec, data.spec, home, alike, config["older_results"])
        key = data.key if run.data is data.spec else data_key(run.data)
        judging[key] = run.data
        runs[run.name] = Row(
            name=run.name,
            kind="run",
            folder=f"{RUNS}/{run.name}",
            data=key,
            spec=run.spec,
            inputs=Inputs(
                data=f"{DATA}/{key}",
                encoder=folders[source.encoder.name],
                tokens=tokens_folder,
                features=features_folder,
                texts=data.texts,
            ),
            columns={**point.columns(), **{key: point.training[key] for key in changing}},
            older=run.older,
            predicts=predicts(run.spec, data.spec),
        )
    return runs, cached, judging


def _other_rows(kind: Kind, config: dict[str, Any], data: Data) -> Iterator[Row]:
    """The rows of a kind for some prepared splits."""
    for name, spec in kind.specs(config, data.spec).items():
        folder = named([name, *data.parts], spec)
        columns = {"encoder": name, **data.columns}
        inputs = Inputs(f"{DATA}/{data.key}")
        yield Row(folder, kind.name, f"{kind.folder}/{folder}", data.key, spec, inputs, columns)


def _ensembles(config: dict[str, Any], runs: dict[str, Row], splits: dict[str, Data]) -> Iterator[Row]:
    """The ensembles of each fold, which the first prepared splits of the fold judge."""
    if not config["ensembles"]:
        return
    settings = runs_by_setting({run.name: run.columns for run in runs.values()})
    for fold in settings[0]:
        data = next(data for data in splits.values() if str(data.columns["fold"] or "") == fold)
        for name, spec in ensemble_specs(config["ensembles"], settings, fold, data.spec).items():
            folder = named([name, f"fold-{fold}" if fold else ""], spec)
            columns, inputs = {"encoder": name, "fold": data.columns["fold"]}, Inputs(f"{DATA}/{data.key}")
            yield Row(folder, KIND, f"{ENSEMBLES}/{folder}", data.key, spec, inputs, columns)


def _settings(config: dict[str, Any], rows: list[Row]) -> dict[str, Any]:
    """What plan.json says beside its rows."""
    explains = config["explanations"]["texts"] and config["keep_models"] != "none"
    repeated = [axis for axis in AXES if axis.repeats]
    return {
        "columns": list(dict.fromkeys(name for row in rows for name in row.columns)),
        "repetitions": [axis.name for axis in repeated],
        "derived": [name for axis in AXES for name in axis.derived],
        "labels": label_names(config),
        "folds": config["data"].get("folds"),
        "compare": {name: str(Path(folder).expanduser()) for name, folder in config["compare"].items()},
        "annotators": annotators_section(config),
        "united": {key: config["united"][key] for key in ("train_on", "judged_on")} if "united" in config else None,
        "evaluation": config["evaluation"],
        "keep_models": config["keep_models"],
        "explained": config["explanations"]["run"] if explains else None,
        "files": {split: config["data"][split] for split in RAW_SPLITS if split in config["data"]},
        "title": config["report"]["title"] or config["experiment"],
        "note": config["report"]["note"],
        "tags": config["report"]["tags"],
        "programs": {
            "evaluate": program_digest("emotion_grid.evaluation.scoring"),
            "compare": program_digest("emotion_grid.evaluation.comparison", "emotion_grid.evaluation.scaling"),
            "report": report_digest(),
        },
    }


def _explanations(config: dict[str, Any], runs: dict[str, Row]) -> dict[str, Any]:
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
        "program": program_digest("emotion_grid.explanation.explaining", "emotion_grid.report.explanation"),
    }
