"""The reference of all config keys, as Markdown, generated from the schema and the axes."""

from collections.abc import Iterator
from typing import Any

from emotion_grid.config.schema import describe, load_schema, resolve

INTRODUCTION = """# Configuration

Every key of a config file. This page is generated from `config/schema.yaml` and `emotion_grid/grid/axes/` (`make docs`). A study is one
file: `snakemake --configfile config/my-study.yaml`. Single values can be overridden on the command line: `--config
data_root=/where/the/data/is`, and values inside others as `--config 'training={epochs: 3}'`. Unknown keys and impossible values are
refused before anything runs.

Every value means what a person reads in it. Notations that YAML reads otherwise (`010` as 8, `12:30` as 750, `no` as false) are refused
with their line, and so is a key that is given twice. If `--configfile` names a file that Snakemake itself cannot read (another encoding
than UTF-8, a mistake in YAML), Snakemake stops before this workflow starts, in its own words and without the line. The same file as
`config/config.yaml` is refused with its line. The same goes for a config file that does not exist (`FileNotFoundError`) and for
`--config training.epochs=3` (`must start with a valid identifier`): write `--config 'training={epochs: 3}'`.

Paths may contain spaces, quotes, `$`, `#`, `*` and letters of every language; no shell reads them. Not possible are characters that cannot
be seen (line breaks, tabs), a space at the beginning or end, a path that begins with `-`, and, in `results_root`, `cache_root` and
`compare`, braces, which Snakemake takes for wildcards. A start says which character stands where.
"""


def rows(schema: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Key, what it expects, default and description of everything below a schema."""
    required = schema.get("required", [])
    for key, entry in schema.get("properties", {}).items():
        entry, name = resolve(entry), f"{prefix}{key}"
        is_section = entry.get("type") == "object"
        default = "required" if key in required else "" if is_section else show(entry.get("default", ""))
        yield name, "" if is_section else describe(entry), default, entry.get("description", "")
        if (key == "training" and prefix) or ".added." in prefix:
            continue  # its keys stand once, under `training` or `data`
        if is_section:
            yield from rows(entry, f"{name}.")
            if isinstance(entry.get("additionalProperties"), dict):
                yield from rows(resolve(entry["additionalProperties"]), f"{name}.<name>.")
        elif entry.get("type") == "array" and "$ref" in entry["items"]:
            yield from rows(resolve(entry["items"]), f"{name}[].")
    for pattern, entry in schema.get("patternProperties", {}).items():
        yield f"{pattern.removeprefix('^')}<name>", describe(entry), "", entry["description"]


def show(value: object) -> str:
    """A default as a person would write it in YAML."""
    if value is None:
        return "`null`"
    if isinstance(value, dict) and value:
        return "`{" + ", ".join(f"{key}: {item}" for key, item in value.items()) + "}`"
    return "" if value in ("", {}) else f"`{value}`".replace("'", "")


def page() -> str:
    """The whole page, in Markdown: a table for each top-level key."""
    schema, lines = load_schema(), [INTRODUCTION]
    sections: dict[str, list[tuple[str, str, str, str]]] = {}
    for name, expected, default, description in rows(schema):
        sections.setdefault(name.split(".")[0].split("[")[0], []).append((name, expected, default, description))
    for section, entries in sections.items():
        lines += [f"\n## `{section}`\n", "| key | expects | default | |", "|---|---|---|---|"]
        for cells in entries:
            name, *others = (" ".join(str(cell).split()).replace("|", "\\|") for cell in cells)
            lines.append(f"| `{name}` | {' | '.join(others)} |")
    return "\n".join(lines) + "\n"
