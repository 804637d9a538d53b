"""
Messages of MCP as lines, as they go over pipes.

In: bytes. Out: messages, or what is wrong with a line; bytes. I/O: none.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from typing import Any, cast

from mcp import types
from mcp.shared.message import SessionMessage
from pydantic import ValidationError

MOST_LINE_BYTES = 4 * 1024**2
"""Of a message: SQL and values. No memory is kept for more."""

_PARSE_ERROR = -32700
_INVALID_REQUEST = -32600


@dataclass(frozen=True, slots=True)
class TooLongLine:
    """A line that was not kept."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A line that is no message: what is told of it, and the id of the request that it may have been."""

    code: int
    text: str
    request_id: str | int | None = None


class Lines:
    """Bytes as they come, and the lines in them."""

    def __init__(self, most_bytes: int = MOST_LINE_BYTES) -> None:
        self._most_bytes = most_bytes
        self._begun = bytearray()
        self._is_too_long = False
        self._whole: deque[bytes | TooLongLine] = deque()

    def __len__(self) -> int:
        """How many lines wait."""
        return len(self._whole)

    def feed(self, data: bytes) -> None:
        """Take bytes."""
        *ends, rest = data.split(b"\n")
        for end in ends:
            self._append(end)
            self._whole.append(TooLongLine() if self._is_too_long else bytes(self._begun))
            self._begun.clear()
            self._is_too_long = False
        self._append(rest)

    def pop(self) -> bytes | TooLongLine:
        """Return the line that waits longest."""
        return self._whole.popleft()

    def _append(self, data: bytes) -> None:
        if self._is_too_long or len(self._begun) + len(data) > self._most_bytes:
            self._is_too_long = True
            self._begun.clear()
        else:
            self._begun += data


def read_message(line: bytes | TooLongLine) -> SessionMessage | Fault | None:
    """Return the message that a line is, or what is wrong with it; None for an empty line."""
    if isinstance(line, TooLongLine):
        return Fault(_INVALID_REQUEST, f"a message may have {MOST_LINE_BYTES} bytes, not more")
    if not line.strip():
        return None
    try:
        return SessionMessage(types.jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValidationError as error:
        return _explain(line, error)


def write_message(message: SessionMessage) -> bytes:
    """Return the line of a message."""
    return message.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n"


def write_fault(fault: Fault) -> bytes:
    """Return the line that tells of a fault."""
    error = {"code": fault.code, "message": fault.text}
    return json.dumps({"jsonrpc": "2.0", "id": fault.request_id, "error": error}).encode() + b"\n"


def _explain(line: bytes, error: ValidationError) -> Fault:
    """Return why *line* is no message, with its id where it has one: else the client would wait for ever."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    try:
        found: Any = json.loads(line)
    except (ValueError, RecursionError):
        return Fault(_PARSE_ERROR, f"no JSON that can be read: {first['msg']}")
    if first["type"] == "json_invalid":  # Python reads more than the standard: lone surrogates, NaN
        return Fault(_PARSE_ERROR, f"no JSON that can be read: {first['msg']}", _find_id(found))
    return Fault(_INVALID_REQUEST, "no message of JSON-RPC 2.0", _find_id(found))


def _find_id(found: Any) -> str | int | None:
    if not isinstance(found, dict):
        return None
    value = cast("dict[str, Any]", found).get("id")
    return value if isinstance(value, str | int) and not isinstance(value, bool) else None
