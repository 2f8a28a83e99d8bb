"""Numbers that arrive as text: YAML 1.1 reads `1e-2` so, and Snakemake whatever stands inside a value on the command line."""

import re
from typing import Any

from emotion_grid.config.schema import alternatives
from emotion_grid.config.validator import fits
from emotion_grid.grid.values import whole

_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)(?P<exponent>[eE][-+]?[0-9]+)?", re.ASCII)


def with_numbers(value: Any, schemas: list[dict[str, Any]], command_line: Any = None) -> Any:
    """A copy of a value in which text that can only be a number is one.

    Text in quotes is text: in a file only numbers with an exponent count, which YAML 1.1 reads as text unless they also have a dot and a
    sign (`1.0e-2`). On the command line no number can be told from text, so all of them count.

    Args:
        value: the value, not checked yet.
        schemas: the schemas that it may fit.
        command_line: the same place of what `--config` sets; None for nothing.
    """
    options = [option for schema in schemas for option in alternatives(schema)]
    if isinstance(value, dict):
        return {
            key: with_numbers(
                item,
                [below for option in options if (below := _below(option, key)) is not None],
                command_line.get(key) if isinstance(command_line, dict) else command_line,
            )
            for key, item in value.items()
        }
    if isinstance(value, list):
        items = [option["items"] for option in options if "items" in option]
        return [with_numbers(item, items, command_line) for item in value]
    if not isinstance(value, str) or any(fits(value, option) for option in options):
        return value
    read = _read(value, whatever=command_line is not None)
    return read if any(fits(read, option) for option in options) else value


def _below(schema: dict[str, Any], key: str) -> dict[str, Any] | None:
    """The schema of a mapping's entry, if it has one."""
    found = schema.get("properties", {}).get(key, schema.get("additionalProperties"))
    return found if isinstance(found, dict) else None


def _read(text: str, whatever: bool) -> Any:
    """The number or null that a text is, or the text; without `whatever` only numbers with an exponent are read."""
    if whatever and text == "null":
        return None
    number = _NUMBER.fullmatch(text)
    if number is None or not (whatever or number["exponent"]):
        return text
    return whole(float(text))
