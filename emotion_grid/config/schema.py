"""The schema of a config file, with the axes of the grid in their places."""

import copy
import functools
from typing import Any

from emotion_grid.grid.axes.axis import Axis
from emotion_grid.grid.axes.declared import AXES
from emotion_grid.grid.schema_file import schema_file

READING = (
    "labels",
    "read",
    "columns",
    "label_column",
    "classes",
    "unlabelled",
    "positive_from",
    "raters",
    "on_bad_rows",
)
"""Keys of `data` that say how files are read; an entry of `data.added` has them, too."""


@functools.cache
def load_schema() -> dict[str, Any]:
    """The schema of a config file, with the axes and a block's overrides in their places."""
    schema = copy.deepcopy(schema_file())
    definitions = schema["$defs"]
    own, data = definitions["added"]["properties"], schema["properties"]["data"]["properties"]
    for key in READING:
        own[key] = {**data[key], **own.get(key, {"description": f"As `data.{key}`, of this file."})}
    point = {
        axis.name: {**_axis_schema(axis), "description": axis.description, "default": axis.default} for axis in AXES
    }
    point["training"] = {
        **_crossed(definitions["training"]),
        "description": "Training values of this block; a list crosses them like an axis.",
    }
    point["data"] = {
        **_one_or_list({"type": "string"}),
        "description": "Names under `data.sets` that the block is for. Left out: all of them.",
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


def _one_or_list(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "array", "minItems": 1, "items": schema}]}


def _crossed(schema: dict[str, Any]) -> dict[str, Any]:
    """A mapping's schema, each entry of which may be a list to cross."""
    return {**schema, "properties": {key: _one_or_list(value) for key, value in schema["properties"].items()}}


def _partial(schema: Any) -> Any:
    """A schema without what it requires: `exclude` may name a part of a mapping."""
    if isinstance(schema, dict):
        return {key: _partial(value) for key, value in schema.items() if key != "required"}
    return [_partial(item) for item in schema] if isinstance(schema, list) else schema


def _axis_schema(axis: Axis) -> dict[str, Any]:
    options = axis.schema.get("anyOf", [axis.schema])
    crossed = [_crossed(option) if option.get("type") == "object" else option for option in options]
    return _one_or_list(crossed[0] if len(crossed) == 1 else {"anyOf": crossed})


def resolve(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with its reference followed; what stands beside the reference wins."""
    if "$ref" not in schema:
        return schema
    return {**load_schema()["$defs"][schema["$ref"].rsplit("/", 1)[1]], **schema}


def alternatives(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The schemas of which a value must fit any: those under `anyOf`, all the way down, or the schema itself."""
    schema = {key: value for key, value in resolve(schema).items() if key != "$ref"}
    return [one for option in schema["anyOf"] for one in alternatives(option)] if "anyOf" in schema else [schema]


def describe(schema: dict[str, Any]) -> str:
    """What a schema accepts, in words."""
    schema = resolve(schema)
    if "title" in schema:
        return str(schema["title"])
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
        entry = describe(schema["items"]) if "items" in schema else "a value"
        return "a list of mappings" if entry == "a mapping" else f"a list, each entry {entry}"
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
