"""
People's tables: no agent holds anything on them, no row can be lost, no hidden column shows.

I/O: PostgreSQL, PgBouncer.
"""

from __future__ import annotations

from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from tests.integration.walls.ways import count_dirty
from tests.moat_fixtures import Moat, refused

AGENTS = ("clerk", "tight", "reader", "support")


@pytest.mark.parametrize("agent", AGENTS)
def test_an_agent_holds_no_privilege_outside_its_entities(shop: Moat, agent: str) -> None:
    held = shop.read(
        """
        SELECT c.oid::regclass::text, p.name
          FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
         CROSS JOIN unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS p (name)
         WHERE n.nspname IN ('public', 'pgmoat', 'pgmoat_map', 'pgmoat_write')
           AND c.relkind IN ('r', 'v', 'p', 'm')
           AND (has_table_privilege(%s, c.oid, p.name)
                OR p.name IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
                   AND has_any_column_privilege(%s, c.oid, p.name))
        """,
        shop.role(agent),
        shop.role(agent),
    )
    assert held == []
    sequences = shop.read(
        """
        SELECT c.oid::regclass::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
         WHERE n.nspname IN ('public', 'pgmoat')
           AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(%s, c.oid, 'USAGE, SELECT, UPDATE') END
        """,
        shop.role(agent),
    )
    assert sequences == []


@pytest.mark.parametrize("agent", AGENTS)
def test_an_agent_is_an_ordinary_login(shop: Moat, agent: str) -> None:
    (row,) = shop.read(
        """
        SELECT rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls,
               EXISTS (SELECT FROM pg_auth_members AS m WHERE m.member = r.oid)
          FROM pg_roles AS r WHERE rolname = %s
        """,
        shop.role(agent),
    )
    assert row == (True, False, False, False, False, False, False)


def test_an_agent_may_call_only_these_functions_of_pgmoat(shop: Moat) -> None:
    names = shop.read(
        """
        SELECT DISTINCT p.proname::text FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
         WHERE n.nspname IN ('pgmoat', 'pgmoat_write', 'pgmoat_map', 'agent')
           AND has_function_privilege(%s, p.oid, 'EXECUTE') ORDER BY 1
        """,
        shop.role("clerk"),
    )
    assert [name for (name,) in names] == [
        "begin_write",
        "claim",
        "enter",
        "finish_write",
        "gate",
        "hold_write",
        "my_changes",
        "my_task",
        "open_child",
        "outcome",
        "preview_changes",
        "refuse_large_row",
        "scope",
        "sign_preview",
    ]


def test_security_definer_functions_pin_their_search_path(shop: Moat) -> None:
    loose = shop.read(
        """
        SELECT p.oid::regprocedure::text FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
         WHERE n.nspname IN ('pgmoat', 'pgmoat_write', 'agent') AND p.prosecdef
           AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS c (setting)
                            WHERE c.setting LIKE 'search_path=pg_catalog, %pg_temp')
        """
    )
    assert loose == []


@pytest.mark.parametrize("suffix", ["views", "writer", "owner"])
def test_the_view_owner_and_its_like_are_no_superusers_and_own_no_table_of_people(
    shop: Moat, suffix: str
) -> None:
    role = shop.system_role(suffix)
    (row,) = shop.read(
        "SELECT rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
        " FROM pg_roles WHERE rolname = %s",
        role,
    )
    assert row == (False,) * 6
    assert (
        shop.value("SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tableowner = %s", role)
        == 0
    )
    assert shop.value("SELECT count(*) FROM pg_auth_members AS m JOIN pg_roles AS r ON r.oid = m.member"
                      " WHERE r.rolname = %s", role) == 0  # fmt: skip


@pytest.mark.parametrize("suffix", ["views", "writer", "owner", "orchestrator", "monitor"])
@pytest.mark.parametrize("command", ["DELETE FROM public.orders WHERE id = 1", "TRUNCATE public.orders"])
def test_no_role_of_pgmoat_can_hard_delete(shop: Moat, suffix: str, command: str) -> None:
    with shop.superuser() as connection:
        connection.execute(f'SET ROLE "{shop.system_role(suffix)}"'.encode())
        with refused("42501"):
            connection.execute(command.encode())
    assert shop.value("SELECT count(*) FROM public.orders") == 200


@pytest.mark.parametrize("suffix", ["views", "writer"])
def test_pgmoats_roles_hold_nothing_at_table_level(shop: Moat, suffix: str) -> None:
    """With a table-level grant an agent's LOCK TABLE on the view would lock people's table."""
    held = shop.read(
        """
        SELECT c.relname, p.name FROM pg_class AS c
         CROSS JOIN unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS p (name)
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
           AND has_table_privilege(%s, c.oid, p.name)
        """,
        shop.system_role(suffix),
    )
    assert held == []


def test_pgmoats_roles_cannot_read_hidden_columns(shop: Moat) -> None:
    for suffix in ("views", "writer", "owner"):
        for table, column in (("orders", "margin"), ("customers", "ssn"), ("payments", "card_no")):
            can = shop.value(
                "SELECT has_column_privilege(%s, %s, %s, 'SELECT')",
                shop.system_role(suffix), f"public.{table}", column,
            )  # fmt: skip
            assert can is False, (suffix, table, column)


def test_a_delete_granted_by_mistake_still_deletes_nothing(shop: Moat) -> None:
    """An auto-updatable view over `deleted_at IS NULL` would hard-delete; its owner has no right to."""
    clerk = sql.Identifier(shop.role("clerk"))
    shop.run(sql.SQL("GRANT DELETE ON agent.counters TO {}").format(clerk))
    try:
        with pytest.raises(psycopg.Error), shop.task("clerk") as connection:
            connection.execute("DELETE FROM counters WHERE id = 1")
    finally:
        shop.run(sql.SQL("REVOKE DELETE ON agent.counters FROM {}").format(clerk))
    assert shop.value("SELECT count(*) FROM public.counters") == 200


def test_hidden_columns_are_neither_readable_nor_recorded(shop: Moat, route: str) -> None:
    with shop.task("clerk", route=route, reason="gone") as connection:
        for column in ("margin", "deleted_at", "deleted_by", "delete_reason", "stat_cd", "ctid", "tableoid"):
            with refused("42703"), connection.transaction():
                connection.execute(sql.SQL("SELECT o.{} FROM orders AS o").format(sql.Identifier(column)))
            if column not in {"ctid", "tableoid"}:
                with refused("42703"), connection.transaction():
                    connection.execute(sql.SQL("UPDATE orders SET {} = NULL").format(sql.Identifier(column)))
        row = connection.execute("SELECT to_jsonb(o) FROM orders AS o WHERE id = 1").fetchone()
        connection.execute("INSERT INTO orders (note) VALUES ('n')")
        connection.execute("UPDATE orders SET v = 1 WHERE id = 1")
        connection.execute("DELETE FROM orders WHERE id = 1")
    assert row is not None
    assert set(row[0]) == {"id", "customer_id", "status", "v", "note"}
    keys = shop.read(
        "SELECT DISTINCT jsonb_object_keys(COALESCE(before, after)) FROM pgmoat.change ORDER BY 1"
    )
    assert [key for (key,) in keys] == ["customer_id", "id", "note", "status", "v"]
    assert (
        shop.value(
            "SELECT count(*) FROM pgmoat.change WHERE before::text || after::text LIKE '%%hidden-margin%%'"
        )
        == 0
    )


_PROVOCATIONS: tuple[LiteralString, ...] = (
    "UPDATE customers SET points = -1 WHERE id = 2",
    "UPDATE customers SET points = -points - 1",
)


@pytest.mark.parametrize("command", _PROVOCATIONS)
def test_an_error_does_not_show_columns_that_the_agent_may_not_select(
    shop: Moat, command: LiteralString
) -> None:
    """A CHECK that fails prints the row as far as the writing role may read it: more than this agent may."""
    with refused("23514", "42501") as caught, shop.task("support") as connection:
        connection.execute(command)
    said = " ".join(
        str(part) for part in (caught.value, caught.value.diag.message_detail, caught.value.diag.context)
    )
    assert "@example.com" not in said
    assert "123-" not in said


def test_an_error_does_not_show_hidden_columns(shop: Moat) -> None:
    with refused("23514") as caught, shop.task("clerk") as connection:
        connection.execute("UPDATE customers SET points = -1 WHERE id = 2")
    assert "123-" not in str(caught.value)
    with refused("23502") as caught, shop.task("clerk") as connection:
        connection.execute("UPDATE orders SET v = NULL WHERE id = 2")
    assert "hidden-margin" not in str(caught.value)


def test_a_unique_violation_shows_no_value_of_the_hidden_row(shop: Moat) -> None:
    shop.run("UPDATE public.customers SET pts = 77 WHERE id = 3")
    with refused("23505") as caught, shop.task("clerk") as connection:
        connection.execute("INSERT INTO customers (name, email) VALUES ('x', 'c3@example.com')")
    assert "77" not in str(caught.value)
    assert "123-3" not in str(caught.value)


def test_an_agent_reads_only_the_columns_that_it_may_select(shop: Moat) -> None:
    with shop.task("support") as connection:
        assert connection.execute("SELECT id, name, points FROM customers WHERE id = 1").fetchone() == (
            1,
            "c1",
            0,
        )
        for query in (
            "SELECT email FROM customers",
            "SELECT * FROM customers",
            "SELECT id FROM customers WHERE email = 'c1@example.com'",
            "SELECT to_jsonb(c) FROM customers AS c",
            "SELECT count(c) FROM customers AS c",
            "UPDATE customers SET points = length(email)",
            "UPDATE customers SET points = 1 RETURNING email",
            "UPDATE customers SET points = 1 WHERE email LIKE 'c%'",
        ):
            with refused("42501"), connection.transaction():
                connection.execute(query.encode())
    assert shop.value("SELECT sum(pts) FROM public.customers") == 0


def test_statistics_show_nothing(shop: Moat) -> None:
    shop.run("ANALYZE public.orders; ANALYZE public.payments; ANALYZE pgmoat.task")
    with shop.task("clerk") as connection:
        seen = connection.execute(
            "SELECT count(*) FROM pg_stats WHERE schemaname IN ('public', 'pgmoat', 'pgmoat_map')"
        ).fetchone()
    assert seen == (0,)


def test_a_deleted_row_cannot_be_brought_back(shop: Moat, route: str) -> None:
    with shop.task("clerk", route=route, reason="gone") as connection:
        connection.execute("DELETE FROM orders WHERE id = 5")
        connection.execute("DELETE FROM order_items WHERE id = 5")
    before = shop.read("SELECT * FROM public.orders WHERE id = 5")
    with shop.task("clerk", route=route, reason="back") as connection:
        assert connection.execute("UPDATE orders SET v = 9 WHERE id = 5").rowcount == 0
        assert connection.execute("DELETE FROM orders WHERE id = 5").rowcount == 0
        assert connection.execute("SELECT * FROM orders WHERE id = 5").fetchall() == []
        for command in (
            "UPDATE orders SET deleted_at = NULL WHERE id = 5",
            "INSERT INTO orders (id) VALUES (5)",
            "UPDATE public.orders SET deleted_at = NULL WHERE id = 5",
            "INSERT INTO order_items (id, order_id) OVERRIDING SYSTEM VALUE VALUES (5, 1)",
        ):
            with refused("42703", "42501", "428C9", "23505"), connection.transaction():
                connection.execute(command.encode())
    assert shop.read("SELECT * FROM public.orders WHERE id = 5") == before
    assert shop.value("SELECT count(*) FROM public.order_items WHERE id = 5 AND deleted_at IS NOT NULL") == 1


def test_who_deleted_is_the_sessions_role_whatever_the_client_says(shop: Moat, route: str) -> None:
    with shop.task("clerk", route=route, reason="because") as connection:
        for setting in (
            "application_name",
            "pgmoat.agent",
            "pgmoat.identity",
            "pgmoat.role",
            "pgmoat.deleted_by",
        ):
            connection.execute("SELECT set_config(%s, 'agent:support-v9', true)", (setting,))
        for command in (
            "UPDATE orders SET deleted_by = 'agent:support-v9' WHERE id = 5",
            "INSERT INTO orders (deleted_by, deleted_at) VALUES ('agent:support-v9', now())",
        ):
            with refused("42703"), connection.transaction():
                connection.execute(command.encode())
        connection.execute("DELETE FROM orders WHERE id = 5")
    assert shop.read("SELECT deleted_by, delete_reason FROM public.orders WHERE id = 5") == [
        ("agent:clerk-v1", "because")
    ]
    assert count_dirty(shop) == 1


def test_a_reader_writes_nothing_even_where_it_lifts_read_only(shop: Moat) -> None:
    with shop.connect("reader") as connection:
        assert connection.execute("SHOW default_transaction_read_only").fetchone() == ("on",)
        connection.execute("SET default_transaction_read_only = off")
        for command in (
            "UPDATE orders SET v = 1",
            "DELETE FROM orders",
            "INSERT INTO orders (v) VALUES (1)",
            "SELECT * FROM order_items",
        ):
            with refused("42501"), connection.transaction():
                connection.execute("SELECT pgmoat.enter(%s)", (shop.open_task("reader"),))
                connection.execute(command.encode())
    assert count_dirty(shop) == 0


def test_a_table_under_row_security_is_not_opened_by_the_views_owner(shop: Moat) -> None:
    """The view runs with its owner's rights: without a policy for that role nothing shows."""
    shop.run("ALTER TABLE public.counters ENABLE ROW LEVEL SECURITY")
    try:
        with shop.task("clerk") as connection:
            assert connection.execute("SELECT count(*) FROM counters").fetchone() == (0,)
            assert connection.execute("UPDATE counters SET v = 1").rowcount == 0
    finally:
        shop.run("ALTER TABLE public.counters DISABLE ROW LEVEL SECURITY")
    assert count_dirty(shop) == 0
