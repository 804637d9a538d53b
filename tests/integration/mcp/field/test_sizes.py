"""
Answers and requests that are too large, and floods of them.

I/O: PostgreSQL, PgBouncer, processes.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.integration.mcp.desk import Desk, refuse
from tests.integration.mcp.field.site import SLOW
from tests.integration.mcp.field.wire import RawClient, open_raw

_MOST_BYTES = 1024**2  # of an answer's rows, as the policy has it
_MOST_ROWS = 1000


def test_36_mb_are_cut_off_and_said_to_be(field: Desk, route: str) -> None:
    with open_raw(field, "patient", route=route) as client:
        before = client.read_resident_kb()
        for statement in (
            "SELECT id, body FROM documents",
            "SELECT id, body FROM documents LIMIT 1000000",
            "SELECT id, body FROM documents FETCH FIRST 90000 ROWS ONLY",
            "SELECT id, body FROM documents LIMIT ALL",
            "SELECT d.id, d.body FROM documents AS d JOIN documents AS e ON e.id = d.id",
        ):
            answer = client.call("query", sql=statement)["result"]
            payload = answer["structuredContent"]
            assert not answer.get("isError"), payload
            assert payload["truncated"] is True, statement
            assert 0 < payload["row_count"] == len(payload["rows"]) <= _MOST_ROWS
            # Twice the rows, once as text, and little besides.
            assert len(json.dumps(answer)) < 3 * _MOST_BYTES
        # 36 MB never came into the process.
        assert client.read_resident_kb() - before < 30 * 1024


def test_36_mb_in_one_value(field: Desk) -> None:
    """Not an answer without rows, which would look like data."""

    async def run() -> None:
        async with field.stdio("patient") as client:
            for statement in (
                "SELECT repeat(body, 90000) FROM documents WHERE id = 1",
                "SELECT string_agg(body, '') FROM documents",
                "SELECT json_agg(d) FROM documents AS d",
            ):
                assert (await refuse(client, "query", sql=statement))["code"] == "result-too-large"

    asyncio.run(run())


def test_a_model_sets_no_limits(field: Desk) -> None:
    """Arguments that the tool does not have are refused, not passed over: the model would believe in them."""

    async def run() -> None:
        token = field.site.open_task("reader")
        async with field.stdio("reader", PGMOAT_TASK_TOKEN=token) as client:
            for name in ("limit", "max_rows", "maxRows", "row_limit", "timeout_ms", "agent", "role"):
                arguments: dict[str, Any] = {name: 1_000_000}
                answer = await refuse(client, "query", sql="SELECT id FROM documents", **arguments)
                assert answer["code"] == "value-refused"
                assert name in answer["message"]

    asyncio.run(run())


def test_a_statement_of_many_megabytes(field: Desk) -> None:
    with open_raw(field, "reader", PGMOAT_TASK_TOKEN=field.site.open_task("reader")) as client:
        for statement in (
            "SELECT " + "(" * 200_000 + "1" + ")" * 200_000,
            "SELECT 1" + " + 1" * 200_000,
            "/*" * 1_000_000,
        ):
            answer = client.call("query", sql=statement)["result"]
            assert answer["isError"], statement[:50]
            assert answer["structuredContent"]["code"] != "internal-error", statement[:50]
        before = client.read_resident_kb()
        client.request("tools/call", name="query", arguments={"sql": "SELECT '" + "x" * 60_000_000 + "'"})
        assert client.receive()["error"]["code"] == -32600  # which request it was, nobody has read
        assert client.read_resident_kb() - before < 30 * 1024
        client.ping()


def test_a_flood_of_calls_is_bounded(field: Desk) -> None:
    """10,000 calls at once: all are answered, by data or by a refusal, over four connections."""
    with open_raw(field, "patient") as client:
        assert "result" in client.call("query", sql="SELECT count(*) FROM tickets")
        before = client.read_resident_kb()
        count, most = 10_000, 0
        for _ in range(count):
            client.request("tools/call", name="query", arguments={"sql": "SELECT count(*) FROM tickets"})
        codes: dict[str, int] = {}
        for number in range(count):
            code = _classify(client)
            codes[code] = codes.get(code, 0) + 1
            if number % 500 == 0:
                most = max(most, _count_sessions(field, "patient"))
        assert set(codes) <= {"data", "pool-exhausted", "connection-lost"}, codes  # all but data: come back
        assert codes["data"] > 0
        assert most <= 4
        assert client.read_resident_kb() - before < 300 * 1024
        client.ping()
        assert not client.call("query", sql="SELECT count(*) FROM tickets")["result"].get("isError")


def test_slow_calls_at_once_leave_room_for_others(field: Desk) -> None:
    """Who takes all of its own connections is told so; another agent's server does not notice."""
    with (
        open_raw(field, "patient") as client,
        open_raw(field, "reader", PGMOAT_TASK_TOKEN=field.site.open_task("reader")) as other,
    ):
        slow = [client.request("tools/call", name="query", arguments={"sql": SLOW}) for _ in range(20)]
        # Those that get no connection are told so after ten seconds of trying.
        refused = [client.receive()["result"]["structuredContent"] for _ in range(len(slow) - 2)]
        assert {answer["code"] for answer in refused} == {"pool-exhausted"}
        assert all(answer["retry_after_s"] > 0 for answer in refused)
        answer = other.call("query", sql="SELECT count(*) FROM tickets")["result"]["structuredContent"]
        assert answer["rows"] == [[2]]
        assert _count_sessions(field, "patient") <= 4


def _classify(client: RawClient) -> str:
    message = client.receive()
    assert "result" in message, message
    payload = message["result"]["structuredContent"]
    if message["result"].get("isError"):
        return str(payload["code"])
    assert payload["rows"] == [[2]]
    return "data"


def _count_sessions(field: Desk, agent: str) -> int:
    role = field.site.role(agent)
    return int(field.site.value("SELECT count(*) FROM pg_stat_activity WHERE usename = %s", role))
