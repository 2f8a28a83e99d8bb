"""Ask a language model for the labels of every split, by an endpoint that answers as the OpenAI API does.

Writes predictions/<split>.csv as a run of the grid does, so that it stands in the same tables, and provenance.json with their digests and
what is to be known of the answers. Every answer is kept in the folder of answers as it came, and is not asked for again.
"""

import sys
from pathlib import Path

from emotion_grid.asking.labelling import ASKED, labelled, questions
from emotion_grid.asking.ledger import ledger_name
from emotion_grid.asking.options import add_options, asking
from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import read_json
from emotion_grid.base.integrity import expect_whole, recorded
from emotion_grid.base.layout import CHECKS
from emotion_grid.base.messages import log
from emotion_grid.data.rows import write_predictions
from emotion_grid.data.splits import BASELINE_FILES, PROVENANCE, SPLITS, predictions_file
from emotion_grid.data.tables import read_split


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--spec", required=True, type=Path, help="spec.json of the row")
    parser.add_argument("--data", required=True, type=Path, help="folder of the prepared splits")
    parser.add_argument("--output", required=True, type=Path, help="folder of the row's results")
    parser.add_argument("--answers", required=True, type=Path, help="folder of all answers that were ever given")
    add_options(parser)
    arguments = parser.parse_args()
    spec = read_json(arguments.spec)
    expect_whole({arguments.data / CHECKS: None})
    train, labels = read_split(arguments.data / "train.csv"), spec["data"]["labels"]
    tables = {split: read_split(arguments.data / f"{split}.csv") for split in SPLITS}
    asked = {split: questions(spec, train, list(table["text"])) for split, table in tables.items()}
    kept = ledger_name(spec["model"], {"labels": labels, **{key: spec[key] for key in ASKED}})
    with asking(arguments, arguments.answers / kept) as model:
        model.ask([question for split in SPLITS for question in asked[split]])
        found = {split: labelled(model.replies(asked[split]), labels) for split in SPLITS}
    counts = {"answers": {split: found[split].counts for split in SPLITS}}
    with recorded(arguments.output / PROVENANCE, BASELINE_FILES, counts):
        for split, table in tables.items():
            path = predictions_file(arguments.output, split)
            write_predictions(path, list(table["id"]), labels, found[split].probabilities)
            log(f"{split}: {len(table)} texts, {found[split].counts['answered']} answered")


if __name__ == "__main__":
    sys.exit(run_program(main))
