"""What a file was read as, in words: its form, what of it is id, text and labels, and its first rows."""

from collections.abc import Iterator

from emotion_grid.data.forms import Table
from emotion_grid.data.mapping import MAJORITY, Mapping
from emotion_grid.data.problems import listed, visible
from emotion_grid.data.texts import Mapped

FIRST = 3
"""Rows that are shown."""


def told(name: str, path: str, table: Table, mapping: Mapping, mapped: Mapped) -> Iterator[str]:
    """How a file was read, and its first rows as they were understood; nothing but what can be seen.

    Args:
        name: of the split.
    """
    yield f"{name}: {path}: {table.form}; {len(table.rows):,} rows, columns {listed(table.columns)}"
    id_ = "row numbers" if mapping.id is None else f"column {visible(mapping.id)}"
    yield f"{name}: ids are {id_}, texts {visible(mapping.text)}; {_labels(table, mapping)}"
    if mapped.problems:
        bad = len({problem.row for problem in mapped.problems})
        yield f"{name}: {bad:,} rows cannot be used; the first: {mapped.problems[0]}"
    for row, key, text, values in list(zip(mapped.rows, mapped.ids, mapped.texts, mapped.values, strict=True))[:FIRST]:
        given = [label for label, value in zip(mapping.names, values, strict=True) if value == 1]
        labels = "not labelled" if all(value is None for value in values) else ", ".join(given) or "no label"
        yield f"{name}: row {row}, id {visible(key)}: {visible(text)} → {labels}"


def _labels(table: Table, mapping: Mapping) -> str:
    """Where the labels come from."""
    if not set(mapping.label_columns) & set(table.columns):
        return "no labels"
    if mapping.label_column is None:
        words = f"labels from the columns {listed(mapping.label_columns)}"
    else:
        words = f"labels from the classes in column {visible(mapping.label_column)}"
    if mapping.positive_from is not None:
        words += f", from {mapping.positive_from:g} on"
    if mapping.raters is not None:
        how = "more than half" if mapping.raters == MAJORITY else f"a share of at least {mapping.raters:g}"
        words += f", given by {how} of a text's raters"
    return words
