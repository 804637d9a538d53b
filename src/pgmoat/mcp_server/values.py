"""
Values of PostgreSQL as JSON has them.

In: Python values, as psycopg reads them. Out: JSON data. I/O: none.

What JSON's numbers would change is text, as PostgreSQL prints it: numbers with a point, whole numbers beyond
what every reader of JSON holds exactly, NaN and infinity.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, cast

_MOST_EXACT = 2**53 - 1


def make_json_value(value: object) -> Any:
    """Return *value* as JSON data."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _MOST_EXACT else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value).replace("inf", "Infinity").replace("nan", "NaN")
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value)
        return {str(key): make_json_value(item) for key, item in pairs.items()}
    if isinstance(value, list | tuple):
        return [make_json_value(item) for item in cast("list[object]", value)]
    return _make_text(value)


def _make_text(value: object) -> str:
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    return str(value)  # Decimal, UUID, addresses, ranges


def _write_interval(value: timedelta) -> str:
    """Return an interval as PostgreSQL reads it; Python's own text of a negative one it reads otherwise."""
    seconds = (value.seconds, value.microseconds)
    rest = f"{seconds[0]}.{seconds[1]:06d}".rstrip("0").rstrip(".") if seconds[1] else str(seconds[0])
    return f"{value.days} days {rest} seconds" if value.days else f"{rest} seconds"


_WRITERS: tuple[tuple[type | tuple[type, ...], Callable[[Any], str]], ...] = (
    (datetime, lambda value: value.isoformat(sep=" ")),
    ((date, time), lambda value: value.isoformat()),
    (timedelta, _write_interval),
    ((bytes, bytearray, memoryview), lambda value: "\\x" + bytes(value).hex()),
)
