"""The program that writes tables and figures for a paper."""

from scripts import paper
from testing.made import run_program


def test_a_paper_gets_every_table_and_figure(made):
    run_program(paper, "--results", made, "--output", made / "paper")
    names = {path.stem for path in (made / "paper" / "tables").glob("*.tex")}
    assert names == {path.stem for path in (made / "paper" / "tables").glob("*.md")}
    assert names == {"settings", "effects", "labels", "mistakes"}
    figures = list((made / "paper" / "figures").glob("*.pdf"))
    assert len(figures) > 10 and all(path.read_bytes().startswith(b"%PDF") for path in figures)
