"""The config file: its schema, its defaults, and errors that say what to do."""

import copy
import difflib
import functools
import math
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from scripts.lib.axes import AXES, Axis, whole
from scripts.lib.files import InputError

PROJECT = Path(__file__).resolve().parents[2]


def load_yaml(path: str | Path) -> Any:
    """The value in a YAML file."""
    return yaml.safe_load(Path(path).read_text(encoding="utf-8"))


@functools.cache
def load_schema() -> dict:
    """The schema of a config file, with the axes and a block's overrides in their places."""
    schema = load_yaml(PROJECT / "config" / "schema.yaml")
    definitions = schema["$defs"]
    point = {
        axis.name: {**_axis_schema(axis), "description": axis.description, "default": axis.default} for axis in AXES
    }
    point["training"] = {
        **_crossed(definitions["training"]),
        "description": "Training values of this block; a list crosses them like an axis.",
    }
    definitions["include"] = {**definitions["block"], "properties": point}
    excluded = {name: _partial(entry) for name, entry in point.items()}
    part = {"type": "object", "additionalProperties": False, "minProperties": 1, "properties": excluded}
    definitions["block"]["properties"] = {
        **point,
        "exclude": {
            "type": "array",
            "items": part,
            "description": "Points to leave out: every point that has all the values of one of these entries.",
        },
        "include": {
            "type": "array",
            "items": {"$ref": "#/$defs/include"},
            "description": "Points to add; axes that an entry leaves out take their defaults.",
        },
    }
    return schema


def _one_or_list(schema: dict) -> dict:
    return {"anyOf": [schema, {"type": "array", "minItems": 1, "items": schema}]}


def _crossed(schema: dict) -> dict:
    """A mapping's schema, each entry of which may be a list to cross."""
    return {**schema, "properties": {key: _one_or_list(value) for key, value in schema["properties"].items()}}


def _partial(schema: Any) -> Any:
    """A schema without what it requires: `exclude` may name a part of a mapping."""
    if isinstance(schema, dict):
        return {key: _partial(value) for key, value in schema.items() if key != "required"}
    return [_partial(item) for item in schema] if isinstance(schema, list) else schema


def _axis_schema(axis: Axis) -> dict:
    options = axis.schema.get("anyOf", [axis.schema])
    crossed = [_crossed(option) if option.get("type") == "object" else option for option in options]
    return _one_or_list(crossed[0] if len(crossed) == 1 else {"anyOf": crossed})


def _is_finite(checker: Any, value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


_Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("number", _is_finite),
)
_formats = jsonschema.FormatChecker(formats=())


@_formats.checks("rate", raises=(ValueError, TypeError))
def _is_rate(value: Any) -> bool:
    return isinstance(value, bool) or value is None or 0 < float(value) < float("inf")


class _UniqueKeys(yaml.SafeLoader):
    """A loader that refuses a key written twice; YAML itself would silently keep the last."""


def _unique_mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict:
    seen = set()
    for key_node, _ in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":
            continue
        key = loader.construct_object(key_node)
        if key in seen:
            raise InputError(
                f"{loader.name}, line {key_node.start_mark.line + 1}: the key {key} stands twice in one mapping; give each a name of its own"
            )
        seen.add(key)
    loader.flatten_mapping(node)
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


_UniqueKeys.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _unique_mapping)


def check_unique_keys(path: str | Path) -> None:
    """Raise `InputError` if a key stands twice in one mapping of a YAML file (two encoders of one name, say)."""
    with open(path, encoding="utf-8") as file:
        yaml.load(file, _UniqueKeys)


def check_config(config: dict) -> dict:
    """Check a config and return it with every default filled in.

    Raises:
        InputError: a line for each problem, with the key's path, what was expected and what was found.
    """
    config = check_values(config, load_schema(), "the config")
    if "folds" in config["data"] and "dev" in config["data"]:
        raise InputError(
            "the config cannot be used:\n  data.dev: expected no dev where data.folds is set (the held-out fold stands in its place); remove one of them"
        )
    config["training"] = _typed(config["training"])
    for encoder in config["encoders"].values():
        encoder["training"] = _typed(encoder.get("training", {}))
    return config


def check_values(values: dict, schema: dict, name: str) -> dict:
    """Check values against a schema and return them with every default filled in.

    Raises:
        InputError: a line for each problem, with the key's path, what was expected and what was found.
    """
    validator = _Validator(schema, format_checker=_formats)
    problems = [problem for error in validator.iter_errors(values) for problem in _explain(error)]
    if problems:
        raise InputError(
            "\n".join([f"{name} cannot be used:", *(f"  {problem}" for problem in dict.fromkeys(problems))])
        )
    values = copy.deepcopy(values)
    _fill(values, schema)
    return values


def _fill(value: dict, schema: dict) -> None:
    """Set what is missing to its default, in place, all the way down."""
    for key, entry in schema.get("properties", {}).items():
        entry = resolve(entry)
        if "default" in entry and key not in value:
            value[key] = copy.deepcopy(entry["default"])
        if entry.get("type") == "object" and key in value:
            _fill(value[key], entry)


def resolve(schema: dict) -> dict:
    """The schema with its reference followed; what stands beside the reference wins."""
    if "$ref" not in schema:
        return schema
    return {**load_schema()["$defs"][schema["$ref"].rsplit("/", 1)[1]], **schema}


def _typed(training: dict) -> dict:
    """Training values in one type each, so that equal values give equal specs (`2e-5` is text in YAML)."""
    return {key: typed_training_value(key, value) for key, value in training.items()}


def typed_training_value(key: str, value: Any) -> Any:
    """One training value in its final type."""
    is_real = key.endswith("learning_rate") or key in ("warmup_steps", "weight_decay")
    return float(value) if is_real and value is not None else whole(value)


def _explain(error: jsonschema.ValidationError) -> list[str]:
    """Lines a person can act on, for one error of the validator."""
    path = _path(error.absolute_path)
    if error.validator == "anyOf":
        options = error.validator_value
        fitting = {
            i for i, option in enumerate(options) if (option.get("type") == "array") == isinstance(error.instance, list)
        }
        branches: dict[Any, list] = {}
        for part in error.context:
            if part.schema_path[0] in fitting:
                branches.setdefault(part.schema_path[0], []).append(part)
        likely = [parts for parts in branches.values() if not any(_is_other_kind(part, error) for part in parts)]
        if len(likely) == 1 and any(_says_more(part, error) for part in likely[0]):
            return [line for part in likely[0] for line in _explain(part)]
        expected = " or ".join(dict.fromkeys(describe(options[i]) for i in sorted(fitting or range(len(options)))))
        return [f"{path}: expected {expected}, found {_show(error.instance)}"]
    if error.validator == "additionalProperties":
        known = sorted(error.schema.get("properties", {}))
        extra = [key for key in error.instance if key not in known]
        return [f"{_path([*error.absolute_path, key])}: unknown key; {_nearest(key, known)}" for key in extra]
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        return [
            f"{_path([*error.absolute_path, key])}: missing; expected {describe(error.schema['properties'][key])}"
            for key in missing
        ]
    if error.validator == "uniqueItems":
        return [f"{path}: expected no value twice, found {_show(error.instance)}"]
    if error.validator in ("minItems", "minProperties"):
        return [f"{path}: expected at least one entry, found none"]
    schema = error.schema if isinstance(error.schema, dict) else {}
    return [f"{path}: expected {describe(schema)}, found {_show(error.instance)}"]


def _is_other_kind(part: jsonschema.ValidationError, error: jsonschema.ValidationError) -> bool:
    """Whether a branch of `anyOf` is about another kind of value than the one found."""
    here = list(part.absolute_path) == list(error.absolute_path)
    return (here and part.validator in ("type", "const")) or (
        here and part.validator == "enum" and not isinstance(part.instance, str)
    )


def _says_more(part: jsonschema.ValidationError, error: jsonschema.ValidationError) -> bool:
    """Whether a branch's error says more than that its value is not one of those expected."""
    deeper = len(part.absolute_path) > len(error.absolute_path)
    return deeper or bool(part.context) or part.validator in ("additionalProperties", "required")


def _nearest(key: str, known: list[str]) -> str:
    close = difflib.get_close_matches(str(key), known, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else f"expected one of {', '.join(known)}"


def _path(keys: Any) -> str:
    text = ""
    for key in keys:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else str(key)
    return text or "the config"


def _show(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def describe(schema: dict) -> str:
    """What a schema accepts, in words."""
    schema = resolve(schema)
    if "title" in schema:
        return schema["title"]
    if "enum" in schema:
        return " or ".join(str(value) for value in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    if "anyOf" in schema:
        first, *others = schema["anyOf"]
        if others == [{"type": "array", "minItems": 1, "items": first}]:
            return f"{describe(first)}, or a list of these"
        return " or ".join(dict.fromkeys(describe(option) for option in schema["anyOf"]))
    names = {
        "integer": "a whole number",
        "number": "a number",
        "string": "text",
        "object": "a mapping",
        "null": "null",
        "boolean": "true or false",
    }
    if schema.get("type") == "array":
        return f"a list of {describe(schema['items'])}" if "items" in schema else "a list"
    kinds = schema.get("type", "a value")
    text = " or ".join(names.get(kind, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds))
    bounds = {
        "minimum": "of at least {}",
        "exclusiveMinimum": "above {}",
        "maximum": "of at most {}",
        "exclusiveMaximum": "below {}",
        "pattern": "that matches {}",
    }
    found = [phrase.format(schema[key]) for key, phrase in bounds.items() if key in schema]
    return f"{text} {' and '.join(found).replace(' and of ', ' and ')}" if found else text
