"""What is wrong with a config, in words: path of the key, what was expected, what was found."""

import difflib
import re
from collections.abc import Callable
from typing import Any

import jsonschema

from emotion_grid.config.schema import describe
from emotion_grid.config.validator import label_problem, path_problem


def explain_error(error: jsonschema.ValidationError) -> list[str]:
    """Lines a person can act on, for one error of the validator."""
    path = _path(error.absolute_path)
    if error.validator == "anyOf":
        options = error.validator_value
        fitting = {i for i, option in enumerate(options) if _is_of_kind(error.instance, option)} or set(
            range(len(options))
        )
        branches: dict[Any, list[jsonschema.ValidationError]] = {}
        for part in error.context:
            if part.schema_path[0] in fitting:
                branches.setdefault(part.schema_path[0], []).append(part)
        likely = [parts for parts in branches.values() if not any(_is_other_kind(part, error) for part in parts)]
        if len(likely) == 1 and any(_says_more(part, error) for part in likely[0]):
            return [line for part in likely[0] for line in explain_error(part)]
        expected = " or ".join(dict.fromkeys(describe(options[i]) for i in sorted(fitting)))
        advice = _where_lists_belong(list(error.absolute_path), error.instance)
        return [f"{path}: expected {expected}, found {_show(error.instance)}{advice}"]
    if error.validator == "additionalProperties":
        known, free = sorted(error.schema.get("properties", {})), error.schema.get("patternProperties", {})
        extra = [key for key in error.instance if key not in known and not any(re.search(p, str(key)) for p in free)]
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
    advice = _advice(error) or _where_lists_belong(list(error.absolute_path), error.instance)
    found = "another text" if schema.get("writeOnly") else _show(error.instance)  # it may be a secret
    return [f"{path}: expected {describe(schema)}, found {found}{advice}"]


def _advice(error: jsonschema.ValidationError) -> str:
    """What is wrong with a text that has not its format, and what to do."""
    problems: dict[str, Callable[[str], str]] = {
        "path": lambda text: path_problem(text, to_snakemake=False),
        "folder": lambda text: path_problem(text, to_snakemake=True),
        "label": label_problem,
    }
    if error.validator != "format" or error.validator_value not in problems:
        return ""
    problem = problems[error.validator_value](error.instance)
    return f"; {problem}" if problem else ""


def _where_lists_belong(keys: list[Any], value: Any) -> str:
    """What to do with a list of training values outside the grid, which alone crosses lists."""
    if not isinstance(value, list) or keys[-2:-1] != ["training"] or keys[0] == "grid":
        return ""
    return f"; a list belongs into a block of the grid (grid: - training: {{{keys[-1]}: {_show(value)}}})"


def _is_of_kind(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a schema is for values of a kind: lists, mappings or neither."""
    if isinstance(value, list) or schema.get("type") == "array":
        return isinstance(value, list) and schema.get("type") == "array"
    return isinstance(value, dict) or schema.get("type") != "object"


def _is_other_kind(part: jsonschema.ValidationError, error: jsonschema.ValidationError) -> bool:
    """Whether a branch of `anyOf` is about another kind of value than the one found."""
    here = list(part.absolute_path) == list(error.absolute_path)
    return (here and part.validator in ("type", "const")) or (
        here and part.validator == "enum" and not isinstance(part.instance, str)
    )


def _says_more(part: jsonschema.ValidationError, error: jsonschema.ValidationError) -> bool:
    """Whether a branch's error says more than that its value is not one of those expected."""
    deeper = len(part.absolute_path) > len(error.absolute_path) or part.instance != error.instance
    told = ("additionalProperties", "required", "uniqueItems", "minItems", "minProperties")
    return deeper or bool(part.context) or part.validator in told


def _nearest(key: str, known: list[str]) -> str:
    first, dot, rest = str(key).partition(".")
    if dot and first in known:
        return f"write its parts one inside the other: {first}: {{{rest.replace('.', ': {')}: ...{'}' * str(key).count('.')}"
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
