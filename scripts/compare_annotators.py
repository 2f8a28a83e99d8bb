"""Say how far annotators agree, and how well a person does beside the models.

Reads plan.json, summary.csv, the prediction tables and the file of annotators' answers that the config names (`data.annotators`); writes
into annotators/: agreement.csv (of each label Krippendorff's alpha, and of each pair of annotators how often they agree), scores.csv (each
annotator against the majority of the others, and the rows of the experiment against the same), disagreements.csv (where the best run and
most annotators say different things) and texts.csv (which text of the study each annotated text is).
"""

import sys
from collections import Counter
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.integrity import recorded
from emotion_grid.base.layout import AGREEMENT_TABLE, ANNOTATED_TABLE, ANNOTATORS_RECORD, ANNOTATORS_TABLE, RECORDED
from emotion_grid.base.messages import log
from emotion_grid.data.tables import write_table
from emotion_grid.evaluation.annotators import annotator_tables
from emotion_grid.evaluation.results import read_results
from emotion_grid.report.cells import csv_cell

OF_PEOPLE = {ANNOTATED_TABLE: ["text"], ANNOTATORS_TABLE: ["name"], AGREEMENT_TABLE: ["first", "second"]}
"""Columns of texts and names of people, in which nothing may be a formula."""


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--results", required=True, type=Path, help="folder of the experiment's results")
    home = parser.parse_args().results
    tables = annotator_tables(read_results(home))
    for name, columns in OF_PEOPLE.items():
        tables[name] = tables[name].assign(**{column: tables[name][column].map(csv_cell) for column in columns})
    with recorded(home / ANNOTATORS_RECORD, RECORDED[ANNOTATORS_RECORD]):
        for name, table in tables.items():
            write_table(table, home / name)
    texts = tables[ANNOTATED_TABLE]
    counts = ", ".join(f"{count:,} {how}" for how, count in Counter(texts["how"]).most_common())
    log(f"{texts['joined'].sum():,} of {len(texts):,} annotated texts are texts of the study ({counts})")


if __name__ == "__main__":
    sys.exit(run_program(main))
