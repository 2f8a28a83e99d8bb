"""Command-line arguments and error messages, shared by all programs."""

import argparse
import sys
from collections.abc import Callable

from emotion_grid.base.messages import InputError


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
