"""Real pages in a real browser: Debian's chromium, without a network, its every request and message on record."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Browser, Page, sync_playwright

from emotion_grid.evaluation import mistakes as errors
from scripts import compare, evaluate, paper, report
from testing.made import HOSTILE, make_experiment, run_program
from testing.tiny import CONFIG, LABELS, Project, make_checkout

SCREENSHOTS = Path(__file__).parent / "screenshots"
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    SCREENSHOTS.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield chromium
        chromium.close()


@dataclass
class Opened:
    """A page that is open, with what it asked for and complained of."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture
def open_page(browser):
    """Call with a file or an address, a size and a colour scheme: the page, loaded."""
    contexts = []

    def open_(place: Path | str, size: str = "desktop", scheme: str = "light") -> Opened:
        width, height = SIZES[size]
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        opened = Opened(context.new_page())
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        opened.page.on("console", lambda message: opened.complaints.append(f"{message.type}: {message.text}"))
        opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        opened.page.on("dialog", lambda dialog: (opened.complaints.append("a dialog"), dialog.dismiss()))
        opened.page.goto(place.as_uri() if isinstance(place, Path) else place)
        return opened

    yield open_
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def made_report(tmp_path_factory) -> Path:
    """The report of 80 made-up runs, beside it their exports; every mistake is shown, and with them all hostile texts."""
    home = tmp_path_factory.mktemp("made")
    make_experiment(home, title="A study with <b>hostile</b> texts")
    run_program(evaluate, "--plan", home / "plan.json", "--output", home)
    run_program(compare, "--results", home)
    before, errors.MOST_MISTAKES = errors.MOST_MISTAKES, 500
    run_program(report, "--results", home)
    run_program(paper, "--results", home, "--output", home / "paper")
    errors.MOST_MISTAKES = before
    return home / "report.html"


@pytest.fixture(scope="session")
def hostile(tmp_path_factory) -> Project:
    """The tiny study, trained on hostile texts and explained with them: CSV files to report, explanations and paper."""
    project = make_checkout(tmp_path_factory.mktemp("hostile") / "checkout")
    import csv

    for split in ("train", "dev"):
        path = project.folder / "texts" / f"{split}.csv"
        with path.open("a", newline="", encoding="utf-8") as file:
            for number, text in enumerate(HOSTILE):
                key = f"=hostile-{split}-{number}" if number % 2 else f"<b>{split}-{number}</b>"
                csv.writer(file).writerow([key, text, *((number >> place) & 1 for place in range(len(LABELS)))])
    changes = {
        "explanations": {"texts": 50, "evaluations": 20},
        "report": {"title": "<script>window.ran = true</script>"},
    }
    project.config_file.write_text(yaml.safe_dump({**CONFIG, **changes}, sort_keys=False))
    project.run()
    project.run("paper")
    return project
