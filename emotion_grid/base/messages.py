"""Lines in a program's log, and mistakes that a person has to correct."""

import sys
import time


def log(message: str) -> None:
    """Write a line with the time to the program's log (standard error)."""
    print(f"{time.strftime('%H:%M:%S')}  {message}", file=sys.stderr, flush=True)


class InputError(Exception):
    """Something a person has to mend: the message says where, what was expected and what was found."""
