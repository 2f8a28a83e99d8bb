"""Write an experiment's main tables as LaTeX and Markdown and its figures as PDF, for a paper.

Reads plan.json, the tables of an experiment and the predictions of its best run; writes tables/<name>.tex (booktabs), tables/<name>.md
and figures/<name>.pdf. The folder appears whole: what an earlier grid left there goes.
"""

import sys
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import whole_folder
from emotion_grid.base.messages import log
from emotion_grid.evaluation.results import read_results
from emotion_grid.report.cells import markdown_table
from emotion_grid.report.latex import latex_table
from emotion_grid.report.paper import figures, tables
from emotion_grid.report.reading import read_study


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--results", required=True, type=Path, help="folder of the experiment's results")
    parser.add_argument("--output", required=True, type=Path, help="folder for the tables and figures")
    arguments = parser.parse_args()
    study = read_study(read_results(arguments.results))
    with whole_folder(arguments.output) as folder:
        for kind in ("tables", "figures"):
            (folder / kind).mkdir()
        for name, (table, caption) in tables(study).items():
            if len(table):
                latex = latex_table(table, caption, f"tab:{name}")
                (folder / "tables" / f"{name}.tex").write_text(latex, encoding="utf-8")
                (folder / "tables" / f"{name}.md").write_text(markdown_table(table, caption), encoding="utf-8")
        for name, figure in figures(study).items():
            (folder / "figures" / f"{name.replace(' ', '-')}.pdf").write_bytes(figure.pdf())
        made = len(list(folder.rglob("*.*")))
    log(f"{made} files in {arguments.output}")


if __name__ == "__main__":
    sys.exit(run_program(main))
