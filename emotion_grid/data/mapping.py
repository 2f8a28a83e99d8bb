"""What of a file is id, text and labels, as a config's `data` declares it."""

import functools
import re
from dataclasses import dataclass, field
from typing import Any

from emotion_grid.base.messages import InputError
from emotion_grid.data.forms import Form
from emotion_grid.data.problems import listed

MAJORITY = "majority"
"""How raters are united: a label that more than half of them gave."""

COLUMN = re.compile(r"\{([^{}]+)\}")
"""A column's name in a template."""


@dataclass(frozen=True)
class Mapping:
    """What of a file is id, text and labels (the keys under `data` in a config).

    Attributes:
        labels: each label's name and the columns or classes that it unites.
        id: the column of ids; None numbers the rows.
        text: the column of texts, or a template with columns' names in braces.
        label_column: a column that names classes; None where each label has columns of its own.
        classes: names of the classes by their number, from 0; empty if the labels name all classes and the file holds no numbers.
        unlabelled: cells that mean that a label is not known.
        positive_from: the least intensity that counts as 1; None where cells hold 0 and 1.
        raters: unites the rows of a text, one a rater: `majority`, or the least share of raters that gave a label; None where every row is
            a text.
        ratings: columns of raters' values, for a file with one row for each text and class.
        drop: whether rows that cannot be used are dropped.
        form: how the files are written.
    """

    labels: tuple[tuple[str, tuple[str, ...]], ...]
    id: str | None = "id"
    text: str = "text"
    label_column: str | None = None
    classes: tuple[str, ...] = ()
    unlabelled: tuple[str, ...] = ("",)
    positive_from: float | None = None
    raters: float | str | None = None
    ratings: tuple[str, ...] = ()
    drop: bool = False
    form: Form = field(default_factory=Form)

    @functools.cached_property
    def names(self) -> list[str]:
        """Names of the labels."""
        return [name for name, _ in self.labels]

    @functools.cached_property
    def text_columns(self) -> list[str]:
        """Columns that make a text."""
        return COLUMN.findall(self.text) or [self.text]

    @functools.cached_property
    def label_columns(self) -> list[str]:
        """Columns that decide the labels."""
        if self.label_column is not None:
            return [self.label_column, *self.ratings]
        return list(dict.fromkeys(column for _, columns in self.labels for column in columns))

    @functools.cached_property
    def known_classes(self) -> tuple[str, ...]:
        """The classes that the label column may name."""
        return self.classes or tuple(dict.fromkeys(name for _, names in self.labels for name in names))


def read_mapping(spec: dict[str, Any]) -> Mapping:
    """The mapping of prepared splits.

    Args:
        spec: `labels` and, where something differs from its default, `reading` (see `reading_of` in emotion_grid/plan/inputs.py).
    """
    reading = spec.get("reading", {})
    form, columns, raters = (reading.get(key, {}) for key in ("read", "columns", "raters"))
    united = reading.get("labels", {})
    return Mapping(
        labels=tuple((name, tuple(united.get(name, [name]))) for name in spec["labels"]),
        **columns,
        label_column=reading.get("label_column"),
        classes=tuple(reading.get("classes", ())),
        unlabelled=tuple(reading.get("unlabelled", ("",))),
        positive_from=reading.get("positive_from"),
        raters=raters.get("unite"),
        ratings=tuple(raters.get("columns", ())),
        drop=reading.get("on_bad_rows") == "drop",
        form=Form(**{**form, "header": tuple(form["header"]) if "header" in form else None}),
    )


def missing_columns(columns: list[str], mapping: Mapping, gold: bool) -> list[str]:
    """Columns that a file must have and has not; one that need not be labelled may lack all of its labels.

    Args:
        columns: those of the file.
        gold: whether the file must be labelled.
    """
    labels = mapping.label_columns
    wanted = [*([] if mapping.id is None else [mapping.id]), *mapping.text_columns]
    if gold or set(labels) & set(columns):
        wanted += labels
    return [name for name in dict.fromkeys(wanted) if name not in columns]


def check_classes(mapping: Mapping, named: set[str]) -> None:
    """Refuse a label that no file names, where no list says which classes there are: it is a mistake in the config.

    Args:
        named: the labels that some text of some file has.

    Raises:
        InputError: such a label.
    """
    if mapping.label_column is None or mapping.classes:
        return
    for label, names in mapping.labels:
        if label not in named:
            raise InputError(
                f"data.labels: expected labels that the files name, found {label} ({listed(names)}), which no row has"
            )
