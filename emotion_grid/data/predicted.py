"""Prediction tables of anything (a run, a baseline, another team's file), checked; with the standard library alone, as planning reads them."""

from dataclasses import dataclass
from pathlib import Path

from emotion_grid.base.messages import InputError
from emotion_grid.data.forms import Form, read_text
from emotion_grid.data.problems import Problem, explain, listed, visible


@dataclass(frozen=True)
class Predictions:
    """A prediction table.

    Attributes:
        probabilities: of each row, one for each label.
    """

    ids: list[str]
    probabilities: list[list[float]]


def read_probabilities(path: Path, labels: list[str]) -> Predictions:
    """A prediction table: the column `id` and a probability for each label; other columns are ignored.

    Raises:
        InputError: columns that are missing, and all rows that cannot be used: ids that stand twice, values outside [0, 1].
    """
    table = read_text(path, Form(separator="comma", quotes="enclose"))
    wanted = ["id", *labels]
    if missing := [name for name in wanted if name not in table.columns]:
        raise InputError(f"{path}: expected the column {missing[0]}, found {listed(table.columns)}")
    places, width = [table.columns.index(name) for name in wanted], len(table.columns)
    found, problems, first = Predictions([], []), list[Problem](), dict[str, int]()
    for row, cells in enumerate(table.rows, 1):
        if len(cells) != width:
            expected = f"{width} cells ({listed(table.columns)})"
            problems.append(Problem(row, "", None, expected, str(len(cells)), table.lines[row - 1]))
            continue
        id_, *given = [cells[place] for place in places]
        if not id_.strip():
            problems.append(Problem(row, id_, "id", "an id", "none"))
        elif first.setdefault(id_, row) != row:
            problems.append(Problem(row, id_, "id", "ids that are unique", f"the id of row {first[id_]} again"))
        values = [_probability(cell) for cell in given]
        for label, cell, value in zip(labels, given, values, strict=True):
            if value is None:
                problems.append(Problem(row, id_, label, "a probability from 0 to 1", visible(cell) or "nothing"))
        found.ids.append(id_)
        found.probabilities.append([value for value in values if value is not None])
    if problems:
        raise InputError(explain(path, problems))
    return found


def _probability(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if 0 <= value <= 1 else None  # which NaN is not


def check_ids(found: list[str], expected: list[str], path: str | Path, is_whole: bool = True) -> None:
    """Refuse predictions for other texts than those of a split.

    Args:
        found: the ids of a prediction table, in its order.
        expected: the ids of the split's texts.
        path: what the message names.
        is_whole: whether every text must have a row.

    Raises:
        InputError: ids that the split has not, with their rows, or ids that the table lacks.
    """
    known, there = set(expected), set(found)
    if strange := [(row, id_) for row, id_ in enumerate(found, 1) if id_ not in known]:
        what = f"the id of one of the {len(expected):,} texts"
        raise InputError(explain(path, [Problem(row, id_, "id", what, "another") for row, id_ in strange]))
    if is_whole and (missing := [id_ for id_ in expected if id_ not in there]):
        raise InputError(
            f"{path}, column id: expected a row for each of the {len(expected):,} texts, found none for {len(missing):,} of them: {listed(missing)}"
        )
