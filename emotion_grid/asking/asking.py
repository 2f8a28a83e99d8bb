"""Asking an endpoint many questions: several at once, again after faults, within a budget, and each of them only until it is answered."""

import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue

from emotion_grid.asking.endpoint import Endpoint, Fault
from emotion_grid.asking.ledger import Ledger, OverBudget
from emotion_grid.asking.pace import Pace
from emotion_grid.asking.questions import Question
from emotion_grid.asking.reply import NO_REPLY, Reply, parse_reply
from emotion_grid.base.messages import InputError, log

ATTEMPTS = 8
"""Times that a question is asked before the endpoint is given up."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds before a question is asked again; they double with each attempt."""

PATIENCE = 600.0
"""The longest pause that an endpoint may ask for, in seconds; a longer one ends the program, which can be started again later."""

SECONDS_BETWEEN_LINES = 30.0


class Asking:
    """Asks an endpoint, and keeps what comes in a ledger.

    Args:
        pace: when requests start.
        at_once: requests that are on their way at the same time.
    """

    def __init__(self, endpoint: Endpoint, ledger: Ledger, pace: Pace, at_once: int):
        self.endpoint, self.ledger, self.pace, self.at_once = endpoint, ledger, pace, at_once
        self._waiting: SimpleQueue[Question] = SimpleQueue()
        self._told = time.monotonic()

    def ask(self, questions: Sequence[Question]) -> None:
        """Have every question answered; those that were answered before, and the same question twice, are not asked again.

        Raises:
            InputError: the endpoint gives no answers, or the budget does not suffice. What was answered is kept.
        """
        wanted = {question.key: question for question in questions}
        missing = [question for question in wanted.values() if not self.ledger.knows(question)]
        log(f"{len(wanted):,} questions, {len(wanted) - len(missing):,} of them answered before")
        for question in missing:
            self._waiting.put(question)
        try:
            self._work_at_once(min(self.at_once, len(missing)))
        except OverBudget:
            raise InputError(self._over_budget(missing)) from None
        log(f"all are answered; {self.ledger.budget.words(self.ledger.spent)} spent so far")

    def replies(self, questions: Sequence[Question]) -> list[Reply]:
        """The reply to each question; all of them were answered."""
        return [parse_reply(self.ledger.reply(question)) or NO_REPLY for question in questions]

    def _work_at_once(self, workers: int) -> None:
        with ThreadPoolExecutor(max(workers, 1)) as pool:
            running = [pool.submit(self._work) for _ in range(workers)]
            try:
                for worker in running:
                    worker.result()
            except BaseException:
                self.pace.stopped.set()
                raise

    def _work(self) -> None:
        """Ask until no question is left; whoever fails stops the others."""
        try:
            while not self.pace.stopped.is_set():
                self._have_answered(self._waiting.get_nowait())
                self._tell()
        except Empty:
            return
        except BaseException:
            self.pace.stopped.set()
            raise

    def _have_answered(self, question: Question) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            self.pace.wait()
            if self.pace.stopped.is_set():
                return
            self.ledger.ask(question)
            try:
                raw = self.endpoint.ask(question.request)
            except Fault as fault:
                self.ledger.fail(question, fault.why, fault.is_paid)
                self._pause(fault, attempt)
            except BaseException as error:
                self.ledger.fail(question, str(error), is_paid=not isinstance(error, InputError))
                raise
            else:
                reply = parse_reply(raw)
                self.ledger.answer(question, raw, reply.used if reply else None)
                return

    def _pause(self, fault: Fault, attempt: int) -> None:
        """Wait before the next attempt, by exponential back-off with jitter; everybody waits as long as the endpoint asks for.

        Raises:
            InputError: this was the last attempt, or the endpoint asks for too long a pause.
        """
        if attempt == ATTEMPTS or (fault.after or 0) > PATIENCE:
            wish = f", and it asks for a pause of {fault.after:,.0f} s" if fault.after else ""
            raise InputError(
                f"{self.endpoint.address}: expected an answer, found none in {attempt} attempts (the last: {fault.why}){wish}; "
                "start again later: what was answered is kept and not asked again"
            )
        self.pace.hold(fault.after or 0)
        longest = min(FIRST_PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE)
        self.pace.stopped.wait(longest * random.uniform(0.5, 1))

    def _tell(self) -> None:
        if time.monotonic() - self._told > SECONDS_BETWEEN_LINES:
            self._told = time.monotonic()
            log(f"{self._waiting.qsize():,} questions left; {self.ledger.budget.words(self.ledger.spent)} spent so far")

    def _over_budget(self, missing: list[Question]) -> str:
        left = sum(not self.ledger.knows(question) for question in missing)
        return (
            f"budget: expected enough for all questions, found {left:,} of them left after {self.ledger.budget.words(self.ledger.spent)} of "
            f"{self.ledger.budget.most:,} (counting what requests without an answer may have cost); raise it and start again: what was "
            "answered is kept and not asked again"
        )
