"""Show how files of texts and labels are read, and print a config section to start from.

Reads files of every form that a study can read (docs/data.md) and writes nothing. Of several files of one data set, name the training file
first. What the section guesses is marked in it: read it before you use it.
"""

import signal
import sys
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.data.forms import SEPARATORS, Form
from emotion_grid.data.looking import look


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a file, or a folder that `datasets` saved")
    parser.add_argument("--separator", choices=SEPARATORS, help="what separates the cells, if it is not recognised")
    parser.add_argument(
        "--encoding", help="the encoding, if it is neither UTF-8 nor UTF-16 with its mark, such as cp1252"
    )
    parser.add_argument("--sheet", help="the sheet of an Excel file, if it is not the first")
    parser.add_argument("--rows", help="in JSON, the list in each object whose entries are rows, such as annotations")
    arguments = parser.parse_args()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends it without a word
    form = Form(arguments.separator, arguments.encoding, sheet=arguments.sheet, rows=arguments.rows)
    for line in look(arguments.files, form):
        print(line)


if __name__ == "__main__":
    sys.exit(run_program(main))
