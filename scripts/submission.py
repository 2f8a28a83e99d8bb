"""Write the answers to the test texts of SemEval-2025 Task 11, Track A, as its organisers take them.

    python -m scripts.submission --language eng results/brighter-eng track_a/test/eng.csv --output submission

Reads the tables and predictions of an experiment and its raw test file; writes track_a/pred_<language>.csv (id and 0 or 1 for each emotion,
at the row's thresholds for test) for each language, and track_a.zip, which holds them. The archive is read back and checked: its files,
columns and cells, and that each text of the test file has one row. The folder appears whole, or not at all.
"""

import sys
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.messages import InputError, log
from emotion_grid.submission.answers import read_answers
from emotion_grid.submission.form import BEST, FOLDER, LANGUAGES
from emotion_grid.submission.writing import write_submission


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument(
        "--language",
        required=True,
        action="append",
        nargs=3,
        metavar=("LANGUAGE", "RESULTS", "TEST"),
        help=f"a language ({', '.join(LANGUAGES)}), the folder of the results on it, and the raw test file; may be given several times",
    )
    parser.add_argument("--row", default=BEST, help="the run or other row that answers (default: the best run)")
    parser.add_argument("--output", required=True, type=Path, help="folder for the files and the archive")
    arguments = parser.parse_args()
    answers = {}
    for language, results, test in arguments.language:
        if language not in LANGUAGES:
            raise InputError(f"--language: expected one of {', '.join(LANGUAGES)}, found {language}")
        try:
            answers[language] = read_answers(Path(results), arguments.row, Path(test))
        except InputError as error:
            raise InputError(f"{language}: {error}") from None
    write_submission(answers, arguments.output)
    for language, own in answers.items():
        log(f"{language}: {len(own.ids):,} texts answered by {own.row}")
    log(
        f"{arguments.output / FOLDER}.zip is complete and right; {len(answers)} of the task's {len(LANGUAGES)} languages"
    )


if __name__ == "__main__":
    sys.exit(run_program(main))
