"""Bytes that come in any pieces, and lines that are no messages."""

from __future__ import annotations

import json

import pytest
from mcp.shared.message import SessionMessage

from pgmoat.mcp_server.lines import Fault, Lines, TooLongLine, read_message, write_fault, write_message

PING = b'{"jsonrpc":"2.0","id":7,"method":"ping"}'


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_lines_come_in_any_pieces(size: int) -> None:
    lines, data = Lines(most_bytes=4), b"ab\n\ncdef\nghijk\nl\nmno"
    for start in range(0, len(data), size):
        lines.feed(data[start : start + size])
    assert [lines.pop() for _ in range(len(lines))] == [b"ab", b"", b"cdef", TooLongLine(), b"l"]
    lines.feed(b"p\n")
    assert lines.pop() == b"mnop"


def test_a_message_there_and_back() -> None:
    message = read_message(PING + b"\r")
    assert isinstance(message, SessionMessage)
    assert json.loads(write_message(message)) == json.loads(PING)


def test_an_empty_line_is_passed_over() -> None:
    assert read_message(b" \t\r") is None


@pytest.mark.parametrize(
    ("line", "code", "request_id"),
    [
        (TooLongLine(), -32600, None),
        (b"{", -32700, None),
        (b"\xff\xfe", -32700, None),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":"\\ud800"}}', -32700, 1),
        (b'{"jsonrpc":"2.0","id":"x","method":"ping","params":[]}', -32600, "x"),
        (b'{"jsonrpc":"2.0","id":true,"method":7}', -32600, None),
        (b'{"jsonrpc":"2.0","id":{},"method":7}', -32600, None),
        (b"[]", -32600, None),
        (b"null", -32600, None),
        (b"[" * 1_000_000, -32700, None),
    ],
)
def test_what_is_no_message_is_said(line: bytes | TooLongLine, code: int, request_id: object) -> None:
    fault = read_message(line)
    assert isinstance(fault, Fault)
    told = json.loads(write_fault(fault))
    assert (told["error"]["code"], told["id"]) == (code, request_id)
    assert told["error"]["message"]
