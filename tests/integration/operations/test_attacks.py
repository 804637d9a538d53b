"""An agent tries to get more out of operations than the policy gives."""

from __future__ import annotations

from typing import LiteralString

import pytest
from psycopg import sql

from tests.integration.operations.calls import call, call_once, count_effects
from tests.moat_fixtures import Moat, refused


def test_an_operation_that_was_not_granted(shop: Moat) -> None:
    with refused("42501"):
        call_once(shop, "blind", "mark_many", "k1", first=1, last=1)
    with refused("42501"):
        call_once(shop, "clerk", "refund_order", "k1", order_id=5, amount=20)


_INNER: tuple[LiteralString, ...] = (
    "SELECT pgmoat.begin_operation('refund_order', 'k', true, 1000, '{}', '{}')",
    "SELECT pgmoat.finish_operation(1, 0, NULL, NULL, '[]', false)",
    "SELECT pgmoat.refuse_precondition('refund_order', 1, 'x')",
    "SELECT pgmoat.refuse_key('PM041', 'x', 'x', now())",
    "SELECT pgmoat.prune_operations('0 s')",
    "SELECT * FROM pgmoat.operation_call",
    "DELETE FROM pgmoat.operation_call",
    "ALTER FUNCTION refund_order SET search_path = public",
    "CREATE FUNCTION agent.mine() RETURNS int LANGUAGE sql RETURN 1",
    "DROP FUNCTION refund_order",
    "SELECT * FROM refunds",
    "SELECT * FROM public.refunds",
)


@pytest.mark.parametrize("statement", _INNER)
def test_what_only_operations_may_do(shop: Moat, statement: LiteralString) -> None:
    with shop.task("support") as connection, refused("42501"), connection.transaction():
        connection.execute(statement)


def test_nobody_becomes_an_operation(shop: Moat) -> None:
    role = shop.policy.settings.operation_role("refund_order")
    with shop.task("support") as connection:
        for statement in ("SET ROLE {}", "SET LOCAL ROLE {}", "SET SESSION AUTHORIZATION {}"):
            with refused("42501"), connection.transaction():
                connection.execute(sql.SQL(statement).format(sql.Identifier(role)))
    assert shop.read(
        "SELECT rolcanlogin, rolsuper, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname = %s", role
    ) == [(False, False, False, False)]
    assert not shop.read(
        "SELECT FROM pg_auth_members WHERE roleid = %s::regrole OR member = %s::regrole", role, role
    )


def test_a_role_has_exactly_what_the_policy_lists(shop: Moat) -> None:
    role = shop.policy.settings.operation_role("refund_order")
    found = shop.read(
        "SELECT c.oid::regclass::text, COALESCE(a.attname, '*'), e.privilege_type"
        "  FROM pg_class AS c LEFT JOIN LATERAL ("
        "    SELECT c.relacl AS acl, NULL::name AS attname UNION ALL"
        "    SELECT t.attacl, t.attname FROM pg_attribute AS t WHERE t.attrelid = c.oid) AS a ON true"
        "  CROSS JOIN LATERAL aclexplode(a.acl) AS e WHERE e.grantee = %s::regrole ORDER BY 1, 2, 3",
        role,
    )
    assert found == [
        ("agent.orders", "*", "SELECT"),
        ("agent.orders", "status", "UPDATE"),
        ("agent.refunds", "*", "SELECT"),
        ("agent.refunds", "amount", "INSERT"),
        ("agent.refunds", "order_id", "INSERT"),
        ("agent.refunds", "reason", "INSERT"),
    ]
    assert not shop.value("SELECT has_schema_privilege(%s, 'agent', 'CREATE')", role)
    assert not shop.value(
        "SELECT has_function_privilege(%s, p.oid, 'EXECUTE') FROM pg_proc AS p WHERE p.proname = 'open_task'",
        role,
    )


@pytest.mark.parametrize(
    "text",
    ["'); DELETE FROM orders; --", "$body$ $1 :order_id", "\\'; x", "k\n--", "'||pg_sleep(1)||'"],
)
def test_sql_in_values(shop: Moat, text: str) -> None:
    with shop.task("support") as connection:
        call(connection, "refund_order", text, order_id=5, amount=20, reason=text)
        assert call(connection, "refund_order", text, order_id=5, amount=20, reason=text)["replayed"]
    assert shop.read("SELECT why FROM public.refunds") == [(text,)]
    assert shop.read("SELECT key FROM pgmoat.operation_call") == [(text,)]


def test_names_in_pg_temp_and_a_forged_path(shop: Moat) -> None:
    with shop.task("support") as connection:
        for statement in (
            "CREATE TEMP TABLE orders (id bigint, status text, amount numeric)",
            "INSERT INTO pg_temp.orders VALUES (5, 'delivered', 1)",
            "CREATE TEMP TABLE refunds (order_id bigint, amount numeric, reason text)",
            "CREATE TEMP TABLE operation_call (agent text)",
            "CREATE FUNCTION pg_temp.no(bigint, bigint) RETURNS boolean LANGUAGE sql RETURN true",
            "CREATE OPERATOR pg_temp.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = pg_temp.no)",
            "SET LOCAL search_path = pg_temp, agent, pg_catalog",
        ):
            connection.execute(statement.encode())
        connection.execute("SELECT agent.refund_order(5, 20, NULL, 'k1')")
    assert count_effects(shop) == (1, 1, 1)


def test_forged_settings(shop: Moat) -> None:
    with shop.task("hasty") as connection:
        connection.execute("SELECT set_config('pgmoat.stop_at', '9999999999', true)")
        with refused("PM010"), connection.transaction():
            call(connection, "mark_many", "k1", first=1, last=11)
    with refused("PM001"), shop.task("hasty") as connection:
        connection.execute("SELECT set_config('pgmoat.token', 'moat_x', true)")
        call(connection, "mark_many", "k1", first=1, last=1)


def test_parameters_named_like_columns_and_the_other_way(shop: Moat) -> None:
    """`amount` is a parameter of refund_order and a column of both entities."""
    call_once(shop, "support", "refund_order", "k1", order_id=5, amount=33)
    assert shop.read("SELECT amount FROM public.orders WHERE id = 5") == [(100,)]
    assert shop.read("SELECT amt FROM public.refunds") == [(33,)]


def test_the_watching_side_reads_calls(shop: Moat) -> None:
    call_once(shop, "support", "refund_order", "k1", order_id=5, amount=20)
    monitor = sql.Identifier(shop.system_role("monitor"))
    with shop.superuser() as connection:
        connection.execute(sql.SQL("SET ROLE {}").format(monitor))
        rows = connection.execute(
            "SELECT agent, key, operation, affected FROM pgmoat.operation_call"
        ).fetchall()
        assert rows == [("support", "k1", "refund_order", 2)]
        with refused("42501"):
            connection.execute("SELECT pgmoat.prune_operations('0 s')")
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(shop.system_role("orchestrator"))))
        with refused("42501"):
            connection.execute("SELECT FROM pgmoat.operation_call")
        assert connection.execute("SELECT pgmoat.prune_operations('0 s')").fetchone() == (0,)
