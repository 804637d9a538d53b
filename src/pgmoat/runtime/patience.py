"""
How long waiting takes, where PostgreSQL says until when.

In: a SQLSTATE, the hint, the time. Out: seconds. I/O: none.
"""

from __future__ import annotations

import math
import re
from datetime import datetime

_HOURLY = frozenset({"PM012", "PM016"})
"""Limits of a clock hour, which is over at the time that stands in the hint."""

_UNTIL = re.compile(r"until (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?[+-]\d\d(?::\d\d)?)")


def find_wait(state: str | None, hint: str, now: datetime) -> float | None:
    """Return the seconds until the next hour; None where waiting does not help, or the hint has no time."""
    found = _UNTIL.search(hint) if state in _HOURLY else None
    if found is None:
        return None
    seconds = (datetime.fromisoformat(found[1]) - now).total_seconds()
    return float(max(1, math.ceil(seconds)))
