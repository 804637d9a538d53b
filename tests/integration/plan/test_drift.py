"""Each change by hand is found, said to be drift, and set right by apply."""

from __future__ import annotations

import pytest

from pgmoat.model.action import Cause
from tests.integration.plan.conftest import Site

_DRIFTS = {
    "grant on a base table": "GRANT SELECT ON public.customers TO PREFIXclerk",
    "grant on a hidden column": "GRANT SELECT (ssn) ON public.customers TO PREFIXclerk",
    "whole-table grant over column grants": "GRANT SELECT ON public.customers TO PREFIXm_views",
    "grant with grant option": "GRANT UPDATE ON public.customers TO PREFIXreader WITH GRANT OPTION",
    "grant to PUBLIC on a function": "GRANT EXECUTE ON FUNCTION pgmoat.thaw_agent(text) TO PUBLIC",
    "grant to a stranger on a system table": "GRANT SELECT ON pgmoat.secret TO pg_monitor",
    "grant on the database": "DO $$ BEGIN EXECUTE"
    " format('GRANT CREATE ON DATABASE %I TO PREFIXclerk', current_database()); END $$",
    "grant on a schema": "GRANT CREATE ON SCHEMA public TO PREFIXclerk",
    "default privileges": "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO PREFIXclerk",
    "grant by another role": "CREATE ROLE PREFIXbob; "
    " GRANT SELECT ON public.customers TO PREFIXbob WITH GRANT OPTION;"
    " SET ROLE PREFIXbob; GRANT SELECT ON public.customers TO PREFIXclerk; RESET ROLE",
    "large object": "SELECT lo_create(4711); GRANT SELECT ON LARGE OBJECT 4711 TO PREFIXclerk",
    "revoke": "REVOKE SELECT ON agent.orders FROM PREFIXclerk",
    "connect revoked": "DO $$ BEGIN EXECUTE"
    " format('REVOKE CONNECT ON DATABASE %I FROM PREFIXclerk', current_database()); END $$",
    "membership": "GRANT pg_read_all_data TO PREFIXclerk",
    "membership in the owner": "GRANT PREFIXm_owner TO PREFIXclerk",
    "superuser": "ALTER ROLE PREFIXclerk SUPERUSER",
    "bypassrls": "ALTER ROLE PREFIXm_views BYPASSRLS CREATEDB",
    "login of the owner": "ALTER ROLE PREFIXm_owner LOGIN",
    "connection limit": "ALTER ROLE PREFIXclerk CONNECTION LIMIT -1",
    "own setting": "ALTER ROLE PREFIXclerk SET statement_timeout = 0",
    "new setting": "ALTER ROLE PREFIXclerk SET work_mem = '1GB'",
    "setting reset": "ALTER ROLE PREFIXclerk RESET ALL",
    "setting in this database": "DO $$ BEGIN EXECUTE"
    " format('ALTER ROLE PREFIXclerk IN DATABASE %I SET lock_timeout = 0',"
    " current_database()); END $$",
    "password": "ALTER ROLE PREFIXclerk PASSWORD 'mine'",
    "role comment": "COMMENT ON ROLE PREFIXclerk IS 'x'",
    "dropped view": "DROP VIEW agent.orders",
    "replaced view": "ALTER VIEW agent.orders SET (security_barrier = true)",
    "view comment": "COMMENT ON COLUMN agent.orders.status IS 'x'",
    "view owner": "ALTER VIEW agent.orders OWNER TO CURRENT_USER",
    "view default": "ALTER VIEW agent.orders ALTER COLUMN id SET DEFAULT 1",
    "view trigger gone": "DO $$ DECLARE t name; BEGIN SELECT tgname INTO t FROM pg_trigger WHERE tgrelid ="
    " 'agent.orders'::regclass LIMIT 1; EXECUTE format('DROP TRIGGER %I ON agent.orders', t); END $$",
    "view rule": "CREATE RULE nothing AS ON INSERT TO agent.customers DO ALSO NOTHING",
    "function body": "CREATE OR REPLACE FUNCTION pgmoat.gate(entity text)"
    " RETURNS boolean LANGUAGE sql AS 'SELECT true'",
    "function owner": "ALTER FUNCTION pgmoat.gate(text) OWNER TO CURRENT_USER",
    "function comment": "COMMENT ON FUNCTION pgmoat.gate(text) IS 'x'",
    "function dropped": "DROP FUNCTION pgmoat.gate(text) CASCADE",
    "trigger dropped": "DROP TRIGGER charge ON pgmoat.statement",
    "trigger disabled": "ALTER TABLE pgmoat.statement DISABLE TRIGGER charge",
    "map row": "UPDATE pgmoat_map.orders__status SET word = 'x' WHERE code = 1",
    "map dropped": "DROP TABLE pgmoat_map.orders__status CASCADE",
    "system table owner": "ALTER TABLE pgmoat.task OWNER TO CURRENT_USER",
    "limit raised": "UPDATE pgmoat.agent SET writes_per_hour = 1000000000",
    "entity row": "DELETE FROM pgmoat.entity",
    "role dropped": "DROP OWNED BY PREFIXreader; DROP ROLE PREFIXreader",
}


@pytest.mark.parametrize("statement", _DRIFTS.values(), ids=_DRIFTS)
def test_drift_is_found_and_set_right(kept: Site, statement: str) -> None:
    kept.apply()
    assert kept.plan().is_in_order
    kept.run(statement)
    plan = kept.plan()
    assert plan.actions
    assert {action.cause for action in plan.actions if action.description != "drop, to make it again"} >= {
        Cause.DRIFT
    }
    kept.apply(shown=plan)
    assert kept.plan().is_in_order, kept.plan()


def test_password_reset_needs_no_secret_in_the_plan(applied: Site) -> None:
    before = applied.value("SELECT rolpassword FROM pg_authid WHERE rolname = 'PREFIXclerk'")
    applied.run("ALTER ROLE PREFIXclerk PASSWORD 'mine'")
    plan = applied.plan()
    assert "SCRAM-SHA-256$" not in str(plan)
    applied.apply()
    assert applied.value("SELECT rolpassword FROM pg_authid WHERE rolname = 'PREFIXclerk'") == before


def test_hard_frozen_agent_stays_without_login(applied: Site) -> None:
    applied.run("UPDATE pgmoat.agent SET is_hard_frozen = true WHERE name = 'clerk'")
    applied.run("ALTER ROLE PREFIXclerk NOLOGIN")
    assert applied.plan().is_in_order


def test_foreign_objects_are_said_and_left_alone(applied: Site) -> None:
    applied.run("CREATE TABLE pgmoat.mine (a integer)")
    applied.run("CREATE TYPE agent.mood AS ENUM ('good')")
    applied.run("ALTER TABLE pgmoat.task ADD COLUMN mine text")
    plan = applied.plan()
    assert not plan.actions
    assert not plan.is_in_order
    assert sorted(finding.code for finding in plan.findings) == [
        "altered-table",
        "unknown-object",
        "unknown-object",
    ]


def test_role_of_others_is_not_taken_over(site: Site) -> None:
    site.run("CREATE ROLE PREFIXclerk LOGIN")
    assert [finding.code for finding in site.plan().findings] == ["role-taken"]
