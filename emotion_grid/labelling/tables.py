"""What people said, as tables: one in the form of predictions for each of them, and one of everybody."""

import csv
from pathlib import Path

import numpy as np

from emotion_grid.base.files import whole_file
from emotion_grid.data.rows import write_predictions
from emotion_grid.labelling.store import AnswerStore


def write_tables(store: AnswerStore) -> dict[Path, int]:
    """Write what people answered so far, and return how many texts the table of each person has.

    Beside `dev.sqlite`, `dev/<person>.csv` has the column `id` and 1 or 0 for each label, as a row of the comparison has; `dev.csv` has the
    same of everybody, with the column `person` behind `id`: a row for each answer.
    """
    labels, ids = store.labels, [id_ for id_, _ in store.texts]
    given = {person: store.given(person) for person in store.people()}
    tables = {person: store.path.with_suffix("") / f"{person}.csv" for person in given}
    for person, answers in given.items():
        write_predictions(tables[person], ids[: len(answers)], labels, np.array(answers, dtype=float))
    with whole_file(store.path.with_suffix(".csv")) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "person", *labels])
        for person, answers in given.items():
            writer.writerows([id_, person, *map(int, marks)] for id_, marks in zip(ids, answers, strict=False))
    return {tables[person]: len(answers) for person, answers in given.items()}
