"""Destroy: the database is as it was, or as it was plus the history."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgmoat.catalog.actual import read_actual
from pgmoat.errors import ApplyError
from pgmoat.model.objects import Wanted
from pgmoat.plan.destroy import count_hidden_rows, plan_destroy
from pgmoat.plan.render import list_lines, render_script
from tests.integration.plan.conftest import Site
from tests.integration.plan.test_apply import run_psql

_FINGERPRINT = """
SELECT 'relation', c.oid::regclass::text, c.relkind::text, pg_get_userbyid(c.relowner)::text,
       (SELECT array_agg(a::text ORDER BY a::text) FROM aclexplode(COALESCE(c.relacl, acldefault(
            CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END, c.relowner))) AS a)::text
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname !~ '^pg_'
UNION ALL
SELECT 'column', a.attrelid::regclass::text, a.attname, format_type(a.atttypid, a.atttypmod), a.attacl::text
  FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname !~ '^pg_' AND NOT a.attisdropped
UNION ALL
SELECT 'function', p.oid::regprocedure::text, p.proacl::text, '', '' FROM pg_proc AS p WHERE p.oid >= 16384
UNION ALL
SELECT 'role', r.rolname, r.rolconfig::text, '', '' FROM pg_roles AS r WHERE starts_with(r.rolname, 'PREFIX')
UNION ALL
SELECT 'schema', n.nspname, pg_get_userbyid(n.nspowner), (SELECT array_agg(a::text ORDER BY a::text)
  FROM aclexplode(COALESCE(n.nspacl, acldefault('n', n.nspowner))) AS a)::text, ''
  FROM pg_namespace AS n WHERE n.nspname !~ '^pg_(toast|temp)'
UNION ALL
SELECT 'database', d.datname, (SELECT array_agg(a::text ORDER BY a::text)
  FROM aclexplode(COALESCE(d.datacl, acldefault('d', d.datdba))) AS a)::text, '', ''
  FROM pg_database AS d WHERE d.datname = current_database()
UNION ALL
SELECT 'trigger', t.tgname, t.tgrelid::regclass::text, '', '' FROM pg_trigger AS t
ORDER BY 1, 2, 3, 4, 5
"""


def read_fingerprint(site: Site) -> list[tuple[Any, ...]]:
    """Return all that a person could notice of the database."""
    query = _FINGERPRINT.replace("PREFIX", site.prefix)
    return site.connection.execute(query.encode()).fetchall()


def test_everything_leaves_the_database_as_it_was(site: Site) -> None:
    before = read_fingerprint(site)
    site.apply()
    site.run("UPDATE public.orders SET deleted_at = now() WHERE id = 1")
    assert count_hidden_rows(site.connection, read_actual(site.connection, Wanted())) == {"public.orders": 1}
    site.destroy(everything=True)
    assert read_fingerprint(site) == before
    assert plan_destroy(site.connection, everything=True).is_in_order


def test_default_keeps_history_and_a_later_apply_takes_it_over(applied: Site) -> None:
    token = applied.value("SELECT pgmoat.open_task('clerk', 't1')")
    assert token
    applied.run("UPDATE public.orders SET deleted_at = now() WHERE id = 1")
    applied.destroy()
    assert plan_destroy(applied.connection).is_in_order, list_lines(plan_destroy(applied.connection))
    assert applied.value("SELECT count(*) FROM pg_roles WHERE starts_with(rolname, 'PREFIX')") == 0
    assert applied.value("SELECT closed_at IS NOT NULL AND token_hash IS NULL FROM pgmoat.task")
    assert applied.value("SELECT count(*) FROM public.orders WHERE deleted_at IS NOT NULL") == 1
    assert applied.value("SELECT count(*) FROM pg_proc WHERE pronamespace = 'pgmoat'::regnamespace") == 0
    applied.apply()
    assert applied.plan().is_in_order, list_lines(applied.plan())
    owner = applied.value(
        "SELECT tableowner FROM pg_tables WHERE schemaname = 'pgmoat' AND tablename = 'task'"
    )
    assert owner == f"{applied.prefix}m_owner"


def test_everything_after_the_default(site: Site) -> None:
    before = read_fingerprint(site)
    site.apply()
    site.destroy()
    site.destroy(everything=True)
    assert read_fingerprint(site) == before


def test_script_of_destroy(site: Site, tmp_path: Path) -> None:
    before = read_fingerprint(site)
    site.apply()
    script = tmp_path / "destroy.sql"
    script.write_text(render_script(plan_destroy(site.connection, everything=True)))
    run_psql(site, script)
    assert read_fingerprint(site) == before


def test_sessions_of_agents_end_first(applied: Site) -> None:
    """An agent that is idle in a transaction holds its view; destroy does not wait for it."""
    lines = dict(line.split("=", 1) for line in applied.credentials.read_text().splitlines())
    with contextlib.closing(psycopg.connect(lines["PGMOAT_DSN_CLERK"])) as agent:
        agent.execute("EXPLAIN SELECT FROM agent.customers")
        applied.destroy()


@pytest.mark.parametrize(
    "statement",
    [
        "BEGIN; ALTER ROLE CURRENT_USER PASSWORD 'x'",
        "CREATE TEMP VIEW kept AS SELECT id FROM agent.orders",
        "CREATE TEMP TABLE kept (o agent.orders)",
    ],
)
def test_an_agent_cannot_hold_up_destroy(applied: Site, statement: str) -> None:
    lines = dict(line.split("=", 1) for line in applied.credentials.read_text().splitlines())
    with contextlib.closing(psycopg.connect(lines["PGMOAT_DSN_CLERK"], autocommit=True)) as agent:
        agent.execute("SET idle_in_transaction_session_timeout = 0")
        agent.execute(statement.encode())
        applied.destroy()


def test_what_an_agent_made_never_becomes_a_superusers(applied: Site) -> None:
    """Given to whoever applies, a SECURITY DEFINER function of an agent's would be a way to be superuser."""
    applied.run("CREATE SCHEMA play; GRANT USAGE, CREATE ON SCHEMA play TO PUBLIC")
    lines = dict(line.split("=", 1) for line in applied.credentials.read_text().splitlines())
    with contextlib.closing(psycopg.connect(lines["PGMOAT_DSN_CLERK"], autocommit=True)) as agent:
        agent.execute("CREATE FUNCTION play.f() RETURNS void SECURITY DEFINER LANGUAGE sql AS ''")
    with pytest.raises(ApplyError) as caught:
        applied.destroy()
    assert "play.f()" in caught.value.detail
    owner = applied.value("SELECT proowner::regrole::text FROM pg_proc WHERE oid = 'play.f()'::regprocedure")
    assert owner == f"{applied.prefix}clerk"


def test_objects_of_others_stay(applied: Site) -> None:
    applied.run("CREATE TABLE agent.mine AS SELECT 1 AS a")
    applied.destroy(everything=True)
    assert applied.value("SELECT a FROM agent.mine") == 1
