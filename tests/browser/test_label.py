"""The labelling page in a real browser: by keyboard, by touch, by two people, with hostile texts, and with a server that is killed."""

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, Page

from emotion_grid.labelling.person import Labelling
from emotion_grid.labelling.store import AnswerStore, open_store
from testing.labelling import choice_of, make_study
from testing.made import HOSTILE, LABELS
from testing.serving import served
from testing.tiny import PROJECT
from tests.browser.conftest import SCREENSHOTS, SIZES, Opened

TEXTS = [(f"t-{number}", text) for number, text in enumerate([*HOSTILE, *(f"so glad today {n}" for n in range(220))])]
KILLS = 20


@pytest.fixture
def store(tmp_path) -> Iterator[AnswerStore]:
    with open_store(tmp_path / "dev.sqlite") as store:
        store.begin(LABELS, TEXTS)
        yield store


@pytest.fixture
def urls(store) -> Iterator[list[str]]:
    """The addresses of Anna and of Ben."""
    with served(*(Labelling(store, person, "a study, dev") for person in ("anna", "ben"))) as server:
        yield server.urls


@contextmanager
def program(study: Path) -> Iterator[tuple[subprocess.Popen, str]]:
    """The real program, and the address of Anna."""
    command = [sys.executable, "-m", "scripts.label", "--study", str(study), "--person", "anna"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process, process.stdout.readline().split()[-1]
        finally:
            process.kill()


def press(page: Page, given: list[bool]) -> None:
    """Toggle labels by their digits, and go on."""
    for key, mark in enumerate(given, 1):
        if mark:
            page.keyboard.press(str(key))
    page.keyboard.press("Enter")


def see(page: Page, position: int) -> None:
    """Wait until a text is on the page."""
    page.wait_for_selector(f'form[action="{position}"]', timeout=60_000)


def cpu_seconds() -> float:
    """CPU time of this process and of all that it started, those that have ended included."""
    total, own = 0.0, psutil.Process()
    for process in (own, *own.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            total += sum(process.cpu_times()[:4])
    return total


def check_quiet(opened: Opened, url: str) -> None:
    assert opened.complaints == []
    assert all(request.startswith((url, "data:,")) for request in opened.requests)


def fill(store: AnswerStore, count: int, person: str = "anna") -> None:
    for position in range(1, count + 1):
        store.save(person, position, [False] * len(LABELS))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_page_is_quiet_fits_its_screen_and_is_accessible(urls, store, open_page, size, scheme):
    opened = open_page(urls[0], size, scheme)

    def check(name: str) -> None:
        opened.page.screenshot(path=SCREENSHOTS / f"label-{name}-{size}-{scheme}.png")
        assert opened.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"
        found = Axe().run(opened.page).response["violations"]
        serious = [rule for rule in found if rule["impact"] in ("serious", "critical")]
        assert not serious, json.dumps([(rule["id"], rule["nodes"][0]["html"][:200]) for rule in serious], indent=1)

    check("first")
    fill(store, 40)
    opened.page.reload()
    opened.page.keyboard.press("2"), opened.page.keyboard.press("5")
    check("chosen")
    opened.page.goto(f"{urls[0]}27")
    check("long")
    fill(store, 100)
    opened.page.goto(urls[0])
    check("rest")
    fill(store, len(TEXTS))
    opened.page.goto(urls[0])
    check("end")
    check_quiet(opened, urls[0])


def test_a_hundred_texts_by_keyboard_alone_take_less_than_a_minute(tmp_path, open_page):
    """It asserts CPU time, of this test, the browser and the server: where nothing else runs, the clock shows no more."""
    make_study(tmp_path)
    with program(tmp_path) as (_, url):
        opened = open_page(url)
        see(opened.page, 1)
        with open_store(tmp_path / "annotations" / "dev.sqlite", is_served=False) as store:
            choices = [choice_of(id_) for id_, _ in store.texts]
        start, used = time.monotonic(), cpu_seconds()
        for position, given in enumerate(choices[:100], 1):
            press(opened.page, given)
            if position < 100:
                see(opened.page, position + 1)
        opened.page.wait_for_selector("text=100 texts are labelled")
        seconds, used = time.monotonic() - start, cpu_seconds() - used
        print(f"\n100 texts by keyboard: {used:.1f} s of CPU time, {seconds:.1f} s by the clock")
        opened.page.keyboard.press("Enter")
        see(opened.page, 101)
        check_quiet(opened, url)
    with open_store(tmp_path / "annotations" / "dev.sqlite") as store:
        assert store.given("anna") == choices[:100]
    assert used < 60


def test_what_was_acknowledged_outlives_kills(tmp_path, open_page):
    """An answer is acknowledged when what follows is on the screen; the server is killed while the next five are given, at any moment."""
    make_study(tmp_path, dev=2500)
    path, random, seen = tmp_path / "annotations" / "dev.sqlite", np.random.default_rng(3), 0
    for kill in range(1, KILLS + 1):
        with program(tmp_path) as (process, url):
            page = open_page(url).page
            with open_store(path, is_served=False) as store:
                choices, position = [choice_of(id_) for id_, _ in store.texts], store.answered("anna") + 1
            start = time.monotonic()
            with suppress(Error):
                while True:
                    page.goto(f"{url}{position}")
                    press(page, choices[position - 1])
                    page.wait_for_url(url)
                    seen, position = position, position + 1
                    if start:
                        pace, start = time.monotonic() - start, 0
                        threading.Timer(random.uniform(0, 5 * pace), process.kill).start()
            page.context.close()
        with open_store(path, is_served=False) as store:
            given = store.given("anna")
        print(f"kill {kill}: {seen} answers acknowledged, {len(given)} saved", flush=True)
        assert seen <= len(given) <= seen + 1 and given == choices[: len(given)]
    assert seen >= KILLS


def test_undo_leads_back_to_the_answer_and_then_on(urls, store, open_page):
    opened = open_page(urls[0])
    page = opened.page
    press(page, [True, False, True, False, False])
    see(page, 2)
    press(page, [False] * 5)
    see(page, 3)
    page.keyboard.press("Backspace")
    see(page, 2)
    page.keyboard.press("Backspace")
    see(page, 1)
    assert [box.is_checked() for box in page.locator("input").all()] == [True, False, True, False, False]
    press(page, [True, True, False, False, False])  # a digit toggles
    see(page, 3)
    assert store.given("anna") == [[False, True, True, False, False], [False] * 5]
    check_quiet(opened, urls[0])


def test_keys_that_are_held_or_belong_to_the_browser_do_nothing(urls, store, open_page):
    page = open_page(urls[0]).page
    for keys in ("Control+1", "Alt+2", "Meta+Enter", "Shift", "7", "x"):
        page.keyboard.press(keys)
    assert page.locator("input:checked").count() == 0 and store.answered("anna") == 0
    page.keyboard.down("Enter"), page.keyboard.down("Enter"), page.keyboard.down("Enter")  # held, it repeats itself
    see(page, 2)
    page.wait_for_timeout(300)
    page.keyboard.up("Enter")
    assert store.answered("anna") == 1


def test_digits_of_other_keyboards_count_by_their_place(urls, open_page):
    """On a French keyboard the key of 2 gives é, and on an Arabic one another digit."""
    page = open_page(urls[0]).page
    for key in ("\u00e9", "\u0662"):
        page.evaluate(
            "key => document.body.dispatchEvent(new KeyboardEvent('keydown', {key, code: 'Digit2', bubbles: true}))",
            key,
        )
        assert page.locator("input").nth(1).is_checked() == (key == "\u00e9"), "the second time, it is taken back"


def test_without_a_script_the_page_works_too(urls, store, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(urls[0])
    page.locator(".choice").nth(1).click()
    page.locator("#on").click()
    see(page, 2)
    page.locator("#back").click()
    see(page, 1)
    assert store.given("anna") == [[False, True, False, False, False]]
    context.close()


def test_by_touch_on_a_phone(urls, store, browser):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(urls[0])
    for position in range(1, 33):  # the long texts, too
        see(page, position)
        place = page.locator("#on").bounding_box()
        assert place["y"] + place["height"] <= 844 and place["height"] >= 44, "the button is on the screen"
        page.locator(".choice").nth(position % 5).tap()
        assert all(choice.bounding_box()["height"] >= 44 for choice in page.locator(".choice").all())
        page.locator("#on").tap()
    see(page, 33)
    assert store.given("anna") == [[label == position % 5 for label in range(5)] for position in range(1, 33)]
    page.screenshot(path=SCREENSHOTS / "label-touch.png")
    context.close()


def test_two_people_label_at_once_and_see_nothing_of_each_other(urls, store, open_page):
    anna, ben = (open_page(url) for url in urls)
    for position in range(1, 21):
        press(anna.page, [True, False, position % 2 == 0, False, False])
        assert ben.page.locator("input:checked").count() == 0
        press(ben.page, [False, True, False, False, position % 3 == 0])
        for opened in (anna, ben):
            see(opened.page, position + 1)
    assert store.given("anna") == [[True, False, position % 2 == 0, False, False] for position in range(1, 21)]
    assert store.given("ben") == [[False, True, False, False, position % 3 == 0] for position in range(1, 21)]
    for opened, url, other in ((anna, urls[0], "ben"), (ben, urls[1], "anna")):
        assert re.search(rf"\b{other}\b", opened.page.content()) is None
        check_quiet(opened, url)


def test_hostile_texts_stay_texts(urls, open_page):
    opened = open_page(urls[0])
    for position, text in enumerate(HOSTILE, 1):
        see(opened.page, position)
        assert opened.page.evaluate("window.ran") is None and opened.page.title() == f"{position} of 100 – emotion-grid"
        shown = opened.page.locator(".shown bdi").evaluate("one => one.textContent")
        assert shown == text.replace("\r", "\n")
        for tag in ("iframe", "img", "svg", "main script", "main style", ".shown h1", ".shown a", "object", "base"):
            assert opened.page.locator(tag).count() == 0, tag
        assert opened.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        opened.page.keyboard.press("Enter")
    check_quiet(opened, urls[0])
