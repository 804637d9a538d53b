"""
Calls that are given up, and clients that are killed: nothing goes on in PostgreSQL.

I/O: PostgreSQL, PgBouncer, processes.
"""

from __future__ import annotations

from typing import LiteralString

import pytest

from tests.dashboard_fixtures import wait_for
from tests.integration.mcp.desk import Desk
from tests.integration.mcp.field.site import SLOW
from tests.integration.mcp.field.wire import RawClient, open_raw


def test_a_cancelled_call_ends_in_postgresql(field: Desk, route: str) -> None:
    """Its statement may run for two minutes; it is gone long before."""
    with open_raw(field, "patient", route=route) as client:
        asked = _start_slow(field, client)
        client.send({"method": "notifications/cancelled", "params": {"requestId": asked}})
        wait_for(lambda: _count_running(field) == 0)
        client.ping()
        answer = client.call("query", sql="SELECT count(*) FROM tickets")["result"]
        assert answer["structuredContent"]["rows"] == [[2]]


def test_another_call_cannot_be_cancelled_by_a_guessed_id(field: Desk) -> None:
    with open_raw(field, "patient") as client, open_raw(field, "patient") as other:
        asked = _start_slow(field, client)
        other.send({"method": "notifications/cancelled", "params": {"requestId": asked}})
        other.ping()
        assert _count_running(field) == 1
        client.send({"method": "notifications/cancelled", "params": {"requestId": asked}})
        wait_for(lambda: _count_running(field) == 0)


@pytest.mark.parametrize("end", ["closed", "terminated"])
def test_a_client_that_goes_leaves_no_session_behind(field: Desk, route: str, end: str) -> None:
    before = _count_sessions(field)  # PgBouncer's, of the tests before
    with open_raw(field, "patient", route=route) as client:
        _start_slow(field, client)
        if end == "closed":  # what a killed client leaves: pipes whose other end is gone
            assert client.process.stdin is not None
            client.process.stdin.close()
        else:
            client.process.terminate()
        client.process.wait(20)
        wait_for(lambda: _count_running(field) == 0)
        if route == "direct":
            wait_for(lambda: _count_sessions(field) <= before)


def test_a_server_that_is_killed_leaves_a_statement_for_its_timeout_and_no_longer(field: Desk) -> None:
    """PostgreSQL does not look whether its client is there while it works; a second is what reader has."""
    token = field.site.open_task("reader")
    with open_raw(field, "reader", PGMOAT_TASK_TOKEN=token) as client:
        client.request("tools/call", name="query", arguments={"sql": SLOW})
        wait_for(lambda: _count_running(field, "reader") == 1)
        client.process.kill()
        wait_for(lambda: _count_running(field, "reader") == 0)


def test_a_write_that_is_given_up_is_done_once_or_not_at_all(field: Desk) -> None:
    statement = "UPDATE counters SET n = n + 1 WHERE id = :id"
    with open_raw(field, "patient", PGMOAT_TASK="given up") as client:
        for number in range(1, 21):
            arguments = {"sql": statement, "parameters": {"id": number}}
            asked = client.request("tools/call", name="write", arguments=arguments)
            client.send({"method": "notifications/cancelled", "params": {"requestId": asked}})
        client.ping()
        wait_for(lambda: _count_running(field) == 0)
        # The model repeats them all.
        for number in range(1, 21):
            answer = client.call("write", sql=statement, parameters={"id": number})["result"]
            assert answer["structuredContent"]["affected"] == 1
    assert field.site.read("SELECT DISTINCT n FROM public.counters") == [(1,)]


def _start_slow(field: Desk, client: RawClient) -> int:
    """Return the id of a call whose statement runs."""
    asked = client.request("tools/call", name="query", arguments={"sql": SLOW})
    wait_for(lambda: _count_running(field) == 1)
    return asked


def _count_running(field: Desk, agent: str = "patient") -> int:
    query: LiteralString = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND state = 'active'"
    return int(field.site.value(query, field.site.role(agent)))


def _count_sessions(field: Desk) -> int:
    query: LiteralString = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s"
    return int(field.site.value(query, field.site.role("patient")))
