"""
Seconds by bucket as lines of a chart, and of the table that says the same.

In: points, for how long somebody looked. Out: lists. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from pgmoat.dashboard.window import Window, list_buckets


def lay_out(
    window: Window, seen: Mapping[datetime, float], points: Iterable[tuple[datetime, str, float]]
) -> dict[str, object]:
    """
    Return sessions at work on average, by bucket: a list for each name, as the chart takes them.

    Divided by the time that somebody looked. Where nobody did there is None: not known, which is not none.
    """
    buckets = list_buckets(window)
    lines: dict[str, dict[datetime, float]] = {}
    for at, name, seconds in points:
        if seen.get(at):
            line = lines.setdefault(name, {})
            line[at] = line.get(at, 0) + seconds / seen[at]
    return {
        "bucket": window.span.bucket.total_seconds(),
        "moments": buckets,
        "times": [at.timestamp() for at in buckets],
        "lines": {
            name: [round(line.get(at, 0.0), 4) if seen.get(at) else None for at in buckets]
            for name, line in sorted(lines.items())
        },
    }
