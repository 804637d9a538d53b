"""
What a task reads: the rows of its scope, whatever their type, through however many references.

I/O: PostgreSQL.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.scopes.shop import OWN_ORDERS
from tests.moat_fixtures import Connection, Moat, enter, refused

ENTITIES = ("customers", "orders", "orders_by_index", "items", "notes", "gifts", "visits")
GIFT = {"tier": "gold", "region": "north", "owner": "00000000-0000-0000-0000-000000000042"}


def open_scoped(shop: Moat, **scope: Any) -> str:
    """Return the token of a task with a scope."""
    return shop.open_task("clerk", scope=json.dumps(scope))


def read_ids(connection: Connection, entity: str) -> list[int]:
    """Return the ids that a task sees."""
    return [row[0] for row in connection.execute(f"SELECT id FROM {entity} ORDER BY id".encode())]


@pytest.mark.parametrize("customer", [42, "42", [42], ["42"]], ids=repr)
def test_a_task_reads_the_rows_of_its_scope(shop: Moat, customer: object) -> None:
    with shop.task("clerk", open_scoped(shop, customer_id=customer)) as connection:
        assert read_ids(connection, "customers") == [42]
        assert read_ids(connection, "orders") == list(OWN_ORDERS)
        assert read_ids(connection, "orders_by_index") == list(OWN_ORDERS)
        assert read_ids(connection, "items") == list(OWN_ORDERS)
        assert read_ids(connection, "notes") == list(OWN_ORDERS)
        assert len(read_ids(connection, "visits")) == 1
        assert read_ids(connection, "plain") != []


def test_a_list_of_values_is_any_of_them(shop: Moat) -> None:
    with shop.task("clerk", open_scoped(shop, customer_id=[42, 44])) as connection:
        assert read_ids(connection, "customers") == [42, 44]
        assert len(read_ids(connection, "orders")) == 20
        assert len(read_ids(connection, "notes")) == 20


def test_rules_joined_by_and_must_all_hold(shop: Moat) -> None:
    with shop.task("clerk", open_scoped(shop, **GIFT)) as connection:
        assert read_ids(connection, "gifts") == [1]
    with shop.task("clerk", open_scoped(shop, **{**GIFT, "region": "south"})) as connection:
        assert read_ids(connection, "gifts") == []


@pytest.mark.parametrize(
    "scope",
    [{}, {"customer_id": None}, {"customer_id": []}, {"customer_id": [None]}, {"customer_id": [42, None]},
     {"customer_id": {"a": 42}}, {"customer_id": [[42]]}, {"Customer_id": 42}, {"other": 1}],
    ids=repr,
)  # fmt: skip
@pytest.mark.parametrize("is_empty", [False, True], ids=["rows", "no rows"])
def test_a_scope_without_the_key_is_refused_and_never_empty(
    shop: Moat, scope: dict[str, object], is_empty: bool
) -> None:
    if is_empty:
        shop.run("DELETE FROM public.notes; DELETE FROM public.order_items; DELETE FROM public.orders;")
        shop.run("DELETE FROM public.visits; DELETE FROM public.gifts; DELETE FROM public.customers")
    with shop.task("clerk", open_scoped(shop, **scope)) as connection:
        for entity in ENTITIES:
            with refused("PM015"), connection.transaction():
                connection.execute(f"SELECT * FROM {entity}".encode())
            with refused("PM015"), connection.transaction():
                connection.execute(
                    f"SELECT count(*) FROM plain LEFT JOIN {entity} AS e ON e.id = -5".encode()
                )
        connection.execute("SELECT * FROM plain")


def test_a_value_of_another_type_is_refused(shop: Moat) -> None:
    with shop.task("clerk", open_scoped(shop, customer_id="all")) as connection, refused("22P02"):
        connection.execute("SELECT * FROM orders")


def test_the_gate_is_asked_first_and_where_no_row_is_in_scope(shop: Moat) -> None:
    token = open_scoped(shop, customer_id=999)
    with shop.task("clerk", token) as connection:
        assert read_ids(connection, "orders") == []
    with shop.connect("clerk") as connection:
        for entity in ENTITIES:
            with refused("PM001"):
                connection.execute(f"SELECT * FROM {entity}".encode())
    shop.run("UPDATE pgmoat.task SET frozen_at = now()")
    with shop.connect("clerk") as connection, connection.transaction():
        connection.execute("SELECT set_config('pgmoat.token', %s, true)", (token,))
        for entity in ENTITIES[:3]:
            with refused("PM004"), connection.transaction():
                connection.execute(f"SELECT * FROM {entity}".encode())


def test_rows_of_a_soft_deleted_parent_are_gone(shop: Moat) -> None:
    token = open_scoped(shop, customer_id=42)
    with shop.task("clerk", token) as connection:
        connection.execute("DELETE FROM orders WHERE id = 1")
        assert read_ids(connection, "items") == list(OWN_ORDERS[1:])
        assert read_ids(connection, "notes") == list(OWN_ORDERS[1:])


def test_prepared_statements_follow_the_task(shop: Moat) -> None:
    """Also with a generic plan, which outlives the task that it was made in."""
    tokens = {customer: open_scoped(shop, customer_id=customer) for customer in (42, 43, 44)}
    with shop.connect("clerk") as connection:
        for mode in ("force_generic_plan", "force_custom_plan", "auto"):
            connection.execute(f"SET plan_cache_mode = {mode}".encode())
            connection.execute(
                "PREPARE own (text) AS SELECT DISTINCT o.customer_id FROM orders AS o"
                " JOIN items AS i ON i.order_id = o.id WHERE o.status = $1"
            )
            for _ in range(4):
                for customer, token in tokens.items():
                    with connection.transaction():
                        enter(connection, token)
                        rows = connection.execute("EXECUTE own ('shipped')").fetchall()
                        assert rows == [(customer,)]
            connection.execute("DEALLOCATE own")


def test_a_task_in_the_same_transaction_sees_its_own_rows_only(shop: Moat) -> None:
    with shop.task("clerk", open_scoped(shop, customer_id=42)) as connection:
        assert read_ids(connection, "customers") == [42]
        enter(connection, open_scoped(shop, customer_id=43))
        assert read_ids(connection, "customers") == [43]


def test_an_agent_reads_the_scope_of_its_own_task(shop: Moat) -> None:
    with shop.task("clerk", open_scoped(shop, customer_id=[42, 43])) as connection:
        assert connection.execute("SELECT pgmoat.scope('customer_id')").fetchone() == (["42", "43"],)
        with refused("PM015"), connection.transaction():
            connection.execute("SELECT pgmoat.scope('other')")
        with refused("PM015"), connection.transaction():
            connection.execute("SELECT pgmoat.scope(NULL)")
    with shop.connect("clerk") as connection, refused("PM001"):
        connection.execute("SELECT pgmoat.scope('customer_id')")
