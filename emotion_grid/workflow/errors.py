"""Mistakes of a person, as Snakemake shows them."""

from collections.abc import Iterator
from contextlib import contextmanager

from emotion_grid.base.messages import InputError
from emotion_grid.base.sharing import explained_refusals


@contextmanager
def plain_refusals() -> Iterator[None]:
    """Let an `InputError`, and a file that the system refuses, end Snakemake with a message alone.

    An exception of Snakemake's own would be printed with the lines of code that it came through, below the message.

    Raises:
        SystemExit: in the place of the error, after its message is logged.
    """
    from snakemake.logging import logger

    try:
        with explained_refusals():
            yield
    except InputError as error:
        logger.error(f"Error: {error}")
        raise SystemExit(1) from None
