"""
A client that would be somebody else: by name, by metadata, by a repeated id, in a second server.

I/O: PostgreSQL, PgBouncer, processes.
"""

from __future__ import annotations

import asyncio
from typing import Any, LiteralString

from mcp import types
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from tests.integration.mcp.desk import Desk, call, refuse
from tests.integration.mcp.field.wire import RawClient, open_raw

_WRITERS: LiteralString = "SELECT DISTINCT agent FROM pgmoat.history ORDER BY agent"
_BUMP = "UPDATE counters SET n = n + 1 WHERE id = :id"


def read_counter(field: Desk, number: int = 1) -> int:
    """Return a counter, as the superuser reads it."""
    return int(field.site.value("SELECT n FROM public.counters WHERE id = %s", number))


def test_nothing_that_a_client_says_changes_the_agent(field: Desk, route: str) -> None:
    claims: tuple[dict[str, Any], ...] = (
        {"pgmoat/agent": "admin"},
        {"agent": "admin", "agent_id": "admin", "role": "postgres"},
        {"pgmoat/step": "as admin"},
        {"io.modelcontextprotocol/clientInfo": {"name": "admin", "version": "1"}},
    )

    async def run() -> None:
        token = field.site.open_task("reader")
        program, *arguments = field.command("--agent", "reader")
        server = StdioServerParameters(
            command=program,
            args=arguments,
            env=field.environ(route)
            | {"PGMOAT_TASK_TOKEN": token, "PGMOAT_AGENT": "admin", "PGUSER": "postgres"},
            cwd=field.folder,
        )
        named = types.Implementation(name="admin", version="1")
        async with Client(stdio_client(server), mode="legacy", client_info=named) as client:
            for number, meta in enumerate(claims):
                await call(client, "write", meta, sql=_BUMP, parameters={"id": 1}, key=f"k{number}")
                refused = await refuse(
                    client, "write", meta, sql="INSERT INTO counters (id) VALUES (99)", parameters={}
                )
                assert refused["code"] == "right-missing"  # the other one's right
            for name in ("agent", "agent_id", "role", "task", "task_token", "dsn"):
                given: dict[str, Any] = {name: "admin"}
                assert (await refuse(client, "query", sql="SELECT 1", **given))["code"] == "value-refused"

    asyncio.run(run())
    assert field.site.read(_WRITERS) == [("reader",)]
    assert read_counter(field) == len(claims)


def test_another_agents_task_is_not_entered(field: Desk) -> None:
    async def run() -> None:
        others = field.site.open_task("admin")
        async with field.stdio("reader", PGMOAT_TASK_TOKEN=others) as client:
            assert (await refuse(client, "query", sql="SELECT 1"))["code"] == "no-task"
        own = field.site.open_task("reader")
        async with field.stdio("reader", PGMOAT_TASK_TOKEN=own) as client:
            assert (await refuse(client, "query", {"pgmoat/task_token": others}, sql="SELECT 1"))[
                "code"
            ] == "no-task"
            guess = {"pgmoat/task_token": "x" * len(own)}
            assert (await refuse(client, "query", guess, sql="SELECT 1"))["code"] == "no-task"
            await call(client, "query", sql="SELECT count(*) FROM counters")

    asyncio.run(run())


def test_an_id_of_json_rpc_means_nothing_in_another_session(field: Desk) -> None:
    """The same id with the same call, in a session of another task, is another call."""
    for expected in (1, 2):
        with open_raw(field, "reader", PGMOAT_TASK_TOKEN=field.site.open_task("reader")) as client:
            client.last_id = 4710
            answer = client.call("write", sql=_BUMP, parameters={"id": 1})["result"]
            assert answer["structuredContent"]["affected"] == 1
            assert answer["structuredContent"]["replayed"] is False
        assert read_counter(field) == expected


def test_the_same_call_in_a_new_session_of_the_task_is_not_done_again(field: Desk) -> None:
    """A client that lost its connection repeats what it did, under other ids."""
    token = field.site.open_task("reader")
    for number, is_replayed in ((7, False), (8, True)):
        with open_raw(field, "reader", PGMOAT_TASK_TOKEN=token) as client:
            client.last_id = number
            answer = client.call("write", sql=_BUMP, parameters={"id": 1})["result"]["structuredContent"]
            assert (answer["affected"], answer["replayed"]) == (1, is_replayed)
    assert read_counter(field) == 1


def test_two_servers_do_a_write_once(field: Desk, route: str) -> None:
    """The same key at the same time through two processes: one does it, and both say the same."""
    token = field.site.open_task("reader")
    with (
        open_raw(field, "reader", route=route, PGMOAT_TASK_TOKEN=token) as first,
        open_raw(field, "reader", route=route, PGMOAT_TASK_TOKEN=token) as second,
    ):
        for number in range(1, 11):
            arguments = {"sql": _BUMP, "parameters": {"id": number}, "key": f"once-{number}"}
            waiting = [
                (client, client.request("tools/call", name="write", arguments=arguments))
                for client in (first, second)
            ]
            answers = [client.wait_for(asked)["result"]["structuredContent"] for client, asked in waiting]
            assert [answer["affected"] for answer in answers] == [1, 1]
            assert sorted(answer["replayed"] for answer in answers) == [False, True]
            assert read_counter(field, number) == 1


def test_two_servers_share_a_budget(field: Desk, route: str) -> None:
    """One task through two processes: six rows in all, as its limit says, not six for each."""
    with (
        open_raw(field, "pair", route=route, PGMOAT_TASK="shared") as first,
        open_raw(field, "pair", route=route, PGMOAT_TASK="shared") as second,
    ):
        clients = [first, second] * 7
        codes = [_bump(client, 1, f"key-{number}") for number, client in enumerate(clients)]
    assert codes.count("done") == 6
    assert set(codes[6:]) == {"budget-exceeded"}
    assert field.site.value("SELECT sum(n) FROM public.counters") == 6


def test_two_servers_share_a_freeze(field: Desk) -> None:
    token = field.site.open_task("reader")
    with (
        open_raw(field, "reader", PGMOAT_TASK_TOKEN=token) as first,
        open_raw(field, "reader", PGMOAT_TASK_TOKEN=token) as second,
    ):
        assert [_bump(first, 1, "a"), _bump(second, 1, "b")] == ["done", "done"]
        field.site.run("SELECT pgmoat.freeze_agent('reader', 'a test')")
        assert [_bump(client, 1, key) for client, key in ((first, "c"), (second, "d"))] == [
            "agent-frozen"
        ] * 2
        read = first.call("query", sql="SELECT count(*) FROM counters")["result"]["structuredContent"]
        assert read["code"] == "agent-frozen"
    assert read_counter(field) == 2


def _bump(client: RawClient, number: int, key: str | None = None) -> str:
    """Count once more; return what became of it."""
    more = {"key": key} if key else {}
    result = client.call("write", sql=_BUMP, parameters={"id": number}, **more)["result"]
    payload = result["structuredContent"]
    if result.get("isError"):
        return str(payload["code"])
    assert payload["affected"] == 1
    return "replayed" if payload["replayed"] else "done"
