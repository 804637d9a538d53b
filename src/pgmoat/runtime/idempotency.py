"""
Keys that say which writes are one.

In: task, operation, target. Out: a key. I/O: none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
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

from psycopg.types.json import Json, Jsonb
from psycopg.types.range import Range

from pgmoat.errors import ValueRefusedError

_PLAIN = (str, int, bool, type(None))
_KEYS = (*_PLAIN, float)
# Their text is the whole value, and the same in every process.
_PRINTED = (
    float,
    Decimal,
    date,
    time,
    timedelta,
    UUID,
    IPv4Address,
    IPv6Address,
    IPv4Interface,
    IPv6Interface,
    IPv4Network,
    IPv6Network,
)


def make_idempotency_key(task_id: str, operation: str, target: object, occurrence: int = 1) -> str:
    """
    Return a key of 64 hexadecimal digits: the same for every retry, another for another purpose.

    *task_id* comes from the orchestrator and is stable over retries; *target* is what the operation is
    about, any value; *occurrence* counts what is done several times on purpose. The key is the SHA-256 of the
    parts as a JSON array, so that ``a:b`` with ``c`` and ``a`` with ``b:c`` differ.

    Values of two types differ, but what JSON does not tell apart is the same, since a program that reads its
    state back from JSON repeats the same write: a list and a tuple, a mapping's keys 1 and ``"1"``.

    Raises:
        ValueRefusedError: an occurrence below 1, a task or operation without a name, a value in *target*
            whose text is not the same in the next process.
    """
    if not _is_count(occurrence):
        raise ValueRefusedError(f"occurrence counts from 1, not {occurrence!r}", hint="Give 1, 2, 3, …")
    if not task_id or not operation:
        raise ValueRefusedError("a key needs the task's id and the operation's name")
    parts = [task_id, operation, encode_value(target), occurrence]
    return hashlib.sha256(_write(parts).encode("utf-8", "surrogatepass")).hexdigest()


def encode_value(value: object) -> Any:
    """
    Return *value* as JSON data; what JSON lacks is written with its type: a date is not its text.

    Raises:
        ValueRefusedError: a type of which nobody knows whether its text is the whole value.
    """
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, Json | Jsonb):
        return {"json": encode_value(value.obj)}
    if isinstance(value, Mapping):
        return _encode_mapping(cast("Mapping[object, object]", value))
    if isinstance(value, list | tuple):
        return [encode_value(item) for item in cast("list[object]", value)]
    return _encode_other(value)


def _is_count(occurrence: object) -> bool:
    return isinstance(occurrence, int) and not isinstance(occurrence, bool) and occurrence >= 1


def _encode_other(value: object) -> dict[str, Any]:
    if isinstance(value, set | frozenset):  # whose order changes from process to process
        return {"set": _sort([encode_value(item) for item in cast("set[object]", value)])}
    if isinstance(value, bytes | bytearray | memoryview):
        return {"bytes": bytes(cast("bytes", value)).hex()}
    kind = type(value).__name__
    if isinstance(value, Enum):
        return {kind: encode_value(value.value)}
    if isinstance(value, Range):
        found = cast("Range[object]", value)
        return {"range": [encode_value(found.lower), encode_value(found.upper), found.bounds]}
    if isinstance(value, _PRINTED):
        return {kind: str(value)}
    raise ValueRefusedError(
        f"a {kind} is no value that a retry would surely find again",
        hint="Give a number, text, date, UUID, list or mapping.",
    )


def _encode_mapping(pairs: Mapping[object, object]) -> dict[str, Any]:
    """Keys are written as JSON writes them; with one that it does not have, all of them as pairs."""
    if all(isinstance(key, _KEYS) for key in pairs):
        return {"mapping": {_encode_key(key): encode_value(item) for key, item in pairs.items()}}
    return {"pairs": _sort([[encode_value(key), encode_value(item)] for key, item in pairs.items()])}


def _encode_key(key: object) -> str:
    return str(key) if isinstance(key, str) else json.dumps(key)


def _sort(encoded: list[Any]) -> list[Any]:
    return sorted(encoded, key=_write)


def _write(encoded: object) -> str:
    return json.dumps(encoded, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
