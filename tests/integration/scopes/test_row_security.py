"""
Entities over people's tables under row security: who is let in, and what stays shut.

I/O: PostgreSQL.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, LiteralString

import psycopg
import pytest

from pgmoat.model.action import Plan
from pgmoat.plan.apply import apply_plan
from pgmoat.plan.destroy import plan_destroy
from pgmoat.plan.make import PolicyPlan, plan_policy
from pgmoat.policy.load import load_policy_text
from pgmoat.policy.schema import Policy
from tests.moat_fixtures import Moat, refused

MakeMoat = Callable[[LiteralString, str], Moat]

TABLE: LiteralString = """
CREATE TABLE public.docs (id bigint PRIMARY KEY, tenant bigint, txt text, is_public boolean DEFAULT false);
CREATE INDEX ON public.docs (tenant);
INSERT INTO public.docs VALUES (1, 1, 'one', true), (2, 2, 'two', false), (3, 3, 'three', true);
ALTER TABLE public.docs ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.docs FORCE ROW LEVEL SECURITY;
"""
BY_SETTING: LiteralString = """
CREATE POLICY tenant ON public.docs
    USING (tenant = current_setting('app.tenant')::bigint)
"""
BY_FUNCTION: LiteralString = """
CREATE FUNCTION public.inner_tenant() RETURNS bigint LANGUAGE sql STABLE AS
    $$ SELECT current_setting('app.tenant')::bigint $$;
CREATE FUNCTION public.outer_tenant() RETURNS bigint LANGUAGE sql STABLE AS
    $$ SELECT public.inner_tenant() $$;
CREATE POLICY tenant ON public.docs USING (tenant = public.outer_tenant());
"""
BY_VIEW: LiteralString = """
CREATE VIEW public.my_tenant AS SELECT current_setting('app.tenant')::bigint AS tenant;
CREATE POLICY tenant ON public.docs USING (tenant IN (SELECT m.tenant FROM public.my_tenant AS m));
"""
BY_CATALOG: LiteralString = """
CREATE POLICY tenant ON public.docs
    USING (tenant::text = (SELECT s.setting FROM pg_catalog.pg_settings AS s WHERE s.name = 'app.tenant'));
"""
BY_COLUMN: LiteralString = "CREATE POLICY open_ones ON public.docs USING (is_public);"

ENTITY = """
entities:
  docs:
    table: public.docs
    columns: {{id: {{}}, tenant: {{}}, txt: {{}}}}
    {rows}
agents:
  clerk:
    entities: {{docs: {{insert: all, update: all}}}}
"""
SCOPED = ENTITY.format(rows="rows: tenant = task.tenant")
OPEN = ENTITY.format(rows="rows: all")
PLAIN = ENTITY.format(rows="")


def make_policy(moat_policy: Policy, text: str) -> Policy:
    """Return another policy with the same settings."""
    settings = json.dumps(moat_policy.settings.model_dump())
    return load_policy_text(f"version: 1\nsettings: {settings}\n{text}", "moat.yaml").policy


def plan(database_dsn: str, policy: Policy) -> PolicyPlan:
    with psycopg.connect(database_dsn, autocommit=True) as connection:
        return plan_policy(connection, policy)


def apply(moat: Moat, make: Callable[[psycopg.Connection[Any]], Plan]) -> Plan:
    with moat.superuser() as connection, moat.superuser() as side:
        return apply_plan(connection, side, make)


def read(moat: Moat, **scope: Any) -> list[int]:
    with moat.task("clerk", moat.open_task("clerk", scope=json.dumps(scope))) as connection:
        connection.execute("SET LOCAL app.tenant = '2'")  # forged
        return [row[0] for row in connection.execute("SELECT id FROM docs ORDER BY id")]


def read_policies(moat: Moat) -> list[Any]:
    return [name for (name,) in moat.read("SELECT polname FROM pg_policy ORDER BY polname")]


@pytest.mark.parametrize("policies", ["", BY_SETTING, BY_FUNCTION, BY_VIEW, BY_CATALOG, BY_COLUMN])
def test_a_scoped_entity_shows_the_scope_and_nothing_else(
    make_moat: MakeMoat, policies: LiteralString
) -> None:
    moat = make_moat(TABLE + policies, SCOPED)
    assert read(moat, tenant=1) == [1]
    assert read(moat, tenant=[1, 3]) == [1, 3]
    with moat.task("clerk", moat.open_task("clerk", scope='{"tenant": 1}')) as connection:
        connection.execute("INSERT INTO docs (id, tenant, txt) VALUES (4, 1, 'four')")
        assert connection.execute("UPDATE docs SET txt = 'x'").rowcount == 2
    with refused("PM029"), moat.task("clerk", moat.open_task("clerk", scope='{"tenant": 1}')) as connection:
        connection.execute("INSERT INTO docs (id, tenant) VALUES (5, 2)")


@pytest.mark.parametrize("policies", [BY_SETTING, BY_FUNCTION, BY_VIEW, BY_CATALOG])
@pytest.mark.parametrize("text", [PLAIN, OPEN])
def test_policies_that_read_settings_are_refused_without_a_scope(
    make_moat: MakeMoat, policies: LiteralString, text: str
) -> None:
    moat = make_moat(TABLE + policies, SCOPED)
    (error,) = plan(moat.database.dsn, make_policy(moat.policy, text)).errors
    assert error.code == "row-security"
    assert "settings" in error.message
    assert "task.tenant_id" in error.hint


def test_rows_all_opens_a_table_that_nothing_keeps_apart_by_settings(make_moat: MakeMoat) -> None:
    moat = make_moat(TABLE + BY_COLUMN, OPEN)
    assert read(moat) == [1, 2, 3]
    found = plan(moat.database.dsn, moat.policy)
    assert [f.code for f in found.findings if f.severity == "warning"] == ["row-security-open"]
    assert found.plan.is_in_order


def test_people_s_own_policy_may_decide(make_moat: MakeMoat) -> None:
    moat = make_moat(TABLE + BY_COLUMN, PLAIN)
    assert read(moat) == [1, 3]
    assert read_policies(moat) == ["open_ones"]
    codes = {finding.code for finding in plan(moat.database.dsn, moat.policy).findings}
    assert "row-security-people" in codes
    with refused("42501"), moat.task("clerk") as connection:
        connection.execute("INSERT INTO docs (id, tenant) VALUES (7, 1)")  # is_public would be false


def test_a_restrictive_policy_of_people_s_still_holds(make_moat: MakeMoat) -> None:
    moat = make_moat(TABLE + "CREATE POLICY never_two ON public.docs AS RESTRICTIVE USING (id <> 1)", SCOPED)
    assert read(moat, tenant=[1, 3]) == [3]


def test_a_table_without_policies_needs_rows(make_moat: MakeMoat) -> None:
    moat = make_moat(TABLE, SCOPED)
    (error,) = plan(moat.database.dsn, make_policy(moat.policy, PLAIN)).errors
    assert error.code == "row-security"


def test_another_entity_on_the_table_is_not_opened(make_moat: MakeMoat) -> None:
    moat = make_moat(TABLE + BY_COLUMN, SCOPED)
    second = SCOPED.replace("agents:", "  all_docs: {table: public.docs, columns: {id: {}}}\nagents:")
    (error,) = plan(moat.database.dsn, make_policy(moat.policy, second)).errors
    assert (error.code, error.path[1]) == ("row-security", "all_docs")


def test_the_policy_lets_nobody_else_in(make_moat: MakeMoat) -> None:
    moat = make_moat(TABLE + BY_SETTING, SCOPED)
    rows = moat.read("SELECT unnest(polroles)::regrole::text FROM pg_policy WHERE polname = 'pgmoat'")
    assert {role for (role,) in rows} == {moat.system_role("views"), moat.system_role("writer")}
    with moat.connect("clerk") as connection:
        connection.execute("SET app.tenant = '2'")
        with refused("42501"):
            connection.execute("SELECT * FROM public.docs")


@pytest.mark.parametrize(
    "change",
    [
        "DROP POLICY pgmoat ON public.docs",
        "ALTER POLICY pgmoat ON public.docs USING (false)",
        "ALTER POLICY pgmoat ON public.docs TO PUBLIC",
    ],
)
def test_a_change_by_hand_is_drift_and_set_right(make_moat: MakeMoat, change: LiteralString) -> None:
    moat = make_moat(TABLE + BY_SETTING, SCOPED)
    assert plan(moat.database.dsn, moat.policy).plan.is_in_order
    moat.run(change)
    (action,) = plan(moat.database.dsn, moat.policy).plan.actions
    assert (action.kind, action.cause, action.on_people_table) == ("policy", "drift", "public.docs")
    apply(moat, lambda connection: plan_policy(connection, moat.policy).plan)
    assert plan(moat.database.dsn, moat.policy).plan.is_in_order
    assert read(moat, tenant=1) == [1]


def test_a_policy_that_nobody_wants_any_more_goes_before_the_view_is_open(make_moat: MakeMoat) -> None:
    moat = make_moat(TABLE + BY_COLUMN, SCOPED)
    policy = make_policy(moat.policy, PLAIN)
    planned = plan(moat.database.dsn, policy).plan
    assert [action.kind for action in planned.before] == ["policy"]
    apply(moat, lambda connection: plan_policy(connection, policy).plan)
    assert read_policies(moat) == ["open_ones"]
    assert plan(moat.database.dsn, policy).plan.is_in_order
    assert read(moat) == [1, 3]


def test_an_entity_that_goes_takes_the_policy_along(make_moat: MakeMoat) -> None:
    moat = make_moat(TABLE + BY_SETTING, SCOPED)
    policy = make_policy(moat.policy, "agents: {clerk: {}}")
    apply(moat, lambda connection: plan_policy(connection, policy).plan)
    assert read_policies(moat) == ["tenant"]
    assert plan(moat.database.dsn, policy).plan.is_in_order


@pytest.mark.parametrize("everything", [False, True])
def test_destroy_takes_the_policy_away(make_moat: MakeMoat, everything: bool) -> None:
    moat = make_moat(TABLE + BY_SETTING, SCOPED)
    apply(moat, lambda connection: plan_destroy(connection, everything=everything))
    assert read_policies(moat) == ["tenant"]
    with moat.superuser() as connection:
        assert not plan_destroy(connection, everything=everything).actions


def test_a_policy_of_that_name_by_people_is_left_alone(make_moat: MakeMoat) -> None:
    moat = make_moat(TABLE + BY_COLUMN, PLAIN)
    moat.run("CREATE POLICY pgmoat ON public.docs USING (is_public)")
    planned = plan(moat.database.dsn, make_policy(moat.policy, SCOPED)).plan
    assert [finding.code for finding in planned.findings] == ["name-taken"]


def test_until_the_policy_is_there_agents_get_an_error_and_no_empty_table(make_moat: MakeMoat) -> None:
    """The table may stay locked for longer than apply waits."""
    moat = make_moat(TABLE + BY_COLUMN, "agents: {clerk: {}}")
    planned = plan(moat.database.dsn, make_policy(moat.policy, SCOPED)).plan
    (late,) = planned.after
    assert late.kind == "policy"
    assert any(statement.startswith("GRANT") for statement in late.sql)
    assert not any('"docs" TO' in s and "GRANT" in s and "public" in s for a in planned.main for s in a.sql)
