"""
Every tool, over each transport, in each era of the protocol, direct and through PgBouncer.

I/O: PostgreSQL, PgBouncer, processes, network.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from typing import Any

import pytest
from mcp.client import Client

from tests.integration.mcp.desk import ERAS, Desk, HttpServer, call, refuse
from tests.moat_fixtures import new_task_id

AGENTS = ("robot", "reader", "support", "caller", "customer")
Opener = Callable[..., AbstractAsyncContextManager[Client]]


@pytest.fixture(scope="module")
def fronts(installed_desk: Desk) -> Generator[dict[str, HttpServer]]:
    """A server over HTTP for each route."""
    with ExitStack() as stack:
        yield {
            route: stack.enter_context(installed_desk.serve(*AGENTS, route=route))
            for route in ("direct", "pooled")
        }


@pytest.fixture(params=["stdio", "http"])
def connect(request: pytest.FixtureRequest, desk: Desk, route: str) -> Opener:
    """A function that yields an agent's client, in a task if there is a token."""

    @asynccontextmanager
    async def over_stdio(agent: str, era: str, task_token: str = "") -> AsyncGenerator[Client]:
        async with desk.stdio(agent, era=era, route=route, PGMOAT_TASK_TOKEN=task_token) as client:
            yield client

    @asynccontextmanager
    async def over_http(agent: str, era: str, task_token: str = "") -> AsyncGenerator[Client]:
        front: HttpServer = request.getfixturevalue("fronts")[route]
        headers = {"Pgmoat_Task_Token": task_token} if task_token else {}
        async with front.client(agent, era=era, **headers) as client:
            yield client

    return over_stdio if request.param == "stdio" else over_http


@pytest.mark.parametrize("era", ERAS)
def test_every_tool_does_its_work(desk: Desk, connect: Opener, era: str) -> None:
    async def run() -> None:
        task_id = new_task_id()
        async with connect("support", era, desk.site.open_task("support", task_id)) as client:
            await _read(client, task_id)
            await _write(desk, client)
            await _call(desk, client)
            await _look_back(client)

    asyncio.run(run())


async def _read(client: Client, task_id: str) -> None:
    listed = await call(client, "entities")
    assert listed["agent"] == "support"
    assert listed["task"].items() >= {"id": task_id, "rows_used": 0, "rows_left": 500}.items()
    rights = {entity["name"]: entity["rights"] for entity in listed["entities"]}
    assert rights == {
        "customers": ["select"],
        "orders": ["select", "update", "delete"],
        "refunds": ["select", "insert"],
        "tickets": ["select"],
        "ticket_log": ["select", "insert"],
    }
    (orders, log) = (await call(client, "describe", entities=["orders", "ticket_log"]))["entities"]
    columns = {column["name"]: column for column in orders["columns"]}
    assert columns["status"]["words"] == ["pending", "shipped", "refunded"]
    assert columns["status"]["write"] == ["update"]
    assert columns["customer_id"] == {
        "name": "customer_id",
        "type": "bigint",
        "doc": "Who placed it.",
        "references": "customers",
    }
    assert "margin" not in columns
    assert orders["delete"] == "soft, with a reason"
    assert log["transitions"] == {"open": ["closed"], "closed": ["open"]}
    for described in (orders, log):
        example = await call(client, "query", sql=described["example"])
        assert described is log or example["row_count"] == 5  # events are kept from test to test
    empty = await call(client, "query", sql="SELECT id FROM orders WHERE status = 'Shipped'")
    (reason,) = empty["reasons"]
    assert reason.items() >= {"entity": "orders", "column": "status", "suggestion": "shipped"}.items()
    assert any("shipped" in warning for warning in empty["warnings"])
    answer = await call(client, "query", sql="SELECT id FROM orders ORDER BY id")
    assert (answer["row_count"], answer["truncated"]) == (100, True)
    assert any("page with ORDER BY" in warning for warning in answer["warnings"])


async def _write(desk: Desk, client: Client) -> None:
    sql = "UPDATE orders SET visits = visits + 1 WHERE id <= :most"
    preview = await call(client, "preview", sql=sql, parameters={"most": 2})
    assert preview["affected"] == 2
    assert [change["after"] for change in preview["changes"]] == [{"visits": 1}, {"visits": 1}]
    assert desk.site.value("SELECT sum(n) FROM public.orders") == 0
    first = await call(client, "write", sql=sql, parameters={"most": 2})
    again = await call(client, "write", sql=sql, parameters={"most": 2})
    assert (first["affected"], first["replayed"], again["affected"], again["replayed"]) == (2, False, 2, True)
    await call(client, "write", sql=sql, parameters={"most": 2}, occurrence=2)
    assert desk.site.value("SELECT sum(n) FROM public.orders") == 4
    gone = await call(client, "write", sql="DELETE FROM orders WHERE id = 3 RETURNING id", reason="twice")
    assert gone.items() >= {"affected": 1, "columns": ["id"], "rows": [[3]]}.items()
    assert desk.site.value("SELECT delete_reason FROM public.orders WHERE id = 3") == "twice"
    closed = await call(
        client,
        "write",
        sql="INSERT INTO ticket_log (tickets_id, previous_status, new_status, idempotency_key)"
        " VALUES (1, 'open', 'closed', :idempotency_key)",
    )
    assert closed["affected"] == 2  # the event, and the ticket that follows
    nothing = await call(client, "write", sql="UPDATE orders SET visits = 9 WHERE id = 99999")
    assert nothing["affected"] == 0
    assert nothing["warnings"]


async def _call(desk: Desk, client: Client) -> None:
    arguments: dict[str, Any] = {"order_id": 7, "amount": 10.5}
    preview = await call(client, "preview", operation="refund_order", arguments=arguments)
    assert preview["affected"] == 2
    first = await call(client, "refund_order", **arguments)
    again = await call(client, "refund_order", **arguments)
    assert (
        first.items()
        >= {
            "affected": 2,
            "columns": ["amount", "order_id"],
            "rows": [["10.5", 7]],
            "replayed": False,
        }.items()
    )
    assert again["replayed"] is True
    assert desk.site.read("SELECT ord_id, amt::text FROM public.refunds") == [(7, "10.5")]
    refused = await refuse(client, "refund_order", order_id=8, amount=-1)
    assert refused["message"] == "The amount must be positive."
    kept = await call(client, "keep", order_id=9, data=[1, {"a": None}], step="mine", key="k-1")
    assert kept["affected"] == 1
    assert desk.site.value("SELECT note FROM public.orders WHERE id = 9") == '[1, {"a": null}]mine'


async def _look_back(client: Client) -> None:
    history = await call(client, "history", rows=3)
    assert history["truncated"] is True
    newest, refund, order = history["changes"]
    assert newest.items() >= {"entity": "orders", "operation": "update", "called": "keep"}.items()
    assert newest["after"] == {"note": '[1, {"a": null}]mine'}
    assert refund["after"].items() >= {"order_id": 7, "amount": "10.5"}.items()
    assert refund["step"] == "refund_order"
    assert order["after"]["status"] == "refunded"
    assert history["task"]["rows_used"] == (await call(client, "entities"))["task"]["rows_used"] > 0


def test_only_what_an_agent_can_use_is_listed(desk: Desk, fronts: dict[str, HttpServer]) -> None:
    async def names(agent: str) -> list[str]:
        async with fronts["direct"].client(agent) as client:
            return [tool.name for tool in (await client.list_tools()).tools]

    async def run() -> None:
        assert await names("reader") == ["entities", "describe", "query"]
        assert await names("caller") == ["entities", "preview", "history", "refund_order"]
        assert await names("customer") == ["entities", "describe", "query", "write", "preview", "history"]

    asyncio.run(run())
