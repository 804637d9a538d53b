"""Values on their way to PostgreSQL: what cannot go is an error that a model can act on, at once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from time import monotonic
from typing import Any

import pytest
from psycopg import sql

from pgmoat import errors
from pgmoat.runtime import Moat
from pgmoat.runtime.asynchronous.task import AsyncTask
from pgmoat.runtime.synchronous.task import Task
from tests.moat_fixtures import Moat as Site

LONE = "\ud800"


def read_one(task: Task, value: object) -> Any:
    return task.query("SELECT :x::text AS x", {"x": value})[0]["x"]


@pytest.mark.parametrize(
    "value",
    [LONE, {"a": Decimal(1)}, [LONE], "a\0b", {1}, object(), [1, "a"]],
    ids=["surrogate", "decimal in json", "surrogate in a list", "nul", "set", "object", "mixed list"],
)
def test_what_cannot_be_sent(moat: Moat, value: object) -> None:
    with moat.task("support", "T-1") as task:
        started = monotonic()
        with pytest.raises(errors.ValueRefusedError, match=":x "):
            read_one(task, value)
        with pytest.raises(errors.ValueRefusedError, match=":x "):
            task.write("UPDATE orders SET note = :x::text WHERE id = 1", {"x": value})
        assert monotonic() - started < 5
        assert read_one(task, "fine") == "fine"


STEPS: list[Callable[[Task], object]] = [
    lambda task: task.write("UPDATE orders SET visits = 1 WHERE id = 1", key=LONE),
    lambda task: task.query(f"SELECT '{LONE}' AS x"),
    lambda task: task.call("bump", {"order_id": LONE}),
    lambda task: task.open_child(LONE),
]


@pytest.mark.parametrize("step", STEPS)
def test_a_lone_surrogate_anywhere(moat: Moat, step: Callable[[Task], object]) -> None:
    with moat.task("support", "T-1") as task, pytest.raises(errors.AgentError):
        step(task)


def test_a_lone_surrogate_in_a_name(moat: Moat) -> None:
    with moat.task("support", "T-1") as task, task.step(LONE), pytest.raises(errors.ValueRefusedError):
        read_one(task, 1)
    with pytest.raises(errors.ValueRefusedError):
        moat.open_task("support", LONE)


def test_too_few_values_are_no_lost_connection(moat: Moat) -> None:
    with moat.task("support", "T-1") as task:
        started = monotonic()
        with pytest.raises(errors.StatementInvalidError, match="1 value was given"):
            task.query("SELECT $1::int AS a, $2::int AS b", [1])
        assert monotonic() - started < 5
        assert read_one(task, 1) == "1"


def test_the_order_of_names_makes_no_other_write(moat: Moat, shop: Site) -> None:
    write = "UPDATE orders SET visits = visits + :by WHERE id = :id"
    with moat.task("support", "T-1") as task:
        assert not task.write(write, {"by": 1, "id": 7}).replayed
        assert task.write(write, {"id": 7, "by": 1}).replayed
    assert shop.value("SELECT n FROM public.orders WHERE id = 7") == 1


def test_both_kinds_of_task_have_the_same_methods() -> None:
    assert {name for name in vars(Task) if name[0] != "_"} == {n for n in vars(AsyncTask) if n[0] != "_"}


def test_dates_come_whatever_form_people_have(moat: Moat, shop: Site) -> None:
    """The agents' roles have a DateStyle of their own, whatever the database's becomes."""
    name = sql.Identifier(shop.database.name)
    shop.run(sql.SQL("ALTER DATABASE {} SET datestyle = 'German'").format(name))
    try:
        with moat.task("second", "T-1") as task:
            written = task.write("INSERT INTO refunds (order_id, amount) VALUES (1, 1) RETURNING at")
            found = task.query("SELECT at FROM refunds")
        assert written[0]["at"] == found[0]["at"]
    finally:
        shop.run(sql.SQL("ALTER DATABASE {} RESET datestyle").format(name))


def test_a_list_is_json_where_the_parameter_is(moat: Moat, shop: Site) -> None:
    with moat.task("support", "T-1") as task:
        task.call("keep", {"order_id": 1, "data": [1, {"a": None}]})
    assert shop.value("SELECT note FROM public.orders WHERE id = 1") == '[1, {"a": null}]'


def test_tables_of_other_libraries_have_the_same_values(moat: Moat) -> None:
    """What PostgreSQL has and they lack too: a whole number beside NULL, networks, ranges, objects."""
    with moat.task("support", "T-1") as task:
        result = task.query(
            "SELECT n, '10.0.0.0/8'::inet AS net, int4range(1, 3) AS span,"
            ' \'{"a": [1, "x"]}\'::jsonb AS doc,'
            " 1.50::numeric AS price FROM unnest(ARRAY[9007199254740993, NULL]::bigint[]) AS n ORDER BY n"
        )
    frame, table = result.to_pandas(), result.to_arrow()
    assert int(frame["n"][0]) == 9007199254740993
    assert frame["n"].isna().tolist() == [False, True]
    assert table.column_names == list(result.columns)
    assert table.to_pylist()[0] == {
        "n": 9007199254740993,
        "net": "10.0.0.0/8",
        "span": "[1, 3)",
        "doc": '{"a": [1, "x"]}',
        "price": Decimal("1.50"),
    }
