"""The page to try a model in a real browser: typed, read and used by keyboard, on a desktop and on a telephone."""

import json

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from emotion_grid.explanation.shapley import Explanation
from emotion_grid.trying.answers import Answer
from emotion_grid.trying.trial import Trial
from testing.made import HOSTILE
from testing.serving import served
from tests.browser.conftest import SCREENSHOTS, SIZES, Opened

LABELS = ["anger", "a label of many words & <b>signs</b>", "joy", "fear", "sadness", "surprise"]


def answer(text: str) -> Answer | None:
    """What a model may say of a text; always the same of the same text."""
    words = text.split()
    if not words:
        return None
    random = np.random.default_rng(len(text))
    values = random.normal(size=(len(words), len(LABELS)))
    probabilities = 1 / (1 + np.exp(-random.normal(0, 2, len(LABELS))))
    explanation = Explanation(words, values, np.zeros(len(LABELS)), values.sum(0))
    return Answer(LABELS, probabilities, np.full(len(LABELS), 0.4), explanation, len(words) > 200)


@pytest.fixture(scope="module")
def url():
    with served(Trial("minilm_mlp-384-l2-mean_freeze-0_full_seed-1_c0a23e20", answer)) as server:
        yield server.urls[0]


def check_quiet(opened: Opened, url: str) -> None:
    assert opened.complaints == []
    assert {request.partition("#")[0] for request in opened.requests} <= {url, "data:,"}


def send(opened: Opened, text: str) -> None:
    opened.page.fill("textarea", text)
    opened.page.get_by_role("button", name="Show labels").click()
    opened.page.wait_for_load_state()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_quiet_fits_its_screen_and_is_accessible(url, open_page, size, scheme):
    opened = open_page(url, size, scheme)
    for name, text in (
        ("empty", ""),
        ("answered", "I was so scared of the dog, but then my sister laughed and we were happy."),
    ):
        if text:
            send(opened, text)
        opened.page.screenshot(path=SCREENSHOTS / f"try-{name}-{size}-{scheme}.png", full_page=True)
        assert opened.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"
        found = Axe().run(opened.page).response["violations"]
        serious = [rule for rule in found if rule["impact"] in ("serious", "critical")]
        assert not serious, json.dumps([(rule["id"], rule["nodes"][0]["html"][:200]) for rule in serious], indent=1)
    check_quiet(opened, url)


def test_it_is_used_by_keyboard_alone(url, open_page):
    opened = open_page(url)
    keyboard, page = opened.page.keyboard, opened.page
    page.wait_for_selector("textarea:focus")  # the text has the focus when the page opens
    keyboard.type("so glad")
    keyboard.press("Tab")
    keyboard.press("Enter")
    page.wait_for_selector("details")
    assert page.input_value("textarea") == "so glad"
    labels = page.locator("details").count()
    assert labels == len(LABELS) and page.url.endswith("#labels")
    keyboard.press("Tab")
    first = page.locator("details").first
    assert first.locator("summary").evaluate("one => one === document.activeElement"), "what was asked for comes next"
    before = first.evaluate("one => one.open")
    keyboard.press("Enter")
    assert first.evaluate("one => one.open") != before
    assert page.locator("summary").first.evaluate("one => getComputedStyle(one).outlineStyle") != "none", (
        "one sees where one is"
    )
    check_quiet(opened, url)


def test_bars_and_thresholds_stand_where_the_numbers_say(url, open_page):
    opened = open_page(url)
    send(opened, "so glad")
    given = answer("so glad")
    assert given is not None
    for row in opened.page.locator("details").all():
        place = LABELS.index(row.locator(".name bdi").inner_text())
        probability = given.probabilities[place]
        full, bar = (row.locator("svg rect").nth(number).bounding_box()["width"] for number in (0, 1))
        assert bar / full == pytest.approx(probability, abs=0.01)
        assert f"{probability:.3f}" in row.locator(".figures").inner_text()
        assert row.locator(".verdict").inner_text() == ("predicted" if probability >= 0.4 else "not predicted")
        assert row.evaluate("one => one.open") == (probability >= 0.4)


def test_hostile_texts_stay_texts(url, open_page):
    opened = open_page(url)
    for text in HOSTILE:
        send(opened, text)
        assert opened.page.evaluate("window.ran") is None and opened.page.title().startswith("minilm")
        assert opened.page.input_value("textarea") == text.replace("\r", "\n")
        for tag in ("iframe", "img", "script", "main style", "main h1", "main a", "object", "base"):
            assert opened.page.locator(tag).count() == 0, tag
        shown = opened.page.locator("details .words > bdi").first.text_content().split()
        assert shown == [word for word in shown if word] and len(shown) >= 1
    assert opened.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    check_quiet(opened, url)


def test_an_empty_text_is_told(url, open_page):
    opened = open_page(url, "phone")
    send(opened, "   ")
    assert opened.page.get_by_role("alert").inner_text() == "An empty text has no labels."
    check_quiet(opened, url)
