"""
The stretch of time that a page shows.

In: what the address says, the server's clock. Out: Window. I/O: none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Span:
    """One of the stretches there are: its key in addresses, its label, its length, its bucket."""

    key: str
    label: str
    words: str
    length: timedelta
    bucket: timedelta


SPANS = (
    Span("live", "Live", "the last 10 minutes", timedelta(minutes=10), _MINUTE),
    Span("1h", "1 hour", "the last hour", timedelta(hours=1), _MINUTE),
    Span("24h", "24 hours", "the last day", timedelta(hours=24), 10 * _MINUTE),
)


@dataclass(frozen=True, slots=True)
class Window:
    """A span that ends now."""

    span: Span
    since: datetime
    until: datetime


def find_window(key: str | None, now: datetime, default: str) -> Window:
    """Return the window of *key*; of *default* where it is none of the spans."""
    spans = {span.key: span for span in SPANS}
    span = spans.get(key or default) or spans[default]
    return Window(span, now - span.length, now)


def list_buckets(window: Window) -> list[datetime]:
    """Return where each bucket of *window* begins, by the clock as the database cuts them."""
    size = window.span.bucket.total_seconds()
    first = int(window.since.timestamp() // size)
    last = int(window.until.timestamp() // size)
    return [datetime.fromtimestamp(n * size, window.until.tzinfo) for n in range(first, last + 1)]
