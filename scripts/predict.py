"""Label a file of new texts with a saved model: no gold labels, no data of its study and no Snakemake are needed.

    python -m scripts.predict --model results/demo/runs/<run>/model --input texts.csv --output labelled.csv

The input is a CSV file with a header and a column `text`; rows without a column `id` are known by their numbers. The output has a row for
each text, in the same order: `id`, 1 or 0 for each label by the run's own thresholds, and the probabilities. A program that was killed goes
on where it was when it is started again.
"""

import sys
from pathlib import Path

from tqdm import tqdm

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.messages import log
from emotion_grid.prediction.new_texts import Labeller, NewTexts, key_of, label_file


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument(
        "--model", required=True, type=Path, help="the model of a run: results/<experiment>/runs/<run>/model"
    )
    parser.add_argument("--input", required=True, type=Path, help="CSV file of the texts to label")
    parser.add_argument("--output", required=True, type=Path, help="CSV file to write")
    parser.add_argument("--column", default="text", help="the column of the texts (default: text)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads to use (default: 1)")
    arguments = parser.parse_args()
    texts = NewTexts(arguments.input, arguments.column)
    labeller, key = Labeller(arguments.model, arguments.threads), key_of(texts, arguments.model)
    log(f"{len(labeller.labels)} labels on {labeller.device}: {', '.join(labeller.labels)}")
    with tqdm(total=arguments.input.stat().st_size, unit="B", unit_scale=True, disable=None) as bar:
        empty = label_file(texts, labeller, key, arguments.output, lambda done: bar.update(done - bar.n))
    log(
        f"{arguments.output} is written"
        + (f"; {empty} of its rows have no labels, since their texts are empty" if empty else "")
    )


if __name__ == "__main__":
    sys.exit(run_program(main))
