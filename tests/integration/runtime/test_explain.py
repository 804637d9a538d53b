"""
An empty answer says why, straight and through PgBouncer, and nothing else changes by it.

I/O: PostgreSQL, PgBouncer.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from google.protobuf.message import DecodeError

from pgmoat.runtime import AsyncMoat, Moat, Reason, Task
from pgmoat.runtime.synchronous import explain
from pgmoat.runtime.synchronous.exchange import send
from tests.integration.runtime.conftest import Opener
from tests.moat_fixtures import Moat as Site
from tests.moat_fixtures import new_task_id

# Query, kind, column, suggestion; all of them certain.
CAUSES = [
    ("SELECT id FROM orders WHERE status = 'shiped'", "unknown_value", "status", "shipped"),
    ("SELECT id FROM orders WHERE status = 'shipped'", "absent_value", "status", None),
    ("SELECT count(*) FROM orders WHERE status = 'Pending'", "wrong_case", "status", "pending"),
    ("SELECT sum(amount) FROM orders WHERE status = ' pending'", "wrong_spaces", "status", "pending"),
    ("SELECT id FROM tickets WHERE state IN ('Open', 'Shut')", "wrong_case", "state", "open"),
    ("SELECT id FROM tickets WHERE state LIKE 'OPE%'", "wrong_case", "state", "open"),
    ("SELECT id FROM tickets WHERE state LIKE 'open %'", "wrong_spaces", "state", "open"),
    ("SELECT id FROM tickets WHERE state LIKE 'zzz%'", "pattern", "state", None),
    ("SELECT id FROM tickets WHERE id = 100 AND state = 'open'", "unknown_value", "id", None),
    ("SELECT id FROM tickets WHERE id > 100", "out_of_range", "id", None),
    ("SELECT id FROM tickets WHERE id BETWEEN 30 AND 40", "out_of_range", "id", None),
    ("SELECT id FROM tickets WHERE 100 < id", "out_of_range", "id", None),
    ("SELECT id FROM tickets WHERE id < 5 AND id > 10", "reversed_range", "id", None),
    ("SELECT id FROM tickets WHERE id BETWEEN 10 AND 5", "reversed_range", "id", None),
    ("SELECT id FROM tickets WHERE id < 5 AND id > 4", "out_of_range", "id", None),
    ("SELECT id FROM tickets WHERE state = NULL", "null_comparison", "state", None),
    ("SELECT id FROM tickets WHERE state NOT IN ('x', NULL)", "not_in_null", "state", None),
    ("SELECT id FROM tickets WHERE id NOT IN (SELECT NULL::bigint)", "not_in_null", "", None),
    ("SELECT id FROM tickets WHERE state IS NULL", "no_match", "state", None),
    ("SELECT id FROM orders WHERE note IS NOT NULL", "no_match", "note", None),
    ("SELECT 1 WHERE false", "constant_false", "", None),
    ("SELECT id FROM tickets LIMIT 0", "limit_zero", "", None),
    ("SELECT id FROM tickets ORDER BY id OFFSET 50", "offset_beyond_end", "", None),
    ("SELECT id FROM tickets UNION SELECT 5 ORDER BY 1 OFFSET 50", "offset_beyond_end", "", None),
    ("SELECT state FROM tickets GROUP BY 1 HAVING count(*) > 50", "having", "", None),
    ("SELECT o.id FROM orders AS o JOIN refunds AS r ON r.order_id = o.id", "empty_table", "", None),
    ("SELECT id FROM tickets WHERE id IN (SELECT order_id FROM refunds)", "empty_table", "", None),
    (
        "SELECT o.id FROM orders AS o JOIN tickets AS t ON t.id = o.amount",
        "wrong_join_key",
        "id",
        "t.id = o.id",
    ),
    (
        "SELECT o.id FROM orders AS o, tickets AS t WHERE t.state = o.status AND t.id = o.id",
        "wrong_join_key",
        "state",
        "t.id = o.id",
    ),
    ("SELECT t.id FROM tickets t LEFT JOIN orders o ON o.id = t.id WHERE o.status = 'x'", "unknown_value",
     "status", None),
    ("WITH a AS (SELECT id FROM tickets WHERE state = 'opne') SELECT id FROM a WHERE id > 3", "unknown_value",
     "state", "open"),
    ("SELECT id FROM (SELECT id FROM tickets WHERE state = 'Open') AS s", "wrong_case", "state", "open"),
    ("WITH tickets AS (SELECT id FROM tickets WHERE id > 90) SELECT id FROM tickets", "out_of_range", "id",
     None),
    ("SELECT id FROM tickets WHERE id > 90 UNION ALL SELECT id FROM refunds", "out_of_range", "id", None),
    ("SELECT id FROM tickets WHERE id > 90 INTERSECT SELECT id FROM orders", "out_of_range", "id", None),
    ("SELECT max(length(note)) FROM orders", "all_null", "note", None),
    ("SELECT count(*) FILTER (WHERE state = 'Open') FROM tickets", "wrong_case", "state", "open"),
    ("SELECT COALESCE(sum(visits), 0) FROM orders WHERE visits > 3", "out_of_range", "visits", None),
]  # fmt: skip


def open_task(moat: Moat, agent: str = "support") -> Task:
    return moat.open_task(agent, new_task_id())


def test_the_cause_is_named(moat: Moat) -> None:
    task = open_task(moat)
    found: dict[str, Any] = {}
    for sql, kind, column, suggestion in CAUSES:
        reason = task.query(sql).reasons[0]
        if (reason.kind, reason.column, reason.suggestion, reason.certainty) != (
            kind, column, suggestion, "certain",
        ):  # fmt: skip
            found[sql] = reason
    assert not found


def test_what_is_likely_is_called_a_guess(moat: Moat) -> None:
    result = open_task(moat).query(
        "SELECT o.id FROM orders AS o JOIN tickets AS t ON t.id = o.id WHERE o.customer_id = 3 AND t.id = 4"
    )
    assert {reason.certainty for reason in result.reasons} == {"guess"}
    assert {reason.column for reason in result.reasons} == {"customer_id", "id"}
    assert all(warning.startswith("no rows: perhaps: ") for warning in result.warnings)
    both = open_task(moat).query("SELECT id FROM tickets WHERE id % 2 = 0 AND id % 2 = 1").reasons
    assert [(reason.kind, reason.certainty) for reason in both] == [("combination", "guess")] * 2


@pytest.mark.parametrize(
    ("sql", "parameters"),
    [
        ("SELECT id FROM tickets WHERE state = :state", {"state": "Open"}),
        ("SELECT id FROM tickets WHERE state = ANY(:states)", {"states": ["Open"]}),
        ("SELECT id FROM tickets WHERE id < $1 AND state = $2", [90, "Open"]),
    ],
)
def test_parameters_are_looked_into(moat: Moat, sql: str, parameters: Any) -> None:
    (reason,) = open_task(moat).query(sql, parameters).reasons
    assert (reason.kind, reason.value, reason.suggestion) == ("wrong_case", "Open", "open")
    assert "pgmoat_parameter" not in f"{reason.message}{reason.condition}"


def test_a_value_cannot_break_out_of_a_question(moat: Moat) -> None:
    for value in (
        "x' OR true --",
        "\\",
        "x\\' OR true --",
        'x"; SELECT 1; --',
        "%s %(a)s $1 :state",
        "é\u2028",
    ):
        for sql, parameters in (
            ("SELECT id FROM tickets WHERE state = :state", {"state": value}),
            ("SELECT id FROM tickets WHERE state = '{}'".format(value.replace("'", "''")), None),
        ):
            (reason,) = open_task(moat).query(sql, parameters).reasons
            assert (reason.kind, reason.value) == ("unknown_value", value)


def test_rows_and_counts_have_no_reasons(moat: Moat) -> None:
    task = open_task(moat)
    for sql in (
        "SELECT id FROM tickets WHERE state = 'open'",
        "SELECT count(*) FROM tickets",
        "SELECT 0 AS nothing, NULL AS too FROM tickets",
        "SELECT sum(visits) FROM orders",
    ):
        result = task.query(sql)
        assert result.rows
        assert not result.reasons
        assert not result.warnings


def test_an_answer_with_rows_asks_nothing_more(moat: Moat, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("one more round trip")

    monkeypatch.setattr(explain, "send", refuse)
    task = open_task(moat)
    for sql in (
        "SELECT id FROM tickets WHERE id < 3",
        "SELECT o.id FROM orders AS o JOIN tickets AS t ON t.id = o.id",
        "SELECT state, count(*), sum(id) FROM tickets GROUP BY 1",
        "EXPLAIN SELECT id FROM tickets WHERE false",
    ):
        task.query(sql)


def test_averages_and_repeated_rows_are_warned_of(moat: Moat, shop: Site) -> None:
    shop.run("INSERT INTO public.refunds (ord_id, amt) VALUES (1, 1), (1, 2), (2, 3)")
    shop.run("UPDATE public.orders SET note = '7' WHERE id <= 500")
    task = open_task(moat)
    (warning,) = task.query("SELECT avg(n) FROM (SELECT note::int AS n FROM orders) AS s").warnings
    assert warning == "avg(n) leaves out 1500 of 2000 rows, where n is NULL"
    assert not task.query("SELECT avg(visits) FROM orders").warnings


def test_a_join_that_repeats_rows_is_warned_of(make_runtime: Opener, shop: Site) -> None:
    shop.run("INSERT INTO public.refunds (ord_id, amt) VALUES (1, 1), (1, 2), (2, 3)")
    entity = shop.policy.entities["refunds"]
    columns = {
        name: column if name != "ord_id" else entity.column(name).model_copy(update={"references": "orders"})
        for name, column in entity.columns.items()
    }
    refunds = entity.model_copy(update={"columns": columns})
    policy = shop.policy.model_copy(update={"entities": {**shop.policy.entities, "refunds": refunds}})
    with Moat(policy, dsns=shop.dsns(), orchestrator_dsn=shop.database.dsn) as moat:
        task = open_task(moat)
        for join in ("JOIN", "LEFT JOIN"):
            (warning,) = task.query(
                f"SELECT sum(o.amount) FROM orders AS o {join} refunds AS r ON r.order_id = o.id"
            ).warnings
            assert "the join with refunds repeats rows of orders" in warning
        for sql in (
            "SELECT sum(r.amount) FROM orders AS o JOIN refunds AS r ON r.order_id = o.id",
            "SELECT count(DISTINCT o.id) FROM orders AS o JOIN refunds AS r ON r.order_id = o.id",
            "SELECT r.id, sum(o.amount) FROM orders AS o JOIN refunds AS r ON r.order_id = o.id GROUP BY 1",
            "SELECT sum(o.amount) FROM orders AS o JOIN refunds AS r ON r.order_id = o.id WHERE o.id = 2",
        ):
            assert not task.query(sql).warnings, sql


def test_questions_end_with_their_time(moat: Moat, shop: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A question that PostgreSQL ends leaves the answer as it is, and the connection usable."""
    monkeypatch.setattr(explain, "PROBE_MS", 1)
    shop.run("INSERT INTO public.orders (id, usr_id) SELECT i, 1 FROM generate_series(3000, 60000) AS i")
    task = open_task(moat)
    result = task.query("SELECT id FROM orders WHERE md5(md5(note || id)) = 'x' AND visits = 0")
    assert result.rows == ()
    assert all(r.certainty == "guess" or r.kind == "no_match" for r in result.reasons)
    assert task.query("SELECT count(*) FROM tickets").rows == ({"count": 20},)


def test_a_query_as_deep_as_may_be_keeps_its_answer(moat: Moat) -> None:
    """A question nests deeper than the query that it is about."""
    task = open_task(moat)
    for times in range(38, 46):
        result = task.query("SELECT id FROM tickets WHERE state" + " || ''" * times + " = 'zz'")
        assert result.rows == ()
        assert result.reasons


@pytest.mark.parametrize("bound", ["MOST_PROBES", "MOST_S"])
def test_questions_are_bounded(moat: Moat, monkeypatch: pytest.MonkeyPatch, bound: str) -> None:
    asked: list[object] = []

    def count(*messages: Any) -> Any:
        asked.append(messages)
        return send(*messages)

    monkeypatch.setattr(explain, bound, 0)
    monkeypatch.setattr(explain, "send", count)
    result = open_task(moat).query("SELECT id FROM tickets WHERE state = 'Open'")
    assert not asked
    assert [reason.kind for reason in result.reasons] == ["not_explained"]
    assert "not within" in result.warnings[0]


@pytest.mark.parametrize("fault", [LookupError, DecodeError])
def test_a_fault_of_the_diagnosis_leaves_the_answer(
    moat: Moat, monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    def fail(*_: object) -> None:
        raise fault("a bug")

    monkeypatch.setattr(explain, "find_diagnosis", fail)
    task = open_task(moat)
    (reason,) = task.query("SELECT id FROM tickets WHERE state = 'Open'").reasons
    assert (reason.kind, reason.certainty) == ("not_explained", "guess")
    assert task.query("SELECT id FROM tickets WHERE id = 1").reasons == ()


def test_the_policy_switches_it_off(make_runtime: Opener, shop: Site) -> None:
    agent = shop.policy.agents["support"]
    guard = agent.guard.model_copy(update={"explain_empty": False})
    quiet = agent.model_copy(update={"guard": guard})
    policy = shop.policy.model_copy(update={"agents": {**shop.policy.agents, "support": quiet}})
    with Moat(policy, dsns=shop.dsns(), orchestrator_dsn=shop.database.dsn) as moat:
        task = open_task(moat)
        result = task.query("SELECT id FROM tickets WHERE state = 'Open'")
        assert (result.reasons, result.warnings) == ((), ())
        with task.transaction() as transaction:
            assert transaction.query("SELECT id FROM tickets WHERE state = 'Open'").warnings == ()


def test_inside_of_a_transaction_it_says_that_it_does_not_look(moat: Moat) -> None:
    with open_task(moat).transaction() as transaction:
        result = transaction.query("SELECT id FROM tickets WHERE state = 'Open'")
    assert result.reasons == ()
    assert "is not looked into inside of a transaction" in result.warnings[0]


def test_columns_that_an_agent_may_not_read_stay_unread(moat: Moat) -> None:
    """Questions are the agent's own: they show nothing that it could not ask for itself."""
    task = open_task(moat, "picky")
    (reason,) = task.query("SELECT id FROM orders WHERE visits = 5000").reasons
    assert isinstance(reason, Reason)
    assert (reason.kind, reason.column) == ("unknown_value", "visits")
    assert "hidden-margin" not in str(task.query("SELECT id FROM orders WHERE visits = 5000"))


def test_asynchronous_answers_too(shop: Site, route: str) -> None:
    async def run() -> Reason:
        async with AsyncMoat(shop.policy, dsns=shop.dsns(route), orchestrator_dsn=shop.database.dsn) as moat:
            task = await moat.open_task("support", new_task_id())
            return (await task.query("SELECT id FROM tickets WHERE state = 'Open'")).reasons[0]

    assert asyncio.run(run()).suggestion == "open"
