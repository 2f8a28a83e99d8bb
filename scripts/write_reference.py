"""Write the reference of all config keys, generated from config/schema.yaml and the axes."""

import sys
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import write_text
from emotion_grid.config.reference import page


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--output", required=True, type=Path, help="the Markdown file to write")
    write_text(parser.parse_args().output, page())


if __name__ == "__main__":
    sys.exit(run_program(main))
