"""
Seconds by bucket as lines of a chart, and of the table that says the same.

In: points, for how long somebody looked. Out: lists. I/O: none.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime

from pgmoat.dashboard.window import Window, list_buckets


def lay_out(
    window: Window, seen: Mapping[datetime, float], points: Iterable[tuple[datetime, str, float]]
) -> dict[str, object]:
    """
    Return sessions at work on average, by bucket: a list for each name, as the chart takes them.

    Divided by the time that somebody looked. Where nobody did there is None: not known, which is not none.
    So it is where NaN or Infinity stands in the record, which JSON cannot say and no chart can draw.
    """
    buckets = list_buckets(window)
    seen = {at: seconds for at, seconds in seen.items() if math.isfinite(seconds) and seconds > 0}
    lines: dict[str, dict[datetime, float]] = {}
    for at, name, seconds in points:
        if at in seen:
            line = lines.setdefault(name, {})
            line[at] = line.get(at, 0) + seconds / seen[at]
    return {
        "bucket": window.span.bucket.total_seconds(),
        "moments": buckets,
        "times": [at.timestamp() for at in buckets],
        "lines": {
            name: [_round(line.get(at, 0.0)) if at in seen else None for at in buckets]
            for name, line in sorted(lines.items())
        },
    }


def _round(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None
