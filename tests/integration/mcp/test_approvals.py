"""
Writes that wait for a person's word, as a model meets them.

I/O: PostgreSQL, processes, network.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator

import pytest

from tests.integration.mcp.desk import ERAS, Desk, HttpServer, call, refuse

SQL = "UPDATE orders SET visits = visits + 1 WHERE id <= :most"


@pytest.fixture(scope="module")
def front(installed_desk: Desk) -> Generator[HttpServer]:
    """A server for an agent whose writes are held."""
    with installed_desk.serve("careful") as running:
        yield running


def decide(desk: Desk, number: int, *, is_approved: bool) -> None:
    """Decide as a person who saw what is held."""
    desk.site.run(
        "SELECT pgmoat.decide(id, fingerprint, %s, 'Ada', 'as I said') FROM pgmoat.approvals WHERE id = %s",
        is_approved,
        number,
    )


@pytest.mark.parametrize("era", ERAS)
def test_a_held_write_runs_once_when_it_is_approved(desk: Desk, front: HttpServer, era: str) -> None:
    async def run() -> None:
        async with front.client("careful", era=era, Pgmoat_Task=f"held-{era}") as client:
            small = await call(client, "write", sql=SQL, parameters={"most": 2})
            assert small["affected"] == 2
            held = await refuse(client, "write", sql=SQL, parameters={"most": 5})
            assert held["code"] == "approval-required"
            number = held["approval_id"]
            assert f"the tool outcome for {number}" in held["hint"]
            assert (await call(client, "outcome", approval_id=number))["state"] == "pending"
            again = await refuse(client, "write", sql=SQL, parameters={"most": 5})
            assert again["approval_id"] == number
            assert desk.site.value("SELECT sum(n) FROM public.orders") == 2
            decide(desk, number, is_approved=True)
            for _ in range(2):
                found = await call(client, "outcome", approval_id=number)
                assert found["state"] == "done"
                assert found["result"]["affected"] == 5
            late = await call(client, "write", sql=SQL, parameters={"most": 5})
            assert late["replayed"] is True
            assert desk.site.value("SELECT sum(n) FROM public.orders") == 7

    asyncio.run(run())


def test_a_held_call_is_rejected_with_a_reason(desk: Desk, front: HttpServer) -> None:
    async def run() -> None:
        async with front.client("careful") as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert "a person's word" in (tools["clear"].description or "")
            held = await refuse(client, "clear", order_id=3)
            assert held["code"] == "approval-required"
            decide(desk, held["approval_id"], is_approved=False)
            found = await call(client, "outcome", approval_id=held["approval_id"])
            assert (found["state"], found["reason"]) == ("rejected", "as I said")
            assert (await refuse(client, "clear", order_id=3))["code"] == "approval-rejected"
            assert (await refuse(client, "outcome", approval_id=10**6))["code"] == "no-approval"

    asyncio.run(run())
    assert desk.site.value("SELECT count(*) FROM public.orders WHERE note IS NOT NULL") == 0
