"""Label a file of new texts with a saved model: no gold labels, no data of its study and no Snakemake are needed.

    python -m scripts.predict --model results/demo/runs/<run>/model --input texts.csv --output labelled.csv

The input is a file of any form that training data may have: CSV with any separator, JSON Lines, Parquet, Excel, each also compressed by
gzip, or a folder that `datasets` saved. All of it is read and checked before anything is predicted. The output has a row for each text, in
the same order: its id, 1 or 0 for each label by the run's own thresholds, and the probabilities. With several models, probabilities and
thresholds are the means of theirs. A program that was killed goes on where it was when it is started again.
"""

import sys
from pathlib import Path

from tqdm import tqdm

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.messages import log
from emotion_grid.data.forms import SEPARATORS, Form
from emotion_grid.prediction.labeller import Ensemble
from emotion_grid.prediction.new_texts import key_of, label_file
from emotion_grid.prediction.reading import NewTexts
from emotion_grid.prediction.writing import check_form


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument(
        "--model",
        required=True,
        action="append",
        type=Path,
        help="the model of a run: results/<experiment>/runs/<run>/model; given several times, the mean of these models labels",
    )
    parser.add_argument("--input", required=True, type=Path, help="file of the texts to label")
    parser.add_argument("--output", required=True, type=Path, help="file to write: .csv, .jsonl or .parquet")
    parser.add_argument(
        "--text", default="text", help="the column of the texts, or a template: '{title}: {body}' (default: text)"
    )
    parser.add_argument("--id", help="the column of the ids (default: id if there is one, else the rows' numbers)")
    parser.add_argument("--separator", choices=SEPARATORS, help="what separates the cells, if it is not recognised")
    parser.add_argument("--encoding", help="the encoding, if it is neither UTF-8 nor UTF-16 with its mark: cp1252")
    parser.add_argument("--quotes", choices=["enclose", "plain"], help="what double quotes are, if not recognised")
    parser.add_argument("--header", nargs="+", help="names of the columns, for a file without a header")
    parser.add_argument("--sheet", help="the sheet of an Excel file, if it is not the first")
    parser.add_argument("--encoder", type=Path, help="where the models' encoder lies, if not where it lay at training")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads to use (default: 1)")
    arguments = parser.parse_args()
    header = tuple(arguments.header) if arguments.header else None
    form = Form(arguments.separator, arguments.encoding, arguments.quotes, header, arguments.sheet)
    texts = NewTexts(arguments.input, arguments.text, arguments.id, form)
    check_form(arguments.output)
    rows, how = texts.check()
    log(f"{arguments.input}: {how}; {rows:,} texts")
    labeller = Ensemble(arguments.model, arguments.threads, arguments.encoder)
    key = key_of(texts, arguments.model)
    log(f"{len(labeller.labels)} labels on {labeller.members[0].device}: {', '.join(labeller.labels)}")
    with tqdm(total=rows, unit=" texts", disable=None) as bar:
        empty = label_file(texts, labeller, key, arguments.output, lambda done: bar.update(done - bar.n))
    log(
        f"{arguments.output} is written"
        + (f"; {empty} of its rows have no labels, since their texts are empty" if empty else "")
    )


if __name__ == "__main__":
    sys.exit(run_program(main))
