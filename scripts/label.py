"""A page on which people label the texts of a study by hand, blind to its gold labels and to each other.

    python -m scripts.label --study results/demo --person anna --person ben

Prints an address for each person, which holds a secret and works on this machine alone, and serves their pages until Ctrl-C. Every answer is
saved at once in annotations/<split>.sqlite of the study's results; started again, the program goes on from there. With --export it writes
tables of the answers instead: annotations/<split>/<person>.csv in the form of predictions, and annotations/<split>.csv with everybody's.
"""

import sys
from contextlib import suppress
from getpass import getuser
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.layout import ANNOTATIONS
from emotion_grid.base.messages import InputError, log
from emotion_grid.data.splits import SPLITS
from emotion_grid.labelling.order import labelling_order
from emotion_grid.labelling.person import Labelling
from emotion_grid.labelling.store import AnswerStore, open_store, person_name
from emotion_grid.labelling.tables import write_tables
from emotion_grid.labelling.texts import study_texts
from emotion_grid.serving.server import LocalServer


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--study", required=True, type=Path, help="folder of the study's results, with prepared data")
    parser.add_argument("--split", choices=SPLITS, default="dev", help="whose texts are labelled (default: dev)")
    parser.add_argument(
        "--person", action="append", default=[], help="who labels; may be given again (default: all who began, or you)"
    )
    parser.add_argument("--port", type=int, default=0, help="port of this machine (default: any that is free)")
    parser.add_argument("--export", action="store_true", help="write tables of the answers, and serve no page")
    arguments = parser.parse_args()
    path = arguments.study / ANNOTATIONS / f"{arguments.split}.sqlite"
    if arguments.export:
        export(path)
        return
    rows = study_texts(arguments.study, arguments.split)
    with open_store(path) as store:
        store.begin(rows.labels, [(rows.ids[row], rows.texts[row]) for row in labelling_order(rows.gold)])
        people = (
            list(dict.fromkeys(map(person_name, arguments.person))) or [*store.people()] or [person_name(getuser())]
        )
        serve(store, people, f"{arguments.study.name}, {arguments.split}", arguments.port)


def serve(store: AnswerStore, people: list[str], study: str, port: int) -> None:
    """Serve the pages until Ctrl-C."""
    sites = [Labelling(store, person, study) for person in people]
    with LocalServer(sites, port) as server, suppress(KeyboardInterrupt):
        for person, url in zip(people, server.urls, strict=True):
            print(f"{person}, {store.answered(person):,} of {len(store.texts):,} texts labelled: {url}", flush=True)
        print("Open an address in a browser; Ctrl-C ends the program.", flush=True)
        server.serve_forever()


def export(path: Path) -> None:
    """Write tables of the answers beside their file."""
    if not path.is_file():
        raise InputError(f"{path}: expected answers, found none; label texts first, or name another split")
    with open_store(path, is_served=False) as store:
        total = len(store.texts)
        for table, texts in write_tables(store).items():
            lacks = "" if texts == total else "; as a row of the comparison, it must have them all"
            log(f"{table}: {texts:,} of {total:,} texts{lacks}")


if __name__ == "__main__":
    sys.exit(run_program(main))
