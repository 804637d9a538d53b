"""diff: pure, so every rule is tried on hand-made data."""

from __future__ import annotations

from pgmoat.model.action import Cause, Change, Plan
from pgmoat.model.objects import (
    Actual,
    ActualObject,
    ActualRole,
    Definition,
    Grant,
    Kind,
    Membership,
    Recorded,
    Role,
    Wanted,
)
from pgmoat.plan.definitions import close_over_dependents
from pgmoat.plan.diff import diff
from pgmoat.plan.grants import diff_grants, quote_sequences, read_recorded_grants, record_grants
from pgmoat.plan.order import order_drops
from pgmoat.plan.render import render_script
from pgmoat.plan.roles import describe_role

TABLE = '"public"."orders"'


def grant(column: str | None, privilege: str = "SELECT", grantee: str = "x") -> Grant:
    return Grant("table", TABLE, column, privilege, grantee)


def test_grants_are_merged_into_one_statement() -> None:
    wanted = frozenset({grant("a"), grant("b"), grant("a", "INSERT")})
    (action,) = diff_grants(wanted, frozenset(), frozenset())
    assert action.sql == (f'GRANT INSERT ("a"), SELECT ("a", "b") ON TABLE {TABLE} TO "x"',)
    assert action.cause is Cause.POLICY


def test_cause_of_grants_in_both_directions() -> None:
    assert [a.cause for a in diff_grants(frozenset({grant("a")}), frozenset(), frozenset({grant("a")}))] == [
        Cause.DRIFT
    ]
    assert [a.cause for a in diff_grants(frozenset(), frozenset({grant("a")}), frozenset({grant("a")}))] == [
        Cause.POLICY
    ]
    assert [a.cause for a in diff_grants(frozenset(), frozenset({grant("a")}), frozenset())] == [Cause.DRIFT]


def test_revoke_on_a_table_gives_wanted_columns_back() -> None:
    """PostgreSQL takes column privileges along with the table's."""
    wanted = frozenset({grant("a")})
    (action,) = diff_grants(wanted, wanted | {grant(None)}, wanted)
    assert action.sql == (
        'REVOKE SELECT ON TABLE "public"."orders" FROM "x"',
        f'GRANT SELECT ("a") ON TABLE {TABLE} TO "x"',
    )


def test_recorded_grants_come_back_as_they_were() -> None:
    grants = frozenset({grant("a"), grant(None), grant('o"dd', "UPDATE", "PUBLIC")})
    recorded = {key: Recorded("", None, detail) for key, detail in record_grants(grants).items()}
    assert read_recorded_grants(recorded, grants) == grants
    assert read_recorded_grants(recorded, {grant("b")}) == {grant("a"), grant(None)}
    assert read_recorded_grants(recorded, {grant("a", grantee="y")}) == frozenset()


def test_sequences_are_quoted_always() -> None:
    grants = frozenset({Grant("sequence", 'public."Odd.one"', None, "USAGE", "x")})
    assert {g.object for g in quote_sequences(grants)} == {'"public"."Odd.one"'}


def test_drops_come_dependents_first() -> None:
    table, view, outer = (Kind.TABLE, "m.t"), (Kind.VIEW, "a.v"), (Kind.VIEW, "b.w")
    dependencies = {view: {table}, outer: {view}}
    assert close_over_dependents({table}, dependencies) == {table, view, outer}
    assert order_drops({table, view, outer}, dependencies) == [outer, view, table]


def role_plan(role: Role, found: ActualRole, **more: object) -> Plan:
    actual = Actual(
        is_installed=True,
        database="d",
        roles={role.name: found},
        recorded={(Kind.ROLE, role.name): Recorded("", None, describe_role(role))},
    )
    assert not more
    return diff(Wanted(roles=(role,)), actual)


def test_role_that_altered_itself() -> None:
    role = Role("x", is_agent=True, login=True, settings=(("statement_timeout", "5s"),))
    found = ActualRole(
        Role("x", is_agent=False, login=True, settings=(("statement_timeout", "0"), ("work_mem", "1GB"))),
        powers=("SUPERUSER",),
        member_of=(Membership("y", ""), Membership("z", "postgres")),
    )
    plan = role_plan(role, found)
    assert {action.cause for action in plan.actions} == {Cause.DRIFT}
    assert [sql for action in plan.actions for sql in action.sql] == [
        'ALTER ROLE "x" SET "statement_timeout" = \'5s\'',
        'ALTER ROLE "x" RESET "work_mem"',
        'ALTER ROLE "x" NOSUPERUSER',
        'REVOKE "y" FROM "x" CASCADE',
        'REVOKE "z" FROM "x" GRANTED BY "postgres" CASCADE',
    ]


def test_dropped_object_takes_its_dependents_and_their_grants_along() -> None:
    table = Definition(Kind.TABLE, "pgmoat_map.m", "", ("CREATE TABLE new",), ("DROP TABLE m",))
    view = Definition(
        Kind.VIEW, "agent.v", "o", ("CREATE VIEW v",), ("DROP VIEW v",), depends_on=(table.key,)
    )
    select = Grant("table", '"agent"."v"', None, "SELECT", "x")
    depends = {"depends_on": '[["table", "pgmoat_map.m"]]'}
    actual = Actual(
        is_installed=True,
        objects={
            table.key: ActualObject("1", "o", '"pgmoat_map"."m"', "pgmoat_map"),
            view.key: ActualObject("2", "o", '"agent"."v"', "agent"),
        },
        recorded={
            table.key: Recorded("old", "1"),
            view.key: Recorded(view.wanted_hash, "2", depends),
            **{k: Recorded("", None, detail) for k, detail in record_grants([select]).items()},
        },
        grants=frozenset({select}),
    )
    plan = diff(Wanted(definitions=(table, view), grants=frozenset({select})), actual)
    assert [sql for action in plan.actions for sql in action.sql] == [
        "DROP VIEW v",
        "DROP TABLE m",
        "CREATE TABLE new",
        "CREATE VIEW v",
        'GRANT SELECT ON TABLE "agent"."v" TO "x"',
    ]
    assert {action.cause for action in plan.actions} == {Cause.POLICY}
    assert not diff(Wanted(), Actual(is_installed=False)).actions


def test_line_break_does_not_end_a_comment() -> None:
    role = Role("x\n; DROP TABLE t", is_agent=False)
    script = render_script(diff(Wanted(roles=(role,)), Actual(is_installed=False)))
    assert "\n; DROP TABLE t (" not in script
    assert any(action.change is Change.ADD for action in diff(Wanted(roles=(role,)), Actual(False)).actions)
