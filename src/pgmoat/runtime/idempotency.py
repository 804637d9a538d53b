"""
Keys that say which writes are one.

In: task, operation, target. Out: a key. I/O: none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, cast

from psycopg.types.json import Json, Jsonb

_PLAIN = (str, int, bool, type(None))


def make_idempotency_key(task_id: str, operation: str, target: object, occurrence: int = 1) -> str:
    """
    Return a key of 64 hexadecimal digits: the same for every retry, another for another purpose.

    *task_id* comes from the orchestrator and is stable over retries; *target* is what the operation is
    about, any value; *occurrence* counts what is done several times on purpose. The key is the SHA-256 of the
    parts as a JSON array, so that ``a:b`` with ``c`` and ``a`` with ``b:c`` differ.

    Raises:
        ValueError: an occurrence below 1, or a task or operation without a name.
    """
    if occurrence < 1:
        raise ValueError(f"occurrence counts from 1, not {occurrence}")
    if not task_id or not operation:
        raise ValueError("a key needs the task's id and the operation's name")
    parts = [task_id, operation, encode_value(target), occurrence]
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def encode_value(value: object) -> Any:
    """Return *value* as JSON data; what JSON lacks is written with its type: a date is not its text."""
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, Json | Jsonb):
        return {"json": value.obj}
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value)
        return {"mapping": {str(key): encode_value(item) for key, item in pairs.items()}}
    if isinstance(value, list | tuple):
        return [encode_value(item) for item in cast("list[object]", value)]
    if isinstance(value, bytes | bytearray):
        return {"bytes": bytes(value).hex()}
    return {type(value).__name__: str(value)}
