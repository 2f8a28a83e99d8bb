"""The validator of configs: JSON schema with finite numbers and two formats of its own."""

import math
import re
from pathlib import Path
from typing import Any

import jsonschema


def _is_finite(checker: Any, value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("number", _is_finite),
)

FORMATS = jsonschema.FormatChecker(formats=())

_RATE = re.compile(r"\s*\+?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*")
"""A positive number as text: Python itself would also take 1_0 and digits of other scripts."""


@FORMATS.checks("rate", raises=(ValueError, TypeError))  # type: ignore[untyped-decorator]  # jsonschema has no types
def _is_rate(value: Any) -> bool:
    if isinstance(value, str) and not _RATE.fullmatch(value):
        return False
    return isinstance(value, bool) or value is None or 0 < float(value) < float("inf")


@FORMATS.checks("path")  # type: ignore[untyped-decorator]
def _is_path(value: Any) -> bool:
    """Whether text can be a path: not empty, no line break (of a YAML block) or space at its ends, and a home folder that exists."""
    if not isinstance(value, str):
        return True  # its type is checked beside
    try:
        Path(value).expanduser()
    except RuntimeError:
        return False
    return value != "" and value == value.strip() and value.isprintable()


@FORMATS.checks("folder")  # type: ignore[untyped-decorator]
def _is_folder(value: Any) -> bool:
    """Whether text can be a folder that rules write to: braces would be wildcards of Snakemake."""
    return _is_path(value) and not (isinstance(value, str) and set("{}") & set(value))


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a single value fits a schema."""
    return bool(Validator(schema, format_checker=FORMATS).is_valid(value))
