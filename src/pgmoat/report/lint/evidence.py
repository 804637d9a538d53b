"""
What was seen, in words for a message.

In: places. Out: text. I/O: none.
"""

from __future__ import annotations

from collections.abc import Sequence

from pgmoat.model.count import describe_count
from pgmoat.report.lint.subject import Place

_SHOWN = 6
_FEW = 100  # rows, of which a share is no percentage


def show_values(place: Place, shown: int = _SHOWN) -> str:
    """Return the values that were seen with their rows: ``1 (120 rows), 2 (7 rows) and 3 more``."""
    values = place.sample.values if place.sample is not None else ()
    seen = sorted(values, key=lambda value: (-value.rows, value.value))
    parts = [
        f"{show_value(value.value)} ({value.rows:,} row{'' if value.rows == 1 else 's'})" for value in seen
    ]
    rest = len(parts) - shown
    return ", ".join(parts[:shown]) + (f" and {rest} more" if rest > 0 else "")


def show_value(value: str) -> str:
    """Return a value as it is, in quotes where it is empty or has spaces at an end."""
    return value if value and value == value.strip() else f"'{value}'"


def show_nulls(place: Place) -> str:
    """Return the share of NULLs: ``NULL in 37 % of 1,000 rows``, ``in 3 of 40 rows``; empty without rows."""
    if place.sample is None:
        return ""
    sample = place.sample
    rows = describe_count(sample.rows, "row")
    if not sample.nulls:
        return f"no NULL in {rows}"
    is_few = sample.rows < _FEW or sample.nulls == sample.rows
    return f"NULL in {f'{sample.nulls:,}' if is_few else show_percent(place.null_share)} of {rows}"


def join_words(words: Sequence[str], shown: int = _SHOWN) -> str:
    """Return ``a, b and c``, or ``a, b and 7 more``."""
    parts = list(words[:shown])
    rest = len(words) - len(parts)
    if rest:
        parts.append(f"{rest} more")
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def show_percent(share: float) -> str:
    """Return a share, 0 to 1, as a percentage that rounds neither to nothing nor to all."""
    rounded = round(100 * share)
    if rounded == 0:
        return "under 1 %"
    return "over 99 %" if rounded == 100 and share < 1 else f"{rounded} %"
