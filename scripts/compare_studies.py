"""Compare two studies: what differs in their configs, which runs both have, and the scores of the settings that both ran.

    python -m scripts.compare_studies results/a results/b

Reads config.yaml, the plan, the tables and the predictions of both; writes a page and, beside it, the table of matched settings as CSV.
Settings are matched by their axes, and differences are tested as in a study's own report, if both are judged on the same texts.
"""

import sys
from pathlib import Path

import yaml

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import write_text
from emotion_grid.base.layout import PLAN, SUMMARY_TABLE
from emotion_grid.base.messages import InputError, log
from emotion_grid.data.tables import write_table
from emotion_grid.evaluation.results import Results, read_results
from emotion_grid.evaluation.two_studies import changes, match_studies, matched_settings
from emotion_grid.report.two_studies import two_studies_page

NAMES = ("experiment", "results_root", "cache_root")
"""Keys of a config that say where a study lies, not what it is."""


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("first", type=Path, help="folder of a study's results, or of one of its data sets")
    parser.add_argument("second", type=Path, help="that of the other")
    parser.add_argument("--output", type=Path, help="the page (default: <first>-and-<second>.html in this folder)")
    arguments = parser.parse_args()
    homes = (arguments.first, arguments.second)
    two = match_studies(*map(_read, homes))
    matched, names = matched_settings(two), _names(*homes)
    output = arguments.output or Path("-and-".join(name.replace("/", "-") for name in names) + ".html")
    first, second = (_config(home) for home in homes)
    differing = None if first is None or second is None else changes(first, second)
    write_text(output, two_studies_page(two, matched, differing, names))
    write_table(matched, output.with_suffix(".csv"))
    log(f"{output}: {len(matched)} rows in {output.with_suffix('.csv').name}")


def _names(first: Path, second: Path) -> tuple[str, str]:
    """What the page calls two studies: the names of their folders, with as much of the paths as tells them apart."""
    one, other = first.resolve().parts, second.resolve().parts
    depth = next((n for n in range(1, len(one)) if one[-n:] != other[-n:]), 1)
    return "/".join(one[-depth:]), "/".join(other[-depth:])


def _read(home: Path) -> Results:
    for name in (PLAN, SUMMARY_TABLE):
        if not (home / name).is_file():
            raise InputError(
                f"{home}: expected the results of a finished study or of one of its data sets ({name}), found none"
            )
    return read_results(home)


def _config(home: Path) -> dict | None:
    """The config of a study's last start, without what says where it lies; None where no start has left one."""
    path = home / "config.yaml"
    if not path.is_file():
        return None
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {name: value for name, value in config.items() if name not in NAMES}


if __name__ == "__main__":
    sys.exit(run_program(main))
