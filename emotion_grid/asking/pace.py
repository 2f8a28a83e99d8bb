"""When requests start: no more of them in a minute than allowed, and none while the endpoint asks for a pause."""

import time
from threading import Event, Lock


class Pace:
    """Lets threads start requests one after another.

    Args:
        per_minute: requests in a minute; None for no bound.

    Attributes:
        stopped: set, nobody waits any more.
    """

    def __init__(self, per_minute: float | None = None):
        self.stopped = Event()
        self._between = 60 / per_minute if per_minute else 0.0
        self._next = self._held_until = 0.0
        self._lock = Lock()

    def wait(self) -> None:
        """Wait for one's turn."""
        with self._lock:
            turn = max(self._next, time.monotonic())
            self._next = turn + self._between
        while (left := max(turn, self._held_until) - time.monotonic()) > 0 and not self.stopped.wait(left):
            pass

    def hold(self, seconds: float) -> None:
        """Let nobody start before so many seconds have passed."""
        with self._lock:
            self._held_until = max(self._held_until, time.monotonic() + seconds)
            self._next = max(self._next, self._held_until)
