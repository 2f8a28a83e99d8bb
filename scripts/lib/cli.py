"""What every program does at its door: lines in the log, and plain messages for a person's mistakes."""

import argparse
import sys
import time
from collections.abc import Callable

from scripts.lib.files import InputError


def log(message: str) -> None:
    """Write a line with the time to the program's log (standard error)."""
    print(f"{time.strftime('%H:%M:%S')}  {message}", file=sys.stderr, flush=True)


def program_parser(docstring: str) -> argparse.ArgumentParser:
    """A parser whose help shows the program's docstring as it stands."""
    return argparse.ArgumentParser(description=docstring, formatter_class=argparse.RawDescriptionHelpFormatter)


def run_program(main: Callable[[], None]) -> int:
    """Run a program; what a person has to mend ends in its message and exit status 1, without a traceback."""
    try:
        main()
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0
