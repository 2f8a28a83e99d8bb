"""Run one of the project's programs, which gets SIGTERM as it writes the first line with some text.

    python -m benchmarks.gpu.told_to_stop "epoch 1/" scripts.train --spec ...

A signal from the process that reads the lines could come when a small run is done. The program is run as it stands.
"""

import os
import runpy
import signal
import sys
from typing import Any, TextIO


class Watched:
    """A stream whose first line with a text sends SIGTERM to this process."""

    def __init__(self, stream: TextIO, text: str):
        self._stream, self._text, self._seen = stream, text, False

    def write(self, written: str) -> int:
        """Write, then send the signal if it is time."""
        count = self._stream.write(written)
        if not self._seen and self._text in written:
            self._seen = True
            os.kill(os.getpid(), signal.SIGTERM)
        return count

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def main() -> None:
    """Watch the log and run the program."""
    text, program = sys.argv[1:3]
    sys.argv = sys.argv[2:]
    sys.stderr = Watched(sys.stderr, text)
    runpy.run_module(program, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
