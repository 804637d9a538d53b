"""Parameters that PostgreSQL complains about: which one it was, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from pgmoat import errors
from pgmoat.runtime import Jsonb, Moat
from pgmoat.runtime.synchronous.task import Task
from tests.moat_fixtures import Moat as Site

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
NUMBER = UUID(int=7)


@pytest.mark.parametrize(
    ("type_name", "value", "back"),
    [
        ("bigint", 5, 5),
        ("numeric", Decimal("1.50"), Decimal("1.50")),
        ("float8", 1.5, 1.5),
        ("boolean", True, True),
        ("text", "a", "a"),
        ("text", None, None),
        ("date", date(2026, 1, 2), date(2026, 1, 2)),
        ("date", "2026-01-02", date(2026, 1, 2)),
        ("timestamptz", NOON, NOON),
        ("interval", timedelta(days=1), timedelta(days=1)),
        ("uuid", NUMBER, NUMBER),
        ("bytea", b"a", b"a"),
        ("bigint[]", [1, 2], [1, 2]),
        ("bigint[]", (1, 2), [1, 2]),
        ("jsonb", {"a": [1]}, {"a": [1]}),
        ("jsonb", [{"a": 1}], [{"a": 1}]),
        ("jsonb", ({"a": (1,)},), [{"a": [1]}]),
        ("jsonb", Jsonb([1, 2]), [1, 2]),
        ("jsonb", Jsonb("a"), "a"),
    ],
)
def test_values_go_and_come_back(moat: Moat, type_name: str, value: object, back: object) -> None:
    """The table of docs/how-to/run-agents-in-python.md."""
    with moat.task("support", "T-1") as task:
        found = task.query(f"SELECT :x::{type_name} AS x", {"x": value})[0]["x"]
    assert (found, type(found)) == (back, type(back))


@pytest.mark.parametrize(
    ("statement", "parameters", "kind", "message", "hint"),
    [
        ("SELECT :x::jsonb AS x", {"x": [1, 2]}, "StatementInvalid", "json", "Jsonb(value)"),
        ("SELECT $1::json AS x", ["oops"], "ValueRefused", "$1: ", "$1::jsonb"),
        ("SELECT 1 AS x WHERE :n IS NULL", {"n": None}, "StatementInvalid", "parameter :n", ":n::text"),
        ("SELECT 1 AS x WHERE $1 IS NULL", [None], "StatementInvalid", "parameter $1", "$1::text"),
        (
            "SELECT id FROM orders WHERE id = lower(:i)",
            {"i": "1"},
            "StatementInvalid",
            "bigint = text",
            ":i::bigint",
        ),
        ("SELECT id FROM orders WHERE id = :i", {"i": [1]}, "StatementInvalid", "operator", "= ANY(:i)"),
        ("SELECT id FROM orders WHERE note = :n", {"n": 5}, "StatementInvalid", "operator", ":n::text"),
        (
            "SELECT id FROM orders WHERE id = :id AND note = :note",
            {"id": "", "note": "a"},
            "ValueRefused",
            ':id: invalid input syntax for type bigint: ""',
            "NULL (None, null) for no value",
        ),
        ("SELECT $1::date AS x", [""], "ValueRefused", "$1: ", "NULL (None, null) for no value"),
        ("SELECT :d::date AS d", {"d": "13/25/2020"}, "ValueRefused", ":d: ", "YYYY-MM-DD"),
        ("SELECT :d::timestamptz AS d", {"d": "soon"}, "ValueRefused", ":d: ", "YYYY-MM-DD"),
        ("SELECT now() - interval :i", {"i": "1 day"}, "StatementInvalid", "interval :i", ":i::interval"),
        ("SELECT id FROM orders WHERE id IN (:i)", {"i": [1]}, "StatementInvalid", "IN (:i)", "= ANY(:i)"),
        ("SELECT id FROM orders WHERE id = 1e", None, "GuardRefused", "", ""),
        ("SELECT 1; SELECT 2", None, "GuardRefused", "2 statements, where one is allowed", "one by one"),
        ("SELECT 1; SELECT 2", [], "GuardRefused", "2 statements, where one is allowed", "one by one"),
        ("SELECT :x; ; DROP TABLE orders", {"x": 1}, "GuardRefused", "2 statements", "one by one"),
        ("", None, "GuardRefused", "there is no statement in it", "write one"),
        (" ; -- none", {}, "GuardRefused", "there is no statement in it", "write one"),
    ],
)
def test_what_postgresql_says_of_a_parameter(  # noqa: PLR0917 - a table
    moat: Moat, statement: str, parameters: Any, kind: str, message: str, hint: str
) -> None:
    with moat.task("support", "T-1") as task, pytest.raises(errors.AgentError) as caught:
        task.query(statement, parameters)
    assert type(caught.value).__name__ == f"{kind}Error"
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert "datestyle" not in caught.value.hint


def test_several_statements_are_the_guards_to_refuse(moat: Moat) -> None:
    with moat.task("support", "T-1") as task, pytest.raises(errors.GuardRefusedError) as caught:
        task.write("DELETE FROM orders WHERE id = 1; DELETE FROM orders WHERE id = :id", {"id": 2})
    assert caught.value.rule == "one_statement"


def test_a_write_and_a_call_name_the_parameter_too(moat: Moat, shop: Site) -> None:
    with moat.task("support", "T-1") as task:
        with pytest.raises(errors.ValueRefusedError, match=r'^:n: invalid input syntax .*: ""$') as caught:
            task.write("UPDATE orders SET visits = :n WHERE id = :id", {"n": "", "id": 1})
        assert "None" in caught.value.hint
        with pytest.raises(errors.ValueRefusedError, match=r"^amount: invalid input syntax"):
            task.call("refund_order", {"order_id": 1, "amount": "", "note": ""})
        with pytest.raises(errors.ValueRefusedError, match=r"^note is a set"):
            task.call("refund_order", {"order_id": 1, "amount": 1, "note": {1}})
        task.call("keep", {"order_id": 1, "data": 5})
    assert shop.value("SELECT note FROM public.orders WHERE id = 1") == "5"


UPDATE = "UPDATE orders SET visits = 1 WHERE id = 1"
BUMP = {"order_id": 1}
WRONG: list[Callable[[Any], object]] = [
    lambda task: task.query(None),
    lambda task: task.query("SELECT 1", 5),
    lambda task: task.query("SELECT $1", "a"),
    lambda task: task.write(None),
    lambda task: task.write(UPDATE, 5),
    lambda task: task.write(UPDATE, {1: 2}),
    lambda task: task.write(UPDATE, key=""),
    lambda task: task.write(UPDATE, key="k" * 201),
    lambda task: task.write(UPDATE, key=5),
    lambda task: task.write(UPDATE, occurrence=0),
    lambda task: task.write(UPDATE, occurrence="2"),
    lambda task: task.write(UPDATE, occurrence=None),
    lambda task: task.write(UPDATE, reason=5),
    lambda task: task.call(None),
    lambda task: task.call(["bump"], BUMP),
    lambda task: task.call("bump", [1]),
    lambda task: task.call("bump", "order_id"),
    lambda task: task.call("bump", 0),
    lambda task: task.call("bump", {1: 1}),
    lambda task: task.call("bump", BUMP, key=""),
    lambda task: task.call("bump", BUMP, key=b"k"),
    lambda task: task.call("bump", BUMP, occurrence=1.5),
]
WRONG_FOR_A_TASK: list[Callable[[Any], object]] = [
    lambda task: task.preview(5),
    lambda task: task.preview(UPDATE, 5),
    lambda task: task.preview(UPDATE, reason=None),
    lambda task: task.preview_call(None),
    lambda task: task.preview_call("bump", 5),
    lambda task: task.step(None),
    lambda task: task.step("a", reason=1),
    lambda task: task.open_child(None),
    lambda task: task.open_child("a", scope=5),
    lambda task: task.open_child("a", scope={"customer_id": object()}),
    lambda task: task.open_child("a", duration_ms="1"),
    lambda task: task.open_child("a", max_writes=1.5),
]


def refuse(task: object, wrong: Callable[[Any], object]) -> None:
    with pytest.raises(errors.ValueRefusedError) as caught:
        wrong(task)
    assert caught.value.hint


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_wrong_arguments_within_a_transaction(moat: Moat, number: int) -> None:
    with moat.task("support", "T-1") as task, task.transaction() as transaction:
        refuse(transaction, WRONG[number])


@pytest.mark.parametrize("number", range(len(WRONG) + len(WRONG_FOR_A_TASK)))
def test_wrong_arguments(moat: Moat, shop: Site, number: int) -> None:
    with moat.task("support", "T-1") as task:
        refuse(task, [*WRONG, *WRONG_FOR_A_TASK][number])
        assert still_reads(task)
    assert shop.value("SELECT count(*) FROM pgmoat.statement") == 0


def still_reads(task: Task) -> bool:
    return task.query("SELECT id FROM orders WHERE id = 1")[0]["id"] == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"task_id": 4711},
        {"task_id": None},
        {"task_id": "T-2", "token": 5},
        {"task_id": "T-2", "scope": 0},
        {"task_id": "T-2", "scope": {"customer_id": object()}},
        {"task_id": "T-2", "duration_ms": "60000"},
        {"task_id": "T-2", "max_writes": 1.5},
    ],
)
def test_wrong_arguments_for_a_task(moat: Moat, shop: Site, wrong: dict[str, Any]) -> None:
    with pytest.raises(errors.ValueRefusedError) as caught:
        moat.open_task("support", **wrong)
    assert caught.value.hint
    assert shop.value("SELECT count(*) FROM pgmoat.task") == 0


def test_a_key_of_200_characters_is_one(moat: Moat) -> None:
    with moat.task("support", "T-1") as task:
        assert task.write(UPDATE, key="k" * 200).key == "k" * 200
        assert task.call("bump", BUMP, key="c" * 200).affected == 1
