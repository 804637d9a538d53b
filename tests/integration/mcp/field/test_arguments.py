"""
What no model should send, and some do: wrong types, bytes that are no text, messages that are none.

Each is refused in words, none is a fault of the server's, and the session goes on.

I/O: PostgreSQL, processes.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from typing import Any

import pytest

from tests.integration.mcp.desk import Desk
from tests.integration.mcp.field.wire import RawClient, open_raw

WRONG: tuple[Any, ...] = (
    0,
    -1,
    1.5,
    1e308,
    2**63,
    -(2**200),
    True,
    "",
    "x" * 100_000,
    "\u0000",
    "a\u0000b",
    "\ud800",
    "a\udfffb",
    "\u202e\u200b\ufeff",
    [],
    [[]],
    ["a", 1, None],
    {},
    {"a": {"b": []}},
    {"": 1},
    {"\u0000": 1},
    {"\ud800": "\ud800"},
    [[[[[[[[[[]]]]]]]]]],
)
_FAULTS = {"internal-error"}
_CALL = '{"jsonrpc":"2.0","method":"tools/call"}'


@pytest.fixture(scope="module")
def shared_client(installed_field: Desk) -> Generator[RawClient]:
    with open_raw(installed_field, "patient") as client:
        yield client


@pytest.fixture
def client(shared_client: RawClient) -> Generator[RawClient]:
    """A session that is in order before and after."""
    yield shared_client
    shared_client.ping()


def test_wrong_types_for_every_argument_of_every_tool(client: RawClient) -> None:
    tools = client.wait_for(client.request("tools/list"))["result"]["tools"]
    assert {"query"} <= {tool["name"] for tool in tools}
    asked = 0
    for tool in tools:
        for arguments in _list_wrong(tool["inputSchema"]):
            asked += 1
            _look_at(client.call(tool["name"], **arguments), tool["name"], arguments)
    assert asked > 60


def test_arguments_that_are_no_object(client: RawClient) -> None:
    for arguments in WRONG:
        if isinstance(arguments, dict):
            continue
        answer = client.wait_for(client.request("tools/call", name="query", arguments=arguments))
        assert "error" in answer or answer["result"]["isError"], arguments


@pytest.mark.parametrize("value", WRONG)
def test_values_of_a_query(client: RawClient, value: Any) -> None:
    for statement in ("SELECT :a", "SELECT id FROM tickets WHERE id = :a", "SELECT :a::text"):
        _look_at(client.call("query", sql=statement, parameters={"a": value}), "query", value)


def test_a_tool_that_is_not_there(client: RawClient) -> None:
    for name in ("drop_everything", "", "query ", "QUERY", "../query", "\u0000", "x" * 100_000):
        answer = client.call(name, sql="SELECT 1")["result"]
        assert answer["isError"], name
        assert answer["structuredContent"]["code"] not in _FAULTS


def test_deep_json(client: RawClient) -> None:
    for depth in (50, 1_000, 100_000):
        for opening, closing in (("[", "]"), ('{"a":', "}")):
            value = opening * depth + ("1" if opening != "[" else "") + closing * depth
            arguments = f'{{"sql":"SELECT :a","parameters":{{"a":{value}}}}}'
            body = f'{_CALL[:-1]},"id":"deep","params":{{"name":"query","arguments":{arguments}}}}}\n'
            client.send_bytes(body.encode())
            client.ping()


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"null\n",
        b"[]\n",
        b"0\n",
        b'"text"\n',
        b"{}\n",
        b"{\n",
        b"\x00\xff\xfe\n",
        b'\xef\xbb\xbf{"jsonrpc":"2.0","id":"bom","method":"ping"}\n',
        _CALL[:-1].encode() + b',"id":"latin","params":{"name":"query","arguments":{"sql":"\xe9"}}}\n',
        b'{"jsonrpc":"1.0","id":1,"method":"ping"}\n',
        b'{"jsonrpc":"2.0","id":null,"method":"ping"}\n',
        b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}\n',
        b'{"jsonrpc":"2.0","id":{},"method":"ping"}\n',
        b'{"jsonrpc":"2.0","id":[],"method":"tools/call","params":[]}\n',
        b'{"jsonrpc":"2.0","id":"p","method":"tools/call","params":[]}\n',
        b'{"jsonrpc":"2.0","id":"p","method":"tools/call","params":"x"}\n',
        b'{"jsonrpc":"2.0","id":"p","method":"tools/call","params":null}\n',
        b'{"jsonrpc":"2.0","id":"p","method":"tools/call"}\n',
        b'{"jsonrpc":"2.0","id":"p","method":7}\n',
        b'{"jsonrpc":"2.0","id":"p","method":"no/such"}\n',
        _CALL[:-1].encode() + b',"params":{"name":"query","arguments":{"sql":"SELECT 1"}}}\n',
        b'{"jsonrpc":"2.0","id":"p","result":{}}\n',
        b'{"jsonrpc":"2.0","id":"p","error":{"code":1,"message":"x"}}\n',
        b'[{"jsonrpc":"2.0","id":"a","method":"ping"},{"jsonrpc":"2.0","id":"b","method":"ping"}]\n',
        b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"nobody"}}\n',
        b'{"jsonrpc":"2.0","method":"notifications/cancelled"}\n',
        b'{"jsonrpc":"2.0","id":"again","method":"initialize","params":{"protocolVersion":"x",'
        b'"capabilities":{},"clientInfo":{"name":"admin","version":"1"}}}\n',
        b"x" * 1_000_000 + b"\n",
    ],
    ids=lambda line: line[:60].decode("latin-1").strip(),
)
def test_messages_that_are_none(client: RawClient, line: bytes) -> None:
    client.send_bytes(line)
    client.ping()
    answer = client.call("query", sql="SELECT count(*) FROM counters")["result"]
    assert not answer.get("isError"), answer


def test_one_id_for_two_requests(client: RawClient) -> None:
    """Both are answered, or the second is refused: no answer belongs to another's question."""
    for number in (1, 2):
        arguments = {"sql": f"SELECT {number} AS n"}
        client.send(
            {"id": "twice", "method": "tools/call", "params": {"name": "query", "arguments": arguments}}
        )
    answers = [client.receive(), client.receive()]
    assert {answer["id"] for answer in answers} == {"twice"}
    rows = [answer["result"]["structuredContent"]["rows"] for answer in answers if "result" in answer]
    assert sorted(rows) in ([[[1]]], [[[2]]], [[[1]], [[2]]])


def _list_wrong(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield arguments of a tool, one of them wrong, or one too many, or none at all."""
    properties: dict[str, Any] = schema.get("properties", {})
    good = {name: _make_good(name, properties[name]) for name in schema.get("required", ())}
    yield {}
    yield {"no_such_argument": 1, **good}
    for name in properties:
        for value in WRONG:
            yield {**good, name: value}


def _make_good(name: str, schema: dict[str, Any]) -> Any:
    """Return a value that fits the schema; SQL that writes nothing."""
    if name == "sql":
        return "SELECT id FROM tickets"
    kinds = schema.get("type", "string")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    good: dict[str, Any] = {"integer": 1, "number": 1, "boolean": True, "array": [], "object": {}}
    return good.get(kind, "tickets")


def _look_at(answer: dict[str, Any], tool: str, sent: object) -> None:
    """An answer, or a refusal in words; never a fault of the server's."""
    place = f"{tool} {json.dumps(sent)[:300]}: {json.dumps(answer)[:1000]}"
    if "error" in answer:
        assert answer["error"]["code"] != -32603, place  # JSON-RPC's "internal error"
        return
    result = answer["result"]
    if result.get("isError"):
        assert result["structuredContent"]["code"] not in _FAULTS, place
        assert result["structuredContent"]["message"], place
