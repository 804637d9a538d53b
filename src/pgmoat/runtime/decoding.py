"""
Values of a request that is kept as JSON, as Python values again.

In: JSON data as :func:`pgmoat.runtime.idempotency.encode_value` makes it. Out: values that are encoded as the
same. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from typing import Any, cast
from uuid import UUID

from psycopg.types.json import Jsonb
from psycopg.types.range import Range

from pgmoat.errors import ValueRefusedError
from pgmoat.runtime.idempotency import encode_value

_INTERVAL = re.compile(r"(?:(-?\d+) days?, )?(\d+):(\d\d):(\d\d(?:\.\d+)?)")


def decode_value(encoded: Any) -> Any:
    """
    Return the value that :func:`encode_value` made *encoded* of.

    Raises:
        ValueRefusedError: none is encoded as this: its type is one that only its program knows.
    """
    try:
        value = _decode(encoded)
        is_same = encode_value(value) == encoded
    except (ValueError, TypeError, ArithmeticError, KeyError, ValueRefusedError):
        is_same, value = False, None
    if not is_same:
        raise ValueRefusedError("a value that was kept cannot be read back")
    return value


def _decode(encoded: Any) -> Any:
    if isinstance(encoded, list):
        return [_decode(item) for item in cast("list[Any]", encoded)]
    if not isinstance(encoded, dict):
        return encoded
    ((kind, content),) = cast("dict[str, Any]", encoded).items()
    return _KINDS[kind](content)


def _decode_mapping(content: Any) -> dict[str, Any]:
    return {str(key): _decode(item) for key, item in content.items()}


def _decode_range(content: Any) -> Range[Any]:
    lower, upper, bounds = content
    return Range(_decode(lower), _decode(upper), bounds) if bounds else Range(empty=True)


def _decode_interval(content: Any) -> timedelta:
    found = _INTERVAL.fullmatch(content)
    if found is None:
        raise ValueError(content)
    days, hours, minutes, seconds = found.groups()
    microseconds = int(Decimal(seconds) * 1_000_000)
    return timedelta(days=int(days or 0), hours=int(hours), minutes=int(minutes), microseconds=microseconds)


_KINDS: dict[str, Callable[[Any], Any]] = {
    "json": lambda content: Jsonb(_decode(content)),
    "mapping": _decode_mapping,
    "bytes": bytes.fromhex,
    "range": _decode_range,
    "float": float,
    "Decimal": Decimal,
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "time": time.fromisoformat,
    "timedelta": _decode_interval,
    "UUID": UUID,
    "IPv4Address": IPv4Address,
    "IPv6Address": IPv6Address,
    "IPv4Interface": IPv4Interface,
    "IPv6Interface": IPv6Interface,
    "IPv4Network": IPv4Network,
    "IPv6Network": IPv6Network,
}
