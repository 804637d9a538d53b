"""
In which task a call runs, and what does not change it.

I/O: PostgreSQL, processes, network.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import LiteralString

import pytest

from tests.integration.mcp.desk import ERAS, Desk, HttpServer, call, refuse
from tests.moat_fixtures import new_task_id

BUMP = "UPDATE orders SET visits = visits + 1 WHERE id = :id"
END: LiteralString = """
UPDATE pgmoat.task SET opened_at = opened_at - interval '2 hours', deadline = now() - interval '1 second'
"""


@pytest.fixture(scope="module")
def front(installed_desk: Desk) -> Generator[HttpServer]:
    """A server for several agents."""
    with installed_desk.serve("robot", "support", "hourly") as running:
        yield running


def list_tasks(desk: Desk) -> list[str]:
    """Return the names of all tasks."""
    return [name for (name,) in desk.site.read("SELECT task_id FROM pgmoat.task ORDER BY id")]


@pytest.mark.parametrize("era", ERAS)
def test_without_a_task_a_person_is_asked_for_one(desk: Desk, front: HttpServer, era: str) -> None:
    async def run() -> None:
        async with front.client("support", era=era) as client:
            error = await refuse(client, "query", sql="SELECT id FROM orders")
            assert error["code"] == "no-task"
            assert "pgmoat task open" in error["hint"]
            named = await refuse(client, "entities", _meta={"pgmoat/task": "T-9"})
            assert named == error
            by_meta = {"pgmoat/task_token": desk.site.open_task("support", "T-9"), "pgmoat/task": "T-9"}
            standing = await call(client, "entities", _meta=by_meta)
            assert standing["task"]["id"] == "T-9"
            wrong = await refuse(client, "entities", _meta=by_meta | {"pgmoat/task": "T-8"})
            assert wrong["code"] == "no-task"
            forged = await refuse(client, "entities", _meta={"pgmoat/task_token": "x" * 43})
            assert forged["code"] == "no-task"

    asyncio.run(run())


@pytest.mark.parametrize("era", ERAS)
def test_the_token_of_another_agents_task_opens_nothing(desk: Desk, front: HttpServer, era: str) -> None:
    async def run() -> None:
        stolen = desk.site.open_task("support")
        async with front.client("robot", era=era, Pgmoat_Task_Token=stolen) as client:
            assert (await refuse(client, "query", sql="SELECT id FROM orders"))["code"] == "no-task"

    asyncio.run(run())


@pytest.mark.parametrize("era", ERAS)
def test_what_the_connection_fixes_a_request_does_not_change(desk: Desk, front: HttpServer, era: str) -> None:
    async def run() -> None:
        own, other = desk.site.open_task("support", "own"), desk.site.open_task("support", "other")
        async with front.client("support", era=era, Pgmoat_Task_Token=own) as client:
            assert (await call(client, "entities"))["task"]["id"] == "own"
            error = await refuse(client, "entities", _meta={"pgmoat/task_token": other})
            assert "another task" in error["message"]

    asyncio.run(run())


def test_each_session_has_a_task_of_its_own(desk: Desk, front: HttpServer) -> None:
    async def run() -> None:
        async with front.client("robot") as one, front.client("robot") as two:
            for client in (one, two, one):
                await call(client, "query", sql="SELECT id FROM orders LIMIT 1")
        names = list_tasks(desk)
        assert len(set(names)) == 2
        assert all(name.startswith("mcp-") and len(name) == 20 for name in names)

    asyncio.run(run())


def test_without_sessions_each_token_has_a_task_of_its_own(desk: Desk, front: HttpServer) -> None:
    async def names(agent: str) -> set[str]:
        found: set[str] = set()
        for _ in range(2):
            async with front.client(agent, era="2026-07-28", Mcp_Session_Id="forged") as client:
                found.add((await call(client, "entities"))["task"]["id"])
        return found

    async def run() -> None:
        robots, others = await names("robot"), await names("hourly")
        assert (len(robots), len(others), robots & others) == (1, 1, set())

    asyncio.run(run())


@pytest.mark.parametrize("era", ERAS)
def test_an_agent_that_claims_its_tasks_is_told_which(desk: Desk, front: HttpServer, era: str) -> None:
    async def run() -> None:
        name = new_task_id()
        async with front.client("robot", era=era, Pgmoat_Task=name) as client:
            assert (await call(client, "entities"))["task"]["id"] == name

    asyncio.run(run())


@pytest.mark.parametrize("era", ERAS)
def test_the_step_is_the_requests_or_the_tools(desk: Desk, front: HttpServer, era: str) -> None:
    async def run() -> None:
        async with front.client("robot", era=era, Pgmoat_Task=new_task_id()) as client:
            await call(client, "write", sql=BUMP, parameters={"id": 1})
            await call(client, "write", sql=BUMP, parameters={"id": 2}, step="by argument")
            meta = {"pgmoat/step": "by metadata"}
            await call(client, "write", sql=BUMP, parameters={"id": 3}, step="not this", _meta=meta)
            await call(client, "refund_order", order_id=4, amount="1.00")
        steps = desk.site.read("SELECT step, count(*) FROM pgmoat.history GROUP BY 1 ORDER BY 1")
        assert steps == [("by argument", 1), ("by metadata", 1), ("refund_order", 2), ("write", 1)]

    asyncio.run(run())


def test_past_its_deadline_a_task_that_the_server_named_is_replaced(desk: Desk, front: HttpServer) -> None:
    async def run() -> None:
        async with front.client("robot") as client:
            await call(client, "write", sql=BUMP, parameters={"id": 1})
            desk.site.run(END)
            again = await call(client, "write", sql=BUMP, parameters={"id": 1})
            assert again["replayed"] is True  # the key holds for the session, and not for the task
            assert "past its deadline" in again["warnings"][0]
            assert desk.site.value("SELECT n FROM public.orders WHERE id = 1") == 1
            other = await call(client, "write", sql=BUMP, parameters={"id": 2})
            assert "warnings" not in other
        first, second = list_tasks(desk)
        assert second == f"{first}-2"

    asyncio.run(run())


def test_the_hours_limit_holds_for_all_tasks_of_a_session(desk: Desk, front: HttpServer) -> None:
    async def run() -> None:
        async with front.client("hourly") as client:
            sql = "UPDATE orders SET visits = 1 WHERE id BETWEEN :id AND :id + 9"
            await call(client, "write", sql=sql, parameters={"id": 1})
            desk.site.run(END)
            error = await refuse(client, "write", sql=sql, parameters={"id": 21})
            assert error["code"] == "budget-exceeded"
        assert desk.site.value("SELECT sum(n) FROM public.orders") == 10

    asyncio.run(run())


@pytest.mark.parametrize(
    ("agent", "end", "code"),
    [
        ("support", END, "task-ended"),
        ("support", "SELECT pgmoat.close_task(agent, task_id) FROM pgmoat.task", "task-ended"),
        ("robot", "SELECT pgmoat.close_task(agent, task_id) FROM pgmoat.task", "task-ended"),
        ("robot", "SELECT pgmoat.freeze_task(agent, task_id, 'why') FROM pgmoat.task", "task-frozen"),
        ("robot", "SELECT pgmoat.freeze_agent('robot', 'why')", "agent-frozen"),
    ],
)
def test_no_other_end_of_a_task_is_gone_around(
    desk: Desk, front: HttpServer, agent: str, end: LiteralString, code: str
) -> None:
    async def run() -> None:
        headers = {"Pgmoat_Task_Token": desk.site.open_task(agent)} if agent == "support" else {}
        async with front.client(agent, **headers) as client:
            await call(client, "write", sql=BUMP, parameters={"id": 1})
            desk.site.run(end)
            for _ in range(2):
                assert (await refuse(client, "write", sql=BUMP, parameters={"id": 2}))["code"] == code
                assert (await refuse(client, "query", sql="SELECT id FROM orders"))["code"] == code
                assert (await refuse(client, "history"))["code"] == code
        assert len(list_tasks(desk)) == 1
        assert desk.site.value("SELECT sum(n) FROM public.orders") == 1

    asyncio.run(run())


def test_two_servers_share_keys_budgets_and_freezes(desk: Desk, front: HttpServer) -> None:
    async def run() -> None:
        token = desk.site.open_task("support", max_writes=3)
        with desk.serve("support", route="pooled") as second:
            async with (
                front.client("support", Pgmoat_Task_Token=token) as one,
                second.client("support", era="2026-07-28", Pgmoat_Task_Token=token) as two,
            ):
                first = await call(one, "write", sql=BUMP, parameters={"id": 1})
                again = await call(two, "write", sql=BUMP, parameters={"id": 1})
                assert (first["replayed"], again["replayed"]) == (False, True)
                await call(two, "refund_order", order_id=5, amount=1)
                assert (await call(one, "entities"))["task"]["rows_left"] == 0
                error = await refuse(one, "write", sql=BUMP, parameters={"id": 2})
                assert error["code"] == "budget-exceeded"
                desk.site.run("SELECT pgmoat.freeze_agent('support', 'enough')")
                for client in (one, two):
                    error = await refuse(client, "query", sql="SELECT id FROM orders")
                    assert error["code"] == "agent-frozen"
                    assert "enough" in error["detail"]

    asyncio.run(run())
