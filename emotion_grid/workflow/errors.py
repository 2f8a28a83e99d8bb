"""Mistakes of a person, as Snakemake shows them."""

from collections.abc import Iterator
from contextlib import contextmanager

from emotion_grid.base.messages import InputError


@contextmanager
def as_workflow_error() -> Iterator[None]:
    """Let an `InputError` end Snakemake with its message, without a traceback."""
    from snakemake.exceptions import WorkflowError

    try:
        yield
    except InputError as error:
        raise WorkflowError(str(error)) from None
