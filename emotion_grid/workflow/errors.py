"""Mistakes of a person, as Snakemake shows them."""

from collections.abc import Iterator
from contextlib import contextmanager

from emotion_grid.base.messages import InputError


@contextmanager
def plain_refusals() -> Iterator[None]:
    """Let an `InputError` end Snakemake with its message alone.

    An exception of Snakemake's own would be printed with the lines of code that it came through, below the message.

    Raises:
        SystemExit: in the place of an `InputError`, after its message is logged.
    """
    from snakemake.logging import logger

    try:
        yield
    except InputError as error:
        logger.error(f"Error: {error}")
        raise SystemExit(1) from None
