"""Options of programs that ask an endpoint: where it is, how fast and for how much it is asked, and where its answers are kept."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emotion_grid.asking.asking import Asking
from emotion_grid.asking.endpoint import Endpoint
from emotion_grid.asking.ledger import open_ledger
from emotion_grid.asking.pace import Pace
from emotion_grid.asking.tokens import Budget
from emotion_grid.base.messages import InputError


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to a program's parser."""
    parser.add_argument("--endpoint", required=True, help="base address, such as http://127.0.0.1:8000/v1")
    parser.add_argument("--key-from", help="environment variable that holds the endpoint's key")
    parser.add_argument("--at-once", type=int, default=8, help="requests on their way at the same time (default: 8)")
    parser.add_argument("--requests-per-minute", type=float, help="at most so many requests start in a minute")
    parser.add_argument("--timeout", type=float, default=120, help="seconds of silence to wait for (default: 120)")
    parser.add_argument("--tokens", type=float, help="budget: tokens that all answers of this kind may cost")
    parser.add_argument("--money", type=float, help="budget: money that all answers of this kind may cost")
    parser.add_argument(
        "--prices", type=float, nargs=2, metavar=("INPUT", "OUTPUT"), help="of a million tokens, with --money"
    )


@contextmanager
def asking(arguments: argparse.Namespace, answers: Path) -> Iterator[Asking]:
    """What asks as the options say, and keeps the answers in a file.

    Raises:
        InputError: options that do not go together, or a key that is not there.
    """
    if (arguments.money is None) != (arguments.prices is None):
        raise InputError("expected --money and --prices together, found one of them")
    prices = None if arguments.prices is None else (arguments.prices[0], arguments.prices[1])
    budget = Budget(arguments.tokens if prices is None else arguments.money, prices)
    endpoint = Endpoint(arguments.endpoint, arguments.key_from, arguments.timeout)
    with open_ledger(answers, budget) as ledger:
        yield Asking(endpoint, ledger, Pace(arguments.requests_per_minute), arguments.at_once)
