"""Command-line arguments and error messages, shared by all programs."""

import argparse
import sys
from collections.abc import Callable

from emotion_grid.base.messages import InputError
from emotion_grid.base.sharing import explain_refusal


def program_parser(docstring: str) -> argparse.ArgumentParser:
    """A parser whose help shows the program's docstring as it stands, and how the program is called."""
    module = sys.modules["__main__"].__spec__  # None in a test, which calls main() itself
    return argparse.ArgumentParser(
        prog=f"python -m {module.name}" if module else None,
        description=docstring,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def run_program(main: Callable[[], None]) -> int:
    """Run a program; what a person has to mend ends in its message and exit status 1, without a traceback."""
    try:
        main()
    except InputError as error:
        message = str(error)
    except OSError as error:
        refusal = explain_refusal(error)
        if refusal is None:
            raise
        message = refusal
    else:
        return 0
    print(f"error: {message}", file=sys.stderr)
    return 1
