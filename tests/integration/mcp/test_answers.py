"""
What a model reads: answers that fit, and hints that it can act on.

I/O: PostgreSQL, processes, network.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Generator
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.integration.mcp.desk import Desk, HttpServer, call, refuse
from tests.moat_fixtures import new_task_id

AGENTS = ("robot", "reader", "support", "caller", "customer", "careful", "hourly")
PYTHON = re.compile(r"(?<!pg)moat\.|`with |dsns=|(?<!my_task)\(\)|\bmapping\b|=…|[Pp]ython|\bdict\b|\bstr\b")
"""What only a program can do."""

GONE = "DELETE FROM orders WHERE id = 3"
ONE = "UPDATE orders SET visits = 1 WHERE id = 2"


@pytest.fixture(scope="module")
def front(installed_desk: Desk) -> Generator[HttpServer]:
    """A server for several agents."""
    with installed_desk.serve(*AGENTS) as running:
        yield running


def sql(text: str, **parameters: Any) -> dict[str, Any]:
    """Return the arguments of a query or write."""
    return {"sql": text, "parameters": parameters}


@pytest.mark.parametrize(
    ("called", "given", "hint"),
    [
        (("robot", "query"), sql("SELECT id FROM orders WHERE id = $1", id=1), 'give {"name": value}'),
        (("robot", "query"), sql("SELECT id FROM orders WHERE id = %(id)s", id=1), 'give {"id": value}'),
        (("robot", "query"), sql("SELECT id FROM orders WHERE id = :id"), ""),
        (("robot", "query"), sql(GONE), "use write"),
        (("reader", "query"), sql(GONE), "this agent only reads"),
        (("robot", "query"), sql("SELECT refund_order(1, 2)"), "call the operation refund_order"),
        (("robot", "query"), sql("SELECT * FROM refund_order"), "call the operation refund_order"),
        (("robot", "query"), sql("SELECT 1; SELECT 2"), "one by one"),
        (("robot", "query"), sql("CALL x()"), "operation"),
        (("robot", "query"), sql("SELECT * FROM ordres"), "did you mean `orders`? entities: "),
        (("robot", "query"), sql("SELECT :d::date", d="2026-13-45"), "YYYY-MM-DD"),
        (("robot", "query"), sql("SELECT :d::date", d=""), "NULL"),
        (("robot", "query"), sql("SELECT :j::jsonb", j="{"), "as text"),
        (("robot", "query"), sql("SELECT 1", x="a\0b"), ""),
        (("robot", "query"), sql("SELECT CURRENT_USER"), "recorded by the database"),
        (("robot", "write"), sql("SELECT 1"), "use query"),
        (("robot", "write"), sql(GONE), "the argument `reason`"),
        (("robot", "preview"), sql(GONE), "the argument `reason`"),
        (("robot", "write"), sql("UPDATE orders SET id = 1 WHERE id = 2"), "policy"),
        (("robot", "write"), sql("UPDATE orders SET visits = 1 WHERE id < 300"), "smaller"),
        (("robot", "write"), {**sql(ONE), "key": "x" * 300}, "message"),
        (("robot", "write"), {**sql(ONE), "occurrence": 0}, "1, 2, 3"),
        (("robot", "write"), sql("INSERT INTO ticket_log (tickets_id, new_status) VALUES (1, 'closed')"), ""),
        (("robot", "refund_order"), {"order_id": 1}, "value"),
        (("robot", "nonsense"), {}, "Tools: "),
        (("caller", "preview"), {"operation": "nonsense", "arguments": {}}, "refund_order"),
        (("caller", "query"), sql("SELECT 1"), "Tools: "),
        (("careful", "write"), sql("UPDATE orders SET visits = 1 WHERE id < 9"), "ask the tool outcome for "),
        (("careful", "clear"), {"order_id": 1}, "ask the tool outcome for "),
        (("support", "entities"), {}, "Stop and tell a person"),
    ],
)  # fmt: skip
def test_a_hint_says_what_a_model_can_do(
    desk: Desk, front: HttpServer, called: tuple[str, str], given: dict[str, Any], hint: str
) -> None:
    async def run() -> None:
        agent, tool = called
        async with front.client(agent) as client:
            error = await refuse(client, tool, **given)
            assert hint in error["hint"]
            assert PYTHON.search(f"{error['hint']} {error.get('detail', '')}") is None, error

    asyncio.run(run())


def test_who_writes_too_much_in_an_hour_is_told_when_it_is_over(desk: Desk, front: HttpServer) -> None:
    async def run() -> None:
        async with front.client("hourly") as client:
            error = await refuse(client, "write", **sql("UPDATE orders SET visits = 1 WHERE id < 20"))
            assert error["sqlstate"] == "PM012"
            assert 1 <= error["retry_after_s"] <= 3600

    asyncio.run(run())


@pytest.mark.parametrize("header", ["Pgmoat_Task_Token", "Pgmoat_Task"])
def test_a_variable_that_was_not_expanded_is_no_task(desk: Desk, front: HttpServer, header: str) -> None:
    agent = "support" if header == "Pgmoat_Task_Token" else "robot"

    async def run() -> None:
        async with front.client(agent, **{header: "${PGMOAT_TASK_TOKEN}"}) as client:
            error = await refuse(client, "entities")
            assert (error["code"], "not set" in error["hint"]) == ("no-task", True)
        assert desk.site.value("SELECT count(*) FROM pgmoat.task") == 0

    asyncio.run(run())


@pytest.mark.parametrize("kind", ["forged", "another agent's", "none of ours"])
def test_a_token_that_opens_nothing_is_told_to_a_person(desk: Desk, front: HttpServer, kind: str) -> None:
    tokens = {"forged": "moat_" + "0" * 64, "none of ours": "x" * 43}
    token = tokens.get(kind) or desk.site.open_task("customer", scope=Jsonb({"customer_id": 1}))

    async def run() -> None:
        async with front.client("support", Pgmoat_Task_Token=token) as client:
            error = await refuse(client, "query", sql="SELECT id FROM orders")
            assert error["code"] == "no-task"
            assert error["hint"].startswith("Stop and tell a person")
            assert PYTHON.search(error["hint"]) is None
            assert token not in json.dumps(error)

    asyncio.run(run())


@pytest.mark.parametrize("held", [3, [3, 4], "007"])
def test_an_agent_is_told_its_scope(desk: Desk, front: HttpServer, held: Any) -> None:
    async def run() -> None:
        token = desk.site.open_task("customer", new_task_id(), scope=Jsonb({"customer_id": held, "other": 1}))
        async with front.client("customer", Pgmoat_Task_Token=token) as client:
            task = (await call(client, "entities"))["task"]
            assert task["scope"] == {"customer_id": held}
            assert task["rows_used"] == 0
            empty = await call(client, "query", sql="SELECT id FROM own_orders WHERE customer_id = 8")
            own = "among 3, 4" if held == [3, 4] else f"= {held}"
            assert any(f"customer_id {own}" in said for said in empty["warnings"])

    asyncio.run(run())


def test_a_task_without_a_scope_has_none(desk: Desk, front: HttpServer) -> None:
    async def run() -> None:
        async with front.client("customer", Pgmoat_Task_Token=desk.site.open_task("customer")) as client:
            assert "scope" not in (await call(client, "entities"))["task"]

    asyncio.run(run())


def test_an_answer_is_cut_where_the_policy_says_nothing(desk: Desk, front: HttpServer) -> None:
    async def run() -> None:
        async with front.client("reader") as client:
            found = await call(client, "query", sql="SELECT id FROM orders ORDER BY id")
            assert list(found)[:3] == ["row_count", "truncated", "warnings"]
            assert (found["row_count"], found["truncated"], len(found["rows"])) == (200, True, 200)
            assert found["warnings"][0].startswith("there are more rows than the 200 shown")
            wide = "SELECT id, repeat('x', 1000) AS text FROM orders ORDER BY id"
            assert (await call(client, "query", sql=wide))["row_count"] == 39
            counted = await call(client, "query", sql="SELECT count(*) FROM orders")
            assert (counted["truncated"], "warnings" in counted) == (False, False)

    asyncio.run(run())


def test_the_states_of_a_log_are_described_as_they_can_be_asked(desk: Desk, front: HttpServer) -> None:
    async def run() -> None:
        async with front.client("robot") as client:
            (log,) = (await call(client, "describe", entities=["ticket_log"]))["entities"]
            names = re.findall(r"ticket_log_\w+(?:\('[\d-]+'\))?", log["states"])
            assert names == ["ticket_log_current", "ticket_log_at('2026-01-31')"]
            for name in names:
                await call(client, "query", sql=f"SELECT * FROM {name}")

    asyncio.run(run())


def test_a_write_of_nothing_says_why_where_that_is_sure(desk: Desk, front: HttpServer) -> None:
    async def run() -> None:
        async with front.client("robot") as client:
            given = sql("UPDATE orders SET note = 'x' WHERE id = :id AND status = 'refunde'", id=1)
            why = (
                "no row fits: status is never 'refunde'; its words are pending, shipped, refunded."
                " Did you mean 'refunded'?"
            )
            preview = await call(client, "preview", **given)
            assert (preview["affected"], preview["warnings"]) == (0, [why])
            first = await call(client, "write", **given)
            assert first["warnings"] == ["nothing was written: no row fits the conditions", why]
            again = await call(client, "write", **given)
            assert again["replayed"] is True
            assert "was tried before" in again["warnings"][0]
            empty = await call(client, "query", sql="SELECT id FROM orders WHERE id = 99999")
            assert empty["reasons"][0]["value"] == "99999"
            assert any("id = 99999;" in said for said in empty["warnings"])

    asyncio.run(run())
