"""The ledger: what was asked and what came is kept whatever happens, and a budget holds."""

import json
import threading

import pytest

from emotion_grid.asking.ledger import Ledger, OverBudget, ledger_name, open_ledger
from emotion_grid.asking.questions import make_question
from emotion_grid.asking.tokens import OVERHEAD, Budget, Tokens, most_tokens

NO_BUDGET = Budget()


def question(text="a", most=10):
    return make_question({"model": "m", "messages": [{"role": "user", "content": text}], "max_tokens": most})


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "answers.jsonl"
    path.touch()
    return path


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


def test_a_reply_is_there_as_it_came_for_whoever_opens_the_file_next(path):
    first = Ledger(path, NO_BUDGET)
    raw = '{"a":\n 1,  "b": "\\ud83d\\ude00 ü \u2028"} '
    for text, reply in (("a", raw), ("b", "other")):
        first.ask(question(text))
        first.answer(question(text), reply, Tokens(5, 3))
    assert first.knows(question("a")) and not first.knows(question("c"))
    again = Ledger(path, NO_BUDGET)
    assert (
        [again.reply(question(text)) for text in "ab"]
        == [raw, "other"]
        == [first.reply(question(text)) for text in "ab"]
    )
    assert again.spent == first.spent == Tokens(10, 6)
    assert [next(key for key in line if key != "at") for line in lines(path)] == ["asked", "answered"] * 2
    assert lines(path)[0]["request"] == question("a").request


@pytest.mark.parametrize("keep", range(0, 400, 7))
def test_a_line_that_was_cut_by_a_kill_costs_nothing_but_itself(path, keep):
    ledger = Ledger(path, NO_BUDGET)
    for text in "ab":
        ledger.ask(question(text))
        ledger.answer(question(text), f"reply {text}", Tokens(1, 1))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) - keep])
    whole = path.read_bytes().count(b"\n")
    again = Ledger(path, NO_BUDGET)
    assert [again.knows(question(text)) for text in "ab"] == [whole >= 2, whole >= 4]
    again.ask(question("c"))
    again.answer(question("c"), "reply c", Tokens(1, 1))
    last = Ledger(path, NO_BUDGET)
    assert last.reply(question("c")) == "reply c"
    assert [last.knows(question(text)) for text in "ab"] == [whole >= 2, whole >= 4]


def test_what_failed_counts_if_it_may_have_been_paid_for_and_so_does_what_a_killed_process_asked(path):
    most = most_tokens(question("a").request)
    ledger = Ledger(path, NO_BUDGET)
    ledger.ask(question("a"))
    ledger.fail(question("a"), "status 500", is_paid=False)
    assert ledger.spent == Tokens()
    ledger.ask(question("a"))
    ledger.fail(question("a"), "closed", is_paid=True)
    assert ledger.spent == most
    ledger.ask(question("a"))  # and the process is killed
    second = Ledger(path, NO_BUDGET)
    assert second.spent == most + most
    second.ask(question("a"))  # killed again
    third = Ledger(path, NO_BUDGET)
    third.ask(question("a"))
    third.answer(question("a"), "reply", None)
    assert third.spent == Ledger(path, NO_BUDGET).spent == Tokens(4 * most.input, 4 * most.output)


def test_a_budget_stops_before_a_request_that_might_exceed_it(path):
    most = most_tokens(question("a").request).all
    ledger = Ledger(path, Budget(2 * most - 1))
    ledger.ask(question("a"))
    ledger.answer(question("a"), "reply", Tokens(most // 2, 0))
    ledger.ask(question("b"))
    ledger.answer(question("b"), "reply", Tokens(most // 2, 0))
    before = path.read_bytes()
    with pytest.raises(OverBudget):
        ledger.ask(question("c"))
    assert path.read_bytes() == before, "nothing is noted of what was not asked"
    Ledger(path, Budget(2 * most)).ask(question("c"))


def test_a_thread_waits_while_others_may_use_up_the_budget(path):
    most = most_tokens(question("a").request).all
    ledger = Ledger(path, Budget(most + 10))
    ledger.ask(question("a"))
    asked = threading.Thread(target=ledger.ask, args=[question("b")])
    asked.start()
    asked.join(0.2)
    assert asked.is_alive(), "the first request may yet cost all"
    ledger.answer(question("a"), "reply", Tokens(5, 5))
    asked.join(60)
    assert not asked.is_alive()


def test_money_is_counted_by_prices_of_a_million():
    budget = Budget(1.0, (0.5, 2.0))
    assert budget.cost(Tokens(1_000_000, 250_000)) == 1.0
    assert budget.allows(Tokens(1_000_000, 250_000)) and not budget.allows(Tokens(1_000_000, 250_001))


def test_no_request_can_cost_more_than_its_bound():
    """A token stands for a byte at least, in whatever script."""
    request = question("हर्ष 😀" * 50, most=7).request
    most = most_tokens(request)
    assert most.output == 7
    assert most.input >= len(("हर्ष 😀" * 50).encode()) + OVERHEAD
    assert most_tokens({**request, "max_completion_tokens": 9, "max_tokens": None}).output == 9


def test_one_process_at_a_time_has_the_file(tmp_path, start_python):
    path = tmp_path / "deep" / "answers.jsonl"
    process = start_python(
        "import sys, time; from pathlib import Path\n"
        "from emotion_grid.asking.ledger import open_ledger; from emotion_grid.asking.tokens import Budget\n"
        "with open_ledger(Path(sys.argv[1]), Budget()):\n"
        "    print('ready', flush=True); time.sleep(60)",
        path,
    )
    opened = threading.Event()

    def open_it():
        with open_ledger(path, NO_BUDGET):
            opened.set()

    threading.Thread(target=open_it, daemon=True).start()
    assert not opened.wait(0.5)
    process.kill()
    assert opened.wait(60)


def test_the_name_of_the_file_tells_models_and_prompts_apart():
    name = ledger_name("Qwen/Qwen3 8B:free", {"prompt": "a"})
    assert name.startswith("Qwen-Qwen3-8B-free_") and name.endswith(".jsonl") and "/" not in name
    assert len({name, ledger_name("Qwen/Qwen3-8B:free", {"prompt": "a"}), ledger_name("Qwen/Qwen3 8B:free", {})}) == 3
