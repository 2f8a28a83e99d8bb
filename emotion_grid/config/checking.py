"""Checking a config and filling in its defaults."""

import copy
import unicodedata
from typing import Any

from emotion_grid.base.messages import InputError
from emotion_grid.config.files import FREE
from emotion_grid.config.numbers import with_numbers
from emotion_grid.config.problems import explain_error
from emotion_grid.config.schema import load_schema, resolve
from emotion_grid.config.validator import FORMATS, Validator
from emotion_grid.data.hub import hub_split, is_hub
from emotion_grid.grid.values import typed_training_value

NAMES = ("labels", "columns", "header", "rows", "label_column", "unlabelled")
"""Keys of `data`, and of the mappings in it, that name labels, columns or classes. `classes` does so unless it names a file."""


def check_config(config: dict[str, Any], command_line: dict[str, Any] | None = None) -> dict[str, Any]:
    """Check a config and return it with every default filled in, without its free keys (`x-...`).

    Args:
        config: the config, with what the command line sets.
        command_line: what the command line sets; numbers in it may be text.

    Raises:
        InputError: a line for each problem, with the key's path, what was expected and what was found.
    """
    config = _with_names(with_numbers(config, [load_schema()], command_line or None))
    config = check_values(config, load_schema(), "the config")
    config = {key: value for key, value in config.items() if not key.startswith(FREE)}
    for entry in config["data"]["added"].values():
        _fill(entry, load_schema()["$defs"]["added"])
    problems = [
        *_of_files(config["data"], "data"),
        *_of_added(config["data"]),
        *_named_sets(config["grid"]),
        *_endless(config["language_models"]),
    ]
    if config["compare"] and "folds" in config["data"]:
        problems.append(
            "compare: expected no data.folds beside it (other predictions have no folds); leave one of them out"
        )
    if problems:
        raise InputError("\n".join(["the config cannot be used:", *(f"  {problem}" for problem in problems)]))
    config["training"] = _typed(config["training"])
    for encoder in config["encoders"].values():
        encoder["training"] = _typed(encoder.get("training", {}))
    for model in config["language_models"].values():
        _fill(model, load_schema()["$defs"]["language_model"])
    return config


def _with_names(config: dict[str, Any]) -> dict[str, Any]:
    """The config with the names of labels, columns and classes in one Unicode form, in which the cells of files are read, too (NFC).

    Raises:
        InputError: two labels whose names are then one.
    """
    data = config.get("data") if isinstance(config, dict) else None
    if not isinstance(data, dict):
        return config
    data = _named(data, "data")
    if isinstance(data.get("added"), dict):
        entries = data["added"].items()
        added = {
            name: _named(entry, f"data.added.{name}") if isinstance(entry, dict) else entry for name, entry in entries
        }
        data = {**data, "added": added}
    return {**config, "data": data}


def _named(data: dict[str, Any], where: str) -> dict[str, Any]:
    """`data`, or an entry of `data.added`, with its names in one Unicode form.

    Raises:
        InputError: two labels whose names are then one.
    """
    named = {key: _composed(data[key]) for key in NAMES if key in data}
    for key in ("read", "raters"):
        if isinstance(data.get(key), dict):
            named[key] = {name: _composed(value) if name in NAMES else value for name, value in data[key].items()}
    if isinstance(data.get("classes"), list):
        named["classes"] = _composed(data["classes"])
    if isinstance(annotators := data.get("annotators"), dict):
        named["annotators"] = {key: value if key == "file" else _composed(value) for key, value in annotators.items()}
    if isinstance(data.get("labels"), dict) and len(named["labels"]) < len(data["labels"]):
        raise InputError(f"{where}.labels: expected every name once, found two that differ in their Unicode form alone")
    return {**data, **named}


def _composed(value: Any) -> Any:
    """Text, or all text of a list or mapping, in Unicode's normal form C."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [_composed(item) for item in value]
    return {_composed(key): _composed(item) for key, item in value.items()} if isinstance(value, dict) else value


def _of_added(data: dict[str, Any]) -> list[str]:
    """What is wrong with added rows."""
    problems, wanted = [], list(data["labels"])
    for name, entry in data["added"].items():
        where = f"data.added.{name}"
        problems += _of_files(entry, where)
        problems += [
            f"{where}.labels: expected labels of the study ({', '.join(wanted)}), found {label}"
            for label in entry.get("labels", [])
            if label not in wanted
        ]
    return problems


def _of_files(data: dict[str, Any], where: str) -> list[str]:
    """What is wrong with the keys that say which files are read, and how.

    Args:
        data: `data` or an entry of `data.added`.
        where: its path in the config.
    """
    return [*_contradictions(data, where), *_unpinned(data, where)]


def _contradictions(data: dict[str, Any], where: str) -> list[str]:
    """Keys that do not go together."""
    problems = []
    if "folds" in data and "dev" in data:
        problems.append(
            "data.dev: expected no dev where data.folds is set (the held-out fold stands in its place); remove one of them"
        )
    for key, there in (("classes", "classes" in data), ("raters.columns", "columns" in data.get("raters", {}))):
        if there and "label_column" not in data:
            problems.append(
                f"{where}.{key}: expected {where}.label_column beside it (the column that names the class); add it"
            )
    if "positive_from" in data and "label_column" in data and "columns" not in data.get("raters", {}):
        problems.append(
            f"{where}.positive_from: expected columns of intensities, found {where}.label_column; remove one of them"
        )
    return [*problems, *_contradictions_of_annotators(data.get("annotators", {}))]


def _contradictions_of_annotators(annotators: dict[str, Any]) -> list[str]:
    """Keys of `data.annotators` that do not go together."""
    in_columns, classes = isinstance(annotators.get("raters"), list), "label_column" in annotators
    if in_columns and not classes:
        return [
            "data.annotators.raters: expected data.annotators.label_column beside columns of single people (the emotion of a row); add it"
        ]
    if "positive_from" in annotators and classes and not in_columns:
        return [
            "data.annotators.positive_from: expected columns of intensities, found data.annotators.label_column; remove one of them"
        ]
    return []


def _unpinned(data: dict[str, Any], where: str) -> list[str]:
    """Names of splits on the hub that do not say which split, at which commit."""
    problems = []
    for key in ("train", "dev", "test"):
        if is_hub(data.get(key, "")):
            try:
                hub_split(data[key])
            except InputError as error:
                problems.append(f"{where}.{key}: {error}")
    return problems


def _named_sets(grid: list[dict[str, Any]]) -> list[str]:
    """Blocks that name data sets in a study on a single one."""
    return [
        f"grid[{number}].data: expected data.sets beside it (the sets that it names); remove it"
        for number, block in enumerate(grid)
        if any("data" in entry for entry in (block, *block.get("include", []), *block.get("exclude", [])))
    ]


def _endless(models: dict[str, dict[str, Any]]) -> list[str]:
    """Language models whose answers have no greatest length, so that nobody knows what they may cost."""
    return [
        f"language_models.{name}.parameters: expected max_completion_tokens where max_tokens is null (the length of an answer); add it"
        for name, model in models.items()
        if "max_tokens" in (own := model.get("parameters", {}))
        and own["max_tokens"] is None
        and own.get("max_completion_tokens") is None
    ]


def check_values(values: dict[str, Any], schema: dict[str, Any], name: str) -> dict[str, Any]:
    """Check values against a schema and return them with every default filled in.

    Raises:
        InputError: a line for each problem, with the key's path, what was expected and what was found.
    """
    validator = Validator(schema, format_checker=FORMATS)
    problems = [problem for error in validator.iter_errors(values) for problem in explain_error(error)]
    if problems:
        raise InputError(
            "\n".join([f"{name} cannot be used:", *(f"  {problem}" for problem in dict.fromkeys(problems))])
        )
    values = copy.deepcopy(values)
    _fill(values, schema)
    return values


def _fill(value: dict[str, Any], schema: dict[str, Any]) -> None:
    """Set what is missing to its default, in place, all the way down."""
    for key, entry in schema.get("properties", {}).items():
        entry = resolve(entry)
        if "default" in entry and key not in value:
            value[key] = copy.deepcopy(entry["default"])
        if entry.get("type") == "object" and key in value:
            _fill(value[key], entry)


def _typed(training: dict[str, Any]) -> dict[str, Any]:
    """Training values in one type each, so that equal values give equal specs (`2e-5` is text in YAML)."""
    return {key: typed_training_value(key, value) for key, value in training.items()}
