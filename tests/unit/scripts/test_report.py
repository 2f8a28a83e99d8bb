"""The program that writes the report: no text in it is markup."""

from emotion_grid.evaluation import mistakes as errors
from scripts import report
from testing.made import run_program


def test_no_text_reaches_the_report_as_markup(made, monkeypatch):
    monkeypatch.setattr(errors, "MOST_MISTAKES", 500)
    run_program(report, "--results", made)
    page = (made / "report.html").read_text()
    body = page[page.index("<body>") :]
    assert "&lt;script&gt;document.title" in body, "hostile texts are among the mistakes"
    for text in ("<img", "<iframe", "<h1>out", "<script>window", "<script>document", "<style>", "<a href='java"):
        assert text not in body
    assert body.count("<script>") == 1
