"""The validator of configs: JSON schema with finite numbers and four formats of its own."""

import math
import re
import unicodedata
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


def path_problem(value: str, to_snakemake: bool) -> str:
    """Why text cannot be a path of a study, and what to do; empty if it can.

    Paths are quoted wherever a shell sees them, so spaces, quotes and `$` are no problem. What is left is what a reader of a path takes for
    something else, however it is quoted.

    Args:
        value: the text.
        to_snakemake: whether Snakemake itself gets the path, which takes braces for wildcards.
    """
    if value != value.strip():
        return "remove the space or line break at its beginning or end"
    if hidden := next((character for character in value if not character.isprintable()), None):
        return f"{hidden!r} ({unicodedata.name(hidden, 'a control character')}) cannot be seen in lists and logs; rename the file or folder"
    if to_snakemake and (brace := next((character for character in value if character in "{}"), None)):
        return f"Snakemake takes {brace} for part of a wildcard; rename the folder"
    if "://" in value:
        return "an address is not looked up; give a name or a path"
    try:
        path = Path(value).expanduser()
    except RuntimeError:
        return "nobody on this machine has this home folder; write it out"
    if str(path).startswith("-"):
        return "programs take what begins with - for an option; write the whole path, from / on"
    return ""


@FORMATS.checks("path")  # type: ignore[untyped-decorator]
def _is_path(value: Any) -> bool:
    return not isinstance(value, str) or (value != "" and not path_problem(value, to_snakemake=False))


@FORMATS.checks("folder")  # type: ignore[untyped-decorator]
def _is_folder(value: Any) -> bool:
    return not isinstance(value, str) or (value != "" and not path_problem(value, to_snakemake=True))


LONGEST_LABEL = 100
"""Characters of a label's name: tables and figures show it whole or nearly so."""

_JOINERS = "\u200c\u200d"
"""What joins or parts letters in Hindi, Persian and other languages, unseen."""


def label_problem(name: str) -> str:
    """Why text cannot be a label's name, and what to do; empty if it can."""
    if name in ("id", "text"):
        return (
            f"{name} is a column of every table of texts; keep the column and give the label another name "
            f"(data.labels: {{another name: {name}}})"
        )
    if name != name.strip():
        return "remove the space or line break at its beginning or end"
    if hidden := next((mark for mark in name if not mark.isprintable() and mark not in _JOINERS), None):
        return f"{hidden!r} ({unicodedata.name(hidden, 'a control character')}) cannot be told from a space or from nothing; remove it"
    return "" if len(name) <= LONGEST_LABEL else f"expected at most {LONGEST_LABEL} characters; it has {len(name)}"


@FORMATS.checks("label")  # type: ignore[untyped-decorator]
def _is_label(value: Any) -> bool:
    return not isinstance(value, str) or (value != "" and not label_problem(value))


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a single value fits a schema."""
    return bool(Validator(schema, format_checker=FORMATS).is_valid(value))
