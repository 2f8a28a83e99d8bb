"""The report and the explanations in a real browser: nothing leaves the page, everything on it works, everyone can read it."""

import csv
import itertools
import json
import shutil
import subprocess
import time

import pytest
from axe_playwright_python.sync_playwright import Axe

from testing.made import HOSTILE, make_experiment, write_results
from tests.browser.conftest import SCREENSHOTS, SIZES, Opened

SCHEMES = ("light", "dark")

DOCUMENT = r"""\documentclass%s
\usepackage{booktabs, tabularx, graphicx}
\begin{document}
%s
\end{document}
"""


def explanation_of(project):
    (page,) = project.home.glob("explanations/*/explanation.html")
    return page


@pytest.fixture(scope="session", params=["made", "report", "explanation"])
def page_file(request):
    """A report of many runs, and the report and the explanations of a study on hostile texts."""
    if request.param == "made":
        return "made", request.getfixturevalue("made_report")
    project = request.getfixturevalue("hostile")
    return request.param, project.home / "report.html" if request.param == "report" else explanation_of(project)


def check_quiet(opened: Opened) -> None:
    assert opened.complaints == []
    assert [url for url in opened.requests[1:] if not url.startswith("data:image/svg")] == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_page_is_quiet_fits_its_screen_and_is_accessible(page_file, open_page, size, scheme):
    name, path = page_file
    opened = open_page(path, size, scheme)
    opened.page.screenshot(path=SCREENSHOTS / f"{name}-{size}-{scheme}.png")
    opened.page.screenshot(path=SCREENSHOTS / f"{name}-{size}-{scheme}-whole.png", full_page=True)
    assert opened.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out to the right"
    found = Axe().run(opened.page).response["violations"]
    serious = [rule for rule in found if rule["impact"] in ("serious", "critical")]
    assert not serious, json.dumps(
        [(rule["id"], [node["html"][:200] for node in rule["nodes"][:3]]) for rule in serious], indent=1
    )
    check_quiet(opened)


def test_every_picture_says_in_words_what_it_shows(page_file, open_page):
    page = open_page(page_file[1]).page
    pictures = page.locator("svg:not([aria-hidden=true]), img")
    words = [pictures.nth(place).get_attribute("aria-label") for place in range(pictures.count())]
    assert all(words) and (words or page_file[0] == "explanation")


def test_no_text_runs_or_leaves_its_place(page_file, open_page):
    opened = open_page(page_file[1])
    assert opened.page.evaluate("window.ran") is None
    assert opened.page.title() != "run"
    for tag in ("iframe", "img", "object", "embed", "form", "link", "base", "main style", "main script", "main h1"):
        assert opened.page.locator(tag).count() == 0, tag
    assert opened.page.locator("script").count() == 1
    check_quiet(opened)


def test_hostile_texts_stand_in_the_pages_word_for_word(made_report, hostile, open_page):
    cells = set(open_page(made_report).page.locator("td.text bdi").all_text_contents())
    shown = [
        text for text in HOSTILE if text.replace("\r", "\n")[:590] in {cell.replace("\r", "\n")[:590] for cell in cells}
    ]
    assert len(shown) >= 25, "all but those that no label was wrong for"
    page = open_page(explanation_of(hostile)).page
    text = page.locator("main").inner_text()
    assert all(part in text for part in ("onerror", "javascript", "HYPERLINK", "documentclass"))
    assert page.locator("#explained tbody tr").count() >= 30


def test_hostile_texts_are_texts_in_the_exports(hostile):
    with next(hostile.home.glob("explanations/*/contributions.csv")).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {"=", "+", "-", "@"}.isdisjoint(row["token"][:1] for row in rows)
    assert any(row["token"].startswith("'=") for row in rows), "a formula's first word is there, and no formula"
    for path in (hostile.home / "paper" / "tables").glob("*.tex"):
        lines = path.read_text(encoding="utf-8").splitlines()
        body = lines[lines.index("\\midrule") + 1 : lines.index("\\bottomrule")]
        columns = lines[lines.index("\\toprule") + 1].count(" & ")
        assert all(line.count(" & ") == columns and line.endswith(r" \\") for line in body), "a text is one cell"


@pytest.mark.parametrize("kind", ["{article}", "[12pt]{article}", "[twocolumn]{article}"])
def test_the_exports_compile_and_fit_their_pages(made_report, hostile, tmp_path, kind):
    for paper in (made_report.parent / "paper", hostile.home / "paper"):
        tables, figures = sorted(paper.glob("tables/*.tex")), sorted(paper.glob("figures/*.pdf"))
        assert tables and figures
        parts = [rf"\input{{{path}}}" for path in tables]
        parts += [rf"\includegraphics[width=0.4\linewidth]{{{path}}}" for path in figures]
        (tmp_path / "document.tex").write_text(DOCUMENT % (kind, "\n\n".join(parts)), encoding="utf-8")
        command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "document.tex"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace")
        assert done.returncode == 0, done.stdout[-2000:]
        complaints = [
            line for line in done.stdout.splitlines() if line.startswith(("Overfull", "LaTeX Warning: Float"))
        ]
        assert complaints == []


def test_tables_sort_and_filter(made_report, open_page):
    opened = open_page(made_report)
    page, rows = opened.page, opened.page.locator("#runs tbody tr")
    head = page.locator("#runs th", has_text="dev macro-F1").first
    column = head.evaluate("cell => cell.cellIndex")

    def values() -> list[float]:
        cells = rows.locator(f"td:nth-child({column + 1})").evaluate_all("cells => cells.map(cell => cell.dataset.v)")
        return [float(value) for value in cells]

    for order, reverse in (("descending", True), ("ascending", False)):
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == order
        assert values() == sorted(values(), reverse=reverse)
    page.fill("#filter", "encoder1 half LORA8")
    assert rows.locator("visible=true").count() == page.locator("#runs tbody tr:not([hidden])").count() == 8
    assert "8 of 82 rows" in page.locator(".controls [role=status]").inner_text()
    page.fill("#filter", "")
    assert page.locator("#runs tbody tr:not([hidden])").count() == 82
    check_quiet(opened)


def test_a_telephone_shows_mistakes_as_cards(made_report, open_page):
    page = open_page(made_report, "phone").page
    table = page.locator("table.stacked").first
    assert table.evaluate("one => one.parentElement.scrollWidth <= one.parentElement.clientWidth"), "nothing to scroll"
    first = table.locator("tbody tr").first
    boxes = [cell.bounding_box() for cell in first.locator("> *").all()]
    assert all(above["y"] + above["height"] <= below["y"] + 1 for above, below in itertools.pairwise(boxes))
    named = first.locator("td[data-name='gold labels']").evaluate("one => getComputedStyle(one, '::before').content")
    assert named.replace('" "', "") == '"gold labels: "'


def test_a_copy_without_its_files_has_no_dead_link(hostile, open_page, tmp_path):
    page = open_page(hostile.home / "report.html").page
    (link,) = page.locator("#explanations a").all()
    path = link.get_attribute("href")
    assert (hostile.home / path).is_file() and link.inner_text() == path
    copy = tmp_path / "report.html"
    shutil.copy(hostile.home / "report.html", copy)
    moved = open_page(copy).page
    assert moved.locator("#explanations a").count() == 0 and path in moved.locator("#explanations").inner_text()


def test_figures_download_with_their_data(made_report, open_page, tmp_path):
    opened = open_page(made_report, scheme="dark")
    figure, starts = (
        opened.page.locator("[data-csv]").first,
        {"SVG": b"<svg", "PNG": b"\x89PNG", "CSV": b"label,kind,mean"},
    )
    for kind, start in starts.items():
        with opened.page.expect_download() as waiting:
            figure.get_by_role("button", name=f"as {kind}").click()
        path = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(path)
        assert path.suffix == f".{kind.lower()}" and path.read_bytes().startswith(start)
    assert 'color="#1b1f24"' in (tmp_path / "settings.svg").read_text(), "dark on white, whatever the page looks like"
    assert opened.complaints == []


def test_a_printed_page_has_every_table_and_no_button(made_report, open_page):
    page = open_page(made_report).page
    page.pdf(path=SCREENSHOTS / "made-printed.pdf", format="A4", prefer_css_page_size=True)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert not page.locator(".downloads").first.is_visible() and not page.locator("nav").is_visible()
    assert page.locator("details dl").is_visible(), "on paper nothing can be opened"
    page.set_viewport_size({"width": 687, "height": 1000})  # between the margins of A4, upright and on its side
    beyond = "[...document.querySelectorAll('section:not(#all) *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
    assert page.evaluate(f"{beyond}.map(e => e.outerHTML.slice(0, 80))") == []
    page.set_viewport_size({"width": 1017, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    heights = page.locator("#runs tbody tr").evaluate_all("rows => rows.map(row => row.offsetHeight)")
    assert len(heights) == 82 and max(heights) < 60, "no column is squeezed to a letter a line"
    assert page.locator("#runs th button").first.evaluate("one => getComputedStyle(one).display") == "contents", (
        "with a button in it, Chromium does not repeat the head of a table on every page"
    )


def test_a_report_of_600_runs_is_small_and_opens(open_page, tmp_path):
    make_experiment(tmp_path, seeds=15, evaluation={"threshold": "global", "bootstrap": 20, "confidence": 0.95})
    write_results(tmp_path)
    size = (tmp_path / "report.html").stat().st_size / 1e6
    start = time.monotonic()
    opened = open_page(tmp_path / "report.html")
    opened.page.locator("text=602 of 602 rows").wait_for()
    print(f"600 runs: {size:.2f} MB, open after {time.monotonic() - start:.2f} s")
    opened.page.screenshot(path=SCREENSHOTS / "600-runs-desktop.png")
    assert size < 15
    check_quiet(opened)
