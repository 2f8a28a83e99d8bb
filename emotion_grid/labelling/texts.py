"""The texts of a study that people label."""

from pathlib import Path

import numpy as np

from emotion_grid.base.files import read_json
from emotion_grid.base.integrity import expect_whole
from emotion_grid.base.layout import CHECKS, PLAN, SETS, data_folder
from emotion_grid.base.messages import InputError
from emotion_grid.data.problems import listed
from emotion_grid.data.rows import Rows, read_rows


def study_texts(study: Path, split: str) -> Rows:
    """The prepared texts of a split, each once; in a cross-validation, those of the split in all folds.

    Args:
        study: its folder of results, or that of one of its data sets.

    Raises:
        InputError: no study, or texts that are not prepared, are damaged or are none.
    """
    if not (study / PLAN).is_file():
        sets = [path.parent.name for path in sorted(study.glob(f"{SETS}/*/{PLAN}"))]
        what = (
            f"several sets; name the folder of one in {study / SETS}: {listed(sets)}"
            if sets
            else "none; check the name"
        )
        raise InputError(f"{study}: expected the results of a study on one data set ({PLAN}), found {what}")
    plan = read_json(study / PLAN)
    folders = [data_folder(study, key) for key in dict.fromkeys(row["data"] for row in plan["rows"])]
    if missing := [folder for folder in folders if not (folder / CHECKS).is_file()]:
        raise InputError(f"{missing[0]}: expected prepared texts, found none; make them: snakemake --until prepare")
    expect_whole({folder / CHECKS: [f"{split}.csv"] for folder in folders})
    tables = [read_rows(folder / f"{split}.csv") for folder in folders]
    rows = {id_: (table, row) for table in reversed(tables) for row, id_ in enumerate(table.ids)}
    if not rows:
        raise InputError(f"{study}: expected texts in {split}, found none; name another split")
    gold = np.array([table.gold[row] for table, row in rows.values()])
    return Rows([*rows], [table.texts[row] for table, row in rows.values()], plan["labels"], gold)
