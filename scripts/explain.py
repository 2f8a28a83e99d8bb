"""Explain a run or an ensemble: what each word adds to each label's logit, in single texts, over many texts and in mistakes.

Reads a run's folder with its model (or an ensemble's, whose runs have theirs) and the prepared splits; writes contributions.csv (run, id,
token, label, value: a row for each word of a text and label, in the text's order), logits.csv (for each text and label the base, from
which the contributions start, and the logit, their sum) and explanation.html, a page that opens without a connection. Four fifths of the
texts are drawn at random from dev (or from validation, if dev has no labels), one fifth are those with the largest errors; --ids chooses
other texts.
"""

import sys
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import read_json, write_text
from emotion_grid.base.integrity import expect_whole, recorded
from emotion_grid.base.layout import CHECKS, EXPLANATION_PAGE, EXPLANATION_RECORD, FETCHED, MODEL_RECORD
from emotion_grid.base.messages import log
from emotion_grid.data.splits import MODEL, PROVENANCE
from emotion_grid.data.tables import write_table
from emotion_grid.explanation.explaining import explain, members_of
from emotion_grid.explanation.words import contributions, logits_table
from emotion_grid.report.cells import csv_cell
from emotion_grid.report.explanation import page


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument(
        "--run", required=True, type=Path, help="folder of a run's results, with its model, or of an ensemble's"
    )
    parser.add_argument("--data", required=True, type=Path, help="folder of the prepared splits")
    parser.add_argument("--encoder", type=Path, help="folder of the fetched encoder, if not where it lay at training")
    parser.add_argument(
        "--request", required=True, type=Path, help="JSON file with texts, evaluations and threshold, as in the config"
    )
    parser.add_argument("--ids", nargs="*", default=[], help="ids of the texts to explain, instead of a sample")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads to use (default: 1)")
    parser.add_argument("--output", required=True, type=Path, help="folder for the tables and the page")
    arguments = parser.parse_args()
    run, request = arguments.run.name, read_json(arguments.request)
    records = [arguments.run / PROVENANCE, arguments.data / CHECKS]
    records += [member / MODEL / MODEL_RECORD for member in members_of(arguments.run)]
    records += [arguments.encoder.with_name(FETCHED)] if arguments.encoder else []
    expect_whole(dict.fromkeys(records))
    explained = explain(arguments.run, arguments.data, arguments.encoder, request, arguments.ids, arguments.threads)
    table = contributions(explained.texts, explained.explanations, explained.labels)
    tables = {"contributions": table.assign(token=table["token"].map(csv_cell)), "logits": logits_table(explained)}
    with recorded(arguments.output / EXPLANATION_RECORD, [*(f"{name}.csv" for name in tables), EXPLANATION_PAGE]):
        for name, rows in tables.items():
            rows.insert(0, "run", run)
            write_table(rows, arguments.output / f"{name}.csv")
        write_text(arguments.output / EXPLANATION_PAGE, page(run, explained))
    log(f"{arguments.output / EXPLANATION_PAGE}")


if __name__ == "__main__":
    sys.exit(run_program(main))
