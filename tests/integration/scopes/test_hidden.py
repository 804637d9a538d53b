"""
Hidden rows are counted where the policy tells of them, and nobody learns more.

I/O: PostgreSQL, PgBouncer.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from pgmoat.model.objects import Kind
from pgmoat.plan.make import plan_policy
from pgmoat.runtime import Moat as Runtime
from tests.moat_fixtures import Connection, Moat, open_moat, refused
from tests.postgres_fixtures import PostgresServer

SCHEMA: LiteralString = """
CREATE TYPE public.tier AS ENUM ('gold', 'base');
CREATE TABLE public.orders (
    id bigint PRIMARY KEY, cust bigint NOT NULL, stat_cd integer, ref text, tier public.tier, day date,
    price numeric(6, 2), margin text, deleted_at timestamptz, deleted_by text, delete_reason text);
CREATE TABLE public.lines (id bigint PRIMARY KEY, order_id bigint, "odd ""name'" text);
INSERT INTO public.orders
SELECT i, 42 + i % 3, 1 + i % 2, 'ref-' || i, 'gold', '2026-01-01'::date + i, i, 'secret-' || i,
       CASE WHEN i % 5 = 0 THEN now() END
  FROM generate_series(1, 30) AS i;
INSERT INTO public.orders (id, cust, ref) SELECT 1000 + i, 44, 'many' FROM generate_series(1, 500) AS i;
INSERT INTO public.lines SELECT i, i, 'x' FROM generate_series(1, 30) AS i;
"""
# Of orders 1 to 30: customer 42 has 3, 6, 9…, 43 has 1, 4, 7…, 44 has 2, 5, 8…; every fifth is deleted.
COLUMNS = """
      id: {}
      cust: {name: customer_id}
      stat_cd: {name: status, values: {1: pending, 2: shipped}}
      ref: {}
      tier: {}
      day: {}
      price: {}
      margin: {}
"""


def describe_orders(name: str, told: str) -> str:
    return f"""
  {name}:
    table: public.orders
    columns:{COLUMNS}
    rows: customer_id = task.customer_id
    delete: soft
    tell_hidden: [{told}]
"""


POLICY = f"""
entities:
{describe_orders("orders", "deleted, out_of_scope")}
{describe_orders("orders_deleted", "deleted")}
{describe_orders("orders_outside", "out_of_scope")}
{describe_orders("orders_silent", "")}
  lines:
    table: public.lines
    columns:
      id: {{}}
      order_id: {{references: orders}}
      "odd \\"name'": {{name: odd_name}}
    rows: order_id in orders
    tell_hidden: [out_of_scope]
agents:
  clerk:
    entities:
      orders: {{select: [id, customer_id, status, ref, tier, day, price], delete: true}}
      orders_deleted: {{}}
      orders_outside: {{}}
      orders_silent: {{}}
      lines: {{}}
  writer:
    entities: {{orders: {{select: [], insert: all}}}}
  stranger:
    entities: {{orders_silent: {{}}}}
"""


@pytest.fixture(scope="module")
def shop(server: PostgresServer) -> Generator[Moat]:
    """A shop whose entities tell of hidden rows, each of others."""
    with open_moat(server, SCHEMA, POLICY) as moat:
        yield moat


def open_scoped(shop: Moat, agent: str = "clerk") -> str:
    return shop.open_task(agent, scope=json.dumps({"customer_id": 42}))


def count(connection: Connection, entity: str, **conditions: Any) -> dict[str, int]:
    function = sql.Identifier("agent", f"{entity}_hidden")
    query = sql.SQL("SELECT {}(%s)").format(function)
    row = connection.execute(query, [json.dumps(conditions)]).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize(
    ("conditions", "counts"),
    [
        ({"id": 3}, {"deleted": 0, "out_of_scope": 0}),
        ({"id": 15}, {"deleted": 1, "out_of_scope": 0}),
        ({"id": 4}, {"deleted": 0, "out_of_scope": 1}),
        ({"id": 5}, {"deleted": 0, "out_of_scope": 0}),  # both: neither alone
        ({"id": "4"}, {"deleted": 0, "out_of_scope": 1}),
        ({"customer_id": 43}, {"deleted": 0, "out_of_scope": 8}),
        ({"customer_id": 43, "status": "pending"}, {"deleted": 0, "out_of_scope": 4}),
        ({"status": "lost"}, {"deleted": 0, "out_of_scope": 0}),
        ({"status": None}, {"deleted": 0, "out_of_scope": 100}),
        ({"ref": "many"}, {"deleted": 0, "out_of_scope": 100}),
        ({"tier": "gold", "id": 4}, {"deleted": 0, "out_of_scope": 1}),
        ({"day": "2026-01-05"}, {"deleted": 0, "out_of_scope": 1}),
        ({"price": 4}, {"deleted": 0, "out_of_scope": 1}),
        ({"price": 4.001}, {"deleted": 0, "out_of_scope": 0}),
        ({}, {"deleted": 2, "out_of_scope": 100}),
    ],
)
def test_hidden_rows_are_counted(
    shop: Moat, route: str, conditions: dict[str, Any], counts: dict[str, int]
) -> None:
    with shop.task("clerk", open_scoped(shop), route=route) as connection:
        assert count(connection, "orders", **conditions) == counts


def test_only_what_the_policy_tells_is_counted(shop: Moat, route: str) -> None:
    with shop.task("clerk", open_scoped(shop), route=route) as connection:
        assert count(connection, "orders_deleted") == {"deleted": 2}
        assert count(connection, "orders_outside", id=4) == {"out_of_scope": 1}
        assert count(connection, "orders_outside", id=5) == {"out_of_scope": 0}
        assert count(connection, "lines", id=4) == {"out_of_scope": 1}
        assert count(connection, "lines", odd_name="x") == {"out_of_scope": 22}


def test_where_nothing_is_told_there_is_no_function(shop: Moat, route: str) -> None:
    with (
        refused("42883"),
        shop.task("clerk", open_scoped(shop), route=route) as connection,
    ):
        count(connection, "orders_silent")


@pytest.mark.parametrize("agent", ["writer", "stranger"])
def test_who_may_not_read_the_entity_may_not_count(shop: Moat, route: str, agent: str) -> None:
    with refused("42501"), shop.task(agent, open_scoped(shop, agent), route=route) as connection:
        count(connection, "orders", id=4)


ATTACKS: tuple[dict[str, Any], ...] = (
    {"margin": "secret-4"},  # a column that this agent may not select
    {"cust": 43},  # a base column's name
    {"deleted_by": "x"},
    {"ctid": "(0,1)"},
    {"nonsense": 1},
    {"id = 1 OR true --": 1},
    {'id") OR true --': 1},
    {"b.id": 4},
    {"": 1},
)


@pytest.mark.parametrize("conditions", ATTACKS)
def test_other_columns_are_refused_alike(shop: Moat, route: str, conditions: dict[str, Any]) -> None:
    with (
        refused("PM034") as caught,
        shop.task("clerk", open_scoped(shop), route=route) as connection,
    ):
        count(connection, "orders", **conditions)
    name = next(iter(conditions))
    assert f"has no column {name} that" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "conditions",
    [
        {"ref": "x' OR true --"},
        {"ref": "ref-4') OR (true"},
        {"ref": "$1"},
        {"status": "pending' OR true --"},
    ],
)
def test_values_are_never_sql(shop: Moat, route: str, conditions: dict[str, Any]) -> None:
    with shop.task("clerk", open_scoped(shop), route=route) as connection:
        assert count(connection, "orders", **conditions) == {"deleted": 0, "out_of_scope": 0}


@pytest.mark.parametrize("text", ['{"id": {"a": 1}}', '{"id": [1, 2]}', "[1]", "1", "null"])
def test_anything_but_values_of_columns_is_refused(shop: Moat, text: str) -> None:
    with refused("PM034"), shop.task("clerk", open_scoped(shop)) as connection:
        connection.execute("SELECT agent.orders_hidden(%s)", [text])


def test_without_conditions_nothing_is_counted(shop: Moat) -> None:
    with refused("PM034"), shop.task("clerk", open_scoped(shop)) as connection:
        connection.execute("SELECT agent.orders_hidden(NULL)")


def test_the_gate_is_asked(shop: Moat, route: str) -> None:
    with refused("PM001"), shop.connect("clerk", route=route) as connection:
        count(connection, "orders", id=4)


def test_a_task_without_the_scope_counts_nothing(shop: Moat) -> None:
    with refused("PM015"), shop.task("clerk", shop.open_task("clerk", scope="{}")) as connection:
        count(connection, "orders", id=4)


PLANTED: tuple[LiteralString, ...] = (
    "CREATE TEMP TABLE orders AS SELECT 4 AS id, 42 AS cust, NULL::timestamptz AS deleted_at",
    "CREATE FUNCTION pg_temp.count(anyelement) RETURNS bigint LANGUAGE sql AS 'SELECT 7::bigint'",
    "CREATE FUNCTION pg_temp.yes(bigint, bigint) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
    "CREATE OPERATOR pg_temp.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = pg_temp.yes)",
    "SET LOCAL search_path = pg_temp, public, pg_catalog",
)


def test_what_an_agent_plants_changes_nothing(shop: Moat) -> None:
    with shop.task("clerk", open_scoped(shop)) as connection:
        for statement in PLANTED:
            connection.execute(statement)
        assert count(connection, "orders", id=4) == {"deleted": 0, "out_of_scope": 1}
        assert count(connection, "orders", id=999) == {"deleted": 0, "out_of_scope": 0}


def test_reasons_tell_of_hidden_rows_where_the_policy_does(shop: Moat, route: str) -> None:
    with Runtime(shop.policy, dsns=shop.dsns(route), orchestrator_dsn=shop.database.dsn) as moat:
        task = moat.open_task("clerk", f"hidden-{route}", scope={"customer_id": 42})
        (outside,) = task.query("SELECT ref FROM orders WHERE id = :id", {"id": 4}).reasons
        assert (outside.kind, outside.hidden, outside.certainty) == ("hidden_out_of_scope", 1, "certain")
        (deleted,) = task.query("SELECT ref FROM orders WHERE id = 15 AND status = 'shipped'").reasons
        assert (deleted.kind, deleted.hidden) == ("hidden_deleted", 1)
        (silent,) = task.query("SELECT ref FROM orders_silent WHERE id = 4").reasons
        assert (silent.kind, silent.hidden) == ("unknown_value", None)
        (own,) = task.query("SELECT ref FROM orders_silent WHERE customer_id = 43").reasons
        assert (own.kind, own.value, own.suggestion) == ("out_of_scope", "43", "42")
        (none,) = task.query("SELECT ref FROM orders_silent WHERE customer_id = 99").reasons
        assert none.message.replace("99", "43") == own.message, "whether there are any is not told"
        (unreadable,) = task.query("SELECT ref FROM orders_outside WHERE margin = 'secret-4'").reasons
        assert (unreadable.kind, unreadable.hidden) == ("hidden_out_of_scope", 1)


def test_a_hidden_row_and_none_read_the_same_where_nothing_is_told(shop: Moat) -> None:
    with Runtime(shop.policy, dsns=shop.dsns(), orchestrator_dsn=shop.database.dsn) as moat:
        task = moat.open_task("clerk", "same", scope={"customer_id": 42})
        texts = [
            str(task.query(f"SELECT ref FROM orders_silent WHERE id = {key}")).replace(str(key), "N")
            for key in (4, 5, 15, 99_999)
        ]
        assert len(set(texts)) == 1


def test_a_second_plan_is_empty_and_another_policy_takes_the_function_away(shop: Moat) -> None:
    silent = {
        name: entity.model_copy(update={"tell_hidden": []}) for name, entity in shop.policy.entities.items()
    }
    with psycopg.connect(shop.database.dsn, autocommit=True) as connection:
        again = plan_policy(connection, shop.policy).plan.actions
        assert {action.kind for action in again} <= {Kind.ROW}, "but for the passwords that the tests set"
        changed = plan_policy(connection, shop.policy.model_copy(update={"entities": silent}))
    assert not changed.errors
    dropped = [statement for action in changed.plan.actions for statement in action.sql]
    for entity in ("orders", "orders_deleted", "orders_outside", "lines"):
        assert any("DROP FUNCTION" in text and f'"{entity}_hidden"' in text for text in dropped), entity
