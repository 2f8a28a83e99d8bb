"""Numbers as people read them."""

import math
from datetime import timedelta


def span(values: list[float]) -> str:
    """One number, or the range over folds."""
    if not values:
        return ""
    low, high = min(values), max(values)
    return f"{low:,g}" if low == high else f"{low:,g}–{high:,g}"


def duration(seconds: float) -> str:
    """Seconds, minutes or hours, whichever reads best."""
    if not math.isfinite(seconds):
        return ""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:,.1f} h"


def clock(seconds: float | None) -> str:
    """Seconds as hours, minutes and seconds, such as 1:02:03; a dash for None."""
    return "-" if seconds is None else str(timedelta(seconds=round(seconds)))


def megabytes(size: float | None) -> str:
    """A size in megabytes, such as 800 MB; a dash for None."""
    return "-" if size is None else f"{size:.0f} MB"


def gigabytes(size: float) -> str:
    """A size in bytes as gigabytes, or as megabytes if it is small."""
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.0f} MB"
