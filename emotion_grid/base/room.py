"""Whether a failure comes from a disk that is full or a quota that is used up. Imports the standard library only."""

import errno
import re

NO_ROOM = {errno.ENOSPC: "a full disk", errno.EDQUOT: "a quota that is used up"}
"""What was found, by the number of the system's error."""

_NUMBER = re.compile(rf"(?:\[Errno |\(os error )({'|'.join(map(str, NO_ROOM))})[])]")
"""The number in an error's words, as Python and its programs write it, and libraries in Rust (safetensors, tokenizers)."""


def lack_of_room(error: BaseException | None) -> int | None:
    """The number of the system's error, if a disk or quota without room is behind a failure; None for other failures.

    Libraries hold it in errors of their own: in its words, or as its cause.
    """
    while error is not None:
        if found := _NUMBER.search(str(error)):
            return int(found[1])
        error = error.__cause__ or error.__context__
    return None
